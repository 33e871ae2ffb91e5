"""These tests hold the records of decisions, their index and their status together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/decisions"
INDEX = FOLDER / "README.md"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
ROW = re.compile(r"^\| \[(\d{4})\]\(([\w.-]+)\) \| (.+) \| (.+) \| (.+\.) \|$", re.MULTILINE)
STATUS = re.compile(r"^Date: \d{4}-\d\d-\d\d\. Status: (accepted|(?:accepted; )?(.+))\.$")
REPLACES = re.compile(r"^Replaces(?:, for [\w ]+,)? (\d{4})\.$", re.MULTILINE)


def lines_of(record: Path) -> list[str]:
    """A record's lines: the title first, the status in the third."""
    return record.read_text("utf-8").splitlines()


def status_of(record: Path) -> str:
    """What the index says of it: "in force", or which record replaced it."""
    line = lines_of(record)[2]
    status = STATUS.match(line)
    assert status, f"{record.name} has no status: {line}"
    return status[2] or "in force"


def row_of(record: Path) -> tuple[str, str, str, str]:
    """Its row in the index, without the last cell."""
    title = lines_of(record)[0].removeprefix(f"# {record.stem[:4]}: ")
    return record.stem[:4], record.name, title, status_of(record)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_says_when_why_and_what_was_rejected(record: Path) -> None:
    """In one shape, under a number of its own."""
    text = record.read_text("utf-8")
    assert text.startswith(f"# {record.stem[:4]}: ")
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Choice", "Rejected"]
    assert [other.stem[:4] for other in RECORDS].count(record.stem[:4]) == 1


def test_the_index_has_a_row_for_every_record_and_no_other() -> None:
    """Number, file, title and status are the record's own; the line is written by hand."""
    rows = [row[:4] for row in ROW.findall(INDEX.read_text("utf-8"))]
    assert rows == [row_of(record) for record in RECORDS]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_whatever_is_replaced_says_by_which_record(record: Path) -> None:
    """Both ways: a status names a record that says so, and a record that replaces is named."""
    number = record.stem[:4]
    replacing = {
        other.stem[:4] for other in RECORDS if number in REPLACES.findall(other.read_text("utf-8"))
    }
    status = status_of(record)
    assert set(re.findall(r"\d{4}", status)) == replacing
    assert (status == "in force") or re.fullmatch(r"(for [\w ]+ )?replaced by \d{4}", status)
