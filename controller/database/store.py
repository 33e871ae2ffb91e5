"""This file is the controller's memory: a batch in, all or nothing; every query takes a scope.

What a commit has taken survives a power cut, on SQLite and on PostgreSQL. The same event twice is
stored once.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final, Self, cast

import msgspec
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, Select, Table, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from controller.access.tables import looks
from controller.attendance.tables import lessons, marks, rolls
from controller.database.engine import (
    StoreError,
    alone,
    check,
    engine_at,
    in_our_words,
    one_moment,
    opening_error,
    order_by_code_point,
    url_from,
)
from controller.database.schema import facts, poison, tallies
from controller.database.writing import Poison, keep, keep_poisons, prepare
from controller.department import schools_store as schools
from controller.department.schools import Schools
from controller.fleet.fleet import Change, Fleet
from controller.fleet.records import (
    ERASED,
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
    agent_from,
    device_from,
    event_from,
    fault_from,
    lesson_from,
    mark_from,
    roll_from,
    stream_from,
)
from controller.fleet.tables import agents, devices, events, streams
from controller.inventory import store as assets
from controller.repairs import actions as mending
from controller.repairs.tables import faults
from controller.roster import store as roster
from controller.roster.plan import SchoolPlan
from controller.use import signs
from protocol.model import Place
from protocol.words import N_

__all__ = ["Store", "StoreError"]

_MIGRATIONS: Final = Path(__file__).with_name("migrations")


class Store:
    """Reads from any thread, writes from one at a time."""

    def __init__(self, url: str) -> None:
        self._named = url
        self._engine: Engine | None = None
        self.feed_id = ""

    def __enter__(self) -> Self:
        """Open, check and migrate the database. Raises StoreError."""
        url = url_from(self._named)
        try:
            self._engine = engine_at(url)
            with self._engine.begin() as db:
                check(db)
                alone(db)
                _migrate(db)
                self.feed_id = _fact(db, "feed_id", uuid.uuid4().hex)
                prepare(db.dialect)
        except (SQLAlchemyError, sqlite3.Error) as error:
            self.__exit__()
            raise opening_error(url, error) from error
        except StoreError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def commit(
        self, changes: Sequence[Change], poisons: Sequence[Poison], now_ms: int
    ) -> list[LessonRecord]:
        """Keep a batch, all or nothing; returns the lessons that it made other.

        Raises StoreError; then nothing of it is kept.
        """
        with in_our_words(), self._open_engine.begin() as db:
            told = keep(db, changes, now_ms)
            schools.keep_told(db, changes)
            if poisons:
                keep_poisons(db, poisons, now_ms)
            return told

    def fleet(
        self, school: Place, zone: tzinfo, *, device_silent_s: float, awake_since_ms: int
    ) -> Fleet:
        """The school's present, as the last commit left it. Raises StoreError."""
        with self.looking() as db:
            newest = db.execute(select(func.max(devices.c.change))).scalar_one()
            return Fleet(
                school,
                zone,
                agents=map(agent_from, _rows(db, _within(select(agents), agents, school))),
                devices=map(device_from, _rows(db, _within(select(devices), devices, school))),
                streams=map(stream_from, _rows(db, _within(select(streams), streams, school))),
                newest_change=newest or 0,
                device_silent_s=device_silent_s,
                awake_since_ms=awake_since_ms,
            )

    def told_schools(self, scope: Place) -> Schools:
        """The schools that tell of themselves, as the last commit left them. Raises StoreError."""
        with in_our_words(), self._open_engine.connect() as db:
            return Schools(scope, schools.schools_in(db, Place(scope.province)))

    def agents(self, scope: Place, *, after: str = "", limit: int = 1000) -> list[AgentRecord]:
        """Agents by their id, those behind `after`."""
        query = select(agents).where(agents.c.agent > after).order_by(agents.c.agent)
        return [agent_from(row) for row in self._read(query, agents, scope, limit)]

    def devices(
        self,
        scope: Place,
        *,
        room: str = "",
        kind: str = "",
        status: str = "",
        after: str = "",
        limit: int = 1000,
    ) -> list[DeviceRecord]:
        """Devices by their id, those behind `after`, removed ones left out."""
        query = select(devices).where(devices.c.removed_ms.is_(None), devices.c.device_id > after)
        for column, wanted in (("room", room), ("kind", kind), ("status", status)):
            if wanted:
                query = query.where(devices.c[column] == wanted)
        query = query.order_by(devices.c.device_id)
        return [device_from(row) for row in self._read(query, devices, scope, limit)]

    def all_devices(self, scope: Place, room: str = "") -> list[DeviceRecord]:
        """Every device that is not removed, of one room or of all."""
        return self.devices(scope, room=room, limit=-1)

    def newest_change(self, scope: Place) -> int:
        """The number of the newest change of a device; 0 while there is none."""
        query = _within(select(func.max(devices.c.change)), devices, scope)
        with in_our_words(), self._open_engine.connect() as db:
            return db.execute(query).scalar_one() or 0

    def marks(
        self, scope: Place, *, day: str = "", after: int = 0, limit: int = 1000
    ) -> list[AttendanceRecord]:
        """Pupils' marks as they were stored, those behind `after`, of one local day or of all."""
        query = select(marks).where(marks.c.no > after).order_by(marks.c.no)
        if day:
            query = query.where(marks.c.day == day)
        return [mark_from(row) for row in self._read(query, marks, scope, limit)]

    def marks_on(self, scope: Place, day: str) -> int:
        """How many marks were made on a local day."""
        query = _within(select(func.count()).where(marks.c.day == day), marks, scope)
        with in_our_words(), self._open_engine.connect() as db:
            return int(db.execute(query).scalar_one())

    def events(
        self, scope: Place, *, after: int = 0, limit: int = 1000, room: str = ""
    ) -> list[EventRecord]:
        """Events as they were stored, those behind `after`."""
        query = select(events).where(events.c.no > after).order_by(events.c.no)
        if room:
            query = query.where(events.c.room == room)
        return [event_from(row) for row in self._read(query, events, scope, limit)]

    def newest_events(self, scope: Place, *, room: str = "", limit: int = 20) -> list[EventRecord]:
        """The newest events, newest first."""
        query = select(events).order_by(events.c.no.desc())
        if room:
            query = query.where(events.c.room == room)
        return [event_from(row) for row in self._read(query, events, scope, limit)]

    def rolls(
        self, scope: Place, *, after: int = 0, limit: int = 1000, day: str = ""
    ) -> list[RollRecord]:
        """Rolls as they were stored, those behind `after`, of one local day or of all."""
        query = select(rolls).where(rolls.c.no > after).order_by(rolls.c.no)
        if day:
            query = query.where(rolls.c.day == day)
        return [roll_from(row) for row in self._read(query, rolls, scope, limit)]

    def log_of(self, scope: Place, lesson_ids: Sequence[str]) -> list[Logged]:
        """All of the attendance log that belongs to these lessons."""
        told: list[Logged] = []
        for start in range(0, len(lesson_ids), 500):
            some = lesson_ids[start : start + 500]
            by_roll = select(rolls).where(rolls.c.lesson.in_(some)).order_by(rolls.c.no)
            by_mark = select(marks).where(marks.c.lesson.in_(some)).order_by(marks.c.no)
            told += map(roll_from, self._read(by_roll, rolls, scope, -1))
            told += map(mark_from, self._read(by_mark, marks, scope, -1))
        return told

    def whole_log(self, scope: Place) -> list[Logged]:
        """All of the attendance log."""
        return [*self.rolls(scope, limit=-1), *self.marks(scope, limit=-1)]

    def marks_of(self, scope: Place, student: str) -> list[dict[str, Any]]:
        """All that the log holds of one pupil, for a person's own request."""
        found = []
        for record in self.whole_log(scope):
            told = {"date": record.day, "room": record.room, "lesson": record.lesson}
            lines = record.lines if isinstance(record, RollRecord) else (record,)
            found += [
                {**told, "status": line.status, "method": line.method, "at_ms": record.at_ms}
                for line in lines
                if line.student == student
            ]
        return found

    def erase(self, scope: Place, student: str) -> int:
        """Put tombstones where the pupil stood; the links stay. Returns how many."""
        with in_our_words(), self._open_engine.begin() as db:
            mine = update(marks).where(marks.c.student == student)
            gone = db.execute(mine.values(student=ERASED, erased=True)).rowcount
            query = select(rolls).where(rolls.c.lines.contains(student, autoescape=True))
            for record in map(roll_from, _rows(db, _within(query, rolls, scope))):
                lines = tuple(
                    replace(each, student=ERASED) if each.student == student else each
                    for each in record.lines
                )
                if lines == record.lines:
                    continue
                told = msgspec.json.encode(lines).decode()
                db.execute(
                    update(rolls)
                    .where(rolls.c.no == record.no)
                    .values(lines=told, erased=record.erased + 1)
                )
                gone += 1
            roster.forget_pupil(db, scope, student)
            return gone

    def lessons(self, scope: Place, since: str, until: str) -> list[LessonRecord]:
        """The lessons of these local days, both among them, by day and begin."""
        query = (
            select(lessons)
            .where(lessons.c.day >= since, lessons.c.day <= until)
            .order_by(lessons.c.day, lessons.c.began_ms, lessons.c.lesson)
        )
        return [lesson_from(row) for row in self._read(query, lessons, scope, -1)]

    def lesson(self, place: Place, lesson: str) -> LessonRecord | None:
        """One agent's lesson, if it is known."""
        query = select(lessons).where(lessons.c.lesson == lesson)
        return next((lesson_from(row) for row in self._read(query, lessons, place, 1)), None)

    def faults(
        self, scope: Place, *, everything: bool = False, done_since_ms: int | None = None
    ) -> list[FaultRecord]:
        """What teachers say is broken and nobody has dealt with; or everything, the newest last.

        done_since_ms: what was dealt with since then, too.
        """
        query = select(faults).order_by(faults.c.no)
        if done_since_ms is not None:
            query = query.where(faults.c.done_ms.is_(None) | (faults.c.done_ms >= done_since_ms))
        elif not everything:
            query = query.where(faults.c.done_ms.is_(None))
        return [fault_from(row) for row in self._read(query, faults, scope, -1)]

    def handle_fault(self, scope: Place, event_id: str, now_ms: int) -> list[Change]:
        """A person dealt with it, its repair is done. Empty if there is none that waits."""
        with in_our_words(), self._open_engine.begin() as db:
            query = select(faults).where(faults.c.event_id == event_id, faults.c.done_ms.is_(None))
            row = next(iter(_rows(db, _within(query, faults, scope))), None)
            return mending.handled(db, fault_from(row), now_ms) if row else []

    def note_look(self, scope: Place, session: str, what: str, subject: str, now_ms: int) -> None:
        """Keep who looked at pupils' marks: a session, never a name. Raises StoreError."""
        row = {"province": scope.province, "school": scope.school, "session": session}
        row |= {"what": what, "subject": subject}
        with in_our_words(), self._open_engine.begin() as db:
            db.execute(looks.insert().values(at_ms=now_ms, **row))

    def looks(self, scope: Place, limit: int = 200) -> list[Mapping[str, Any]]:
        """Who looked at pupils' marks, the newest first."""
        query = select(looks).order_by(looks.c.no.desc())
        query = query.where(looks.c.province == scope.province, looks.c.school == scope.school)
        with in_our_words(), self._open_engine.connect() as db:
            return [dict(row) for row in _rows(db, query.limit(limit))]

    def school_plan(self, scope: Place) -> SchoolPlan:
        """All that the school plans; empty where nothing was imported. Raises StoreError."""
        with self.looking() as db:
            return roster.plan_of(db, scope)

    def plan_version(self, scope: Place) -> int:
        """A number that grows with every change of the school's plan. Raises StoreError."""
        with in_our_words(), self._open_engine.connect() as db:
            return roster.version_of(db, scope)

    def schools(self) -> list[Place]:
        """The schools that have an agent or a plan here; the one without a code left out."""
        with in_our_words(), self._open_engine.connect() as db:
            return roster.schools_of(db)

    def adopt_plan(self, school: Place) -> None:
        """Make the plan this school's that was imported before its code was known."""
        with in_our_words(), self._open_engine.begin() as db:
            roster.adopt(db, school)

    @contextmanager
    def planning(self, school: Place) -> Iterator[Connection]:
        """One transaction on the school's plan, for the functions of controller.roster.store."""
        with in_our_words(), self._open_engine.begin() as db:
            roster.claimed(db, school)
            yield db

    def bring_up(self, school: Place, zone: tzinfo, now_ms: int) -> None:
        """Bring the school's inventory up to what is known now. Raises StoreError."""
        with self.looking() as db:
            if assets.is_up(db, school, zone, now_ms):
                return
        with self.planning(school) as db:  # nobody numbers changes at the same time
            assets.bring_up(db, school, zone, now_ms)

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """One moment's view, for the reading functions of controller.register.store."""
        with in_our_words(), one_moment(self._open_engine) as db:
            yield db

    def counts(self) -> dict[str, int]:
        """What is stored and what was refused, by the names that /metrics shows."""
        with in_our_words(), self._open_engine.connect() as db:
            stored = {
                f"{table.name}_stored_total": db.execute(
                    select(func.count()).select_from(table)
                ).scalar_one()
                for table in (events, marks, rolls)
            }
            refused = db.execute(select(tallies.c.name, tallies.c.value)).all()
        return stored | {f'messages_refused_total{{flaw="{name}"}}': n for name, n in refused}

    def forget_marks(self, before_ms: int) -> int:
        """Forget rolls and marks received before; lessons keep their counts. Raises StoreError."""
        with in_our_words(), self._open_engine.begin() as db:
            return (
                sum(
                    db.execute(delete(table).where(table.c.received_ms < before_ms)).rowcount
                    for table in (marks, rolls)
                )
                + db.execute(delete(looks).where(looks.c.at_ms < before_ms)).rowcount
            )

    def forget(self, before_ms: int) -> int:
        """Forget events received before; returns how many rows went. Raises StoreError."""
        with in_our_words(), self._open_engine.begin() as db:
            return (
                sum(
                    db.execute(delete(table).where(table.c.received_ms < before_ms)).rowcount
                    for table in (events, poison)
                )
                + signs.forget(db, before_ms)
                + db.execute(delete(streams).where(streams.c.heard_ms < before_ms)).rowcount
            )

    def back_up(self, target: Path) -> None:
        """Write a sound copy of a SQLite database; PostgreSQL has pg_dump. Raises StoreError."""
        if self._open_engine.dialect.name != "sqlite":
            return
        fresh = target.with_suffix(".part")
        fresh.unlink(missing_ok=True)
        engine = self._open_engine.execution_options(isolation_level="AUTOCOMMIT")
        with in_our_words(), engine.connect() as db:
            db.exec_driver_sql("VACUUM INTO ?", (str(fresh),))
        fresh.rename(target)

    @property
    def _open_engine(self) -> Engine:
        if self._engine is None:
            raise StoreError("store_closed", N_("The database is not open."))
        return self._engine

    def _read(
        self, query: Select[Any], table: Table, scope: Place, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        scoped = _within(query, table, scope)
        with in_our_words(), self._open_engine.connect() as db:
            return _rows(db, scoped.limit(limit) if limit >= 0 else scoped)


def _within(query: Select[Any], table: Table, scope: Place) -> Select[Any]:
    """The query, narrowed to a place."""
    for name in ("province", "school", "agent"):
        if code := getattr(scope, name):
            query = query.where(table.c[name] == code)
    return query


def _rows(db: Connection, query: Select[Any]) -> Sequence[Mapping[str, Any]]:
    return cast("Sequence[Mapping[str, Any]]", db.execute(query).mappings().all())


def _migrate(db: Connection) -> None:
    """Bring the schema up to this program's; an older program refuses a newer schema."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = db
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(db).get_current_revision()
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            "store_newer",
            N_("The database was made by a newer LopHoc (schema {schema})."),
            N_("Install that version or a later one; nothing was changed."),
            schema=current,
        )
    if current != script.get_current_head():
        command.upgrade(config, "head")
        order_by_code_point(db)


def _fact(db: Connection, name: str, fresh: str) -> str:
    """The fact as it is kept, or kept now."""
    known = db.execute(select(facts.c.value).where(facts.c.name == name)).scalar_one_or_none()
    if known is None:
        db.execute(facts.insert().values(name=name, value=fresh))
    return known or fresh
