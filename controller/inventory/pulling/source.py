"""This file asks a controller for a page of its inventory, and keeps what of it came whole."""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final

import msgspec

from controller.inventory.pulling.address import Address, PullError
from protocol import __version__
from protocol.shapes import json_decoder
from protocol.words import N_

AT_ONCE: Final = 1000  # items a page
TIMEOUT_S: Final = 60.0
_READ_BYTES: Final = 65_536
_MOST_BYTES: Final = 64 * 1024 * 1024  # of a page, unpacked
_MOST_WAIT_S: Final = 600
_OK, _GONE, _TOO_MANY, _BROKEN = 200, 410, 429, 500
_from_json: Final = json_decoder(dict[str, Any])
Item = dict[str, Any]


class FeedGoneError(Exception):
    """The place in the list is good no more: begin again."""


class PassingError(Exception):
    """The other side or the line cannot now. wait_s: how long it asks to be left alone."""

    def __init__(self, cause: str, wait_s: float = 0.0) -> None:
        super().__init__(cause)
        self.wait_s = wait_s


class Reply(msgspec.Struct, frozen=True):
    """What came of a page. next: where to go on behind it; "" where nothing came.

    cause: why the rest did not come; "" where the page is whole. is_end: there is no more now.
    """

    items: list[Item]
    next: str
    is_end: bool
    cause: str = ""


class Source:
    """A controller's inventory. token: goes into a header and nowhere else."""

    def __init__(
        self, address: Address, token: str, tls: ssl.SSLContext | None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.name = address.name
        self._address = address
        self._token = token
        self._tls = tls
        self._timeout_s = timeout_s

    def ask(self, since: str) -> Reply:
        """The next page behind the place. Raises FeedGoneError, PassingError, PullError."""
        with closing(self._line()) as line:
            try:
                asked = self._address.asking(format="ndjson", limit=str(AT_ONCE), since=since)
                line.request("GET", asked, headers=self._headers())
                answer = line.getresponse()
            except ssl.SSLCertVerificationError as error:
                raise _not_believed(self.name) from error
            except (OSError, HTTPException) as error:
                raise PassingError(_said(error)) from error
            with closing(answer):
                if answer.status != _OK:
                    raise _refusal(answer)
                return _reply(answer)

    def _line(self) -> HTTPConnection:
        host, port = self._address.host, self._address.port
        if not self._address.is_encrypted:
            return HTTPConnection(host, port, timeout=self._timeout_s)
        return HTTPSConnection(host, port, timeout=self._timeout_s, context=self._tls)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "gzip", "User-Agent": f"lophoc-controller/{__version__}"}
        return headers | ({"Authorization": f"Bearer {self._token}"} if self._token else {})


class _Lines:
    """The body's lines as far as they came; cause says why it ended early."""

    def __init__(self, answer: HTTPResponse) -> None:
        self._answer = answer
        self._is_framed = answer.chunked or answer.length is not None
        self._packed = answer.headers.get("Content-Encoding", "") == "gzip"
        self._unpack = zlib.decompressobj(wbits=31)
        self.cause = ""

    def __iter__(self) -> Iterator[bytes]:
        rest, size = b"", 0
        for part in self._parts():
            size += len(part)
            if size > _MOST_BYTES:
                raise _unreadable()
            *lines, rest = (rest + part).split(b"\n")
            yield from lines
        if rest and not self.cause:
            self.cause = "half a row"

    def _parts(self) -> Iterator[bytes]:
        try:
            while raw := self._answer.read1(_READ_BYTES):
                yield self._unpacked(raw)
        except (OSError, HTTPException, zlib.error) as error:
            self.cause = _said(error)
            return
        is_short = bool(self._answer.length)  # less came than was announced
        if is_short or (self._packed and not self._unpack.eof):
            self.cause = "the line was cut"
        elif not (self._is_framed or self._packed):
            self.cause = "nothing says where the answer ends"

    def _unpacked(self, raw: bytes) -> bytes:
        return self._unpack.decompress(raw, _MOST_BYTES + 1) if self._packed else raw


def _reply(answer: HTTPResponse) -> Reply:
    more = answer.headers.get("X-LopHoc-More", "")
    if not more:
        raise _unreadable()
    lines = _Lines(answer)
    items = [_item(line) for line in lines if line]
    reached = items[-1]["next"] if items else ""
    behind = reached if lines.cause else answer.headers.get("X-LopHoc-Next", reached)
    return Reply(items, behind, not lines.cause and more == "false", lines.cause)


def _item(line: bytes) -> Item:
    """Raises PullError."""
    try:
        item = _from_json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable() from error
    if not all(isinstance(item.get(name), str) for name in ("school", "device_id", "next")):
        raise _unreadable()
    return item


def _refusal(answer: HTTPResponse) -> Exception:
    if answer.status == _GONE:
        return FeedGoneError()
    if answer.status == _TOO_MANY or answer.status >= _BROKEN:
        wait = answer.headers.get("Retry-After", "")
        wait_s = min(int(wait), _MOST_WAIT_S) if wait.isdecimal() and len(wait) < 10 else 0  # noqa: PLR2004
        return PassingError(f"HTTP {answer.status}", wait_s)
    return PullError(
        "pull_refused",
        N_("The other side answers {status}: {words}"),
        N_("Look at the address, and at what the token may: lophoc-controller token list."),
        status=answer.status,
        words=_words(answer),
    )


def _words(answer: HTTPResponse) -> str:
    try:
        problem = _from_json.decode(answer.read(_READ_BYTES))
    except (OSError, HTTPException, msgspec.DecodeError, UnicodeDecodeError):
        return answer.reason
    detail = problem.get("title") or problem.get("detail")
    return detail[:200] if isinstance(detail, str) and detail.isprintable() else answer.reason


def _said(error: Exception) -> str:
    return type(error).__name__


def _unreadable() -> PullError:
    return PullError(
        "answer_unreadable",
        N_("What answers is no inventory of LopHoc."),
        N_("Look at the address; a proxy may answer in its place."),
    )


def _not_believed(name: str) -> PullError:
    return PullError(
        "source_not_believed",
        N_("{source} shows a certificate that is not believed: nothing was sent there."),
        N_("Name the authority's certificate with --ca; it is at /trust of that controller."),
        source=name,
    )
