"""How an item of the API reads the record that it tells."""

from __future__ import annotations

import msgspec
import pytest
from pydantic import Field, ValidationError

from controller.web.items import Moment, RecordItem
from protocol.model import Place


class _Part(msgspec.Struct, frozen=True):
    size: int


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    place: Place = Place("14", "S1", "A1")
    name: str = "n"
    day: str = "2026-11-28"
    at_ms: int = 0
    first_seen_ms: int = 1
    done_ms: int | None = None
    parts: tuple[_Part, ...] = (_Part(1), _Part(2))


class _PartItem(RecordItem):
    size: int


class _Item(RecordItem):
    name: str
    school: str
    agent_id: str
    date: str = Field(validation_alias="day")
    at: Moment
    first_seen: Moment
    done_at: Moment | None
    parts: list[_PartItem]


def test_an_item_reads_its_record_by_names() -> None:
    """Its own fields, its place's, moments in milliseconds, and records within it."""
    assert _Item.of(_Record()).model_dump() == {
        "name": "n",
        "school": "S1",
        "agent_id": "A1",
        "date": "2026-11-28",
        "at": "1970-01-01T00:00:00.000Z",
        "first_seen": "1970-01-01T00:00:00.001Z",
        "done_at": None,
        "parts": [{"size": 1}, {"size": 2}],
    }


def test_a_moment_that_has_come_is_told() -> None:
    """Null stands only for what has not."""
    assert _Item.of(_Record(done_ms=2)).done_at == "1970-01-01T00:00:00.002Z"


def test_a_record_of_another_shape_is_refused() -> None:
    """A field that nobody fills is a mistake of ours, never null."""
    with pytest.raises(ValidationError, match="agent_id"):
        _Item.of(_Part(1))
