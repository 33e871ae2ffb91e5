"""This file says what the doctor tells of a person's try to join, and of a room that knocks. Pure.

The digits are for the two people who compare them: as text they come into no bundle.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from agent.joining.reports import Knocked, Report, Stepped
from protocol.doctor import Check, Diagnosis, Fact
from protocol.model import Status
from protocol.words import N_


@dataclass(frozen=True, slots=True)
class KnockFact:
    """This computer knocks. is_compared: its own person said already that the digits are right."""

    digits: str
    is_compared: bool

    def judge(self) -> Diagnosis:
        """That it waits, for whom, and what is to be compared."""
        values = {"digits": self.digits}
        say = partial(Diagnosis, Check.JOINING, Status.WARNING, values=values)
        if self.is_compared:
            return say("waits_for_office", *_WAITS_FOR_OFFICE)
        return say("knocks", *_KNOCKS)


_KNOCKS: Final = (
    N_("This computer knocks, and waits until somebody has compared its digits: {digits}."),
    N_(
        "See whether the server's page Rooms that knock shows the same; then press The same digits"
        " on LopHoc's page here."
    ),
)
_WAITS_FOR_OFFICE: Final = (
    N_("This computer knocks with the digits {digits}, and waits until the office accepts it."),
    N_("Ask the office to look at the page Rooms that knock, and read the digits out to it."),
)


@dataclass(frozen=True, slots=True)
class JoinFact:
    """A try to join is on its way."""

    def judge(self) -> Diagnosis:
        """That it is."""
        text = N_("This computer is about to join its school.")
        return Diagnosis(Check.JOINING, Status.OK, "joins", text)


def joining_facts(report: Report | None) -> Iterator[Fact]:
    """What is to be known while a try goes on; nothing before and after it."""
    match report:
        case Knocked(digits=digits):
            yield KnockFact(digits, is_compared=False)
        case Stepped(digits=digits) if digits:
            yield KnockFact(digits, is_compared=True)
        case Stepped():
            yield JoinFact()
        case _:
            pass
