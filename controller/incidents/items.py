"""This file holds the shapes in which incidents are told."""

from __future__ import annotations

from pydantic import BaseModel

from controller.incidents.causes import Scope, Signal
from controller.incidents.handling import Handling
from controller.incidents.incident import Incident
from protocol.messages import Part
from protocol.model import DeviceKind, Status, iso, iso_or_none


class IncidentsChangedItem(BaseModel):
    """That the list of incidents is another than before; who wants to know asks for it."""


class SignItem(BaseModel):
    """One thing that is wrong. kind: null for a computer, or the server; code: a stable word."""

    room: str
    school: str
    status: Status
    kind: DeviceKind | None
    code: str
    value: float | str | None
    part: Part | None
    devices: list[str]
    since: str


class IncidentItem(BaseModel):
    """A cause and its life. rooms: all that it ever reached; ailing: how many it still reaches.

    well: since when all is well again; returns: how often it came back. taken_by: the account of
    who is on it, to those who may repair; snoozed_until: until when it is put off.
    """

    no: int
    scope: Scope
    status: Status
    rooms: list[str]
    ailing: int
    signs: list[SignItem]
    subnet: str
    device: str
    began: str
    opened: str
    well: str | None
    closed: str | None
    returns: int
    is_taken: bool
    taken_by: str
    snoozed_until: str | None


def incident_item(incident: Incident, handling: Handling, *, is_named: bool) -> IncidentItem:
    """An incident, as programs are told. is_named: whether they are told who is on it."""
    return IncidentItem(
        no=incident.no,
        scope=incident.scope,
        status=incident.status,
        rooms=list(incident.rooms.values()),
        ailing=len(incident.ailing_rooms),
        signs=[_sign_item(signal) for signal in incident.signs],
        subnet=incident.subnet,
        device=incident.device,
        began=iso(incident.began_ms),
        opened=iso(incident.opened_ms),
        well=iso_or_none(incident.well_ms),
        closed=iso_or_none(incident.closed_ms),
        returns=incident.returns,
        is_taken=handling.taken_by is not None,
        taken_by=(handling.taken_by or "") if is_named else "",
        snoozed_until=iso_or_none(handling.until_ms),
    )


def _sign_item(signal: Signal) -> SignItem:
    return SignItem(
        room=signal.room,
        school=signal.school,
        status=signal.status,
        kind=signal.kind,
        code=signal.code,
        value=signal.value,
        part=signal.part,
        devices=list(signal.devices),
        since=iso(signal.since_ms),
    )
