"""This file writes a batch into the tables: states by key, events and marks once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Connection, Dialect, Table, Update, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from controller.attendance.lessons import lesson_of
from controller.attendance.tables import lessons, marks, rolls
from controller.database.schema import poison, tallies
from controller.department.schools import AskRetell, FigureTold, Listed, SchoolRecord, Used
from controller.fleet.fleet import Ask, Change, StreamChanged, Touched
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    FaultRecord,
    LessonRecord,
    Logged,
    RollRecord,
)
from controller.fleet.rows import (
    Row,
    agent_row,
    device_row,
    event_from,
    event_row,
    fault_row,
    lesson_row,
    mark_from,
    mark_row,
    roll_from,
    roll_row,
    stream_row,
)
from controller.fleet.tables import agents, devices, events, streams
from controller.repairs.store import open_reported
from controller.repairs.tables import faults
from controller.use.signs import sign_rows, watch_rows
from controller.use.tables import board_signs, watches
from protocol.model import Place

KEPT_POISON_ROWS: Final = 1000
KEPT_POISON_BYTES: Final = 4096
ROWS_A_STATEMENT: Final = (64, 8, 1)  # few sizes, so that few statements are prepared


class Writing(Enum):
    """What happens to a row whose key is there already: replaced, or left as it is."""

    UPSERT = 1
    INSERT_NEW = 2


class Poison(NamedTuple):
    """A message that could not be taken: where, why, and what it held."""

    topic: str
    flaw: str
    payload: bytes


def keep(  # noqa: C901 - one short arm for each kind of change
    db: Connection, changes: Sequence[Change], now_ms: int
) -> list[LessonRecord]:
    """Of states, the last of a batch wins; events and marks add up. Returns lessons as they are."""
    kept_agents: dict[Place, AgentRecord] = {}
    kept_devices: dict[tuple[str, str, str], DeviceRecord] = {}
    touched: list[Touched] = []
    fresh: dict[Table, list[Row]] = {events: [], marks: [], rolls: [], faults: []}
    kept_streams: dict[tuple[Place, str], StreamChanged] = {}
    for change in changes:
        match change:
            case DeviceRecord():
                place = change.place
                kept_devices[place.province, place.school, change.device_id] = change
            case EventRecord():
                fresh[events].append(event_row(change))
            case AttendanceRecord():
                fresh[marks].append(mark_row(change))
            case RollRecord():
                fresh[rolls].append(roll_row(change))
            case FaultRecord():
                fresh[faults].append(fault_row(change))
            case StreamChanged():
                kept_streams[change.place, change.boot] = change
            case AgentRecord():
                kept_agents[change.place] = change
            case Touched():
                touched.append(change)
            case Ask() | SchoolRecord() | Listed() | Used() | FigureTold() | AskRetell():
                pass  # of schools: see controller.department.schools_store
    write(db, agents, [*map(agent_row, kept_agents.values())], Writing.UPSERT)
    write(db, devices, [*map(device_row, kept_devices.values())], Writing.UPSERT)
    for table, rows in fresh.items():
        write(db, table, rows, Writing.INSERT_NEW)
    open_reported(db, (each for each in changes if isinstance(each, FaultRecord)), now_ms)
    rows = [stream_row(each, now_ms) for each in kept_streams.values()]
    write(db, streams, rows, Writing.UPSERT)
    for each in touched:
        _touch(db, each)
    write(db, board_signs, sign_rows(db, changes), Writing.UPSERT)
    write(db, watches, watch_rows(db, changes), Writing.UPSERT)
    return refold(db, changes)


def refold(db: Connection, changes: Sequence[Change]) -> list[LessonRecord]:
    """Make the touched lessons anew from all that is stored of them, in whatever order it came."""
    touched: dict[tuple[Place, str], None] = {}
    for change in changes:
        match change:
            case EventRecord(lesson=str(lesson)) | RollRecord(lesson=lesson):
                touched[change.place, lesson] = None
            case AttendanceRecord(lesson=str(lesson)) if change.hash:
                touched[change.place, lesson] = None
            case _:
                pass
    found = [folded(db, place, lesson) for place, lesson in touched]
    write(db, lessons, [*map(lesson_row, found)], Writing.UPSERT)
    return found


def folded(db: Connection, place: Place, lesson: str) -> LessonRecord:
    """One lesson, out of its stored events, rolls and marks."""
    told = [event_from(row) for row in _of_lesson(db, events, place, lesson)]
    log: list[Logged] = [
        *(roll_from(row) for row in _of_lesson(db, rolls, place, lesson)),
        *(mark_from(row) for row in _of_lesson(db, marks, place, lesson)),
    ]
    return lesson_of(place, lesson, told, log)


def _of_lesson(
    db: Connection, table: Table, place: Place, lesson: str
) -> Sequence[Mapping[str, Any]]:
    query = select(table).where(
        table.c.lesson == lesson,
        table.c.agent == place.agent,
        table.c.school == place.school,
        table.c.province == place.province,
    )
    return cast("Sequence[Mapping[str, Any]]", db.execute(query).mappings().all())


def _touch(db: Connection, touched: Touched) -> None:
    db.execute(
        _within_school(update(devices), touched.place)
        .where(devices.c.device_id.in_(touched.device_ids))
        .values(last_seen_ms=touched.last_seen_ms)
    )


def _within_school(statement: Update, place: Place) -> Update:
    return statement.where(devices.c.province == place.province, devices.c.school == place.school)


def write(db: Connection, table: Table, rows: Sequence[Row], how: Writing) -> None:
    """Write rows many to a statement: the database then works while Python reads the next batch."""
    if not db.dialect.positional:
        _write_each(db, table, rows, how)
        return
    start = 0
    for size in ROWS_A_STATEMENT:
        while len(rows) - start >= size:
            text, _ = _statement(table, how, size, db.dialect)
            values = tuple(chain.from_iterable(rows[start : start + size]))
            db.exec_driver_sql(text, values)
            start += size


def _write_each(db: Connection, table: Table, rows: Sequence[Row], how: Writing) -> None:
    """Write rows by one statement that is sent again and again, its answers awaited at the end.

    Measured: psycopg reads a statement of many rows anew each time, for longer than it runs.
    """
    if rows:
        text, names = _statement(table, how, 1, db.dialect)
        db.exec_driver_sql(text, [dict(zip(names, row, strict=True)) for row in rows])


def prepare(dialect: Dialect) -> None:
    """Spell out every statement now, so that the first batches need not wait for it."""
    for size in ROWS_A_STATEMENT if dialect.positional else (1,):
        for table in (agents, devices, streams, lessons, board_signs, watches):
            _statement(table, Writing.UPSERT, size, dialect)
        for table in (events, marks, rolls, faults):
            _statement(table, Writing.INSERT_NEW, size, dialect)


def _statement(
    table: Table, how: Writing, size: int, dialect: Dialect
) -> tuple[str, tuple[str, ...]]:
    """The SQL that writes `size` rows, and its parameters' names, row by row."""
    # Every opening has a dialect of its own; the words are the same for all of a kind.
    kind: Callable[[], Dialect] = type(dialect)
    return _spelt(table, how, size, kind)


