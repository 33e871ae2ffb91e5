"""This file reads XML as a stream, without the entities that no sheet declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.parsers import expat

Start = Callable[[str, Mapping[str, str]], None]


class DoctypeError(ValueError):
    """The XML declares entities, which no workbook does."""


def parser_of(start: Start) -> expat.XMLParserType:
    """A parser that calls this where an element begins. Raises DoctypeError where it parses."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def local(name: str) -> str:
    """A name without its namespace's prefix."""
    return name.rpartition(":")[2] if ":" in name else name


def locals_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes by their names without prefixes."""
    return {local(name): value for name, value in attributes.items()}


def count_in(text: str | None, least: int = 1) -> int:
    """A count that an attribute tells; the least where it tells none."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) <= 9  # noqa: PLR2004 - more than any sheet has
    return max(least, int(text)) if text and is_number else least


def _refuse_doctype(*_: object) -> None:
    raise DoctypeError
