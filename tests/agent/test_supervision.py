from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from agent.supervision import Outages
from hardware.readings import SenseMissing
from protocol.model import Reason, Status
from protocol.supervision import keep_running
from tests.waiting import eventually

NO_UDEV = SenseMissing("no_udev", {"sense": "usb"}, "udev is not running.")
STEADY_S = 0.01


class Sense:
    """A sense that fails as told, and then works."""

    def __init__(self, *failures: BaseException | None) -> None:
        self.failures = list(failures)
        self.works = asyncio.Event()

    async def start(self) -> None:
        """Fail once more, end without a word (None), or work for ever."""
        if self.failures:
            failure = self.failures.pop(0)
            if failure is None:
                return
            raise failure
        self.works.set()
        await asyncio.Event().wait()


def kept(sense: Sense, outages: Outages, after: Callable[[], bool]) -> None:
    """Keep the sense running until `after` is true."""

    async def play() -> None:
        running = asyncio.create_task(
            keep_running(
                "usb",
                sense.start,
                outages,
                jitter=lambda: 0.0,
                backoff_first_s=0.001,
                steady_s=STEADY_S,
            )
        )
        await eventually(after)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (NO_UDEV, Status.OK),
        (ExceptionGroup("tasks", [ExceptionGroup("tasks", [NO_UDEV])]), Status.OK),
        (RuntimeError("a bug"), Status.WARNING),
        (OSError("cable"), Status.WARNING),
        (None, Status.WARNING),
    ],
)
def test_a_missing_sense_is_told_and_a_broken_one_needs_a_look(
    failure: BaseException | None, status: Status
) -> None:
    """What the machine never had is no fault; what fails though it is there is one."""
    outages = Outages()
    told = []

    def missing() -> bool:
        told.extend(outages.findings())
        return bool(told)

    kept(Sense(*[failure] * 50), outages, missing)
    assert told[0] == (status, Reason("sense_missing", "usb"))


def test_a_sense_that_comes_back_is_missing_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """However often it failed, the log has one line for lost and one for back."""
    caplog.set_level(logging.INFO)
    outages = Outages()
    sense = Sense(NO_UDEV, NO_UDEV, RuntimeError("a bug"), NO_UDEV)
    kept(sense, outages, lambda: sense.works.is_set() and not outages.findings())
    assert [each.levelname for each in caplog.records] == ["INFO", "INFO"]
    assert "missing name=usb code=no_udev" in caplog.messages[0]
    assert "back name=usb" in caplog.messages[1]


def test_an_unforeseen_fault_is_logged_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The one broad except hides nothing."""
    outages = Outages()
    sense = Sense(RuntimeError("a bug"))
    kept(sense, outages, lambda: bool(caplog.records))
    assert caplog.records[0].exc_info is not None


def test_cancelling_ends_a_sense() -> None:
    """A program that ends is not kept up by its senses."""
    sense = Sense()
    kept(sense, Outages(), lambda: True)
