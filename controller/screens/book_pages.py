"""This file serves the equipment book: its figure, its lines, and what a person is to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qs, quote, urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.register.choosing import Wanted
from controller.register.decisions import Deed
from controller.register.desk import Desk, Standing
from controller.register.evidence import Observation
from controller.register.explained import (
    ACTION_WORDS,
    RAISE_WORDS,
    STATE_WORDS,
    percent_words,
    sentence_of,
    type_word,
)
from controller.register.kpi import Kpi
from controller.register.reconcile import ACTION_OF, Finding, State
from controller.register.vocabulary import CONDITION_WORDS, Condition
from controller.roster.roll import RosterError
from controller.screens.forms import fields_of
from controller.screens.gate import Gate
from controller.screens.rooms import natural
from protocol.model import Status
from protocol.words import N_, Translate, number

if TYPE_CHECKING:
    from controller.screens.pages import Screens

ROWS: Final = 50
STRANGERS: Final = 8  # on one page of what is not in the book
MOVED: Final = 8
DECISIONS: Final = 15
_MAX_SUBJECT: Final = 300
_MAX_NUMBER: Final = 10**9

# How a state looks: colour and symbol are those of a device's status.
STATUS_OF: Final[Mapping[State, Status]] = {
    State.DUPLICATE_SERIAL: Status.WARNING,
    State.NO_ASSET_TAG: Status.WARNING,
    State.MISSING: Status.CRITICAL,
    State.NEVER_SEEN: Status.UNKNOWN,
    State.MOVED: Status.WARNING,
    State.OK: Status.OK,
}
DEED_WORDS: Final[Mapping[Deed, str]] = {
    Deed.ACCEPT: N_("accepted into the book"),
    Deed.MATCH: N_("matched to a line"),
    Deed.IGNORE: N_("ignored: no asset of the school"),
}
_MOVED: Final = N_("the new room accepted: {becomes} instead of {was}")
_FAILURES: Final = {
    "subject_unknown": N_("That device is not waiting any more: it was decided, or it is gone."),
    "line_missing": N_("Which line is it? Choose one, or write its number."),
    "line_unknown": N_("The book has no line with that number."),
    "not_moved": N_("That line is not in another room any more."),
    "undone": N_("That decision was taken back before."),
    "form": N_("The form did not arrive whole: try again."),
}
_SUBJECTS: Final = {
    "serial": N_("serial {code}"),
    "tag": N_("label {code}"),
    "device": N_("device {code}"),
    "line": N_("line {code}"),
}
_FILTERS: Final[tuple[str, ...]] = ("state", "type", "room", "condition", "alone", "q")

Short = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=1, le=_MAX_NUMBER)]


def wanted_of(
    *,
    state: Short = "",
    type: Short = "",  # noqa: A002
    room: Short = "",
    condition: Short = "",
    alone: Short = "",
    q: Short = "",
) -> Wanted:
    """The lines that a request asks for."""
    return Wanted(
        state=state, type=type, room=room.strip(), condition=condition, alone=alone, text=q.strip()
    )


class BookWords:
    """Says a line and its figures in the words of a language, which each call is given."""

    states = STATE_WORDS
    conditions = CONDITION_WORDS
    raising = RAISE_WORDS
    actions = {state: ACTION_WORDS[action] for state, action in ACTION_OF.items()}  # noqa: RUF012 - never changed
    statuses = STATUS_OF

    def __init__(self, standing: Standing, desk: Desk) -> None:
        self._as_of_ms = standing.told.as_of_ms
        self._zone = desk.zone
        self._rows = {each.kept.no: each.kept.data.row for each in standing.findings}

    def why(self, finding: Finding, say: Translate) -> str:
        """Why a line is in its state."""
        return sentence_of(finding, self._as_of_ms, say, self._zone)

    def type(self, code: str, say: Translate) -> str:
        """The type as people call it."""
        return type_word(code, say)

    def condition(self, code: str, say: Translate) -> str:
        """The condition as people call it; as it is where it is none of ours."""
        return say(CONDITION_WORDS[code]) if code in CONDITION_WORDS else code

    def lacks(self, finding: Finding, say: Translate) -> str:
        """What is to be done for its record to be complete."""
        return ", ".join(say(RAISE_WORDS[each]) for each in finding.lacks)

    def percent(self, pct: float | None, say: Translate) -> str:
        """A figure, or that it is not determined."""
        return percent_words(pct, say)

    def subject(self, subject: str, say: Translate) -> str:
        """What a decision is about; a line by its number in the book."""
        kind, _, code = subject.partition(":")
        if kind == "line" and code.isdecimal():
            code = self.row(int(code))
        return say(_SUBJECTS.get(kind, "{code}")).replace("{code}", code)

    def seen(self, seen: Observation, say: Translate) -> str:
        """What something seen is known by, as it was read."""
        kind, _, _ = seen.key.partition(":")
        code = {"serial": seen.serial, "tag": seen.asset_tag}.get(kind, seen.device)
        return say(_SUBJECTS[kind]).replace("{code}", code)

    def row(self, line_no: int | None) -> str:
        """A line's number in the book; "?" of one that has left."""
        return str(self._rows.get(line_no or 0, "?"))

    def deed(self, decision: Any, say: Translate) -> str:
        """What was decided."""
        if decision.subject.startswith("line:"):
            text = say(_MOVED).replace("{becomes}", decision.becomes)
            return text.replace("{was}", decision.was or "?")
        return say(DEED_WORDS[decision.deed])

    def change(self, now: Kpi, then: Kpi) -> tuple[str, str]:
        """By how many points the figure rose or fell, and the word for it."""
        if now.digital_managed_pct is None or then.digital_managed_pct is None:
            return "", N_("as before")
        points = round(now.digital_managed_pct - then.digital_managed_pct, 1)
        word = N_("up {n} points") if points > 0 else N_("down {n} points")
        return number(abs(points)), word if points else N_("as before")


