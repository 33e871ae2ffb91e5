"""This file says how the room's cameras are switched: off or on, since when, by whose word. Pure.

A school may switch them off and never on; while the settings say off, nobody else's word counts.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from agent.room import AgentRoom
from hardware.camera.shutter import CameraLook
from protocol import messages
from protocol.messages import CameraTold

_LASTING: Final = frozenset({"cards", "door"})  # a check is over before it could be told


class SwitchedBy(StrEnum):
    """Whose word it was."""

    ROOM = "room"
    SCHOOL = "school"
    SETTINGS = "settings"


class CameraSwitch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people have switched the room's cameras. name: the account, where the school's.

    command: the school's last one, which is done once and never again.
    """

    off: bool = False
    since_ms: int = 0
    by: SwitchedBy = SwitchedBy.ROOM
    name: str = ""
    command: str = ""

    def turn(self, *, off: bool, at_ms: int) -> CameraSwitch:
        """A person in the room switches; the same way again changes nothing."""
        if off is self.off:
            return self
        return CameraSwitch(off=off, since_ms=at_ms, command=self.command)

    def obey(self, command: str, name: str, at_ms: int) -> CameraSwitch:
        """The school has them switched off, once for each command."""
        if command == self.command:
            return self
        if self.off:
            return replace(self, command=command)
        return CameraSwitch(
            off=True, since_ms=at_ms, by=SwitchedBy.SCHOOL, name=name, command=command
        )


LOCKED: Final = CameraSwitch(off=True, by=SwitchedBy.SETTINGS)


class CameraStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What the school is told. looks: those that last. check_s: 0 where none is checked."""

    switch: CameraSwitch
    looks: tuple[messages.CameraLook, ...] = ()
    check_s: int = 0

    def told(self, room: AgentRoom, at_ms: int) -> CameraTold:
        """The event that says so."""
        switch = self.switch
        return CameraTold(
            boot=room.boot,
            id=room.new_id(),
            at_ms=at_ms,
            room=room.room,
            off=switch.off,
            since_ms=switch.since_ms,
            by=str(switch.by),
            name=switch.name,
            looks=self.looks,
            check_s=self.check_s,
            command=switch.command,
        )


def lasting(looks: tuple[CameraLook, ...]) -> tuple[messages.CameraLook, ...]:
    """The looks that the school is told of."""
    return tuple(
        messages.CameraLook(use=str(look.use), since_ms=look.since_ms)
        for look in looks
        if look.use in _LASTING
    )
