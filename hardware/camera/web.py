"""This file takes pictures from a camera's web page: single JPEGs, or MJPEG without end.

Source: RFC 2046 section 5.1 (multipart), as cameras send it with x-mixed-replace.
"""

from __future__ import annotations

import re
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from hardware.camera.feed import SAMPLE_EVERY_S, TIMEOUT_S, CameraFeed, FrameArrival
from hardware.camera.login import BasicOnly, Challenge, answer, challenge_of
from hardware.camera.order import CameraTrouble

if TYPE_CHECKING:
    from cv2.typing import MatLike

Decode = Callable[[bytes], "MatLike | None"]

_PICTURE_LIMIT: Final = 16_000_000
_PART_LINES: Final = 50
_LINE_LIMIT: Final = 1000
_CHUNK: Final = 65_536
_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_HOPS: Final = 3
_LOCKED: Final = frozenset({401, 403})
_BUSY: Final = 503
_BOUNDARY: Final = re.compile(r'boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)


class CameraPage:
    """A camera's page that shows its picture. url: http or https, without a password.

    is_typed: whether a person gave address and password together.
    """

    def __init__(self, url: str, user: str, password: str, *, is_typed: bool = False) -> None:
        self._url = urlsplit(url)
        self._user = user
        self._password = password
        self._is_typed = is_typed
        self._challenge: Challenge | None = None
        self._count = 0

    def get(self) -> HTTPResponse:
        """Ask for the page.

        Raises CameraTrouble: needs_password, basic_only, in_use or nonsense; OSError.
        """
        for _ in range(_HOPS):
            response = self._ask()
            if response.status == _OK:
                return response
            response.close()
            if response.status in _REDIRECTS:
                self._follow(response.headers.get("Location", ""))
            elif response.status in _LOCKED:
                self._take(response)
            else:
                raise CameraTrouble("in_use" if response.status == _BUSY else "nonsense")
        raise CameraTrouble("nonsense")

    def _ask(self) -> HTTPResponse:
        url = self._url
        uri = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {"User-Agent": "LopHoc", "Connection": "close"}
        if self._challenge is not None:
            self._count += 1
            headers["Authorization"] = answer(
                self._challenge,
                self._user,
                self._password,
                method="GET",
                uri=uri,
                cnonce=secrets.token_hex(8),
                count=self._count,
            )
        connection = _connection(url)
        connection.request("GET", uri, headers=headers)
        # The connection lives as long as its answer is read.
        return connection.getresponse()

    def _take(self, response: HTTPResponse) -> None:
        """Take up the camera's question for a password, unless ours was just refused."""
        refused = self._count == 1
        if refused or not self._password:
            raise CameraTrouble("needs_password")
        headers = response.headers.get_all("WWW-Authenticate") or ()
        try:
            challenge = challenge_of(headers, is_typed=self._is_typed)
        except BasicOnly as error:
            raise CameraTrouble("basic_only") from error
        if challenge is None:
            raise CameraTrouble("needs_password")
        self._challenge, self._count = challenge, 0

    def _follow(self, location: str) -> None:
        url = urlsplit(urljoin(self._url.geturl(), location))
        # Another host would be handed this camera's password.
        if url.scheme not in {"http", "https"} or url.hostname != self._url.hostname:
            raise CameraTrouble("nonsense")
        self._url = url


def feed_of(page: CameraPage, response: HTTPResponse, decode: Decode) -> CameraFeed | None:
    """The frames of a page; None where it sends a film, which is for a film's decoder."""
    kind = response.headers.get_content_type()
    if kind.startswith("multipart/"):
        return CameraFeed(arrivals=_arrivals(_parts(response, _boundary(response)), decode))
    if kind.startswith("image/"):
        return CameraFeed(arrivals=_arrivals(_pictures(page, response), decode), paced=False)
    if kind.startswith("video/"):
        return None
    raise CameraTrouble("nonsense")


def _connection(url: SplitResult) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "http":
        return HTTPConnection(host, url.port, timeout=TIMEOUT_S)
    # No camera of a school has a certificate that anyone vouches for.
    unproven = ssl.create_default_context()
    unproven.check_hostname = False
    unproven.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, url.port, timeout=TIMEOUT_S, context=unproven)


def _arrivals(pictures: Iterator[bytes], decode: Decode) -> Iterator[FrameArrival]:
    # The page did answer before: what ends now has stalled.
    try:
        for data in pictures:
            yield FrameArrival(time.monotonic(), partial(decode, data))
    except (OSError, HTTPException) as error:
        raise CameraTrouble("stalled") from error
    raise CameraTrouble("stalled")


def _pictures(page: CameraPage, first: HTTPResponse) -> Iterator[bytes]:
    """One picture after another, each asked for."""
    response = first
    while True:
        asked_at = time.monotonic()
        with response:
            data = response.read(_PICTURE_LIMIT + 1)
        if len(data) > _PICTURE_LIMIT:
            raise CameraTrouble("nonsense")
        yield data
        time.sleep(max(0.0, SAMPLE_EVERY_S - (time.monotonic() - asked_at)))
        response = page.get()


def _boundary(response: HTTPResponse) -> bytes:
    match = _BOUNDARY.search(response.headers.get("Content-Type", ""))
    if match is None:
        raise CameraTrouble("nonsense")
    # Some cameras name it with the two dashes that belong before it, some without.
    return b"--" + (match[1] or match[2]).lstrip("-").encode()


def _parts(response: HTTPResponse, boundary: bytes) -> Iterator[bytes]:
    """The pictures of an endless answer, with a length told or none."""
    with response:
        _skip_to(response, boundary)
        while (length := _part_length(response)) is not None:
            if length:
                yield _exactly(response, length)
                _skip_to(response, boundary)
            else:
                yield _up_to(response, boundary)


def _part_length(response: HTTPResponse) -> int | None:
    """Read a part's head; its length, 0 where it tells none, or None at the end of all."""
    length = 0
    for _ in range(_PART_LINES):
        line = response.readline(_LINE_LIMIT)
        if not line:
            return None
        if not line.strip():
            return length
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit():
            length = int(value)
            if length > _PICTURE_LIMIT:
                raise CameraTrouble("nonsense")
    raise CameraTrouble("nonsense")


def _exactly(response: HTTPResponse, length: int) -> bytes:
    data = response.read(length)
    if len(data) < length:
        raise CameraTrouble("stalled")
    return data


def _skip_to(response: HTTPResponse, boundary: bytes) -> None:
    for _ in range(_PART_LINES):
        line = response.readline(_LINE_LIMIT)
        if not line or _is_boundary(line, boundary):
            return
    raise CameraTrouble("nonsense")


def _up_to(response: HTTPResponse, boundary: bytes) -> bytes:
    data = bytearray()
    while (line := response.readline(_CHUNK)) and not _is_boundary(line, boundary):
        data += line
        if len(data) > _PICTURE_LIMIT:
            raise CameraTrouble("nonsense")
    return bytes(data)


def _is_boundary(line: bytes, boundary: bytes) -> bool:
    return line.startswith(boundary)
