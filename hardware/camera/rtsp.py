"""This file asks an RTSP camera whether it would show its picture: OpenCV hides why it does not.

Source: RFC 2326, DESCRIBE.
"""

from __future__ import annotations

import secrets
import socket
import time
from contextlib import closing, suppress
from http.client import HTTPException
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from hardware.camera.order import CameraTrouble
from hardware.http.head import HeadReader, RtspHead
from hardware.http.login import BasicOnly, answer, challenges_of
from hardware.http.wire import Wire
from hardware.network.scopes import unscoped

PORT: Final = 554
_LOGINS: Final = 2  # ways to say a password: cameras lock themselves
_OK: Final = 200
_REDIRECTS: Final = range(300, 400)
_LOCKED: Final = frozenset({401, 403})
_BUSY: Final = frozenset({453, 503})


def ask(url: str, user: str, password: str, *, timeout_s: float, is_typed: bool = False) -> None:
    """Ask for the description, with the password in each way that the camera offers.

    url: rtsp, without a password. is_typed: whether a person gave address and password together.
    Raises CameraTrouble: no_answer, needs_password, basic_only, login_way, in_use or nonsense.
    """
    try:
        with closing(_Talk(url, time.monotonic() + timeout_s)) as talk:
            head = talk.describe()
            for login in _logins(head, talk.told_url, (user, password), is_typed=is_typed):
                if head.status in _LOCKED:
                    head = talk.describe(login)
    except (OSError, ValueError) as error:
        raise CameraTrouble("no_answer") from error
    if head.status in _LOCKED:
        raise CameraTrouble("needs_password")
    if head.status in _BUSY:
        raise CameraTrouble("in_use")
    if head.status != _OK and head.status not in _REDIRECTS:
        raise CameraTrouble("nonsense")


def _logins(head: RtspHead, url: str, login: tuple[str, str], *, is_typed: bool) -> list[str]:
    """The Authorization headers to try; none where no password is asked for, or there is none."""
    if head.status not in _LOCKED or not login[1]:
        return []
    try:
        challenges = challenges_of(head.challenges, is_typed=is_typed)
    except BasicOnly as error:
        raise CameraTrouble("basic_only") from error
    if not challenges and head.challenges:
        raise CameraTrouble("login_way")
    return [
        answer(one, *login, method="DESCRIBE", uri=url, cnonce=secrets.token_hex(8))
        for one in challenges[:_LOGINS]
    ]


class _Talk:
    """A connection to a camera, made again where the camera hangs up after a refusal."""

    def __init__(self, url: str, deadline: float) -> None:
        self._url = url
        self._deadline = deadline
        # A link's number is this machine's alone.
        place = urlsplit(url)
        bare = place.netloc.replace(place.hostname or "", unscoped(place.hostname or ""))
        self.told_url = urlunsplit(place._replace(netloc=bare)) if "%" in place.netloc else url
        self._number = 0
        self._socket = self._connect()

    def describe(self, login: str = "") -> RtspHead:
        """Ask for the description. Raises OSError, CameraTrouble."""
        head: RtspHead | None = None
        with suppress(OSError):
            head = self._ask(login)
        if head is None and self._number > 1 and self._left_s() > 0:
            self._socket.close()
            self._socket = self._connect()
            head = self._ask(login)
        if head is None:
            raise CameraTrouble("no_answer")
        return head

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _connect(self) -> socket.socket:
        parts = urlsplit(self._url)
        place = (parts.hostname or "", parts.port or PORT)
        return socket.create_connection(place, max(0.01, self._left_s()))

    def _left_s(self) -> float:
        return self._deadline - time.monotonic()

    def _ask(self, login: str) -> RtspHead | None:
        """The head of what is answered; None of nothing. Raises OSError, CameraTrouble."""
        self._number += 1
        lines = [
            f"DESCRIBE {self.told_url} RTSP/1.0",
            f"CSeq: {self._number}",
            "Accept: application/sdp",
            "User-Agent: LopHoc",
            *([f"Authorization: {login}"] if login else []),
        ]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        try:
            return HeadReader(Wire(self._socket, self._deadline)).read_rtsp()
        except HTTPException as error:
            raise CameraTrouble("nonsense") from error
