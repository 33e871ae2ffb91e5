"""This file finds the pictures in what a camera's page sends, by content, whatever its label says.

Labels lie: no type, another's type, a boundary that never comes, none at all. A JPEG tells its own
end, so neither is needed. Sources: ITU-T T.81 annex B (JPEG); RFC 2046 section 5.1 (multipart).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

from hardware.camera.order import CameraTrouble

More = Callable[[], bytes]

LONGEST_PICTURE: Final = 16_000_000  # bytes
_HEAD_LIMIT: Final = 8_000  # of a part, and of all that stands between two pictures
_SNIFF: Final = 64
_OTHERS: Final = 30  # parts in a row that are no pictures: sound, words, heads within heads
_SOI: Final = b"\xff\xd8\xff"
_EOI: Final = b"\xff\xd9"
_START_OF_SCAN, _END, _START = 0xDA, 0xD9, 0xD8
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
# In a scan 0xFF is followed by 0 or a restart; anything else is a marker.
_MARKER: Final = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_BLANK: Final = re.compile(rb"\r?\n\r?\n")
_LENGTH: Final = re.compile(rb"^content-length\s*:\s*(\d{1,12})", re.IGNORECASE | re.MULTILINE)
_HEADER: Final = re.compile(rb"(content|x)-[a-z-]{2,30}[ \t]*:", re.IGNORECASE)
_TEXT: Final = (b"<", b"{", b"[")
_PICTURES: Final = (b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
_FILMS: Final = (b"\0\0\0\x01", b"\0\0\x01", b"FLV", b"\x1aE\xdf\xa3", b"OggS")
_TS: Final = b"\x47"  # a letter too: text holds no zeros


class BodyKind(StrEnum):
    """What a page sends."""

    JPEG = "jpeg"  # one, or one after the other without anything between
    PARTS = "parts"
    PICTURE = "picture"  # of another kind, to its end
    FILM = "film"  # for a film's decoder
    NOTHING = "nothing"


class Body:
    """What came so far and was not used. more: the next bytes; b"" at the end."""

    def __init__(self, more: More) -> None:
        self._more = more
        self.data = bytearray()
        self.is_over = False

    def grow(self) -> bool:
        """Read on; False at the end. Raises CameraTrouble of what has no end; as more does."""
        more = b"" if self.is_over else self._more()
        self.is_over = self.is_over or not more
        self.data += more
        if len(self.data) > LONGEST_PICTURE + _HEAD_LIMIT:
            raise CameraTrouble("nonsense")
        return not self.is_over

    def has(self, count: int) -> bool:
        """Whether so many bytes are there, or come."""
        while len(self.data) < count:
            if not self.grow():
                return False
        return True

    def take(self, count: int) -> bytes:
        """Give the first bytes, and be rid of them."""
        first = bytes(self.data[:count])
        del self.data[:count]
        return first


def kind_of(body: Body, label: str) -> BodyKind:
    """What this is: by its first bytes, and by its label only where these say nothing."""
    body.has(_SNIFF)
    lead = bytes(body.data[:_SNIFF]).lstrip()
    by_content = _by_content(lead)
    if by_content is not BodyKind.NOTHING or not lead or lead.startswith(_TEXT):
        return by_content
    if _SOI in lead:  # behind a few bytes of the maker's own
        return BodyKind.JPEG
    if label.startswith("multipart/"):
        return BodyKind.PARTS
    if _SOI in body.data[:_HEAD_LIMIT]:
        return BodyKind.JPEG
    if label.startswith("image/"):
        return BodyKind.PICTURE
    is_film = label.startswith("video/") or label in {"", "application/octet-stream"}
    return BodyKind.FILM if is_film and not lead.isascii() else BodyKind.NOTHING


def jpegs(body: Body) -> Iterator[bytes]:
    """The JPEGs that follow each other; what stands between them is passed over."""
    while _skip_to_picture(body):
        yield _jpeg(body)


def parts(body: Body) -> Iterator[bytes]:
    """The pictures of an answer in parts, with or without boundaries and lengths.

    What else comes between them is passed over. Raises CameraTrouble where that is all.
    """
    others = 0
    while others <= _OTHERS:
        start, length = _part_head(body)
        if start is None:
            return
        body.take(start)
        if picture := _picture_in(_part(body, length)):
            yield picture
        others = 0 if picture else others + 1
    raise CameraTrouble("nonsense")


def _part(body: Body, length: int | None) -> bytes:
    """What a part holds; nothing where another head follows: that was a preamble, or a folder."""
    body.has(len(_SOI))
    if body.data.startswith(b"--") or _HEADER.match(body.data):
        return b""
    if length is not None:
        return _of_length(body, length)
    return _jpeg(body) if body.data.startswith(_SOI) else _up_to_boundary(body)


def _picture_in(part: bytes) -> bytes:
    """The picture, without what its maker put before it; nothing where there is none."""
    if _by_content(part[:_SNIFF]) is BodyKind.PICTURE:
        return part
    at = part.find(_SOI)
    return part[at:] if at >= 0 else b""


def whole(body: Body) -> bytes:
    """All of it, up to its end: one picture of some kind."""
    while body.grow():
        pass
    return body.take(len(body.data))


def _by_content(lead: bytes) -> BodyKind:
    if lead.startswith(_SOI):
        return BodyKind.JPEG
    if lead.startswith(b"--") or _HEADER.match(lead):
        return BodyKind.PARTS
    if lead.startswith(_PICTURES) or (lead[:4] == b"RIFF" and lead[8:12] == b"WEBP"):
        return BodyKind.PICTURE
    is_ts = lead.startswith(_TS) and b"\0" in lead
    is_film = is_ts or lead.startswith(_FILMS) or lead[4:8] == b"ftyp" or lead[8:11] == b"AVI"
    return BodyKind.FILM if is_film else BodyKind.NOTHING


def _skip_to_picture(body: Body) -> bool:
    """Drop all before the next JPEG; False where none comes. Raises CameraTrouble."""
    passed = 0
    while (at := body.data.find(_SOI)) < 0:
        dropped = max(0, len(body.data) - len(_SOI) + 1)
        passed += dropped
        del body.data[:dropped]
        if passed > LONGEST_PICTURE:
            raise CameraTrouble("nonsense")
        if not body.grow():
            return False
    del body.data[:at]
    return True


def _part_head(body: Body) -> tuple[int | None, int | None]:
    """Where the next part's picture begins, and its length if told; None at the end of all."""
    while True:
        start = len(body.data) - len(body.data.lstrip(b"\r\n"))
        picture, blank = body.data.find(_SOI), _BLANK.search(body.data, start)
        if picture >= 0 and (blank is None or picture < blank.start()):
            return picture, None
        if blank is not None:
            told = _LENGTH.search(body.data, start, blank.end())
            length = int(told[1]) if told else 0
            if length > LONGEST_PICTURE:
                raise CameraTrouble("nonsense")
            return blank.end(), length or None
        if len(body.data) > _HEAD_LIMIT:
            raise CameraTrouble("nonsense")
        if not body.grow():
            return None, None


