"""This file holds what the door knows besides the classroom: the connection, and actions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent.cards.scanner import CardScanner
from agent.equipment.addresses import TypedAddress
from agent.joining.joining import Joining, Membership
from agent.school.connection import ConnectionState
from hardware.camera.shutter import CameraLook
from protocol.model import Place

if TYPE_CHECKING:
    from protocol.doctor import Fact


class DeviceActions(NamedTuple):
    """What can be done to devices.

    typed: reads an address that was typed or scanned. Raises ValueError if it is none.
    switch: a projector on or off, by device id; whether it followed. wake: a sleeping machine,
    by device id; whether it answered. Both raise KeyError for a device that cannot be reached so.
    login: keeps a device's own user and password; raises KeyError, NamelessDevice, OSError.
    """

    typed: Callable[[str], TypedAddress]
    switch: Callable[[str, bool], Awaitable[bool]]
    wake: Callable[[str], Awaitable[bool]]
    login: Callable[[str, str, str], Awaitable[None]]


class Surroundings(NamedTuple):
    """What the status tells besides the classroom: where this is, and the line as it is now.

    tablets: the address that the room's tablets open; empty while they cannot. scanner: of cards.
    looks: the pictures that are looked at now. examine: has the doctor look at everything, which
    takes some seconds: not on the event loop.
    membership: whether this computer has joined its school; joining: by which a person has it do
    so. label, data, room: what the computer is called, the agent's folder, and where it stands.
    """

    place: Place
    line: Callable[[], ConnectionState]
    language: str
    actions: DeviceActions
    tablets: Callable[[], str] = str
    scanner: CardScanner | None = None
    looks: Callable[[], tuple[CameraLook, ...]] = tuple
    examine: Callable[[], Sequence[Fact]] = tuple
    membership: Membership = Membership.ENROLLED
    joining: Joining = Joining()
    label: str = ""
    data: Path = Path()
    room: Callable[[], str] = str
