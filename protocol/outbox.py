"""This file keeps what must be said on disk, in order, until its receiver says it is safe.

What the receiver has is archived (`protocol.archive`), in case it loses it.

States wait compacted by key, events one by one. The outbox is bounded by bytes and by days of
running time; what it has to drop it counts. A crash between any two steps leaves either all of
a put or none of it (SQLite, WAL, synchronous=FULL). Memos are what the sender itself must
remember of what it said: they are kept in the same step as the messages.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

import msgspec
from msgspec.structs import astuple, replace

from protocol import archive
from protocol.archive import Archive
from protocol.errors import LopHocError
from protocol.handle import Handle
from protocol.messages import (
    Ack,
    AnyEvent,
    AnyState,
    Birth,
    DeviceForgotten,
    DeviceState,
    OutboxReport,
    State,
    StoredRun,
    Telemetry,
    Tombstone,
    to_bytes,
)
from protocol.model import NOWHERE, Place
from protocol.parcel import Lane, Parcel, aged
from protocol.reserve import Reserve
from protocol.salvage import (
    damaged_file,
    is_emptied,
    raise_sequence,
    refill,
    replaced,
    tables_of,
)
from protocol.shapes import from_json
from protocol.sqlite_errors import is_disk_full, is_locked
from protocol.starts import NumberedStart, numbered
from protocol.topics import Address, Channel, TopicError, address_for, address_of, topic_of
from protocol.upward import InspectionTold, ItemsTold, SchoolTold, UseTold
from protocol.words import N_

DEFAULT_MAX_BYTES: Final = 64 * 1024 * 1024
DEFAULT_MAX_AGE_S: Final = 30 * 86_400
ARCHIVE_AGE_S: Final = 30 * 86_400
_RESERVE_MIB: Final = 6  # more than the log of changes takes before it begins anew
_OPENING_MIB: Final = 1  # of all else that is gone this is left, so that a start can say so
_SPARE_PAGES: Final = 256
_TRIES: Final = 3  # on a full disk

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS parcel (
    no      INTEGER PRIMARY KEY AUTOINCREMENT,
    lane    INTEGER NOT NULL,           -- 0 state, 1 telemetry, 2 record
    id      TEXT NOT NULL UNIQUE,       -- an event's id, a state's key
    boot    TEXT NOT NULL,
    number  INTEGER NOT NULL,           -- an event's seq, a state's rev
    topic   TEXT NOT NULL,
    payload BLOB NOT NULL,
    lived_s REAL NOT NULL               -- the outbox's running time when this was put
) STRICT;
CREATE INDEX IF NOT EXISTS parcel_lane ON parcel (lane, no);
CREATE INDEX IF NOT EXISTS parcel_boot ON parcel (boot, number);
CREATE TABLE IF NOT EXISTS tally (name TEXT PRIMARY KEY, value REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS memo (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""


# A school's outbox to its department is handed the kinds of `protocol.upward` alone.
Sendable = AnyState | AnyEvent | SchoolTold | UseTold | ItemsTold | InspectionTold


_EVENTS: Final = frozenset({Lane.TELEMETRY, Lane.RECORD})


class _Numbers(msgspec.Struct):
    """What an ack names an event by, and its id."""

    boot: str
    seq: int
    id: str


class OutboxError(LopHocError):
    """The outbox could not be opened or written; `code` says why, `hint` what to do."""


class Outbox:
    """A queue on disk. Its methods may be called from any one thread at a time.

    tells_age: whether events say how long they waited. program: whose command repairs the file.
    archive_bytes: how much is kept of what the receiver has, 0 for nothing. kinds: what alone may
    be put, so that nothing else leaves by it. list_from: behind which number states and events are
    numbered as one list, which goes on from start to start; 0: each count from 1 in every start.
    counts_starts: whether the boot, of 32 hexadecimal digits then, shall tell which start of the
    file it is.
    """

    def __init__(
        self,
        path: Path,
        place: Place,
        boot: str,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        max_age_s: float = DEFAULT_MAX_AGE_S,
        tells_age: bool = False,
        archive_bytes: int = 0,
        program: str = "lophoc-agent",
        kinds: tuple[type, ...] = (object,),
        list_from: int = 0,
        counts_starts: bool = False,
    ) -> None:
        self._path = path
        self._place = place
        self._boot = boot
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._program = program
        self._kinds = kinds
        self._list_from = list_from
        self._counts_starts = counts_starts
        self._tells_age = tells_age
        self._handle = Handle(sqlite3.Connection.close, _closed_error)
        self._seq = 0
        self._rev = 0
        self._lived_s = 0.0
        self._dropped = 0
        self._pending = 0
        self._pending_bytes = 0
        self._archive = Archive(archive_bytes)
        reserve = path.with_name(f"{path.name}.reserve")
        self._reserve = Reserve(reserve, _RESERVE_MIB if archive_bytes else 0)
        opening = path.with_name(f"{path.name}.opening")
        self._opening = Reserve(opening, _OPENING_MIB if archive_bytes else 0)

    def __enter__(self) -> Self:
        """Open the file, on a full disk too. Raises OutboxError if it is damaged or unreadable."""
        try:
            self._begin()
        except OutboxError as error:
            if not is_disk_full(error.__cause__) or not self._opening.free():
                raise
            self._begin()
        self._make_reserves()
        return self

    def _begin(self) -> None:
        try:
            self._handle.open(_open(self._path))
            with self._transaction() as db:
                self._recount(db)
                self._count_start(db)
                self._readdress(db)
                self._delete(db, "lane = 0")  # a birth of this boot will say it all anew
        except sqlite3.DatabaseError as error:
            self.__exit__()
            raise _opening_error(self._path, self._program, error) from error
        except OutboxError:
            self.__exit__()
            raise

    def _make_reserves(self) -> None:
        """The last one first: it is worth more than the larger one."""
        self._opening.make()
        self._reserve.make()

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    @property
    def boot(self) -> str:
        """What its messages call this start, once it is open."""
        return self._boot

    def put(self, *messages: Sendable, memos: Mapping[str, bytes | None] | None = None) -> None:
        """Keep the messages and memos, all or none; messages get their rev or seq here.

        An event whose id is already waiting is not kept twice. A memo replaces the one of its
        name; None takes it away.
        On a full disk the archive gives way. Raises OutboxError if the disk does not take them;
        what was kept before stays.
        """
        for _ in range(_TRIES):
            try:
                return self._put(messages, memos or {})
            except OutboxError as error:
                if not is_disk_full(error.__cause__):
                    raise
                self._give_way()
        return self._put(messages, memos or {})

    def memos(self) -> dict[str, bytes]:
        """Every memo by its name. Raises OutboxError."""
        with self._handle.use() as db:
            return dict(db.execute("SELECT name, value FROM memo").fetchall())

    def waiting_of(self, ids: Sequence[str]) -> set[str]:
        """Which of these events still wait here; at most some hundred are asked for at once."""
        places = ", ".join("?" * len(ids))
        with self._handle.use() as db:
            rows = db.execute(
                f"SELECT id FROM parcel WHERE id IN ({places})",  # noqa: S608 - question marks
                tuple(ids),
            ).fetchall()
        return {name for (name,) in rows}

    def waiting_states(self) -> list[Parcel]:
        """All states that wait, oldest first."""
        return self._parcels("lane = 0", (), -1)

    def waiting_events(self, after: int, limit: int) -> list[Parcel]:
        """The oldest events behind the place `after`, at most `limit`."""
        return self._parcels("lane > 0 AND no > ?", (after,), limit)

    def settle(self, ack: Ack) -> list[int]:
        """Let go of what the receiver has committed; returns the places that are free now.

        Raises OutboxError if the disk does not take it; the parcels then stay and are sent again.
        """
        bounds = [(1, *pair) for pair in ack.seqs] + [(0, *pair) for pair in ack.revs]
        where = "boot = ? AND (lane > 0) = ? AND number BETWEEN ? AND ?"
        with self._transaction() as db:
            retold = archive.answered(db, ack)
            for low, high in ack.seqs:
                self._archive.keep(db, ack.of, low, high)
            return retold + [
                no for bound in bounds for no in self._delete(db, where, ack.of, *bound)
            ]

    def lacking(self, runs: Iterable[StoredRun]) -> list[int]:
        """The places in the archive of what the receiver has not; oldest first."""
        topic = topic_of(Address(self._place, Channel.EVENT))
        with self._handle.use() as db:
            return archive.lacking(db, topic, runs)

    def archived(self, places: Sequence[int], since_ms: int) -> list[Parcel]:
        """What is archived there and happened since, to be told again; at most some hundred."""
        with self._handle.use() as db:
            return archive.parcels(db, places, since_ms, self._age_s)

    def erase(self, tombstones: Iterable[Tombstone]) -> None:
        """Erase pupils in the archive. Raises OutboxError."""
        with self._transaction() as db:
            self._archive.erase(db, tombstones)

    def erase_pupil(self, is_pupil: Callable[[str], bool]) -> int:
        """Put tombstones where this pupil stands, sent or not; returns in how many events.

        Raises OutboxError.
        """
        with self._transaction() as db:
            erased, bytes_more = archive.without_pupil_in(db, "parcel", is_pupil)
            self._pending_bytes += bytes_more
            return erased + self._archive.erase_pupil(db, is_pupil)

    def scrub(self) -> None:
        """Leave nothing in the file of what was erased or let go. Raises OutboxError."""
        with self._handle.use() as db:
            try:
                db.execute("VACUUM")
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise _writing_error(self._path, error) from error

    def holds_proof(self, erasure: str) -> bool:
        """Whether an erasure's proof waits here, or was sent and is archived."""
        named = f'"erasure":{msgspec.json.encode(erasure).decode()}'.encode()
        chosen = "WHERE lane > 0 AND instr(payload, ?)"
        query = f"SELECT 1 FROM parcel {chosen} UNION ALL SELECT 1 FROM archive {chosen}"  # noqa: S608 - own words
        with self._handle.use() as db:
            return db.execute(query, (named, named)).fetchone() is not None

    def clear(self) -> None:
        """Let go of everything that waits: its sender says it all anew. Raises OutboxError."""
        with self._transaction() as db:
            self._delete(db, "lane >= 0")

    def tick(self, elapsed_s: float) -> None:
        """Let running time pass; drops what has waited longer than the outbox may keep.

        Running time, not the clock: a laptop that slept all summer or a Raspberry Pi whose
        clock jumps loses nothing. Raises OutboxError.
        """
        with self._transaction() as db:
            self._lived_s += elapsed_s
            _set(db, "lived_s", self._lived_s)
            oldest_s = self._lived_s - self._max_age_s
            self._drop(db, "lane > 0 AND lived_s < ?", oldest_s)
            self._archive.age(db, max(oldest_s, self._lived_s - ARCHIVE_AGE_S))
        self._make_reserves()

    def report(self) -> OutboxReport:
        """How much waits here and what was dropped since the file was made."""
        return OutboxReport(
            pending=self._pending, pending_bytes=self._pending_bytes, dropped=self._dropped
        )

    def oldest_s(self) -> int:
        """For how long the oldest has waited, by running time; 0 for none. Raises OutboxError."""
        with self._handle.use() as db:
            (lived_s,) = db.execute("SELECT min(lived_s) FROM parcel").fetchone()
        return 0 if lived_s is None else max(0, int(self._lived_s - lived_s))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on disk and in the counts alike. Raises OutboxError."""
        with self._handle.use() as db:
            counts = self._seq, self._rev, self._lived_s
            counts_kept = self._pending, self._pending_bytes, self._dropped, self._archive.bytes
            try:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except BaseException as error:
                self._seq, self._rev, self._lived_s = counts
                self._pending, self._pending_bytes, self._dropped, self._archive.bytes = counts_kept
                if db.in_transaction:
                    db.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise _writing_error(self._path, error) from error
                raise

    def _put(self, messages: Iterable[Sendable], memos: Mapping[str, bytes | None]) -> None:
        with self._transaction() as db:
            for message in messages:
                self._insert(db, message)
            for name, value in memos.items():
                _remember(db, name, value)
            if self._list_from:
                _set(db, "number", self._rev)
            self._make_room(db)

    def _give_way(self) -> None:
        """Make room on a full disk: first what was held for it, then what is archived.

        SQLite lets go of nothing without writing its log: the log must begin anew in the room
        that it has, and pages that are free in the file take what is new.
        """
        self._reserve.free()
        self._reuse_log()
        with contextlib.suppress(OutboxError), self._transaction() as db:
            (spare,) = db.execute("PRAGMA freelist_count").fetchone()
            if spare < _SPARE_PAGES:
                self._archive.shrink(db)
        self._reuse_log()

    def _reuse_log(self) -> None:
        with self._handle.use() as db, contextlib.suppress(sqlite3.OperationalError):
            db.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()

    def _parcels(self, where: str, values: tuple[object, ...], limit: int) -> list[Parcel]:
        columns = "no, lane, topic, payload, lived_s"
        query = f"SELECT {columns} FROM parcel WHERE {where} ORDER BY no LIMIT ?"  # noqa: S608
        with self._handle.use() as db:
            rows = db.execute(query, (*values, limit)).fetchall()
        return [
            Parcel(no, Lane(lane), topic, aged(payload, self._age_s(lived_s)) if lane else payload)
            for no, lane, topic, payload, lived_s in rows
        ]

    def _age_s(self, lived_s: float) -> int:
        """For how long it ran since then, where events tell that."""
        return int(self._lived_s - lived_s) if self._tells_age else 0

    def _insert(self, db: sqlite3.Connection, message: Sendable) -> None:
        if not isinstance(message, self._kinds):
            raise TypeError(f"{type(message).__name__} does not leave by this outbox")
        topic = topic_of(address_for(self._place, message))
        if isinstance(message, State):
            self._replace(db, message)
            lane, name, number = Lane.STATE, _key(message), self._rev + 1
            payload = to_bytes(replace(message, boot=self._boot, rev=number))
        else:
            lane = Lane.TELEMETRY if isinstance(message, Telemetry) else Lane.RECORD
            name, number = message.id, self._seq + 1
            payload = to_bytes(replace(message, boot=self._boot, seq=number))
        if _insert(db, (lane, name, self._boot, number, topic, payload, self._lived_s)):
            self._count(1, len(payload))
            self._note_number(lane, number)

    def _note_number(self, lane: Lane, number: int) -> None:
        if self._list_from or lane is Lane.STATE:
            self._rev = number
        if self._list_from or lane is not Lane.STATE:
            self._seq = number

    def _replace(self, db: sqlite3.Connection, state: State) -> None:
        """A newer state takes the older one's place; a birth takes that of every state."""
        if isinstance(state, Birth):
            self._delete(db, "lane = 0")
        else:
            self._delete(db, "lane = 0 AND id = ?", _key(state))

    def _delete(self, db: sqlite3.Connection, where: str, *values: object) -> list[int]:
        gone = db.execute(
            f"DELETE FROM parcel WHERE {where} RETURNING no, length(payload)",  # noqa: S608
            values,
        ).fetchall()
        self._count(-len(gone), -sum(size for _, size in gone))
        return [no for no, _ in gone]

    def _drop(self, db: sqlite3.Connection, where: str, *values: object) -> None:
        dropped = len(self._delete(db, where, *values))
        if dropped:
            self._dropped += dropped
            _set(db, "dropped", self._dropped)

    def _make_room(self, db: sqlite3.Connection) -> None:
        while self._pending_bytes > self._max_bytes:
            oldest = db.execute(
                "SELECT no FROM parcel WHERE lane > 0 ORDER BY lane, no LIMIT 1"
            ).fetchone()
            if oldest is None:
                return
            self._drop(db, "no = ?", *oldest)

    def _count(self, parcels: int, size: int) -> None:
        self._pending += parcels
        self._pending_bytes += size

    def _readdress(self, db: sqlite3.Connection) -> None:
        """What waits from before the sender got another name is told under the one of now.

        Only within its school, and from before it had one: nothing goes to another school.
        """
        own = {Place(NOWHERE, NOWHERE), Place(self._place.province, self._place.school)}
        for (topic,) in db.execute("SELECT DISTINCT topic FROM parcel").fetchall():
            with contextlib.suppress(TopicError):  # a damaged row: its repair tells of it
                address = address_of(topic)
                if Place(address.place.province, address.place.school) in own:
                    now = topic_of(address._replace(place=self._place))
                    db.execute("UPDATE parcel SET topic = ? WHERE topic = ?", (now, topic))

    def _count_start(self, db: sqlite3.Connection) -> None:
        if self._counts_starts:
            tallies = _tallies(db)
            file = int(tallies.get("file", 0)) or int(self._boot[:12], 16)  # 48 bits: a REAL's
            number = int(tallies.get("starts", 0)) + 1
            _set(db, "file", file)
            _set(db, "starts", number)
            self._boot = numbered(self._boot, NumberedStart(f"{file:012x}", number))

    def _recount(self, db: sqlite3.Connection) -> None:
        self._pending, self._pending_bytes = db.execute(
            "SELECT count(*), coalesce(sum(length(payload)), 0) FROM parcel"
        ).fetchone()
        self._archive.recount(db)
        tallies = _tallies(db)
        self._dropped = int(tallies.get("dropped", 0))
        self._lived_s = max(self._lived_s, tallies.get("lived_s", 0.0))
        if self._list_from:
            self._rev = self._seq = max(self._list_from, int(tallies.get("number", 0)))


