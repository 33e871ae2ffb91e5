"""This file names what can be wrong with a simulated projector, so that it can be switched."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from simulators.devices.pjlink import Lie
from simulators.devices.projector import Projector

_SLOW_S: Final = 3.0
_ERROR, _WARNING, _WELL = "2", "1", "0"  # PJLink class 1, ERST


class ProjectorFault(StrEnum):
    """What can be wrong with the projector; each may be switched while it runs.

    off: its plug is pulled. silent: it takes connections and says nothing. mute: it greets only.
    slow: it answers after 3 s. busy: it serves somebody else. From fan to other: a part fails;
    with _warning it only warns. From garbage on: what it says instead of answers.
    """

    OFF = "off"
    SILENT = "silent"
    MUTE = "mute"
    SLOW = "slow"
    BUSY = "busy"
    FAN = "fan"
    LAMP = "lamp"
    TEMPERATURE = "temperature"
    COVER = "cover"
    FILTER = "filter"
    OTHER = "other"
    FAN_WARNING = "fan_warning"
    LAMP_WARNING = "lamp_warning"
    TEMPERATURE_WARNING = "temperature_warning"
    COVER_WARNING = "cover_warning"
    FILTER_WARNING = "filter_warning"
    OTHER_WARNING = "other_warning"
    GARBAGE = "garbage"
    BINARY = "binary"
    ENDLESS = "endless"
    TRICKLE = "trickle"
    SHORT = "short"
    WRONG_CLASS = "wrong_class"
    WRONG_COMMAND = "wrong_command"
    NUMBERS = "numbers"
    HTTP = "http"


_PARTS: Final = ("fan", "lamp", "temperature", "cover", "filter", "other")


class FaultyProjector:
    """A projector that runs, with faults by name; of several lies the last one is told."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._errors: set[str] = set()

    async def switch(self, fault: ProjectorFault, on: bool) -> None:  # noqa: FBT001 - a switch
        """Switch one fault. Raises OSError where its ports are taken when it is plugged in."""
        faults = self._projector.faults
        match fault:
            case ProjectorFault.OFF if on:
                await self._projector.unplug()
            case ProjectorFault.OFF:
                await self._projector.plug_in()
            case ProjectorFault.SILENT:
                faults.silent = on
            case ProjectorFault.MUTE:
                faults.mute = on
            case ProjectorFault.SLOW:
                faults.delay_s = _SLOW_S if on else 0.0
            case ProjectorFault.BUSY:
                faults.connections = 0 if on else 1
            case _ if fault.removesuffix("_warning") in _PARTS:
                self._errors = self._errors | {fault} if on else self._errors - {fault}
                faults.errors = "".join(map(self._digit, _PARTS))
            case _:
                faults.lie = Lie(fault) if on else Lie.NONE

    def _digit(self, part: str) -> str:
        if part in self._errors:
            return _ERROR
        return _WARNING if f"{part}_warning" in self._errors else _WELL