def add_book_pages(router: APIRouter, screens: Screens, desk: Desk, gate: Gate) -> None:
    """The page of the book, and what is decided on it."""

    @router.get("/register")
    async def book(
        request: Request,
        wanted: Annotated[Wanted, Depends(wanted_of)],
        *,
        page: Number = 1,
        others: Number = 1,
        decided: Number | None = None,
        failed: Short = "",
    ) -> Response:
        standing = await run_in_threadpool(desk.standing)
        lines = wanted.of(standing.findings)
        at, pages = _page_of(page, len(lines), ROWS)
        at_others, pages_of_others = _page_of(others, len(standing.told.strangers), STRANGERS)
        moved = [each for each in standing.findings if State.MOVED in (each.state, *each.also)]
        return screens.page(
            request,
            "register.html",
            standing=standing,
            talk=BookWords(standing, desk),
            to_go=_to_go(standing.kpi),
            wanted=wanted,
            states=_counted(standing.findings),
            choices=_choices(standing.findings),
            lines=lines[(at - 1) * ROWS : at * ROWS],
            total=len(lines),
            paging=(at, pages),
            strangers=standing.told.strangers[(at_others - 1) * STRANGERS : at_others * STRANGERS],
            paging_others=(at_others, pages_of_others),
            by_row={each.kept.data.row: each for each in standing.findings},
            moved=moved[:MOVED],
            moved_total=len(moved),
            decisions=standing.decisions[:DECISIONS],
            notice=next((each for each in standing.decisions if each.no == decided), None),
            failed=_FAILURES.get(failed, ""),
            may=gate.who(request) is not None,
            address=_addresses(request),
            query=request.url.query,
        )

    @router.post("/register/decisions")
    async def decide(request: Request) -> Response:
        form = await fields_of(request)
        who = gate.who(request)
        if who is None:
            return to_login("/register")
        subject, deed = form.get("subject", "")[:_MAX_SUBJECT], form.get("deed", "")
        if not subject or deed not in {*Deed}:
            return _back(form, failed="form")
        row = form.get("other", "").strip() or form.get("line", "")
        try:
            told = await run_in_threadpool(
                desk.decide, subject, Deed(deed), row=_number(row), who=who
            )
        except RosterError as error:
            return _back(form, failed=error.code)
        return _back(form, decided=told.no)

    @router.post("/register/decisions/{no}/undo")
    async def undo(request: Request, no: int) -> Response:
        form = await fields_of(request)
        if gate.who(request) is None:
            return to_login("/register")
        if not (0 < no <= _MAX_NUMBER and await run_in_threadpool(desk.undo, no)):
            return _back(form, failed="undone")
        return _back(form, decided=no)


def to_login(path: str) -> Response:
    """Ask for the office's password first."""
    return RedirectResponse(f"/login?next={quote(path)}", 303)


def _back(form: Mapping[str, str], **said: object) -> Response:
    """To the page as it was, which says what was done."""
    known = parse_qs(form.get("back", "")[:2000])
    names = (*_FILTERS, "page", "others")
    told: dict[str, str] = {name: known[name][0] for name in names if name in known}
    told |= {name: str(value) for name, value in said.items()}
    return RedirectResponse(f"/register?{urlencode(told)}#decide", 303)


def _addresses(request: Request) -> Any:
    """Makes this page's address with other filters; what is not named stays as it is."""
    now = {name: request.query_params[name] for name in _FILTERS if name in request.query_params}

    def address(**changed: object) -> str:
        kept = {name: value for name, value in {**now, **changed}.items() if value}
        return f"/register?{urlencode(kept)}" if kept else "/register"

    return address


def _page_of(asked: int, count: int, size: int) -> tuple[int, int]:
    """The page to show, and how many there are."""
    pages = max(1, -(-count // size))
    return min(asked, pages), pages


def _counted(findings: Sequence[Finding]) -> list[tuple[State, int]]:
    """How many lines each state holds of, the most pressing first."""
    told = Counter(state for each in findings for state in (each.state, *each.also))
    return [(state, told[state]) for state in State]


def _choices(findings: Sequence[Finding]) -> dict[str, list[str]]:
    """What the filters offer: what the book holds."""
    rooms = {each.home for each in findings if each.home}
    conditions = {each.condition for each in findings}
    return {
        "types": sorted({each.kept.data.type for each in findings} - {""}),
        "rooms": sorted(rooms, key=lambda each: natural("", each)),
        "conditions": [each for each in Condition if each in conditions],
    }


def _to_go(kpi: Kpi) -> int:
    """How many more lines would have to count for the target."""
    needed = -(-kpi.declared * kpi.target_pct // 100)
    return max(0, needed - kpi.complete_and_verified)


def _number(text: str) -> int | None:
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_NUMBER))
    return int(text) if plain else None
