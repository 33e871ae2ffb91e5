"""This file draws a department's inspections, and takes a school's answers to them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from typing import Annotated, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from controller.department.overview import Department, department_of
from controller.department.standing import Overview
from controller.feature import Program
from controller.inspection import frame as frames
from controller.inspection import request_store as requests
from controller.inspection import store
from controller.inspection.frame import FrameChoice
from controller.inspection.inspection import (
    DEFAULT_HOURS,
    HOUR_MS,
    MAX_HOURS,
    MAX_SIZE,
    AskedSchool,
    Draw,
    Inspected,
    Inspection,
    fits,
)
from controller.inspection.minutes import minutes_of, name_of_file
from controller.inspection.request import InspectionRequest, RequestWord, by_item, where
from controller.inspection.sample import (
    DrawCheck,
    SampleUnit,
    digest_of,
    drawn,
    key_of,
    units_by_school,
)
from controller.people.person import Person
from controller.sheets.names import room_of
from controller.web.refusals import HttpError
from protocol.fields import fields_for
from protocol.inspection import MAX_ASKED, HandReason, InspectionAnswer, Outcome
from protocol.model import Place
from protocol.shapes import from_plain
from protocol.words import N_

PATH: Final = "/inspections"
REQUESTS_PATH: Final = "/inspection-requests"
_SEED_BYTES: Final = 8

Short = Annotated[str, msgspec.Meta(max_length=100)]
Code = Annotated[str, msgspec.Meta(max_length=64)]


class DrawOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer wants drawn. seed: empty for one made now; of_school, of_area: the frame.

    Raises ValueError where seed or title hold what nobody sees.
    """

    title: Short = ""
    unit: SampleUnit = SampleUnit.ITEMS
    of_school: Code = ""
    of_area: Code = ""
    type: Code = ""
    size: Annotated[int, msgspec.Meta(ge=1, le=MAX_SIZE)] = 10
    hours: Annotated[int, msgspec.Meta(ge=1, le=MAX_HOURS)] = DEFAULT_HOURS
    seed: Short = ""

    def __post_init__(self) -> None:
        """A line feed in the seed would be another seed and key."""
        if not (self.seed + self.title).isprintable():
            raise ValueError("not printable")


class HandAnswer(NamedTuple):
    """What a person answers by a form: a choice, a code of HandReason, where it is."""

    choice: str
    reason: str = ""
    room: str = ""


class Asking(NamedTuple):
    """A request and what the school answers so far, by the item's number."""

    request: InspectionRequest
    answers: Mapping[int, InspectionAnswer]


