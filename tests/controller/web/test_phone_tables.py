"""On a phone a table has no heads: each cell says itself what it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import controller

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
TAG = r"(?:\{[{%].*?[%}]\}|[^>])*"
CELL = re.compile(rf"<td\b({TAG})>(.*?)</td>", re.DOTALL)
# Says itself what it is: a button or a link with its words, or a sentence over the whole row.
SAYS = re.compile(r"<form|<details|<button|colspan=|class=\"hush\"")


def bare_cells(text: str) -> Iterator[str]:
    """The cells of a template's tables that say nothing of what they are."""
    for table in TABLE.findall(text):
        head, _, body = table.partition("</thead>")
        for attributes, content in CELL.findall(body if "<thead" in head else ""):
            if "data-label" not in attributes and not SAYS.search(attributes + content):
                yield content


def test_each_cell_says_what_it_is_where_heads_are_hidden() -> None:
    """In every template of the controller."""
    folder = Path(controller.__file__).parent
    found = {
        path.name: cells
        for path in sorted(folder.glob("*/templates/*.html"))
        if (cells := [*bare_cells(path.read_text("utf-8"))])
    }
    assert found == {}


def test_a_bare_cell_is_found() -> None:
    """Else nothing would ever be wrong."""
    table = "<table><thead><tr><th>a</th></tr></thead><tr>{}</tr></table>"
    assert [*bare_cells(table.format("<td>{{ x }}</td>"))] == ["{{ x }}"]
    assert [*bare_cells(table.format("<td data-label=\"{{ _('a') }}\">1</td>"))] == []
    assert [*bare_cells("<table><tr><td>{{ x }}</td></tr></table>")] == []
