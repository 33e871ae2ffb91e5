"""This file asks an RTSP camera whether it would show its picture: OpenCV hides why it does not.

Source: RFC 2326, DESCRIBE.
"""

from __future__ import annotations

import secrets
import socket
import time
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from hardware.camera.login import BasicOnly, answer, challenge_of
from hardware.camera.order import CameraTrouble

PORT: Final = 554
_HEAD_LIMIT: Final = 16_000
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_LOCKED: Final = frozenset({401, 403})
_BUSY: Final = frozenset({453, 503})


class _Head(NamedTuple):
    status: int
    challenges: tuple[str, ...]


def ask(url: str, user: str, password: str, *, timeout_s: float, is_typed: bool = False) -> None:
    """Ask once for the description. url: rtsp, without a password.

    is_typed: whether a person gave address and password together.
    Raises CameraTrouble: no_answer, needs_password, basic_only, in_use or nonsense.
    """
    parts = urlsplit(url)
    deadline = time.monotonic() + timeout_s
    try:
        place = (parts.hostname or "", parts.port or PORT)
        with socket.create_connection(place, timeout_s) as camera:
            head = _describe(camera, url, deadline)
            if head.status in _LOCKED and password:
                login = _login(head, url, (user, password), is_typed=is_typed)
                head = _describe(camera, url, deadline, login)
    except (OSError, ValueError) as error:
        raise CameraTrouble("no_answer") from error
    if head.status in _LOCKED:
        raise CameraTrouble("needs_password")
    if head.status in _BUSY:
        raise CameraTrouble("in_use")
    if head.status != _OK and head.status not in _REDIRECTS:
        raise CameraTrouble("nonsense")


def _login(head: _Head, url: str, login: tuple[str, str], *, is_typed: bool) -> str:
    try:
        challenge = challenge_of(head.challenges, is_typed=is_typed)
    except BasicOnly as error:
        raise CameraTrouble("basic_only") from error
    if challenge is None:
        raise CameraTrouble("needs_password")
    cnonce = secrets.token_hex(8)
    return answer(challenge, *login, method="DESCRIBE", uri=url, cnonce=cnonce)


def _describe(camera: socket.socket, url: str, deadline: float, login: str = "") -> _Head:
    lines = [
        f"DESCRIBE {url} RTSP/1.0",
        f"CSeq: {2 if login else 1}",
        "Accept: application/sdp",
        "User-Agent: LopHoc",
    ]
    if login:
        lines.append(f"Authorization: {login}")
    camera.sendall("\r\n".join([*lines, "", ""]).encode())
    return _head_of(_read_head(camera, deadline))


def _read_head(camera: socket.socket, deadline: float) -> str:
    """Read up to the blank line. What follows a refusal has no length worth waiting for."""
    received = b""
    while b"\r\n\r\n" not in received:
        camera.settimeout(max(0.01, deadline - time.monotonic()))
        more = camera.recv(4096)
        if not more or len(received) > _HEAD_LIMIT:
            raise CameraTrouble("nonsense" if received else "no_answer")
        received += more
    return received.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")


def _head_of(text: str) -> _Head:
    first, *lines = text.split("\r\n")
    words = first.split()
    status = 0
    if words and words[0].startswith("RTSP/"):
        with suppress(IndexError, ValueError):
            status = int(words[1])
    pairs = [line.partition(":") for line in lines]
    challenges = [value for name, _, value in pairs if name.strip().lower() == "www-authenticate"]
    return _Head(status, tuple(challenges))
