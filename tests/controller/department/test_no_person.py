"""No person leaves a school: by type, by a written list of every field, and by planted names.

A new message, field or table of a school fails here until somebody has thought of it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, Table, Text

from controller.database.schema import metadata
from controller.department.cells import LEAST, shown_count
from controller.department.telling import upward_outbox
from controller.features import keep_batch
from controller.fleet.records import DeviceRecord
from protocol.messages import AttendanceMarked
from protocol.model import AttendanceStatus, DeviceKind, Method, Status
from protocol.upward import PUT, Upward
from tests.controller.department.test_forks import NOW_MS, SCHOOL, Clock, Server

KNOWN: Final = Path(__file__).with_name("upward_fields.txt")  # field by field, thought of
# What the upward reads: of the book, of devices, of counts. No text in it is of a person, but a
# device's name, which is planted as well.
READ: Final = frozenset(
    {"assets", "use_weeks", "figures", "facts", "starts", "alembic_version", "plans", "chain_heads"}
)


def _leaves(kind: Any, path: str) -> Iterator[str]:
    """Every field below a kind that is no struct itself: its path and its type."""
    match get_origin(kind):
        case origin if origin is Annotated:
            yield from _leaves(get_args(kind)[0], path)
        case origin if origin in {Union, UnionType, tuple}:
            for part in get_args(kind):
                if part not in {type(None), Ellipsis, msgspec.UnsetType}:
                    yield from _leaves(part, path)
        case None if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            for name, hint in get_type_hints(kind, include_extras=True).items():
                if name in kind.__struct_fields__:
                    yield from _leaves(hint, f"{path}.{name}")
        case None:
            name = "code" if issubclass(kind, Enum) else kind.__name__
            yield f"{path} {name}"
        case _:
            pytest.fail(f"{path}: a mapping or list says nothing of what is in it: {kind}")


def test_each_field_that_goes_up_is_written_down_and_none_is_of_a_person() -> None:
    """The union is closed; whoever adds a field adds a line, and asks whose it is."""
    fields = {
        leaf
        for message in Upward.__args__
        for leaf in _leaves(message, message.__struct_config__.tag)
    }
    assert fields == {*KNOWN.read_text().splitlines()}
    assert not [each for each in fields if {"student", "teacher", "pupil"} & {*each.split(".")}]


def test_nothing_but_the_closed_union_fits_into_the_outbox(tmp_path: Path) -> None:
    """A pupil's mark that a mistake puts there raises, and nothing waits."""
    mark = AttendanceMarked(
        boot="",
        at_ms=1,
        id="e1",
        room="P1",
        student="Lan",
        status=AttendanceStatus.LATE,
        method=Method.MANUAL,
    )
    with upward_outbox(tmp_path / "up.db", SCHOOL, "so-14", "b") as outbox:
        with pytest.raises(TypeError):
            outbox.put(mark)
        assert outbox.waiting_events(0, 9) == []
    assert {*PUT} < {*Upward.__args__}


def _planted(table: Table, name: str) -> dict[str, object]:
    """A row whose every text is the name."""
    return {column.name: _value(column.type, name) for column in table.columns}


def _value(kind: object, name: str) -> object:
    match kind:
        case Text():
            return name
        case LargeBinary():
            return name.encode()
        case _:
            return 1


@settings(max_examples=5, deadline=None)
@given(name=st.text("aăâbcdđeêghiklmnoôơpqrstuưvxy ", min_size=8, max_size=30).map("ZQ{}J".format))
def test_planted_names_never_leave(name: str) -> None:
    """Every table that people's names are in holds one; so do the devices' own names."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "s", "b1", Clock(), {})
        with server.store.transaction() as db:
            device = DeviceRecord(
                place=SCHOOL.of_agent("p1"),
                device_id="usb-1",
                kind=DeviceKind.BOARD,
                name=name,
                status=Status.OK,
            )
            keep_batch(db, [device], NOW_MS)
            planted = [table for table in metadata.sorted_tables if table.name not in READ]
            for table in planted:
                db.execute(table.insert().prefix_with("OR IGNORE").values(_planted(table, name)))
        server.write("week/x/2026-10-05", 3)
        letters = server.letters()
        server.kill()
    assert len(planted) > 30
    assert any(b'"usb-1"' in letter.payload for letter in letters)
    for letter in letters:
        assert name not in letter.topic
        assert name.encode() not in letter.payload
        assert msgspec.json.encode(name)[1:-1] not in letter.payload


@pytest.mark.parametrize("count", range(9))
def test_a_small_count_of_people_at_work_is_hidden(count: int) -> None:
    """One to four are somebody; nobody, and five, are not."""
    assert shown_count(count) == (None if 1 <= count < LEAST else count)