def mend(path: Path, damaged: Path) -> int | None:
    """Repair an outbox if it is damaged; returns how many events were saved, None if it is well.

    Raises OutboxError.
    """
    if not path.exists():
        return None
    try:
        with Outbox(path, Place(), "repair"):
            return None
    except OutboxError as error:
        if error.code != "outbox_damaged":
            raise
    return repair(path, damaged)


def repair(path: Path, damaged: Path) -> int:
    """Move a damaged outbox aside to `damaged` and save what can still be read from it.

    Returns how many events were saved; states are said anew by the next birth. Raises OutboxError
    if the new file cannot be written; the damaged one then stays where it was.
    """
    try:
        with (
            replaced(path, damaged) as part,
            damaged_file(path) as file,
            closing(_make(part)) as fresh,
            fresh,
        ):
            refill(fresh, file, tables_of(fresh))
            return _keep_sendable(fresh)
    except (OSError, sqlite3.Error) as error:
        raise _writing_error(path, error) from error


def _keep_sendable(fresh: sqlite3.Connection) -> int:
    """Let go of states, and of what no ack could ever free; returns how many events stay."""
    for table in ("parcel", "archive"):
        query = f"SELECT no, lane, topic, payload, boot, number, id FROM {table}"  # noqa: S608 - own
        parcels = fresh.execute(query)
        left = [(no,) for no, *parcel in parcels if not _is_sendable(*parcel)]
        fresh.executemany(f"DELETE FROM {table} WHERE no = ?", left)  # noqa: S608 - own names
    raise_sequence(fresh, "parcel", fresh.execute("SELECT max(no) FROM archive").fetchone()[0])
    return int(fresh.execute("SELECT count(*) FROM parcel").fetchone()[0])


