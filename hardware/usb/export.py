"""This file reads what `udevadm info --export-db` wrote on another machine."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Final
from xml.sax.saxutils import unescape

from hardware.usb.nodes import Properties

# A server with a hundred processors writes 4 MB.
_TEXT_LIMIT_BYTES: Final = 32 << 20
_LINE_LIMIT_BYTES: Final = 16 << 10
_NODES_LIMIT: Final = 100_000
_NODE_LIMIT_PROPERTIES: Final = 1000
_CHUNK_BYTES: Final = 64 << 10
_GZIP_BEGINS: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS
# Dumps that once passed through a web form.
_QUOTES: Final = {"&quot;": '"', "&apos;": "'", "&#39;": "'"}


class DumpError(Exception):
    """An export that cannot be read.

    code: "no_such_file", "unreadable" (no right to it, or damaged), "too_large" or "not_a_dump".
    cause: what the system said of it, in English; may be empty.
    """

    def __init__(self, code: str, cause: str = "") -> None:
        super().__init__(f"{code}: {cause}" if cause else code)
        self.code = code
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The nodes of one machine, and 32 hex digits that name this very text."""

    nodes: tuple[Properties, ...]
    digest: str


def read_export(path: Path, limit_bytes: int = _TEXT_LIMIT_BYTES) -> Export:
    """Read an export, packed by gzip or not; blocks.

    limit_bytes: the most that the unpacked text may hold. Raises DumpError.
    """
    digest = hashlib.sha256(b"lophoc")
    try:
        with path.open("rb") as file:
            nodes = _bound(nodes_of(_lines(_hash(_unpack(file, limit_bytes), digest))))
    except FileNotFoundError as error:
        raise DumpError("no_such_file") from error
    except (OSError, ValueError) as error:  # a path may hold what no file system takes
        raise DumpError("unreadable", getattr(error, "strerror", None) or str(error)) from error
    if not any(node["DEVPATH"].startswith("/devices/") for node in nodes):
        raise DumpError("not_a_dump")
    return Export(nodes=nodes, digest=digest.hexdigest()[:32])


def nodes_of(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Give the properties of each node of an export's lines, as they come; bounded.

    The last of two of one name counts. DEVPATH is always there; what is before the first node,
    and lines of no use, are passed over. Source: udevadm(8), info --export-db.
    """
    node: dict[str, str] = {}
    for line in lines:
        mark, text = line[:3], line[3:].rstrip("\r\n")
        if mark == "P: ":
            if node:
                yield node
            node = {"DEVPATH": text}
        elif node and len(node) < _NODE_LIMIT_PROPERTIES:
            _take(mark, text, node)
    if node:
        yield node


def _take(mark: str, text: str, node: dict[str, str]) -> None:
    if mark == "E: ":
        name, equals, value = text.partition("=")
        if equals and name:
            node[name] = unescape(value, _QUOTES) if "&" in value else value
    elif mark == "N: ":
        node.setdefault("DEVNAME", f"/dev/{text}")


def _bound(nodes: Iterator[Properties]) -> tuple[Properties, ...]:
    bounded: list[Properties] = []
    for node in nodes:
        if len(bounded) == _NODES_LIMIT:
            raise DumpError("too_large")
        bounded.append(node)
    return tuple(bounded)


def _unpack(file: BufferedReader, limit_bytes: int) -> Iterator[bytes]:
    """Give the text piece by piece; a bomb is refused before it unfolds."""
    # Peeked at and not rewound, for a pipe cannot be.
    is_packed = file.peek(len(_GZIP_BEGINS)).startswith(_GZIP_BEGINS)
    size = 0
    for piece in _gunzip(file) if is_packed else _pieces(file):
        size += len(piece)
        if size > limit_bytes:
            raise DumpError("too_large")
        yield piece


def _pieces(file: BufferedReader) -> Iterator[bytes]:
    while piece := file.read(_CHUNK_BYTES):
        yield piece


def _gunzip(file: BufferedReader) -> Iterator[bytes]:
    """Unpack every member of a gzip file (RFC 1952, 2.2), no more than a chunk at once."""
    unpack = zlib.decompressobj(_GZIP)
    for piece in _pieces(file):
        packed = piece
        while packed:
            if unpack.eof:
                unpack = zlib.decompressobj(_GZIP)
            try:
                yield unpack.decompress(packed, _CHUNK_BYTES)
            except zlib.error as error:
                raise DumpError("unreadable", str(error)) from error
            packed = unpack.unconsumed_tail or unpack.unused_data
    if not unpack.eof:
        raise DumpError("unreadable", "the file ends too early")


def _hash(pieces: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield piece


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Cut pieces into lines of text; the end of an overlong line is lost."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        rest = rest[:_LINE_LIMIT_BYTES]
        yield from map(_text, whole)
    yield _text(rest)


def _text(line: bytes) -> str:
    return line[:_LINE_LIMIT_BYTES].decode("utf-8", "replace")
