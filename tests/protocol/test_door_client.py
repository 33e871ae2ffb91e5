"""What asks a door of this computer: once, with its key, and with no more than it was told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from protocol.door_client import DoorAnswer, ask_door
from tests.ports import free_port
from tests.waiting import LIMIT_S


@contextmanager
def door_that_says(answer: bytes, heard: list[bytes]) -> Iterator[int]:
    """A door for one caller; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller = server.accept()[0]
            with caller:
                heard.append(caller.recv(65_536))
                caller.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join(LIMIT_S)


def test_the_key_the_language_and_the_body_are_shown() -> None:
    """As one request, and the answer is whole when the door hangs up."""
    heard: list[bytes] = []
    whole = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"
    with door_that_says(whole, heard) as port:
        answer = ask_door(port, "/x", "POST", key="k1", language="vi", body=b"{}", limit_s=LIMIT_S)
    assert answer == DoorAnswer(201, b"ok")
    head, _, body = heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("POST /x HTTP/1.0", b"{}")
    assert {f"Host: 127.0.0.1:{port}", "Accept-Language: vi", "Content-Length: 2"} <= {*lines}
    assert any(line.endswith(" k1") for line in lines)


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "no HTTP", "half"],
)
def test_what_is_no_whole_answer_has_no_status(answer: bytes) -> None:
    """Whatever listens there."""
    with door_that_says(answer, []) as port:
        assert ask_door(port, "/", limit_s=LIMIT_S).status == 0


def test_where_nobody_listens_the_caller_is_told() -> None:
    """And says so in its own words."""
    with pytest.raises(OSError, match="refused"):
        ask_door(free_port(), "/", limit_s=LIMIT_S)
