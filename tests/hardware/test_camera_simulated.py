"""Simulated cameras are looked at as real ones: by snapshot, by MJPEG and by RTSP."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest

from hardware.camera.shutter import Shutter
from hardware.camera.watch import look, target_of
from hardware.http.login import NOBODY, WebLogin
from hardware.readings import CameraReading, CameraState
from simulators.devices.camera import CameraFault, OnvifCamera
from tests.ports import free_port
from tests.waiting import unstarved

OPEN = Shutter(lambda: False)
WAYS = ("snapshot_url", "mjpeg_url", "stream_url")
AT_ONCE = 4


class Case(NamedTuple):
    """A camera with a fault, looked at in one of its ways; and what is to be seen."""

    way: str
    fault: CameraFault | None
    state: CameraState
    reason: str = ""
    known: bool = False

    @property
    def login(self) -> WebLogin:
        """User and password, if they are known."""
        return WebLogin("admin", "lop-hoc") if self.known else NOBODY


CASES = [
    *(Case(way, None, CameraState.OK) for way in WAYS),
    Case("snapshot_url", CameraFault.COVERED, CameraState.COVERED),
    Case("mjpeg_url", CameraFault.OVEREXPOSED, CameraState.OVEREXPOSED),
    Case("stream_url", CameraFault.BLACK, CameraState.BLACK),
    *(Case(way, CameraFault.PASSWORD, CameraState.DISCONNECTED, "needs_password") for way in WAYS),
    *(Case(way, CameraFault.PASSWORD, CameraState.OK, known=True) for way in WAYS),
    Case("mjpeg_url", CameraFault.STALL, CameraState.DISCONNECTED, "stalled"),
]


async def looked(case: Case, turn: asyncio.Semaphore) -> CameraReading:
    """Look at such a camera."""
    group = ("239.255.255.250", free_port())
    async with turn, OnvifCamera(group=group) as camera:
        if case.fault:
            camera.faults.add(case.fault)
        target = target_of("mac:1", getattr(camera, case.way), case.login)
        return await unstarved(
            lambda: look(target, OPEN, seconds=4.0),
            lambda seen: seen.state is CameraState.SLOW or seen.reason in {"no_answer", "stalled"},
        )


@pytest.fixture(scope="module")
def seen() -> dict[Case, CameraReading]:
    """All cameras, some at a time: a look takes seconds, and most of them are waiting."""

    async def story() -> list[CameraReading]:
        turn = asyncio.Semaphore(AT_ONCE)
        return await asyncio.gather(*(looked(case, turn) for case in CASES))

    return dict(zip(CASES, asyncio.run(story()), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda each: f"{each.way}-{each.fault}-{each.known}")
def test_what_a_simulated_camera_shows_is_what_is_seen(
    case: Case, seen: dict[Case, CameraReading]
) -> None:
    """OpenCV plays what the simulator streams; a locked camera opens with its password."""
    assert (seen[case].state, seen[case].reason) == (case.state, case.reason)
