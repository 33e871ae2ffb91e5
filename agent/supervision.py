"""This file says which of the agent's parts do not run now, and what the school hears of it."""

from __future__ import annotations

import logging

from hardware.readings import SenseMissing
from protocol.health import Finding, ReasonCode
from protocol.model import Reason, Status

_LOGGER = logging.getLogger(__name__)


class Unavailable(Exception):  # noqa: N818 - a state, not a fault
    """Something cannot run for the moment; finding: what the school hears of it."""

    def __init__(self, message: str, finding: Finding) -> None:
        super().__init__(message)
        self.finding = finding


class Outages:
    """What does not run now, by name; logged once when it is lost, once when it is back."""

    def __init__(self) -> None:
        self._findings: dict[str, Finding] = {}

    def begin(self, name: str, finding: Finding) -> None:
        """Something does not run; finding: what is to be told of it."""
        self._findings[name] = finding

    def end(self, name: str) -> None:
        """It runs again."""
        self._findings.pop(name, None)

    def findings(self) -> tuple[Finding, ...]:
        """What is to be told, by name."""
        return tuple(finding for _, finding in sorted(self._findings.items()))

    def note_lost(self, name: str, error: Exception | None, *, again: bool) -> None:
        """A part of the agent ended, by a fault or by itself."""
        if error is not None:
            _log(name, error, again=again)
        self.begin(name, _finding(name, error))

    def note_steady(self, name: str, *, back: bool) -> None:
        """A part of the agent has worked for a while."""
        self.end(name)
        if back:
            _LOGGER.info("back name=%s", name)


def _foreseen(error: BaseException | None) -> SenseMissing | Unavailable | None:
    """The state behind an error, also of one task among several; None if it is a fault."""
    if isinstance(error, BaseExceptionGroup):
        return next((state for one in error.exceptions if (state := _foreseen(one))), None)
    if isinstance(error, SenseMissing | Unavailable):
        return error
    return None


def _finding(name: str, error: Exception | None) -> Finding:
    """What is told: what this machine lacks is no fault; what fails though it is there is one."""
    match _foreseen(error):
        case Unavailable(finding=finding):
            return finding
        case SenseMissing():
            return Status.OK, Reason(ReasonCode.SENSE_MISSING, name)
        case None:
            return Status.WARNING, Reason(ReasonCode.SENSE_MISSING, name)


def _log(name: str, error: Exception, *, again: bool) -> None:
    if again:
        _LOGGER.debug("still lost name=%s error=%s", name, error)
        return
    match _foreseen(error):
        case Unavailable() as state:
            _LOGGER.warning("lost name=%s: %s", name, state)
        case SenseMissing() as state:
            _LOGGER.info("missing name=%s code=%s: %s", name, state.code, state.hint)
        case None:
            _LOGGER.warning("lost name=%s, will be started again", name, exc_info=error)
