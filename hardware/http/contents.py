"""This file takes an answer's contents out of how they were sent: by what comes, not by its label.

Devices pack what nobody asked them to pack, say "chunked" and cut nothing, or cut and say nothing.
Sources: RFC 9110 section 8.4.1 (content codings), RFC 9112 section 7.1 (chunks), RFC 1950, 1952.
"""

from __future__ import annotations

import re
import zlib
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Final

_GZIP_BEGINS: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB_METHOD, _ZLIB_CHECK = 8, 31
# A size in hex digits, and then what a device would send: a picture, parts, something packed, XML.
_CUT: Final = re.compile(rb"[ \t]*[0-9a-f]{1,8}[ \t]*\r\n(?=\xff\xd8|--|\x1f\x8b|<)", re.IGNORECASE)
_SIZE_BEGINS: Final = re.compile(rb"[ \t]*[0-9a-f]", re.IGNORECASE)
_SNIFF: Final = 64
_JPEG_BEGINS, _JPEG_ENDS = b"\xff\xd8\xff", b"\xff\xd9"
_PARTS: Final = b"--"  # the first of several parts, and the end of all
_END_WITHIN: Final = 512  # bytes before the end of all
_UTF_16: Final = (b"\xff\xfe<", b"\xfe\xff\0<")
_XML_BEGINS, _XML_ENDS = (b"<?xml", b"<s", b"<S", b"<e", b"<E", *_UTF_16), b">"


class Contents:
    """The contents of an answer whose head is read; they come bit by bit."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        # Counted here: read1 of http.client before Python 3.13 forgets to.
        self._left = None if response.chunked else response.length
        self._is_begun = False
        self._first = self._last = b""
        self._is_past_length = False
        self._unpacker: zlib._Decompress | None = None

    @property
    def left(self) -> int | None:
        """How much of them is left to be sent, as far as the head tells."""
        return self._left

    def endless(self) -> None:
        """Some tell a length of none, and send all the same: such a length is no length."""
        if self._left == 0:
            self._left = None

    def some(self, limit: int) -> bytes:
        """What is there, at least a byte; b"" at the end. Raises OSError, HTTPException."""
        if not self._is_begun:
            self._is_begun = True
            return self._begin(limit)
        return self._sent(limit) if self._unpacker is None else self._unpack(self._unpacker, limit)

    def _begin(self, limit: int) -> bytes:
        """The first of it, from which is seen how all of it was sent."""
        self._mend_chunks()
        first = self._sent(limit)
        if len(first) == 1:
            first += self._sent(limit)
        if first.startswith(_GZIP_BEGINS):
            self._unpacker = zlib.decompressobj(_GZIP)
        elif self._says_deflate() and _is_zlib(first):
            self._unpacker = zlib.decompressobj()
        return first if self._unpacker is None else self._unpack(self._unpacker, limit, first)

    def _mend_chunks(self) -> None:
        response = self._response
        if self._left == 0 or response.isclosed():
            return
        first = response.fp.peek(_SNIFF)[:_SNIFF]
        if response.chunked:
            response.chunked = _SIZE_BEGINS.match(first) is not None or not first
        elif self._left is None and _CUT.match(first):
            response.chunked, response.chunk_left = True, None

    def _says_deflate(self) -> bool:
        return "deflate" in self._response.headers.get("Content-Encoding", "").lower()

    def _sent(self, limit: int) -> bytes:
        if self._response.chunked:
            try:
                return self._response.read1(limit)
            except IncompleteRead as error:
                return error.partial
        some = limit if self._left is None else min(limit, self._left)
        data = self._read(some) if some and not self._response.isclosed() else b""
        if self._left is not None:
            self._left -= len(data)
            self._look(data)
        return data

    def _read(self, some: int) -> bytes:
        try:
            return self._response.fp.read1(some)
        except OSError:
            if self._is_past_length:  # the length was told rightly, after all
                return b""
            raise

    def _look(self, data: bytes) -> None:
        """See whether what has come up to the told length is whole; else more is to come.

        We ask for one answer a line: whatever follows belongs to it.
        """
        self._first = self._first or data[: len(_XML_BEGINS[0])]
        self._last = (self._last + data)[-_END_WITHIN:]
        if self._left:
            return
        # A picture may have another in its head, and its maker's own words behind its end.
        is_cut_jpeg = self._first.startswith(_JPEG_BEGINS) and _JPEG_ENDS not in self._last
        last = self._last.rstrip(b" \t\r\n\0")
        is_cut_xml = self._first.startswith(_XML_BEGINS) and not last.endswith(_XML_ENDS)
        is_cut_list = self._first.startswith(_PARTS) and not last.endswith(_PARTS)
        if is_cut_jpeg or is_cut_xml or is_cut_list:
            self._left, self._is_past_length = None, True

    def _unpack(self, unpacker: zlib._Decompress, limit: int, first: bytes = b"") -> bytes:
        """Unpack, never more than was asked for at once: a little may hold very much."""
        packed = first or unpacker.unconsumed_tail or self._sent(limit)
        while packed and not unpacker.eof:
            try:
                data = unpacker.decompress(packed, limit)
            except zlib.error as error:
                raise HTTPException("not as it was packed") from error
            if data:
                return data
            packed = unpacker.unconsumed_tail or self._sent(limit)
        return b""


def _is_zlib(first: bytes) -> bool:
    is_head = len(first) > 1 and first[0] & 0xF == _ZLIB_METHOD
    return is_head and int.from_bytes(first[:2]) % _ZLIB_CHECK == 0
