"""This file keeps a copy of an inventory in a database: a page is taken whole, with its place.

Whatever moment the program ends at, the copy and the place in the list belong together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, Self

import msgspec
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    inspect,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import DBAPIError

from controller.database.engine import engine_at, in_our_words
from controller.database.reading import rows_of
from controller.database.scope import everywhere
from controller.database.writing import Writing, write
from controller.inventory.feed import ITEM_COLUMNS, cell
from controller.inventory.pulling.address import PullError
from controller.inventory.pulling.source import Item
from protocol.words import N_

_NUMBERS: Final = frozenset(
    {"line", "row", "year", "cost_vnd", "quantity", "unit_cost_vnd", "warranty_months"}
)
_FLAGS: Final = frozenset({"complete", "verified"})
_KEY: Final = ("source", "school", "device_id")
_AT_ONCE: Final = 1000  # rows read in one go
_NAMES: Final = tuple(name for name in ITEM_COLUMNS if name not in {"school", "device_id"})
_to_json: Final = msgspec.json.Encoder(order="deterministic").encode
_metadata: Final = MetaData()


def _kind(name: str) -> type[BigInteger | Boolean | Text]:
    if name in _NUMBERS:
        return BigInteger
    return Boolean if name in _FLAGS else Text


items: Final = Table(
    "lophoc_items",
    _metadata,
    *(Column(name, Text, primary_key=True) for name in _KEY),
    Column("generation", BigInteger, nullable=False),
    *(Column(name, _kind(name), nullable=True) for name in _NAMES),
    Column("item", Text, nullable=False),  # all that was told, as JSON
)
pulls: Final = Table(
    "lophoc_pulls",
    _metadata,
    Column("source", Text, primary_key=True),
    Column("token", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("shown", Text, nullable=False),
)


class Standing(NamedTuple):
    """How far a copy is. token: where to go on; "" at the beginning.

    generation: grows each time all is told anew. is_whole: nothing of an older one is left.
    shown: the mark of the file beside it, where there is one, as it was written.
    """

    token: str = ""
    generation: int = 1
    is_whole: bool = False
    shown: str = ""


class Copy:
    """The copy of one source's inventory in a database that may hold others' too."""

    def __init__(self, url: URL, source: str) -> None:
        self._url, self._source = url, source
        self._engine: Engine | None = None

    def __enter__(self) -> Self:
        """Open it, and make its tables. Raises StoreError, PullError."""
        self._engine = engine_at(self._url)
        try:
            with self._transaction() as db:
                _metadata.create_all(db)
                _check_own(db, self._url)
                _widen(db, self._url)
        except BaseException:
            self._engine.dispose()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def standing(self) -> Standing:
        """How far it is. Raises StoreError."""
        with self._transaction() as db:
            return self._standing(db)

    def sources(self) -> list[str]:
        """Whose copies lie here. Raises StoreError."""
        with self._transaction() as db:
            return list(db.execute(select(pulls.c.source).where(everywhere(pulls))).scalars())

    def begin_anew(self, before: Standing) -> None:
        """All will be told anew; what is not told again goes when that has ended."""
        with self._transaction() as db:
            self._advance(db, before, Standing("", before.generation + 1, shown=before.shown))

    def take(self, before: Standing, told: Sequence[Item], token: str, *, is_end: bool) -> None:
        """Take what came, and the place behind it. Raises StoreError, PullError."""
        after = before._replace(token=token or before.token, is_whole=before.is_whole or is_end)
        with self._transaction() as db:
            self._advance(db, before, after)
            there = [item for item in told if not item.get("removed")]
            gone = [item for item in told if item.get("removed")]
            write(db, items, [self._row(item, after) for item in there], Writing.UPSERT)
            self._remove(db, gone)
            if is_end and not before.is_whole:
                older = items.c.generation != after.generation
                db.execute(delete(items).where(everywhere(items), self._own(items), older))

    def note_shown(self, mark: str) -> None:
        """The file beside it shows it as of this mark of its own. Raises StoreError."""
        with self._transaction() as db:
            row = update(pulls).where(everywhere(pulls), self._own(pulls))
            db.execute(row.values(shown=mark))

    def count(self) -> int:
        """How many items it holds. Raises StoreError."""
        query = select(func.count()).select_from(items).where(everywhere(items), self._own(items))
        with self._transaction() as db:
            return int(db.execute(query).scalar_one())

    def told(self) -> Iterator[Item]:
        """Its items as they were told, by school and id. Raises StoreError."""
        query = select(items.c.item).where(everywhere(items), self._own(items))
        with self._transaction() as db:
            rows = db.execution_options(yield_per=_AT_ONCE).execute(
                query.order_by(items.c.school, items.c.device_id)
            )
            for (text,) in rows:
                yield msgspec.json.decode(text)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Raises PullError where a person must mend the copy, else StoreError."""
        assert self._engine is not None, "it is open"  # noqa: S101
        with in_our_words():
            try:
                with self._engine.begin() as db:
                    yield db
            except DBAPIError as error:
                if cure := _cure_of(error):
                    raise PullError(*cure, where=_where(self._url)) from error
                raise

    def _own(self, table: Table) -> Any:
        return table.c.source == self._source

    def _standing(self, db: Connection) -> Standing:
        row = next(
            iter(rows_of(db, select(pulls).where(everywhere(pulls), self._own(pulls)))), None
        )
        return Standing(*(row[name] for name in Standing._fields)) if row else Standing()

    def _advance(self, db: Connection, before: Standing, after: Standing) -> None:
        """Set the place, unless another program has gone on meanwhile. Raises PullError."""
        statement = update(pulls).where(
            everywhere(pulls),
            self._own(pulls),
            pulls.c.token == before.token,
            pulls.c.generation == before.generation,
        )
        if db.execute(statement.values(after._asdict())).rowcount:
            return
        if self._standing(db) != before:
            raise PullError(
                "copied_by_another",
                N_("Another program pulls into the same copy."),
                N_("Let it end: what it has taken is kept."),
            )
        db.execute(pulls.insert(), {"source": self._source, **after._asdict()})

    def _row(self, item: Item, standing: Standing) -> tuple[Any, ...]:
        plain = {name: value for name, value in item.items() if name not in {"next", "removed"}}
        values = {name: _value(name, item.get(name)) for name in _NAMES}
        values |= {"source": self._source, "generation": standing.generation}
        values |= {name: item[name] for name in ("school", "device_id")}
        values["item"] = _to_json(plain).decode()
        return tuple(values[column.name] for column in items.columns)

    def _remove(self, db: Connection, gone: Sequence[Item]) -> None:
        for item in gone:
            key = items.c.school == item["school"], items.c.device_id == item["device_id"]
            db.execute(delete(items).where(everywhere(items), self._own(items), *key))


