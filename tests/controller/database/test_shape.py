"""What a shape writes into a table is what it reads back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from importlib import import_module
from pkgutil import walk_packages
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, select

import controller
from controller.database.reading import rows_of
from controller.database.schema import NUMBER
from controller.database.schema import texts as text_columns
from controller.database.scope import everywhere
from controller.database.shape import Shape
from controller.database.store import Store
from controller.features import is_readable
from controller.inventory.asset import Asset
from protocol.model import DeviceKind, Place
from protocol.plan import Date
from tests.databases import Database


def shapes() -> Iterator[tuple[str, Shape[Any]]]:
    """Every shape of the controller, by the module and the name that it stands under."""
    for module in walk_packages(controller.__path__, "controller."):
        if module.name.endswith(("store", "signs")):
            names = vars(import_module(module.name))
            yield from (
                (f"{module.name}.{name}", shape)
                for name, shape in names.items()
                if isinstance(shape, Shape)
            )


SHAPES = dict(shapes())


def values_of(hint: Any, meta: msgspec.Meta | None = None) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return values_of(args[0], args[-1])
    if origin in {Union, UnionType}:
        return st.one_of(*map(values_of, args))
    if origin is tuple:
        least = (meta and meta.min_length) or 0
        return st.lists(values_of(args[0]), min_size=least, max_size=least + 2).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(*map(values_of, args), max_size=2)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    if issubclass(hint, msgspec.Struct) or hasattr(hint, "_fields"):
        hints = get_type_hints(hint, include_extras=True)
        return st.builds(hint, **{name: values_of(own) for name, own in hints.items()})
    return plain(hint, meta)


def plain(hint: Any, meta: msgspec.Meta | None) -> st.SearchStrategy[Any]:
    least = int((meta and meta.ge) or 0)
    most = int((meta and meta.le) or 2**31 - 1)
    strategies: dict[type, st.SearchStrategy[Any]] = {
        str: texts(meta),
        int: st.integers(least, most),
        bool: st.booleans(),
        float: st.integers(least, min(most, 9)).map(float),
        bytes: st.binary(max_size=12),
        NoneType: st.none(),
    }
    return strategies[hint]


def texts(meta: msgspec.Meta | None) -> st.SearchStrategy[str]:
    """PostgreSQL's text holds no zero; half of a surrogate pair is text nowhere."""
    if meta and meta.pattern == get_args(Date)[-1].pattern:
        return st.dates(date(1900, 1, 1), date(2999, 12, 31)).map(str)
    if meta and meta.pattern:
        return st.from_regex(meta.pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    least = (meta and meta.min_length) or 0
    letters = st.characters(exclude_categories=["Cs", "Cc"])
    return st.text(letters, min_size=least, max_size=max(least, 8))


def records_of(shape: Shape[Any]) -> st.SearchStrategy[Any]:
    """Records whose fields without a column hold their defaults, as when they are read."""
    hints = get_type_hints(shape.kind, include_extras=True)
    defaults = getattr(shape.kind, "_field_defaults", {})  # else a named tuple's are drawn, too
    parts = {name: st.just(value) for name, value in defaults.items()}
    number = shape.table.autoincrement_column
    for name, hint in hints.items():
        if name in shape.table.c:
            if number is None or number.name != name:
                parts[name] = values_of(hint)
        elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            own = get_type_hints(hint, include_extras=True)
            columns = shape.table.c
            held = {each: held_in(columns[each], of) for each, of in own.items() if each in columns}
            parts[name] = st.builds(hint, **held) if held else st.just(hint())
        elif name in OTHERS.get(shape.table.name, {}):
            parts[name] = st.just(OTHERS[shape.table.name][name])
    return st.builds(shape.kind, **parts)


def held_in(column: Column[Any], hint: Any) -> st.SearchStrategy[Any]:
    """What a column may hold: where a number must stand, no record that is kept lacks it."""
    values = values_of(hint)
    must_stand = column.type.python_type is int and not column.nullable
    return values.filter(lambda value: value is not None) if must_stand else values


OTHERS: dict[str, dict[str, Any]] = {"school_facts": {"code": "00140708"}}


def filled(table: Table) -> dict[str, Any]:
    """What stands in the columns that are no business of the record's."""
    return {
        column.name: column.type.python_type()
        for column in table.columns
        if not column.nullable and column is not table.autoincrement_column
    }


def written_and_read(db: Connection, shape: Shape[Any], record: Any) -> Any:
    table = shape.table
    db.execute(delete(table).where(everywhere(table)))
    db.execute(table.insert(), filled(table) | shape.values(record))
    (row,) = rows_of(db, select(table).where(everywhere(table)))
    read = shape.record(row, **OTHERS.get(table.name, {}))
    return read if table.autoincrement_column is None else _numbered(read, record)


def _numbered(read: Any, record: Any) -> Any:
    """The log gives the number."""
    if "no" in getattr(read, "_fields", ()):  # a NamedTuple
        return read._replace(no=record.no)
    return replace(read, no=record.no) if hasattr(record, "no") else read


def hold(store: Store, name: str, shape: Shape[Any]) -> None:
    """Try some records of one shape."""

    @settings(max_examples=12, deadline=None)
    @given(record=records_of(shape))
    def check(record: Any) -> None:
        note(name)
        whole = replace(record, counted_for=record.home) if isinstance(record, Asset) else record
        with store.transaction() as db:
            assert written_and_read(db, shape, whole) == whole

    check()


def test_what_is_written_is_read_back(database: Database) -> None:
    """Whatever the fields hold, null or empty, in the tables that the product has."""
    assert len(SHAPES) > 25
    with Store(database.url) as store:
        for name, shape in SHAPES.items():
            hold(store, name, shape)


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A struct with a field of each sort; nothing holds the last one."""

    no: int = 0
    place: Place
    kind: DeviceKind | None = None
    notes: tuple[str, ...] | None = None
    measures: tuple[str, ...] | None = None
    elsewhere: str = "default"


SAMPLES = Table(
    "samples",
    MetaData(),
    Column("no", NUMBER, primary_key=True),
    *text_columns("province", "school", "kind", "notes"),
    Column("measures", Text),
    *text_columns("letter"),
)
SAMPLE = Shape(Sample, SAMPLES, {"letter": lambda sample: sample.place.school[:1]})


def test_null_stands_only_where_it_may_and_is_not_the_same_as_empty() -> None:
    """What is not there is null or, where null may not stand, nothing; what is empty is JSON."""
    absent = Sample(place=Place("14", "school", "p203"), no=7)
    empty = replace(absent, kind=DeviceKind.OTHER, notes=(), measures=())
    assert SAMPLE.columns == ["province", "school", "kind", "notes", "measures", "letter"]
    assert SAMPLE.row(absent) == ("14", "school", "", "", None, "s")
    assert SAMPLE.row(empty) == ("14", "school", "other", "[]", "[]", "s")
    for record in (absent, empty):
        row = SAMPLE.values(record) | {"no": 7}
        assert SAMPLE.record(row) == replace(record, place=Place("14", "school"))
    assert SAMPLE.record(row, elsewhere="else").elsewhere == "else"


def _is_code_or_json(hint: Any) -> bool:
    args = [part for part in get_args(hint) if part is not NoneType]
    kind = args[0] if get_origin(hint) in {Union, UnionType} else hint
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if not isinstance(kind, type):
        return True
    return issubclass(kind, Enum) or not issubclass(kind, str | int | float | bytes)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_garbage_letters_in_any_code_or_json_are_refused_and_sound_rows_taken(name: str) -> None:
    """Columns are named by the record's own types, not by how rows are decoded."""
    shape = SHAPES[name]
    hints = get_type_hints(shape.kind)
    codes = [at for at in shape.columns if at in hints and _is_code_or_json(hints[at])]

    @settings(max_examples=4, deadline=None)
    @given(record=records_of(shape))
    def check(record: Any) -> None:
        row = filled(shape.table) | shape.values(record)
        row |= {"boot": "b", "ranges": "[]", "weekdays": "1", "body": b"{}", "lines": "[]"}
        others = [other for other in SHAPES.values() if other.table is shape.table]
        if len(others) == 1:  # another reader's columns are not filled here
            assert is_readable(shape.table.name, row)
        for code in codes:
            assert not is_readable(shape.table.name, row | {code: "ấð~"}), code

    check()


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("streams", {"ranges": "[[1,2"}),
        ("letters", {"status": "prezent"}),
        ("bells", {"weekdays": "1x"}),
        ("facts", {"name": "starts", "value": "[["}),
        ("facts", {"name": "time_mark_ms", "value": "17a"}),
    ],
)
def test_tables_without_a_record_have_readers_too(table: str, row: dict[str, Any]) -> None:
    """Each of these rows would end its reader."""
    assert not is_readable(table, row)
    assert is_readable("facts", {"name": "another", "value": "[["})
