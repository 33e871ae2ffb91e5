"""An RTSP camera is asked for its picture in whatever way it wants its password."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import nullcontext
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


OK: Final = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 4\r\n\r\nv=0\n"
ASKS: Final = (
    b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n"
    b'WWW-Authenticate: Digest realm="x", nonce="0123456789abcdef"\r\n'
)
PAGE: Final = b"<html>Unauthorized</html>\r\n"
SAID: Final[dict[str, tuple[bytes, str]]] = {
    "as-the-standard-says": (ASKS + b"\r\n", ""),
    "line-feeds": ((ASKS + b"\r\n").replace(b"\r", b""), ""),
    "blank-line-first": (b"\r\n" + ASKS + b"\r\n", ""),
    "without-a-reason": (ASKS.replace(b" Unauthorized", b"") + b"\r\n", ""),
    "a-page-behind": (ASKS + b"Content-Length: %d\r\n\r\n" % len(PAGE) + PAGE, ""),
    "a-page-without-length": (ASKS + b"\r\n" + PAGE, ""),
    "a-nameless-header": (
        ASKS.replace(b"CSeq", b"Tue, 12 Jun 2012 01:56:34 GMT\r\nCSeq") + b"\r\n",
        "",
    ),
    "folded": (ASKS.replace(b", nonce", b",\r\n nonce") + b"\r\n", ""),
    "a-hint-before": (b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n" + ASKS + b"\r\n", ""),
    "another-protocol": (b"HTTP/1.0 501 Not Implemented\r\n\r\n", "nonsense"),
    "no-protocol": (b"SSH-2.0-x\r\n", "nonsense"),
}


@pytest.mark.parametrize("name", SAID)
def test_an_answer_is_read_however_it_is_written(name: str) -> None:
    """The right password is taken, whatever stands around the question for it."""
    said, reason = SAID[name]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                while asked := line.recv(4096):
                    line.sendall(OK if b"Authorization" in asked else said)
                    if reason:
                        break

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(CameraTrouble, match=reason) if reason else nullcontext():
            rtsp.ask(url, "admin", "secret", timeout_s=LIMIT_S)
        thread.join()
