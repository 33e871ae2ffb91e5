"""This file answers programs: lists, the inventory feed, health and metrics, over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from msgspec.structs import replace
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool

from controller.access.gate import Gate
from controller.attendance.items import AttendanceItem, Paper, attendance_item
from controller.attendance.papers import as_csv as sheet_csv
from controller.attendance.papers import as_xlsx, name_of
from controller.attendance.sheet import Attendance, attendance_of, days_of
from controller.attendance.store import lesson_at, lessons_of, marks_of
from controller.dashboard.live import Live
from controller.dashboard.rooms import RoomKey, rooms_of
from controller.database.store import Store, StoreError
from controller.features import counts
from controller.fleet.items import (
    AgentItem,
    DeviceItem,
    ErrorItem,
    EventItem,
    FaultItem,
    Inventory,
    Item,
    LessonItem,
    Listing,
    MarkItem,
    RoomItem,
    agent_item,
    device_item,
    event_item,
    fault_item,
    lesson_item,
    mark_item,
    room_item,
)
from controller.fleet.store import agents_of, all_devices, devices_of, events_of, newest_change
from controller.inventory.asset import AssetState
from controller.inventory.chosen import Chosen
from controller.inventory.export_api import WHOLE, exported
from controller.inventory.feed import AT_ONCE, Feed, Fields, Format, as_csv, as_ndjson, as_page
from controller.register.vocabulary import Condition
from controller.repairs.store import faults_of
from controller.web.downloads import CSV, CSV_WITH_HEAD, XLSX, attachment
from controller.web.refusals import Refused, seal, unseal
from protocol.model import DeviceKind, Place, Status
from protocol.words import N_


def _whole_day(text: str) -> str:
    """Only yyyy-mm-dd: fromisoformat knows other spellings, which would match no stored day."""
    if text and date.fromisoformat(text).isoformat() != text:
        raise ValueError("write the day as yyyy-mm-dd")
    return text


Limit = Annotated[int, Query(ge=1, le=1000, description="how many items at most")]
Many = Annotated[
    int,
    Query(ge=1, le=1_000_000, description="how many at most; above 1,000 csv and ndjson stream"),
]
Cursor = Annotated[str, Query(max_length=512, description="`next` of the page before")]
Code = Annotated[str, Query(max_length=64)]
Day = Annotated[
    str,
    Query(description="local date yyyy-mm-dd; empty for all", max_length=10),
    AfterValidator(_whole_day),
]
After = Annotated[int, Query(ge=0, lt=1 << 53, description="`no` of the last event seen")]
From = Annotated[
    str, Query(alias="from", description="first local date yyyy-mm-dd"), AfterValidator(_whole_day)
]
Until = Annotated[
    str, Query(alias="to", description="last local date yyyy-mm-dd"), AfterValidator(_whole_day)
]
_ERRORS: dict[int | str, dict[str, Any]] = {422: {"model": ErrorItem}, 503: {"model": ErrorItem}}


def api_router(
    store: Store,
    scope: Place,
    gate: Gate,
    *,
    name: str,
    feed: Feed,
    schools_in: Callable[[str], frozenset[str]],
    remove_device: Callable[[str], Awaitable[bool]],
    handle_fault: Callable[[str], Awaitable[bool]],
) -> APIRouter:
    """The lists and the feed, all of them within the scope. schools_in: an area's schools."""
    router = APIRouter(prefix="/api/v1", responses=_ERRORS)
    _add_equipment(router, store, scope)
    _add_inventory(router, feed, name, schools_in)
    _add_logs(router, store, scope)
    _add_attendance(router, store, scope, gate, name)

    @router.delete("/devices/{device_id:path}", status_code=204, responses={404: _ERRORS[422]})
    async def remove(device_id: Annotated[str, Path(max_length=64)]) -> None:
        """Take a device out of the room's list; the feed tells of it."""
        if not await remove_device(device_id):
            raise Refused(
                404, "device_unknown", N_("There is no such device."), N_("See /api/v1/devices.")
            )

    @router.post("/faults/{event_id}/handled", status_code=204, responses={404: _ERRORS[422]})
    async def handled(event_id: Annotated[str, Path(max_length=64)]) -> None:
        """Say that a fault is dealt with; it stays in the history."""
        if not await handle_fault(event_id):
            raise Refused(
                404, "fault_unknown", N_("There is no such fault."), N_("See /api/v1/faults.")
            )

    return router


