"""This file keeps what the agent runs running, and says what does not run now."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Final

from hardware.readings import SenseMissing
from protocol.backoff import Backoff
from protocol.health import Finding, ReasonCode
from protocol.model import Reason, Status

_LOGGER = logging.getLogger(__name__)

Start = Callable[[], Awaitable[None]]

BACKOFF_FIRST_S: Final = 2.0
BACKOFF_CAP_S: Final = 300.0
STEADY_S: Final = 5.0  # what has worked for so long is back


class Unavailable(Exception):  # noqa: N818 - a state, not a fault
    """Something cannot run for the moment; finding: what the school hears of it."""

    def __init__(self, message: str, finding: Finding) -> None:
        super().__init__(message)
        self.finding = finding


class Outages:
    """What does not run now, by name."""

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


async def keep_running(
    name: str,
    start: Start,
    outages: Outages,
    *,
    backoff_first_s: float = BACKOFF_FIRST_S,
    backoff_cap_s: float = BACKOFF_CAP_S,
    steady_s: float = STEADY_S,
    jitter: Callable[[], float] = random.random,
) -> None:
    """Start something again and again until cancelled; log once when it is lost, once when back.

    jitter: numbers from 0 to 1; rooms that lost power together must not come back in step.
    """
    backoff, lost = Backoff(backoff_first_s, backoff_cap_s, jitter), False

    def note_steady() -> None:
        nonlocal lost
        outages.end(name)
        if lost:
            _LOGGER.info("back name=%s", name)
        backoff.reset()
        lost = False

    while True:
        steady = asyncio.get_running_loop().call_later(steady_s, note_steady)
        fault: Exception | None = None
        try:
            await start()
        except Exception as error:  # noqa: BLE001 - the one place where any fault is survived
            fault = error
            _log(name, error, again=lost)
        finally:
            steady.cancel()
        outages.begin(name, _finding(name, fault))
        lost = True
        await asyncio.sleep(backoff.next_s())


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