class Inspections:
    """A department's inspections, as far as somebody sees all schools that they could fall on."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._own = program.school
        self._department: Department = program.service(department_of)
        self.now_ms = program.now_ms

    def name_of(self, school: str) -> str:
        """What a school is called."""
        return self._department.name_of(school)

    def overview(self, person: Person) -> Overview:
        """The schools that somebody may have inspected."""
        return self._department.overview(person.schools)

    def all(self, person: Person) -> list[Inspected]:
        """Every inspection that the person sees, as it stands now, the newest first."""
        now_ms = self.now_ms()
        with self._store.view() as db:
            some = store.inspections_of(db, self._own.province)
            told = [store.inspected_of(db, self._own.province, one, now_ms) for one in some]
        return [one for one in told if _sees(person, one)]

    def look(self, no: int, person: Person) -> Inspected:
        """One of them. Raises HttpError where there is none that the person sees."""
        with self._store.view() as db:
            inspection = store.inspection_of(db, self._own.province, no)
            if inspection is None:
                raise _unknown()
            told = store.inspected_of(db, self._own.province, inspection, self.now_ms())
        if not _sees(person, told):
            raise _unknown()
        return told

    def draw_again(self, no: int, person: Person) -> tuple[Inspection, DrawCheck]:
        """The sample drawn anew, compared with the first. Raises HttpError."""
        inspection, _ = self._framed(no, person)
        with self._store.view() as db:
            return inspection, store.draw_again(db, self._own.province, inspection)

    def frame_keys(self, no: int, person: Person) -> list[str]:
        """What the sample was drawn from. Raises HttpError."""
        _, frame = self._framed(no, person)
        return [key_of(school, unit) for school, units in frame.items() for unit in units]

    def _framed(self, no: int, person: Person) -> tuple[Inspection, Mapping[str, tuple[str, ...]]]:
        """An inspection and what it was drawn from, for who sees all of these schools."""
        inspection = self.look(no, person).inspection
        with self._store.view() as db:
            frame = store.frame_of(db, self._own.province, inspection)
        if not all(map(person.has_school, frame)):
            raise _unknown()
        return inspection, frame

    def minutes(self, no: int, person: Person, kind: str) -> tuple[bytes, str]:
        """The minutes as a file, xlsx or docx, and its name. Raises HttpError."""
        from controller.stocktake.papers import as_docx, as_xlsx  # noqa: PLC0415 - heavy

        program, told = self._program, self.look(no, person)
        _, check = self.draw_again(no, person)
        drawn = minutes_of(
            told, check, department=program.name, name_of=self.name_of, zone=program.zone
        )
        raw = (as_xlsx if kind == "xlsx" else as_docx)(drawn)
        return raw, name_of_file(told, kind, program.zone)

    def withdraw(self, no: int, person: Person) -> None:
        """Take one back; one that is taken back stays so. Raises HttpError."""
        self.look(no, person)
        with self._store.locked(self._own) as db:
            store.withdraw(db, self._own, no, who=person.account, now_ms=self.now_ms())

    def begin(self, order: DrawOrder, person: Person) -> Inspection:
        """Draw a sample and ask for it. Raises HttpError where nothing can be drawn."""
        overview = self.overview(person)
        with self._store.view() as db:
            draw = self._draw(db, order, overview, person.account)
        _check_sizes(draw)
        with self._store.locked(self._own) as db:
            return store.begin(db, self._own, draw)

    def _draw(self, db: Connection, order: DrawOrder, overview: Overview, who: str) -> Draw:
        """Raises HttpError where nothing can be drawn."""
        now_ms, province = self.now_ms(), self._own.province
        seed = order.seed or secrets.token_hex(_SEED_BYTES)
        choice = FrameChoice(order.unit, order.type)
        frame = frames.frame_of(db, province, _codes(overview, order), choice)
        keys = [key_of(school, unit) for school, units in frame.items() for unit in units]
        sample = drawn(seed, keys, order.size)
        if not sample:
            raise _refused("frame_empty", N_("No item of these schools' books fits."))
        inspection = Inspection(
            **fields_for(Inspection, order, but=("seed",)),
            inspection=f"kt-{secrets.token_hex(8)}",
            no=0,
            seed=seed,
            frame_size=len(keys),
            frame_digest=digest_of(keys),
            asked_ms=now_ms,
            due_ms=now_ms + order.hours * HOUR_MS,
            who=who,
        )
        asked = [
            AskedSchool(
                place=Place(province, school),
                inspection=inspection.inspection,
                items=frames.asked_items(db, Place(province, school), units, choice),
            )
            for school, units in sorted(units_by_school(sample).items())
        ]
        return Draw(inspection, asked, frame, sample)


class Requests:
    """What the department asks this school for, and what its people answer."""

    def __init__(self, program: Program) -> None:
        self._store = program.store
        self._school = program.school
        self.now_ms = program.now_ms

    def all(self) -> list[InspectionRequest]:
        """Every request with something to show, the newest first."""
        every = self._store.read(requests.requests_of, self._school)
        return [request for request in every if request.items]

    def look(self, name: str) -> Asking:
        """One of them. Raises HttpError where there is none."""
        with self._store.view() as db:
            request = self._known(db, name)
            return Asking(request, by_item(requests.answers_now(db, request)))

    def say(self, name: str, no: int, answer: HandAnswer, who: str) -> None:
        """Answer an item by hand, for a reason. Raises HttpError."""
        request = self.look(name).request
        item = next((one for one in request.items if one.no == no), None)
        outcome, reason = _OUTCOMES.get(answer.choice), answer.reason
        if item is None or outcome is None:
            raise _refused("form_invalid", N_("The form did not arrive whole: try again."))
        if reason not in {*HandReason} and outcome is not Outcome.OPEN:
            raise _refused("reason_missing", N_("Choose why it is answered by hand."))
        place_name = room_of(answer.room) or item.room if outcome is Outcome.FOUND else ""
        with self._store.locked(self._school) as db:
            self._open(db, name)
            requests.say(
                db,
                RequestWord(
                    place=self._school,
                    inspection=name,
                    no=no,
                    word=0,
                    outcome=where(item, place_name) if outcome is Outcome.FOUND else outcome,
                    reason=reason if outcome is not Outcome.OPEN else "",
                    room=place_name,
                    at_ms=self.now_ms(),
                    who=who,
                ),
            )

    def finish(self, name: str, who: str, refused: str = "") -> None:
        """Say that all is answered that will be; refused: why nothing is. Raises HttpError."""
        if refused and refused not in {*HandReason}:
            raise _refused("reason_missing", N_("Choose why it is refused."))
        with self._store.locked(self._school) as db:
            request = self._open(db, name)
            requests.finish(db, request, who=who, now_ms=self.now_ms(), refused=refused)

    def _known(self, db: Connection, name: str) -> InspectionRequest:
        request = requests.request_at(db, self._school, name)
        if request is None:
            raise HttpError(404, "request_unknown", N_("There is no such request."), REQUESTS_PATH)
        return request

    def _open(self, db: Connection, name: str) -> InspectionRequest:
        """As it is under the lock: the department may have taken it back since it was shown."""
        request = self._known(db, name)
        if not request.is_open:
            raise HttpError(
                409,
                "request_closed",
                N_("This request has ended: nothing of it changes any more."),
                f"{REQUESTS_PATH}/{name}",
            )
        return request


_OUTCOMES: Final = {
    "found": Outcome.FOUND,
    "not_found": Outcome.NOT_FOUND,
    "refused": Outcome.REFUSED,
    "open": Outcome.OPEN,
}


def order_of(form: Mapping[str, str]) -> DrawOrder:
    """What a form wants drawn. Raises HttpError."""
    told = {name: text.strip() for name, text in form.items() if text.strip()}
    names = (name for name in DrawOrder.__struct_fields__ if name in told)
    try:
        return from_plain({name: told[name] for name in names}, DrawOrder, strict=False)
    except msgspec.ValidationError as error:
        raise HttpError(
            422,
            "draw_invalid",
            N_("The sample cannot be drawn so: look at its size, the hours and the seed."),
            PATH,
        ) from error


def _codes(overview: Overview, order: DrawOrder) -> Collection[str]:
    """The wanted schools that count by themselves. Raises HttpError."""
    heir = overview.heirs().get(order.of_school, order.of_school)
    schools = [
        school
        for school in overview.of_area(order.of_area)
        if not order.of_school or school.code == heir
    ]
    if not schools:
        raise _refused("school_unknown", N_("There is no such school or area."))
    return [school.code for school in schools]


def _check_sizes(draw: Draw) -> None:
    """Raises HttpError where a school's part is more than one message holds."""
    for school in draw.schools:
        if len(school.items) > MAX_ASKED or not fits(draw.inspection, school):
            raise HttpError(
                422,
                "sample_too_big",
                N_("One school would have to show more than 400 items: draw fewer."),
                PATH,
            )


def _sees(person: Person, told: Inspected) -> bool:
    """Whether the person sees every school that was asked; the draw is proven by all of them."""
    return all(person.has_school(school.place.school) for school in told.schools)


def _unknown() -> HttpError:
    return HttpError(404, "inspection_unknown", N_("There is no such inspection."), PATH)


def _refused(code: str, text: str) -> HttpError:
    return HttpError(422, code, text, PATH)