_READ_ONLY: Final = (
    "copy_read_only",
    N_("{where} may only be read."),
    N_("Change its owner or its rights, or pull into another file."),
)
_DAMAGED: Final = (
    "copy_damaged",
    N_("{where} is no copy that can be read."),
    N_("Pull into another file, or remove this one: then all comes anew."),
)
_CHANGED: Final = (
    "copy_changed",
    N_("The tables in {where} are no longer as they were made."),
    N_("Remove lophoc_items and lophoc_pulls there, or pull elsewhere: then all comes anew."),
)
_CURES: Final[Mapping[int | str, tuple[str, str, str]]] = {
    sqlite3.SQLITE_CANTOPEN: (
        "copy_unopened",
        N_("{where} cannot be opened, nor made."),
        N_("Name a folder that is there and that you may write into."),
    ),
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_ERROR: _CHANGED,  # no such table or column
    sqlite3.SQLITE_CONSTRAINT: _CHANGED,
    "25006": _READ_ONLY,  # PostgreSQL's codes: its appendix A
    "42501": (
        "copy_no_rights",
        N_("This account may not write in {where}."),
        N_("Grant it CREATE on the schema, and the two tables of ours if they are another's."),
    ),
    **dict.fromkeys(("23502", "23505", "23514", "42703", "42804", "42P01", "42P10"), _CHANGED),
}


def _cure_of(error: DBAPIError) -> tuple[str, str, str] | None:
    """What a person must mend before a file can be a copy; None for what may pass by itself."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _CURES.get(code & 0xFF)  # the rest says where
    return _CURES.get(getattr(error.orig, "sqlstate", None) or "")


def _where(url: URL) -> str:
    is_file = url.get_backend_name() == "sqlite"
    return str(url.database) if is_file else url.render_as_string(hide_password=True)


def _check_own(db: Connection, url: URL) -> None:
    """Tables of these names may be somebody else's. Raises PullError."""
    for table in (items, pulls):
        key = inspect(db).get_pk_constraint(table.name)["constrained_columns"]
        if {*key} != {column.name for column in table.primary_key}:
            raise PullError(
                "copy_foreign",
                N_("{where} has a table {table} that is not ours."),
                N_("Pull into another file or database."),
                where=_where(url),
                table=table.name,
            )


def _widen(db: Connection, url: URL) -> None:
    """Give a copy the columns that it lacks, with what was told of its rows. Raises PullError."""
    there = {column["name"] for column in inspect(db).get_columns(items.name)}
    lacking = [column for column in items.columns if column.name not in there]
    if not all(column.nullable for column in lacking):
        raise PullError(*_CHANGED, where=_where(url))
    for column in lacking:
        kind = column.type.compile(db.dialect)
        db.execute(text(f"ALTER TABLE {items.name} ADD COLUMN {column.name} {kind}"))
    if lacking:
        _fill(db, [column.name for column in lacking])


def _fill(db: Connection, names: Sequence[str]) -> None:
    """Write into these columns what each row was told."""
    key = tuple_(*(items.c[name] for name in _KEY))
    query = select(*(items.c[name] for name in _KEY), items.c.item).where(everywhere(items))
    query = query.order_by(*(items.c[name] for name in _KEY)).limit(_AT_ONCE)
    is_row = and_(*(items.c[name] == bindparam(f"of_{name}") for name in _KEY))
    filled = update(items).where(everywhere(items), is_row)
    filled = filled.values({name: bindparam(f"new_{name}") for name in names})
    rows = [*rows_of(db, query)]
    while rows:
        db.execute(filled, [_filling(row, names) for row in rows])
        last = tuple(rows[-1][name] for name in _KEY)
        rows = [*rows_of(db, query.where(key > tuple_(*map(literal, last))))]


def _filling(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    told = msgspec.json.decode(row["item"])
    values = {f"new_{name}": _value(name, told.get(name)) for name in names}
    return values | {f"of_{name}": row[name] for name in _KEY}


def _value(name: str, value: Any) -> Any:
    """What a column holds; what another version tells otherwise stands in the JSON alone."""
    if name in _FLAGS:
        return value if isinstance(value, bool) else None
    if name in _NUMBERS:
        fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 63
        return value if fits else None
    return None if value is None else cell(name, value)
