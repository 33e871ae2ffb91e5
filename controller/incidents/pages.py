"""This file serves incidents: open, put off or over, and who is on them; whole without script."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode, urlsplit

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.incidents import store as kept
from controller.incidents.causes import Scope
from controller.incidents.handling import HandlingDeed
from controller.incidents.quiet import Maintenance
from controller.incidents.service import Incidents
from controller.incidents.words import DEED_WORDS, SCOPE_WORDS, IncidentWords
from controller.incidents.work import Work, WorkLine, is_seen_by, work_of
from controller.people.person import Permission, Person
from controller.sheets.names import room_code
from controller.sheets.text import clean
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import ActionError
from protocol.words import N_

ROWS: Final = 50
TASKS: Final = 6  # causes on the first screen
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
LONGEST_MS: Final = 120 * _DAY_MS  # a summer
_MAX_NOTE: Final = 120
TROUBLES: Final = {
    "incident_unknown": N_("There is no such incident."),
    "until_wrong": N_("This is no time in the next four months."),
    "maintenance_wrong": N_("Maintenance ends after it begins, within the next four months."),
}


class IncidentView(StrEnum):
    """Which incidents are listed."""

    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


VIEW_WORDS: Final = {
    IncidentView.OPEN: N_("Open"),
    IncidentView.SNOOZED: N_("Put off"),
    IncidentView.CLOSED: N_("Over"),
}
Number = Annotated[int, Path(ge=1, lt=1 << 31)]
Code = Annotated[str, Query(max_length=64)]


def pages(program: Program) -> FeatureRouter:
    """The list of incidents, its buttons, and the first screen's part of it."""
    router = FeatureRouter()
    shown = IncidentPages(program)
    _add_lists(router, shown)
    _add_deeds(router, program, shown)
    _add_maintenance(router, program)
    return router


def _add_lists(router: FeatureRouter, shown: IncidentPages) -> None:
    @router.get("/incidents")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def listed(
        request: Request,
        *,
        view: IncidentView = IncidentView.OPEN,
        scope: Scope | Literal[""] = "",
        room: Code = "",
        before: Annotated[int | None, Query(ge=1, lt=1 << 31)] = None,
        trouble: Code = "",
    ) -> Response:
        chosen = {"view": view.value, "scope": scope, "room": room.strip()}
        said = TROUBLES.get(trouble, "")
        return await shown.listed(request, chosen, before, said)

    @router.get("/incidents/now")
    @needs(Permission.ROOMS, is_open=True, in_parts=True)
    async def now(request: Request) -> Response:
        values = await shown.first_screen(request)
        return shown.screens.page(
            request, "incidents_now.html", words=shown.words(request), **values
        )


def _add_deeds(router: FeatureRouter, program: Program, shown: IncidentPages) -> None:
    @router.post("/incidents/{number}/{deed}")
    @needs(Permission.BOOK)
    async def handled(request: Request, number: Number, deed: HandlingDeed) -> Response:
        form = await fields_of(request)
        until_ms = None
        if deed is HandlingDeed.SNOOZE:
            until_ms = await run_in_threadpool(shown.until, form)
            if until_ms is None:
                return _back("until_wrong")
        who, told = person_of(request).account, form.get("move", "")
        move = int(told) if told.isascii() and told.isdecimal() else None
        handle = partial(shown.service.handle, number, deed, who, until_ms, move=move)
        try:
            changes = await run_in_threadpool(handle)
        except ActionError as error:
            return _back(error.code)
        program.publish(changes)
        came_from = urlsplit(request.headers.get("referer", "")).path
        is_first = came_from == "/"
        return RedirectResponse("/#work" if is_first else f"/incidents#i{number}", 303)


def _add_maintenance(router: FeatureRouter, program: Program) -> None:
    service = program.service(Incidents)

    @router.post("/maintenances")
    @needs(Permission.BOOK)
    async def planned(request: Request) -> Response:
        form = await fields_of(request)
        now_ms = program.now_ms()
        begins_ms, ends_ms = (_moment(form.get(name, ""), program) for name in ("begins", "ends"))
        if begins_ms is None or ends_ms is None or not now_ms < ends_ms <= now_ms + LONGEST_MS:
            return _back("maintenance_wrong")
        if begins_ms >= ends_ms:
            return _back("maintenance_wrong")
        pause = Maintenance(
            begins_ms,
            ends_ms,
            clean(form.get("room", ""))[:64],
            clean(form.get("note", ""))[:_MAX_NOTE],
            person_of(request).account,
        )
        await run_in_threadpool(program.store.write, kept.keep_maintenance, program.school, pause)
        service.forget_hours()
        return RedirectResponse("/incidents#maintenance", 303)

    @router.post("/maintenances/{number}/end")
    @needs(Permission.BOOK)
    async def dropped(number: Number) -> Response:
        await run_in_threadpool(program.store.write, kept.drop_maintenance, program.school, number)
        service.forget_hours()
        return RedirectResponse("/incidents#maintenance", 303)


