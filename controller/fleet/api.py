"""This file answers programs: agents, devices and what happened to them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from fastapi import Path, Request

from controller.feature import Program
from controller.fleet.items import AgentItem, DeviceItem, EventItem
from controller.fleet.listener import FleetListener
from controller.fleet.store import agents_of, devices_of, events_of
from controller.people.person import Permission
from controller.web.forms import order_described, order_in
from controller.web.items import ErrorItem, Listing
from controller.web.paging import ERRORS, After, Code, Cursor, Limit, Responses, page_of
from controller.web.refusals import HttpError, decode_cursor, encode_cursor, refusal_of
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import ActionError
from protocol.model import DeviceKind, Place, Status
from protocol.words import N_

_INVALID: Final[Responses] = {413: {"model": ErrorItem}}
_UNKNOWN: Final = (
    "device_unknown",
    N_("There is no such device."),
    N_("See /api/v1/devices."),
)


class RenameOrder(msgspec.Struct, frozen=True):
    """What to call a device; empty: as it tells itself."""

    name: str


def api(program: Program) -> FeatureRouter:
    """The lists of the fleet, within the school."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    store = program.store

    def seen_by(request: Request) -> Place:
        return person_of(request).part_of(program.school)

    @router.get("/agents")
    @needs(Permission.SCHOOL, in_parts=True)
    def agents(request: Request, limit: Limit = 100, cursor: Cursor = "") -> Listing[AgentItem]:
        """Agents, by id."""
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        records = store.read(agents_of, seen_by(request), after=after, limit=limit + 1)
        items = [AgentItem.of(record) for record in records]
        return page_of(items, limit, lambda item: encode_cursor(item.agent_id))

    @router.get("/devices")
    @needs(Permission.SCHOOL, in_parts=True)
    def devices(
        request: Request,
        *,
        room: Code = "",
        kind: DeviceKind | Literal[""] = "",
        status: Status | Literal[""] = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[DeviceItem]:
        """Devices, by id; those that a person removed are left out."""
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        wanted = {"room": room, "kind": kind, "status": status}
        seen = seen_by(request)
        records = store.read(devices_of, seen, **wanted, after=after, limit=limit + 1)
        items = [DeviceItem.of(record) for record in records]
        return page_of(items, limit, lambda item: encode_cursor(item.device_id))

    @router.get("/events")
    @needs(Permission.SCHOOL, in_parts=True)
    def events(
        request: Request, after: After = 0, limit: Limit = 100, cursor: Cursor = ""
    ) -> Listing[EventItem]:
        """What happened to equipment and lessons, in the order in which it was stored."""
        (behind,) = decode_cursor(cursor, int) if cursor else (after,)
        records = store.read(events_of, seen_by(request), after=behind, limit=limit + 1)
        return page_of(
            [EventItem.of(record) for record in records], limit, lambda item: encode_cursor(item.no)
        )

    @router.delete("/devices/{device_id:path}", status_code=204)
    @needs(Permission.BOOK)
    async def remove(device_id: Annotated[str, Path(max_length=64)]) -> None:
        """Take a device out of the room's list; the feed tells of it."""
        fleet = program.service(FleetListener)
        if not await program.writing.apply(lambda now_ms: fleet.remove(device_id, now_ms)):
            raise HttpError(404, *_UNKNOWN)

    @router.patch(
        "/devices/{device_id:path}", openapi_extra=order_described(RenameOrder), responses=_INVALID
    )
    @needs(Permission.BOOK)
    async def rename(
        request: Request, device_id: Annotated[str, Path(max_length=64)]
    ) -> DeviceItem:
        """Call a device so; an empty name takes that back: it is called as it tells itself."""
        order, fleet = await order_in(request, RenameOrder), program.service(FleetListener)
        try:
            is_done = await program.writing.apply(
                lambda now_ms: fleet.rename(device_id, order.name, now_ms)
            )
        except ActionError as error:
            raise refusal_of(error) from error
        device = fleet.device(device_id)
        if not is_done or device is None:
            raise HttpError(404, *_UNKNOWN)
        return DeviceItem.of(device)

    return router
