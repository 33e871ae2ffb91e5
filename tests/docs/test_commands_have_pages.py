"""The handbook's table of commands and pages: each command once, and each page is there."""

from __future__ import annotations

import re
from pathlib import Path

from controller.commands import COMMANDS
from tests.controller.access.who_may import _TABLE

TEXT = (Path(__file__).parents[2] / "docs/quan-tri-vien.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z]+)` \| (?:`(/[^`]*)`|\u2013) \|(.*)\|$", re.MULTILINE)
SECTION = TEXT.partition("### Lệnh và trang")[2].partition("\n## ")[0]
STEPS = {"/start/move", "/start/department"}  # of one address


def test_every_command_stands_in_the_table_and_its_page_is_there() -> None:
    """In the order of --help; what has no page says why."""
    rows = ROW.findall(SECTION)
    assert [name for name, *_ in rows] == [entry.name for entry in COMMANDS]
    known = {word.lstrip("*") for word in _TABLE.split()} | STEPS
    assert [page for _, page, _ in rows if page and page not in known] == []
    assert [name for name, page, note in rows if not (page or note.strip())] == []
