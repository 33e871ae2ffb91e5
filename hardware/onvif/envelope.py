"""This file reads XML from devices: bounded, and as far as it makes sense. Pure.

Cameras write XML by hand: prefixes that nobody declared, bare ampersands, other encodings than
they name, answers that stop in the middle. What was said before is kept. Names lose their prefix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat  # its dangers, document types and entities, are refused below

from hardware.readings import clean

_TEXT_LIMIT: Final = 64 * 1024
_DEPTH_LIMIT, _ELEMENTS_LIMIT = 64, 20_000
_FORBIDDEN: Final = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_BARE_AMPERSAND: Final = re.compile(
    r"&(?!(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos);)", re.IGNORECASE
)
_CONTROL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARATION: Final = re.compile(r"^<\?xml[^>]*\?>")
_ENCODING: Final = re.compile(rb"<\?xml[^>]*encoding=[\"']([\w-]{1,20})[\"']", re.IGNORECASE)


class Garbage(ValueError):  # noqa: N818 - what came, not a fault of ours
    """What came is no answer of a camera. code: "entity", "oversized" or "nonsense"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def parse_xml(data: bytes) -> Element:
    """Read XML from a stranger, as it is or else mended; where it breaks off, what came before.

    Raises Garbage: entities and document types are refused.
    """
    if _FORBIDDEN.search(data.replace(b"\0", b"")):
        raise Garbage("entity")
    whole, broken = _parse(data)
    if whole is None:
        mended, rest = _parse(_mended(data))
        whole = mended if mended is not None else _larger(broken, rest)
    if whole is None:
        raise Garbage("nonsense")
    return whole


def elements(root: Element, *names: str) -> Iterator[Element]:
    """The elements below, and this one, with one of these names, whatever their namespaces."""
    return (node for node in root.iter() if node.tag in names)


def words_of(element: Element, name: str) -> str:
    """Give the text of the first element below with this local name, bounded; "" of none."""
    texts = (node.text or "" for node in elements(element, name))
    return next(texts, "")[:_TEXT_LIMIT]


def text_of(element: Element, name: str) -> str:
    """Give the text as words_of does, cleaned."""
    return clean(words_of(element, name))


class _Builder:
    """Builds a tree of local names; may be closed in the middle."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._open: list[str] = []
        self.count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEPTH_LIMIT or self.count >= _ELEMENTS_LIMIT:
            raise Garbage("oversized")
        self.count += 1
        self._open.append(_local(name))
        named = {_local(key): value for key, value in attributes.items()}
        self._builder.start(self._open[-1], named)

    def end(self, _name: str) -> None:
        self._builder.end(self._open.pop())

    def text(self, data: str) -> None:
        if self._open:
            self._builder.data(data)

    def close(self) -> Element | None:
        while self._open:
            self.end("")
        return self._builder.close() if self.count else None


def _parse(data: bytes) -> tuple[Element | None, Element | None]:
    """The whole tree; else what of it came before it broke. Raises Garbage."""
    builder, parser = _Builder(), expat.ParserCreate()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, UnicodeError, ValueError) as error:
        if isinstance(error, Garbage):
            raise
        return None, builder.close()
    return builder.close(), None


def _refuse(*_: object) -> None:
    raise Garbage("entity")


def _mended(data: bytes) -> bytes:
    """The same without what no parser takes, between the first tag and the last."""
    named = _ENCODING.search(data[:200])
    try:
        text = data.decode(named[1].decode() if named else "utf-8")
    except (UnicodeError, LookupError):
        text = data.decode("utf-8", "replace")
    text = _CONTROL.sub("", text[text.find("<") : text.rfind(">") + 1])
    return _BARE_AMPERSAND.sub("&amp;", _DECLARATION.sub("", text)).encode()


def _larger(one: Element | None, other: Element | None) -> Element | None:
    """The tree that says more; None where neither says anything."""
    trees = [tree for tree in (one, other) if tree is not None and len(tree)]
    return max(trees, default=None, key=lambda tree: sum(1 for _ in tree.iter()))


def _local(name: str) -> str:
    return name.rpartition(":")[2]
