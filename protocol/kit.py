"""This file compares what a room should have with what is there. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from protocol.messages import KitLine
from protocol.model import DeviceKind


class KitTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a room should have: how many of each kind, and which programs; nothing until chosen."""

    computers: Annotated[int, Meta(ge=0, le=400, description="Computers in this room.")] = 0
    boards: Annotated[int, Meta(ge=0, le=400, description="Interactive boards in this room.")] = 0
    cameras: Annotated[int, Meta(ge=0, le=400, description="Cameras in this room.")] = 0
    projectors: Annotated[int, Meta(ge=0, le=400, description="Projectors in this room.")] = 0
    access_points: Annotated[int, Meta(ge=0, le=400, description="Access points in this room.")] = 0
    tablets: Annotated[int, Meta(ge=0, le=400, description="Tablets in this room.")] = 0
    software: Annotated[
        str,
        Meta(
            max_length=1000,
            description="Programs this computer should have, between commas, such as LibreOffice.",
        ),
    ] = ""

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs by name, each once, in order."""
        names = (name.strip() for name in self.software.split(","))
        return tuple(dict.fromkeys(name for name in names if name))


class KitProgram(NamedTuple):
    """A program as this machine tells of it; None where it does not tell."""

    installed: bool | None
    running: bool | None


KIT_FIELDS = {
    DeviceKind.HOST: "computers",
    DeviceKind.BOARD: "boards",
    DeviceKind.CAMERA: "cameras",
    DeviceKind.PROJECTOR: "projectors",
    DeviceKind.NETWORK: "access_points",
    DeviceKind.TABLET: "tablets",
}


def lines_of(template: KitTemplate) -> tuple[KitLine, ...]:
    """A line for each kind and program that is wanted; of what is here they say nothing."""
    lines = [
        KitLine(kind=kind, wanted=count, here=0)
        for kind, field in KIT_FIELDS.items()
        if (count := getattr(template, field))
    ]
    lines += [KitLine(name=name, wanted=1, here=0) for name in template.programs]
    return tuple(lines[:_MOST])


def compare(
    wanted: Iterable[KitLine], present: Iterable[DeviceKind], programs: Mapping[str, KitProgram]
) -> tuple[KitLine, ...]:
    """Hold what is wanted against what is here, line by line.

    present: the kind of every device that is here. A program of which the machine tells nothing
    counts as there: nobody is sent to look for what may not be missing.
    """
    counts = Counter(present)
    return tuple(
        replace(line, here=counts[line.kind], running=None)
        if line.kind
        else replace(
            line,
            here=int(programs.get(line.name, _UNKNOWN).installed is not False),
            running=programs.get(line.name, _UNKNOWN).running,
        )
        for line in wanted
    )


_UNKNOWN = KitProgram(None, None)
_MOST = 64


def missing(lines: Iterable[KitLine]) -> tuple[KitLine, ...]:
    """The lines of which not all is there."""
    return tuple(line for line in lines if line.here < line.wanted)
