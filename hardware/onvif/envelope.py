"""This file reads XML from devices: bounded, and as far as it makes sense. Pure.

Cameras write XML by hand: prefixes that nobody declared, bare ampersands, other encodings than
they name, answers that stop in the middle. What was said before is kept. Names lose their prefix.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
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
# Where an envelope begins and ends that is sent as a part of several (MTOM, RFC 2387).
_BEGINS: Final = re.compile(r"<\?xml|<(?:[\w.-]+:)?Envelope\b")
_ENDS: Final = re.compile(r"</(?:[\w.-]+:)?Envelope\s*>")
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# A text as it is, a tag that ends, or one that begins; all else is text. None looks on for long.
_TOKEN: Final = re.compile(
    r"<\?[^<>]*>|<!\[CDATA\[([^\]]{0,1000})\]\]>|</([\w:.-]+)\s*>"
    r"|<([\w:.-]+)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*?)(/?)>"
)
_ATTRIBUTE: Final = re.compile(r"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
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
        text = _mended(data)
        whole, rest = _parse(text.encode())
        if whole is None:
            whole = _larger(broken, rest, _read_loosely(text))
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

    @property
    def is_over(self) -> bool:
        return bool(self.count) and not self._open

    def end_nearest(self, name: str) -> None:
        if (local := _local(name)) in self._open:
            while self._open[-1] != local:
                self.end("")
            self.end("")

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


def _mended(data: bytes) -> str:
    """The same without what no parser takes, between the first tag and the last."""
    text = _text(data)
    first = _BEGINS.search(text)
    begin = first.start() if first else max(text.find("<"), 0)
    last = _ENDS.search(text, begin)
    text = _CONTROL.sub("", text[begin : last.end() if last else text.rfind(">") + 1])
    return _BARE_AMPERSAND.sub("&amp;", _DECLARATION.sub("", text))


def _text(data: bytes) -> str:
    """The text in the encoding that its first bytes show, else in the one that it names."""
    named = _ENCODING.search(data[:200])
    shown = [encoding for mark, encoding in _MARKS.items() if data.startswith(mark)]
    for encoding in [*shown, *([named[1].decode()] if named else []), "utf-8"]:
        with suppress(UnicodeError, LookupError):
            return data.decode(encoding)
    return data.decode("utf-8", "replace")


def _read_loosely(text: str) -> Element | None:
    """The tree as far as it can be guessed where tags are written wrongly. Raises Garbage.

    A tag that ends closes the nearest of its name, and none where there is none.
    """
    before, *comments = text.split("<!--")
    text = before + "".join(one.partition("-->")[2] for one in comments)
    builder, at = _Builder(), 0
    for token in _TOKEN.finditer(text):
        builder.text(unescape(text[at : token.start()]))
        at = token.end()
        verbatim, ends, begins, attributes, is_empty = token.groups()
        if verbatim:
            builder.text(verbatim)
        elif ends:
            builder.end_nearest(ends)
        elif begins and not builder.is_over:
            found = _ATTRIBUTE.finditer(attributes)
            pairs = ((one[1], one[2] or one[3] or one[4] or "") for one in found)
            builder.start(begins, {name: unescape(value) for name, value in pairs})
            if is_empty:
                builder.end(begins)
    return builder.close()


def _larger(*trees: Element | None) -> Element | None:
    """The tree that says most, the first of equal ones; None where none says anything."""
    told = [tree for tree in trees if tree is not None and len(tree)]
    return max(told, default=None, key=_facts)


def _facts(tree: Element) -> int:
    return sum(1 + bool((node.text or "").strip()) for node in tree.iter())


def _local(name: str) -> str:
    return name.rpartition(":")[2]
