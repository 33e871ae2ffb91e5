"""This file says how a school's line to its department is: carried, cut, or not listened to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from protocol.doctor import Check, Diagnosis
from protocol.model import Status
from protocol.words import N_

CUT_MS: Final = 30 * 60_000  # lines of schools are cut for minutes every day
UNHEARD_S: Final = 24 * 3600  # what waits for so long, nobody takes
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class AboveFact:
    """The line to the department. cut_ms: for how long nothing is carried; None while it is.

    oldest_s: how long the oldest message waits for the department's answer.
    """

    cut_ms: int | None
    oldest_s: int

    def judge(self) -> Diagnosis:
        """Whether the department hears this school; nothing is lost while it does not."""
        values = {"hours": (self.cut_ms or 0) // _HOUR_MS, "waits": self.oldest_s // 3600}
        if self.cut_ms is not None and self.cut_ms >= CUT_MS:
            return Diagnosis(Check.BROKER, Status.WARNING, "department_cut", *_CUT, values)
        if self.cut_ms is None and self.oldest_s >= UNHEARD_S:
            return Diagnosis(Check.BROKER, Status.WARNING, "department_silent", *_SILENT, values)
        text = N_("The line to the department is as it should be.")
        return Diagnosis(Check.BROKER, Status.OK, "department_heard", text, "", values)


class LineAbove:
    """The running line to the department, looked at now and then, for Program.service.

    watch: whether it is there, and how many seconds the oldest message waits; None where there is
    no department.
    """

    def __init__(self, _program: object) -> None:
        self.watch: Callable[[], tuple[bool, int]] | None = None
        self._cut_ms: int | None = None

    def fact(self, now_ms: int) -> AboveFact | None:
        """How it is now, by this and the looks before."""
        if self.watch is None:
            return None
        is_there, oldest_s = self.watch()
        if is_there:
            self._cut_ms = None
        elif self._cut_ms is None or self._cut_ms > now_ms:
            self._cut_ms = now_ms
        return AboveFact(None if self._cut_ms is None else now_ms - self._cut_ms, oldest_s)


_CUT: Final = (
    N_("This school's line to the department is cut. Nothing is lost: it is told later."),
    N_("Look whether this server has the internet, then under Doctor what the line says."),
)
_SILENT: Final = (
    N_(
        "The department has taken nothing from this school for {waits} {waits:hour|hours}."
        " Nothing is lost: it is told later."
    ),
    N_("Ask the department whether its server runs and knows this school."),
)
