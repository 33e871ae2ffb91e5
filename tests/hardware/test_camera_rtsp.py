"""An RTSP camera is asked for its picture in whatever way it wants its password."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from hardware.camera import rtsp
from hardware.camera.order import CameraTrouble
from simulators.devices.camera import CameraFault, OnvifCamera
from tests.ports import free_port
from tests.waiting import LIMIT_S

Fault = CameraFault
SECRET: Final = "đúng-rồi"  # noqa: S105 - a simulated camera's


async def asked(*faults: Fault, password: str = SECRET, is_typed: bool = False) -> OnvifCamera:
    """Ask such a camera. Raises CameraTrouble."""
    group = ("239.255.255.250", free_port())
    async with (
        asyncio.timeout(LIMIT_S),
        OnvifCamera(group=group, password=SECRET, faults=set(faults)) as camera,
    ):
        await asyncio.to_thread(
            rtsp.ask, camera.stream_url, "admin", password, timeout_s=2.0, is_typed=is_typed
        )
    return camera


@pytest.mark.parametrize(
    "faults",
    [
        (Fault.PASSWORD,),
        (Fault.HANGS_UP,),
        (Fault.STRICT_DIGEST,),
        (Fault.STRICT_DIGEST, Fault.HANGS_UP),
        (Fault.SHA_256,),
        (Fault.TWO_CHALLENGES, Fault.HANGS_UP),
        (Fault.BASIC,),
    ],
    ids="+".join,
)
def test_the_right_password_is_taken(faults: tuple[Fault, ...]) -> None:
    """Also where the camera hangs up after it asked, and where it names no algorithm."""
    asyncio.run(asked(*faults, is_typed=True))


@pytest.mark.parametrize(
    ("fault", "password", "reason"),
    [
        (Fault.STRICT_DIGEST, "wrong", "needs_password"),
        (Fault.HANGS_UP, "", "needs_password"),
        (Fault.BASIC, SECRET, "basic_only"),
        (Fault.OTHER_LOGIN, SECRET, "login_way"),
    ],
)
def test_why_it_is_not_taken_is_told_apart(fault: Fault, password: str, reason: str) -> None:
    """The password, or the way."""
    with pytest.raises(CameraTrouble) as trouble:
        asyncio.run(asked(fault, password=password))
    assert trouble.value.reason == reason
