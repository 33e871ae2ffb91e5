"""This file keeps each sense running, and says which are missing."""

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
STEADY_S: Final = 5.0  # a sense that has worked for so long is back


class Senses:
    """Which senses are missing now. A sense this machine lacks is told, but is no fault."""

    def __init__(self) -> None:
        self._missing: dict[str, Status] = {}

    def miss(self, name: str, *, broken: bool) -> None:
        """A sense is absent from this machine, or (broken) failed though it is there."""
        self._missing[name] = Status.WARNING if broken else Status.OK

    def back(self, name: str) -> None:
        """A sense works again."""
        self._missing.pop(name, None)

    def findings(self) -> tuple[Finding, ...]:
        """What to tell of the senses that are missing."""
        return tuple(
            (status, Reason(ReasonCode.SENSE_MISSING, name))
            for name, status in sorted(self._missing.items())
        )


async def keep_running(
    name: str,
    start: Start,
    senses: Senses,
    *,
    jitter: Callable[[], float] = random.random,
    backoff_first_s: float = BACKOFF_FIRST_S,
    steady_s: float = STEADY_S,
) -> None:
    """Start a sense again and again until cancelled; log once when it is lost, once when back.

    jitter: numbers from 0 to 1; rooms that lost power together must not come back in step.
    """
    backoff, lost = Backoff(backoff_first_s, BACKOFF_CAP_S, jitter), False

    def back() -> None:
        nonlocal lost
        senses.back(name)
        if lost:
            _LOGGER.info("sense back name=%s", name)
        backoff.reset()
        lost = False

    while True:
        steady = asyncio.get_running_loop().call_later(steady_s, back)
        try:
            await start()
        except Exception as error:  # noqa: BLE001 - the one place where any fault is survived
            _log_lost(name, error, again=lost)
            senses.miss(name, broken=_missing_in(error) is None)
        else:
            senses.miss(name, broken=True)
        finally:
            steady.cancel()
        lost = True
        await asyncio.sleep(backoff.next_s())


def _missing_in(error: BaseException) -> SenseMissing | None:
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_missing_in, error.exceptions)), None)
    return error if isinstance(error, SenseMissing) else None


def _log_lost(name: str, error: Exception, *, again: bool) -> None:
    if again:
        _LOGGER.debug("sense still missing name=%s error=%s", name, error)
    elif missing := _missing_in(error):
        _LOGGER.info("sense missing name=%s code=%s: %s", name, missing.code, missing.hint)
    else:
        _LOGGER.warning("sense lost name=%s, will be started again", name, exc_info=error)
