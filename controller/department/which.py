"""This file says which of the schools are asked for: by how they stand; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final

from controller.department.standing import SILENT, Need, SchoolStanding, Silence
from protocol.words import N_


class Which(StrEnum):
    """Which schools."""

    REPORTED = "reported"
    NO_DATA = "no_data"
    SILENT = "silent"  # for more than a day; what they told last counts
    LONG_SILENT = "long_silent"  # of these for more than three weeks
    NEEDING = "needing"
    NO_REGISTER = "no_register"
    BELOW_TARGET = "below_target"
    CHANGED = "changed"  # since about a month ago


WHICH_WORDS: Final[Mapping[Which, str]] = {
    Which.REPORTED: N_("that have told their items"),
    Which.NO_DATA: N_("without data"),
    Which.SILENT: N_("silent for more than a day"),
    Which.LONG_SILENT: N_("silent for more than 3 weeks"),
    Which.NEEDING: N_("that need attention"),
    Which.NO_REGISTER: N_("without an equipment book"),
    Which.BELOW_TARGET: N_("below the target"),
    Which.CHANGED: N_("changed since last month"),
}
_HOLDS: Final[Mapping[Which, Callable[[SchoolStanding], bool]]] = {
    Which.REPORTED: lambda school: school.reported,
    Which.NO_DATA: lambda school: not school.reported,
    Which.SILENT: lambda school: school.silence in SILENT - {Silence.NEVER},
    Which.LONG_SILENT: lambda school: school.silence is Silence.WEEKS,
    Which.NEEDING: lambda school: school.need is not Need.NOTHING,
    Which.NO_REGISTER: lambda school: school.reported and not school.tally.declared,
    Which.BELOW_TARGET: lambda school: (
        bool(school.tally.declared) and not school.tally.kpi.meets_target
    ),
    Which.CHANGED: lambda school: (
        school.before is not None and school.before.kpi != school.tally.kpi
    ),
}


def holds(which: Which, school: SchoolStanding) -> bool:
    """Whether the school is one of these."""
    return _HOLDS[which](school)