def _of_length(body: Body, length: int) -> bytes:
    """A part of a told length; a JPEG that ends elsewhere is believed more than the label."""
    if not body.has(min(length, len(_SOI))):
        raise CameraTrouble("stalled")
    is_jpeg = body.data.startswith(_SOI)
    if not body.has(length):
        if is_jpeg and _EOI in body.data:
            return _jpeg(body)
        raise CameraTrouble("stalled")
    if not is_jpeg or body.data[:length].rstrip(b"\0\r\n").endswith(_EOI):
        inner = _SOI in body.data[len(_SOI) : length] and is_jpeg
        return _jpeg(body) if inner else body.take(length)
    body.has(length + 2)
    follows = bytes(body.data[length : length + 2])
    is_cut = not follows or follows[:1] in b"\r\n" or follows == b"--"  # spoilt, as told
    return body.take(length) if is_cut else _jpeg(body)


def _up_to_boundary(body: Body) -> bytes:
    """A part that is no JPEG and tells no length: to the next line that begins with "--"."""
    looked = 0
    while (at := body.data.find(b"\n--", looked)) < 0:
        looked = max(0, len(body.data) - 2)
        if not body.grow():
            return body.take(len(body.data))
    return body.take(at + 1)


def _jpeg(body: Body) -> bytes:
    """The JPEG at the beginning, to its own end; cut off where the next one begins inside it."""
    at, in_scan = len(_SOI) - 1, False
    while True:
        if in_scan:
            at = _end_of_scan(body, at)
            in_scan = False
        if not body.has(at + 4) and not body.data[at:].startswith(_EOI):
            return body.take(len(body.data))
        if body.data[at] != 0xFF:  # noqa: PLR2004 - every marker begins so
            return _cut(body, at)
        marker = body.data[at + 1]
        if marker == _END:
            return body.take(at + 2)
        if marker == _START:
            return body.take(at)
        if marker in _BARE or marker == 0xFF:  # noqa: PLR2004 - a filling
            at += 1 if marker == 0xFF else 2  # noqa: PLR2004 - as above
            continue
        in_scan = marker == _START_OF_SCAN
        at += 2 + int.from_bytes(body.data[at + 2 : at + 4])


def _end_of_scan(body: Body, at: int) -> int:
    """Where the next marker stands, or the end of all."""
    while (match := _MARKER.search(body.data, at)) is None:
        at = max(at, len(body.data) - 1)
        if not body.grow():
            return len(body.data)
    return match.start()


def _cut(body: Body, at: int) -> bytes:
    """One that is spoilt: up to the next, or what there is."""
    while (start := body.data.find(_SOI, at)) < 0:
        at = max(at, len(body.data) - 2)
        if not body.grow():
            return body.take(len(body.data))
    return body.take(start)