def _is_sendable(lane: int, topic: str, payload: bytes, *numbers: object) -> bool:
    """Whether it is an event with a topic of ours, and says the numbers that it lies under."""
    try:
        address_of(topic)
        signed = from_json(payload, _Numbers)
    except (TopicError, msgspec.DecodeError, UnicodeDecodeError):
        return False
    return lane in _EVENTS and astuple(signed) == (*numbers,)


def _remember(db: sqlite3.Connection, name: str, value: bytes | None) -> None:
    if value is None:
        db.execute("DELETE FROM memo WHERE name = ?", (name,))
    else:
        db.execute("INSERT OR REPLACE INTO memo (name, value) VALUES (?, ?)", (name, value))


def _insert(db: sqlite3.Connection, row: tuple[object, ...]) -> int:
    """Insert one parcel; returns 0 if its id waits already, else 1."""
    return db.execute(
        "INSERT OR IGNORE INTO parcel (lane, id, boot, number, topic, payload, lived_s)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    ).rowcount


def _make(path: Path) -> sqlite3.Connection:
    """A new file that nobody else uses yet: it needs no log."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = MEMORY")
    db.executescript(_SCHEMA + archive.SCHEMA)
    return db


def _open(path: Path) -> sqlite3.Connection:
    if is_emptied(path):
        raise sqlite3.DatabaseError("it is empty, its log is not")
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = FAST")  # what was erased is not left in a page
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        db.executescript(_SCHEMA + archive.SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _set(db: sqlite3.Connection, name: str, value: float) -> None:
    db.execute("INSERT OR REPLACE INTO tally (name, value) VALUES (?, ?)", (name, float(value)))


def _tallies(db: sqlite3.Connection) -> dict[str, float]:
    return dict(db.execute("SELECT name, value FROM tally").fetchall())


def _key(state: State) -> str:
    match state:
        case DeviceState():
            return f"device/{state.device.device_id}"
        case DeviceForgotten():
            return f"device/{state.device_id}"
        case UseTold():
            return f"use/{state.week}"
        case InspectionTold():
            return f"inspection/{state.inspection}"
        case SchoolTold():
            return f"school/{state.day}"  # no day takes the place of another's
        case _:
            return type(state).__name__.lower()


def _opening_error(path: Path, program: str, error: sqlite3.Error) -> OutboxError:
    damaged = "malformed" in str(error) or "not a database" in str(error) or "***" in str(error)
    if damaged or not isinstance(error, sqlite3.OperationalError):
        return OutboxError(
            "outbox_damaged",
            N_("The outbox {path} is damaged ({cause})."),
            N_("Run: {program} repair --data {folder}"),
            path=path,
            cause=error,
            program=program,
            folder=path.parent,
        )
    check_disk = N_("Check the folder's owner and the free space on the disk.")
    return OutboxError(
        "outbox_unreadable",
        N_("The outbox {path} cannot be opened ({cause})."),
        _HELD if is_locked(error) else check_disk,
        path=path,
        cause=error,
    )


def _closed_error() -> OutboxError:
    return OutboxError("outbox_closed", N_("The outbox is not open."))


_HELD: Final = N_("Another program holds the file: end it. It is tried again.")


def _writing_error(path: Path, error: Exception) -> OutboxError:
    free_some = N_("Free some space on the disk; what was kept before is safe.")
    return OutboxError(
        "outbox_refused",
        N_("The outbox {path} cannot be written ({cause})."),
        _HELD if is_locked(error) else free_some,
        path=path,
        cause=error,
    )
