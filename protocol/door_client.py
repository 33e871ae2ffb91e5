"""This file asks a door of this computer once, by HTTP/1.0 (RFC 1945) over a plain socket.

http.client would bring some megabytes, and the teacher's icon would keep them all day.
"""

from __future__ import annotations

import socket
from typing import Final, NamedTuple

from protocol.door_key import bearer

OK: Final = 200
LOCKED: Final = 401
MOST_BYTES: Final = 4_000_000

_CHUNK: Final = 65_536


class DoorAnswer(NamedTuple):
    """HTTP's status and the body; status 0 where it was cut short, or is no HTTP."""

    status: int
    body: bytes


def ask_door(
    port: int,
    path: str,
    method: str = "GET",
    *,
    host: str = "127.0.0.1",
    key: str = "",
    language: str = "*",
    body: bytes = b"",
    limit_s: float,
    most_bytes: int = MOST_BYTES,
) -> DoorAnswer:
    """Ask, and take the whole answer. key: of the door; limit_s: for each of its pieces.

    Raises OSError where nobody answers.
    """
    shown = bearer(key) | {"Host": f"{host}:{port}", "Accept-Language": language}
    if method == "POST":
        shown |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    fields = "".join(f"{name}: {value}\r\n" for name, value in shown.items())
    with socket.create_connection((host, port), limit_s) as line:
        line.sendall(f"{method} {path} HTTP/1.0\r\n{fields}\r\n".encode() + body)
        return answer_from(_whole(line, most_bytes))


def answer_from(got: bytes) -> DoorAnswer:
    """The answer in what was received."""
    head, _, body = got.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    words = first.split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004
        return DoorAnswer(0, b"")
    lengths = [f.partition(b":")[2] for f in fields if f.lower().startswith(b"content-length:")]
    is_whole = not lengths or lengths[0].strip() == str(len(body)).encode()
    return DoorAnswer(int(words[1][:3]), body) if is_whole else DoorAnswer(0, b"")


def _whole(line: socket.socket, most_bytes: int) -> bytes:
    got = b""
    while len(got) <= most_bytes and (chunk := line.recv(_CHUNK)):
        got += chunk
    return got