class IncidentPages:
    """Makes pages of what the store holds of incidents."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.screens = program.service(PageRenderer)
        self.service = program.service(Incidents)

    def words(self, request: Request) -> IncidentWords:
        """What pages say of incidents, in the language that was asked for."""
        words = self.screens.words_as(request, IncidentWords)
        words.devices = self.service.network_devices()
        return words

    def work(self, person: Person) -> Work:
        """What somebody has to do. Raises StoreError."""
        may_see = person.may(Permission.SCHOOL) and not person.sees_part
        repairs = self.service.open_repairs() if may_see else 0
        return work_of(self.service.open(), person, repairs)

    async def first_screen(self, request: Request) -> dict[str, Any]:
        """What the first screen's part of incidents needs. Raises StoreError."""
        return await run_in_threadpool(self._first_screen, request, is_heard=self.service.is_heard)

    def _first_screen(self, request: Request, *, is_heard: bool) -> dict[str, Any]:
        now_ms, say = self._program.now_ms(), self.words(request)
        return {
            "work": self.work(person_of(request)),
            "task_limit": TASKS,
            "say": say,
            "calm": say.calm(self.service.hours(now_ms), now_ms, is_heard=is_heard),
            "deeds": DEED_WORDS,
        }

    def of_room(self, person: Person, school: str, code: str) -> list[WorkLine]:
        """The open incidents that reach a room. Raises StoreError."""
        work = self.work(person)
        return [
            line
            for line in (*work.waiting, *work.snoozed)
            if (school, code) in line.incident.ailing_rooms
            and line.incident.scope is not Scope.REPORT  # which the room's page lists itself
        ]

    async def listed(
        self, request: Request, chosen: dict[str, str], before: int | None, trouble: str
    ) -> Response:
        """The list, as it is filtered. trouble: why a deed was not done. Raises StoreError."""
        person, program = person_of(request), self._program
        rows, behind = await run_in_threadpool(self._rows, person, chosen, before)
        since = kept.maintenances_since
        read = program.store.read
        pauses = await run_in_threadpool(read, since, program.school, program.now_ms())
        filters = {name: value for name, value in chosen.items() if value}
        return self.screens.page(
            request,
            "incidents.html",
            words=self.words(request),
            **await self.first_screen(request),
            rows=rows,
            wanted=chosen,
            views=VIEW_WORDS,
            scopes=SCOPE_WORDS,
            next_page=urlencode({**filters, "before": behind}) if behind else "",
            trouble=trouble,
            pauses=pauses,
            may_handle=person.may(Permission.BOOK),
        )

    def _rows(
        self, person: Person, chosen: dict[str, str], before: int | None
    ) -> tuple[list[WorkLine], int | None]:
        """The lines of a view, and behind which number the next page begins."""
        behind = None
        if chosen["view"] == IncidentView.CLOSED:
            closed = self.service.closed(before, chosen["scope"], ROWS + 1)
            behind = closed[ROWS - 1][0].no if len(closed) > ROWS else None
            rows = [WorkLine(*pair) for pair in closed[:ROWS] if is_seen_by(pair[0], person)]
        else:
            work = self.work(person)
            rows = work.waiting if chosen["view"] == IncidentView.OPEN else work.snoozed
        return [line for line in rows if _fits(line, chosen)], behind

    def until(self, form: dict[str, str]) -> int | None:
        """Until when a form puts off: an hour, the next day of school, a week, or a moment."""
        now_ms, wish = self._program.now_ms(), form.get("for", "")
        if wish == "hour":
            return now_ms + _HOUR_MS
        if wish == "week":
            return now_ms + 7 * _DAY_MS
        if wish == "day":
            midnight_ms = now_ms + _DAY_MS
            return self.service.hours(now_ms).next_day(now_ms) or midnight_ms
        until_ms = _moment(form.get("until", ""), self._program)
        is_fit = until_ms is not None and now_ms < until_ms <= now_ms + LONGEST_MS
        return until_ms if is_fit else None


def _fits(line: WorkLine, chosen: dict[str, str]) -> bool:
    incident, room = line.incident, room_code(chosen["room"])
    is_scope = chosen["scope"] in {"", incident.scope.value}
    return is_scope and (not room or any(code == room for _, code in incident.rooms))


def _moment(text: str, program: Program) -> int | None:
    """A moment as a browser's field writes it, by the school's clock; None for no moment."""
    try:
        at = datetime.fromisoformat(text)
        return int(at.replace(tzinfo=program.zone).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):
        return None


def _back(trouble: str) -> Response:
    return RedirectResponse(f"/incidents?{urlencode({'trouble': trouble})}#trouble", 303)