@lru_cache(maxsize=128)
def _spelt(
    table: Table, how: Writing, size: int, kind: Callable[[], Dialect]
) -> tuple[str, tuple[str, ...]]:
    dialect = kind()
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    columns = [column.name for column in table.columns if column.name != "no"]
    statement = insert(table).values(
        [{name: bindparam(f"{name}_{number}") for name in columns} for number in range(size)]
    )
    if how is Writing.UPSERT:
        keys = [column.name for column in table.primary_key]
        rest = {name: statement.excluded[name] for name in columns if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=rest)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=["event_id"])
    names = tuple(f"{name}_{number}" for number in range(size) for name in columns)
    return str(statement.compile(dialect=dialect)), names


def keep_poisons(db: Connection, poisons: Sequence[Poison], now_ms: int) -> None:
    """Count them all, keep the newest, and of each the first bytes."""
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    for flaw, count in Counter(each.flaw for each in poisons).items():
        statement = insert(tallies).values(name=flaw, value=count)
        total = tallies.c.value + statement.excluded.value
        db.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"value": total}))
    db.execute(
        poison.insert(),
        [
            {
                "topic": each.topic[:256],
                "flaw": each.flaw,
                "size": len(each.payload),
                "raw": each.payload[:KEPT_POISON_BYTES],
                "received_ms": now_ms,
            }
            for each in poisons[-KEPT_POISON_ROWS:]
        ],
    )
    newest = db.execute(select(func.max(poison.c.no))).scalar_one()
    db.execute(delete(poison).where(poison.c.no <= newest - KEPT_POISON_ROWS))