def _add_equipment(router: APIRouter, store: Store, scope: Place) -> None:
    @router.get("/agents")
    def agents(limit: Limit = 100, cursor: Cursor = "") -> Listing[AgentItem]:
        """Agents, by id."""
        (after,) = unseal(cursor, str) if cursor else ("",)
        records = store.read(agents_of, scope, after=after, limit=limit + 1)
        items = [agent_item(each) for each in records]
        return _page(items, limit, lambda item: seal(item.agent_id))

    @router.get("/rooms")
    def rooms(limit: Limit = 100, cursor: Cursor = "") -> Listing[RoomItem]:
        """Rooms, in natural order."""
        agents = store.read(agents_of, scope, after="", limit=None)
        running = [store.read(lesson_at, each.place, each.lesson) for each in agents if each.lesson]
        lessons = [each for each in running if each]
        found = rooms_of(
            agents, store.read(all_devices, scope), lessons, store.read(faults_of, scope)
        )
        if cursor:
            behind = RoomKey(*unseal(cursor, str, str)).order
            found = [each for each in found if each.key.order > behind]
        items = [room_item(each) for each in found[: limit + 1]]
        return _page(items, limit, lambda item: seal(item.school, item.room))

    @router.get("/devices")
    def devices(
        room: Code = "",
        kind: DeviceKind | Literal[""] = "",
        status: Status | Literal[""] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[DeviceItem]:
        """Devices, by id; those that a person removed are left out."""
        (after,) = unseal(cursor, str) if cursor else ("",)
        records = store.read(
            devices_of, scope, room=room, kind=kind, status=status, after=after, limit=limit + 1
        )
        items = [device_item(each) for each in records]
        return _page(items, limit, lambda item: seal(item.device_id))


def _add_inventory(
    router: APIRouter, feed: Feed, name: str, schools_in: Callable[[str], frozenset[str]]
) -> None:
    @router.get("/inventory", response_model=Inventory, responses={410: {"model": ErrorItem}})
    def inventory(
        chosen: Annotated[Chosen, Depends(choice_of)],
        area: Code = "",
        since: Cursor = "",
        limit: Many = 100,
        format: Format = Format.JSON,  # noqa: A002
    ) -> Inventory | Response:
        """The inventory, then what changed: hand `next` back as `since`, now or tomorrow.

        xlsx (one school's), glpi (ZIP) and snipeit (CSV) hold all that there is now, with no limit.
        """
        if area:
            chosen = replace(chosen, schools=schools_in(area))
        if format in WHOLE:
            return exported(feed.picture(chosen, name), WHOLE[format], since)
        spell = feed.begin(since)
        if limit > AT_ONCE and format is not Format.JSON:
            return StreamingResponse(
                _POURED[format](feed.pour(spell, chosen, limit)), media_type=_MEDIA[format]
            )
        page = feed.page(spell, chosen, min(limit, AT_ONCE))
        if format is Format.JSON:
            return as_page(page)
        headers = {"X-LopHoc-Next": page.next, "X-LopHoc-More": str(page.more).lower()}
        body = _joined(_POURED[format](iter([page.items])))
        return Response(body, media_type=_MEDIA[format], headers=headers)


_POURED: Final[Mapping[Format, Callable[[Iterable[list[Fields]]], Iterator[str | bytes]]]] = {
    Format.CSV: as_csv,
    Format.NDJSON: as_ndjson,
}
_MEDIA: Final = {
    Format.CSV: CSV_WITH_HEAD,
    Format.NDJSON: "application/x-ndjson",
}


def _joined(parts: Iterable[str | bytes]) -> bytes:
    return b"".join(each.encode() if isinstance(each, str) else each for each in parts)


def choice_of(
    *,
    school: Code = "",
    room: Code = "",
    kind: DeviceKind | Literal[""] = "",
    type: Annotated[str, Query(max_length=200)] = "",  # noqa: A002
    status: Status | Literal[""] = "",
    state: AssetState | Literal[""] = "",
    condition: Condition | Literal[""] = "",
) -> Chosen:
    """The items that a request asks for."""
    return Chosen(
        school=school.strip(),
        room=room.strip(),
        kind=kind,
        type=type.strip(),
        status=status,
        state=state,
        condition=condition,
    )


def _add_logs(router: APIRouter, store: Store, scope: Place) -> None:
    @router.get("/faults")
    def faults(
        handled: bool = False,  # noqa: FBT001, FBT002 - a query's own flag
    ) -> list[FaultItem]:
        """What teachers say is broken; handled: what was dealt with, too."""
        return [fault_item(each) for each in store.read(faults_of, scope, everything=handled)]

    @router.get("/lessons")
    def lessons(since: From, until: Until) -> list[LessonItem]:
        """Lessons with their figures, by day and begin; no pupil is named."""
        return [
            lesson_item(each) for each in store.read(lessons_of, scope, since, _term(since, until))
        ]

    @router.get("/events")
    def events(after: After = 0, limit: Limit = 100, cursor: Cursor = "") -> Listing[EventItem]:
        """What happened to equipment and lessons, in the order in which it was stored."""
        (behind,) = unseal(cursor, int) if cursor else (after,)
        records = store.read(events_of, scope, after=behind, limit=limit + 1)
        return _page([event_item(each) for each in records], limit, lambda item: seal(item.no))


def _add_attendance(router: APIRouter, store: Store, scope: Place, gate: Gate, name: str) -> None:
    @router.get("/attendance", response_model=None, responses={401: {"model": ErrorItem}})
    def attendance(
        request: Request,
        *,
        class_code: Annotated[str, Query(alias="class", max_length=64)] = "",
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        format: Paper = Paper.JSON,  # noqa: A002
        date: Day = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[MarkItem] | AttendanceItem | Response:
        """A class's sheet and logbook of some days; without a class, single marks as stored."""
        if not class_code:
            gate.admit(request, "marks", date)
            (after,) = unseal(cursor, int) if cursor else (0,)
            records = store.read(marks_of, scope, day=date, after=after, limit=limit + 1)
            last = _last_no(records, limit)
            return _page([mark_item(each) for each in records], limit, lambda _: seal(last))
        if not since or not until:
            raise Refused(
                422, "days_missing", N_("Which days?"), N_("Give from and to as yyyy-mm-dd.")
            )
        gate.admit(request, f"attendance {format}", f"{class_code} {since} {until}")
        told = attendance_of(store, scope, class_code, since, _term(since, until))
        return _papered(told, format, name)


def _papered(told: Attendance, paper: Paper, name: str) -> AttendanceItem | Response:
    headers = attachment(name_of(told.sheet, paper))
    match paper:
        case Paper.JSON:
            return attendance_item(told)
        case Paper.CSV:
            return Response(sheet_csv(told, name), media_type=CSV, headers=headers)
        case Paper.XLSX:
            return Response(as_xlsx(told, name), media_type=XLSX, headers=headers)


def _term(since: str, until: str) -> str:
    """The last day of what was asked for. Raises Refused if it lies before the first."""
    if until < since:
        raise Refused(
            422, "days_reversed", N_("The last day lies before the first."), N_("Swap from and to.")
        )
    return min(until, days_of(since, until)[-1])


def watch_router(
    store: Store,
    live: Live,
    scope: Place,
    health: Callable[[], Mapping[str, object]],
    metrics: Callable[[], Mapping[str, float]],
) -> APIRouter:
    """What supervision asks: does it work, and how much."""
    router = APIRouter()

    @router.get("/healthz", responses={503: {}})
    def healthz() -> JSONResponse:
        """Whether the controller works; 503 when its database cannot be read."""
        try:
            store.read(newest_change, scope)
        except StoreError as error:
            body = {**health(), "status": "degraded", "database": str(error.values["cause"])}
            return JSONResponse(body, 503)
        return JSONResponse({"status": "ok", **health()})

    @router.get("/metrics")
    async def show_metrics() -> Response:
        """Figures in Prometheus' text format; nothing of pupils but a count of marks."""
        stored = await run_in_threadpool(store.read, counts)
        text = _exposition({**stored, **metrics(), **_fleet_figures(live)})
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return router


def _page(items: list[Item], limit: int, cursor: Callable[[Item], str]) -> Listing[Item]:
    """A page of `limit`; one more item than that says that there is a next page."""
    page = items[:limit]
    return Listing(items=page, next=cursor(page[-1]) if len(items) > limit else None)


def _last_no(records: Sequence[Any], limit: int) -> int:
    page = records[:limit]
    return page[-1].no if page else 0


def _fleet_figures(live: Live) -> dict[str, float]:
    devices = Counter((each.kind, each.status) for each in live.devices())
    figures: dict[str, float] = {
        f'devices{{kind="{kind}",status="{status}"}}': count
        for (kind, status), count in sorted(devices.items())
    }
    agents = live.agents()
    figures["agents"] = len(agents)
    figures["agents_online"] = sum(each.online for each in agents)
    figures["browsers"] = live.browsers
    return figures


def _exposition(figures: Mapping[str, float]) -> str:
    """Prometheus' text format 0.0.4: each family once, under its type."""
    families: dict[str, list[str]] = {}
    for name, value in figures.items():
        families.setdefault(name.partition("{")[0], []).append(f"lophoc_{name} {value:.15g}")
    return "".join(_family(family, lines) for family, lines in families.items())


def _family(family: str, lines: Iterable[str]) -> str:
    kind = "counter" if family.endswith("_total") else "gauge"
    return "\n".join([f"# TYPE lophoc_{family} {kind}", *lines, ""])
