"""This file reads an answer's head as devices write it, and writes it as the standard has it.

They begin with a blank line or with the picture, call HTTP "ICY", forget a header's name or the
line before the contents, fold lines, and send more headers than anybody reads. What makes no sense
takes nothing away from what stands behind it. Source: RFC 9112 sections 2.2, 4 and 5.
"""

from __future__ import annotations

import io
import re
from http.client import BadStatusLine, LineTooLong
from typing import Final, NamedTuple

_LONGEST: Final = 256 * 1024  # bytes, with what came along
_SOME: Final = 8192
_BLANK: Final = b" \t\r\n\0\xef\xbb\xbf"
_STATUS: Final = re.compile(
    rb"(?:ICY|HTTP(?:/(\d)(?:\.(\d))?)?)[ \t]+0*([1-9]\d\d)(?!\d)([^\r\n]*)", re.IGNORECASE
)
_RTSP_STATUS: Final = re.compile(rb"RTSP(?:/\d(?:\.\d)?)?[ \t]+0*([1-9]\d\d)(?!\d)", re.IGNORECASE)
_OLD: Final = (b"0", b"1.0")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
# What the contents of a device begin with, whoever forgot the line before them.
_CONTENTS: Final = (b"\xff\xd8\xff", b"<?xml", b"--")
# Headers that stand first where a program of the device forgot the status.
_FIRST: Final = re.compile(
    rb"(?:content-type|server|connection|cache-control)[ \t]*:", re.IGNORECASE
)
_CHALLENGE: Final = b"www-authenticate"
# All others are read by nobody.
_READ: Final = frozenset(
    {
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"location",
        b"set-cookie",
        b"transfer-encoding",
        _CHALLENGE,
    }
)
_OF_EACH: Final = 10
_HINTS: Final = range(100, 200)  # answers before the answer, with heads of their own
_MOST_HINTS: Final = 5


class RtspHead(NamedTuple):
    """The head of an answer by RTSP. challenges: how it asks for a password."""

    status: int
    challenges: tuple[str, ...]


class HeadReader:
    """Reads the head of an answer off its wire."""

    def __init__(self, wire: io.RawIOBase) -> None:
        self._wire = wire
        self._data = b""
        self._is_over = False
        self._length = 0

    def read(self) -> bytes:
        """The head in its usual shape, and what came along with it; nothing of an empty answer.

        Raises OSError, HTTPException.
        """
        for _ in range(_MOST_HINTS):
            self._skip_blank()
            status = self._status()
            if status is None:
                return self._data
            headers = [name + b": " + text for name, text in self._headers()]
            if int(status[1]) not in _HINTS:
                lines = [b" ".join(status), *headers]
                return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + self._data
        raise BadStatusLine("no end")

    def read_rtsp(self) -> RtspHead | None:
        """The head of an answer by RTSP, which has its shape from HTTP; None of an empty answer.

        What stands before it is left of an answer before, whose length was not told or not true.
        Raises OSError, HTTPException.
        """
        status, was_odd = None, False
        while status is None:
            try:
                self._skip_blank()
            except OSError:
                self._data = b""
                if not was_odd:
                    raise
            if not self._data and was_odd:
                raise BadStatusLine("another protocol")
            if not self._data:
                return None
            line, was_odd = self._line(), True
            if _STATUS.match(line):
                raise BadStatusLine("HTTP")
            status = _RTSP_STATUS.match(line)
            if status is not None and int(status[1]) in _HINTS:
                self._headers()
                status = None
        challenges = [text for name, text in self._headers() if name.lower() == _CHALLENGE]
        told = (text.decode("utf-8", "replace") for text in challenges)
        return RtspHead(int(status[1]), tuple(told))

    def _grow(self) -> bool:
        """Read on; False at the end."""
        if not self._is_over:
            more = self._wire.read(_SOME) or b""
            self._is_over = not more
            self._data += more
            self._length += len(more)
            if self._length > _LONGEST:
                raise LineTooLong("head")
        return not self._is_over

    def _skip_blank(self) -> None:
        while not (left := self._data.lstrip(_BLANK)) and self._grow():
            pass
        self._data = left

    def _status(self) -> tuple[bytes, bytes, bytes] | None:
        """Version, status and reason; None where nothing came. Raises BadStatusLine."""
        if not self._data:
            return None
        while b"\n" not in self._data and not self._data.startswith(_CONTENTS[0]):
            if not self._grow():
                break
        first = self._data.partition(b"\n")[0]
        if self._data.startswith(_CONTENTS) or _FIRST.match(first):
            return b"HTTP/1.0", b"200", b"OK"
        status = _STATUS.match(first)
        if status is None:
            raise BadStatusLine(repr(first[:80]))
        self._line()
        is_old = (status[1] or b"") + (b"." + status[2] if status[2] else b"") in _OLD
        return b"HTTP/1.0" if is_old else b"HTTP/1.1", status[3], status[4].strip()

    def _line(self) -> bytes:
        """Take the next line, without its end."""
        while b"\n" not in self._data and self._grow():
            pass
        line, _, self._data = self._data.partition(b"\n")
        return line.rstrip(b"\r")

    def _headers(self) -> list[tuple[bytes, bytes]]:
        """Take the headers that are read."""
        found: list[tuple[bytes, bytes]] = []
        while not self._at_contents() and (line := self._line()):
            if line[:1] in b" \t":
                if found:
                    found[-1] = found[-1][0], found[-1][1] + b" " + line.strip()
            elif header := _HEADER.fullmatch(line):
                found.append((header[1], header[2].strip()))
            else:
                found.append((b"", b""))  # what a folded line behind it belongs to
        return _read(found)

    def _at_contents(self) -> bool:
        while not self._data and self._grow():
            pass
        return self._data.startswith(_CONTENTS[:-1])


def _read(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Those that somebody reads; of several lengths the greatest, for the others lie."""
    kept: list[tuple[bytes, bytes]] = []
    lengths: list[int] = []
    for name, text in headers:
        key = name.lower()
        if key == b"content-length":
            lengths += [int(one) for one in re.findall(rb"(?<![-\w])\d{1,15}(?!\w)", text)]
        elif key in _READ and sum(one.lower() == key for one, _ in kept) < _OF_EACH:
            kept.append((name, text))
    return [*kept, *([(b"Content-Length", b"%d" % max(lengths))] if lengths else [])]
