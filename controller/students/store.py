"""This file erases a pupil in the database, and keeps what agents, broker and copies still owe.

Every function works inside one transaction of the store's. Whom an erasure is of stands nowhere:
agents find the pupil by a digest, which goes when the last of them has answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, exists, select, update

from controller.attendance.store import erase_pupil, marks_of_pupil
from controller.attendance.tables import erasure_proofs
from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.scope import codes_of, of, within
from controller.fleet.records import AttendanceRecord, ErasureProofRecord, RollRecord
from controller.fleet.store import agents_of
from controller.quarantine.store import forget_naming
from controller.roster.members import classes_of_pupil
from controller.roster.store import forget_pupil
from controller.students.tables import erasing_agents, erasures
from protocol.erasure import PupilDigest, PupilSearch, digest_of_pupil
from protocol.model import Place

_to_json: Final = msgspec.json.encode


class PupilData(NamedTuple):
    """All that is stored of a pupil.

    classes: code, number in the book, the name if kept, from which day until which.
    """

    student: str
    classes: Sequence[Mapping[str, Any]]
    marks: Sequence[Mapping[str, Any]]

    @property
    def names(self) -> frozenset[str]:
        """The names under which the pupil is on a list."""
        return frozenset(each["name"] for each in self.classes if each["name"])


class AgentProof(NamedTuple):
    """What an agent answered to an erasure; proved_ms is None while it has not.

    left: how many of its files still named the pupil.
    """

    agent: str
    room: str
    proved_ms: int | None
    records: int = 0
    left: int = 0


class Erasure(NamedTuple):
    """One erasure, as people look at it: who did it, what went, who has proved it.

    copies: by place, the encrypted copies of then, which hold the pupil until they go in turn.
    """

    erasure: str
    at_ms: int
    actor: str
    records: int
    lists: int
    messages: int
    broker_ms: int | None
    done_ms: int | None
    copies: Mapping[str, Sequence[str]]
    proofs: Sequence[AgentProof]


class OpenErasure(NamedTuple):
    """An erasure that agents still owe, and which agents."""

    erasure: str
    pupil: PupilDigest
    agents: frozenset[str]


def data_of_pupil(db: Connection, school: Place, student: str) -> PupilData:
    """All that the database holds of a pupil, for their own request."""
    classes = [
        {
            "class": one.class_code,
            "number": one.number,
            "name": one.name,
            "since": one.since,
            "until": one.until,
        }
        for one in classes_of_pupil(db, school, student)
    ]
    return PupilData(student, classes, marks_of_pupil(db, school, student))


def erase(
    db: Connection,
    school: Place,
    student: str,
    *,
    actor: str,
    copies: Mapping[str, Sequence[str]],
    now_ms: int,
) -> str:
    """Erase a pupil here, and have every agent do so; returns the erasure's name.

    copies: those that exist now, by their place. A second press, while computers still owe the
    first and nothing of the pupil is here, is that erasure again.
    """
    held = data_of_pupil(db, school, student)
    if not (held.classes or held.marks) and (begun := _begun(db, school, student)):
        return begun
    names = held.names
    lists = forget_pupil(db, school, student)
    records = erase_pupil(db, school, student)
    messages = forget_naming(db, [student, *names])
    erasure = uuid4().hex
    pupil = digest_of_pupil(student)
    counts = {"records": records, "lists": lists, "messages": messages}
    head = {"erasure": erasure, "actor": actor, "copies": _to_json(copies).decode()}
    row = {**codes_of(school), **head, **pupil._asdict(), **counts, "at_ms": now_ms}
    db.execute(erasures.insert().values(row))
    agents = [agent.place for agent in agents_of(db, school, limit=None)]
    rows = [{**codes_of(school), "agent": each.agent, "erasure": erasure} for each in agents]
    if rows:
        db.execute(erasing_agents.insert(), rows)
    else:
        close_proven(db, school, now_ms)
    return erasure


def _begun(db: Connection, school: Place, student: str) -> str:
    """The open erasure of this pupil; empty for none."""
    open_ones = open_erasures(db, school)
    return next((one.erasure for one in open_ones if PupilSearch(*one.pupil).is_pupil(student)), "")


def erasures_of(db: Connection, school: Place) -> list[Erasure]:
    """Every erasure, the newest first, with what each agent has answered."""
    query = select(erasures).where(of(erasures, school)).order_by(erasures.c.at_ms.desc())
    rooms = {agent.place.agent: agent.room for agent in agents_of(db, school, limit=None)}
    return [_erasure(db, school, row, rooms) for row in rows_of(db, query)]


def open_erasures(db: Connection, school: Place) -> list[OpenErasure]:
    """What agents still owe, oldest first."""
    query = select(erasures).where(of(erasures, school), erasures.c.digest != "")
    rows = rows_of(db, query.order_by(erasures.c.at_ms))
    return [
        OpenErasure(row["erasure"], PupilDigest(row["salt"], row["digest"]), agents)
        for row in rows
        if (agents := _owing(db, school, row["erasure"]))
    ]


def close_proven(db: Connection, school: Place, now_ms: int) -> int:
    """Forget the digests of erasures that every agent has proved; returns how many."""
    owed = select(erasing_agents.c.agent).where(
        within(erasing_agents, school),
        erasing_agents.c.erasure == erasures.c.erasure,
        ~exists().where(
            within(erasure_proofs, school),
            erasure_proofs.c.agent == erasing_agents.c.agent,
            erasure_proofs.c.erasure == erasing_agents.c.erasure,
        ),
    )
    proven = update(erasures).where(of(erasures, school), erasures.c.digest != "", ~owed.exists())
    return db.execute(proven.values(salt="", digest="", done_ms=now_ms)).rowcount


def keep_erased(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Erase in what an agent had sent before it knew, and close what all have now proved."""
    _erase_late(db, changes)
    for school in {_school_of(proof.place) for proof in of_kind(changes, ErasureProofRecord)}:
        close_proven(db, school, now_ms)


def _erase_late(db: Connection, changes: Sequence[object]) -> None:
    """Who is on a list again is left alone."""
    for school, students in _students_in(changes).items():
        for owed in open_erasures(db, school):
            search = PupilSearch(*owed.pupil)
            for student in filter(search.is_pupil, students):
                if not data_of_pupil(db, school, student).classes:
                    erase_pupil(db, school, student)


def is_broker_owing(db: Connection, school: Place) -> bool:
    """Whether the broker's own store may still hold a pupil who was erased."""
    query = select(erasures.c.erasure).where(of(erasures, school), erasures.c.broker_ms.is_(None))
    return db.execute(query.limit(1)).first() is not None


def note_broker(db: Connection, school: Place, now_ms: int) -> None:
    """The broker's store was begun anew."""
    owing = update(erasures).where(of(erasures, school), erasures.c.broker_ms.is_(None))
    db.execute(owing.values(broker_ms=now_ms))


def _students_in(changes: Sequence[object]) -> dict[Place, set[str]]:
    students: dict[Place, set[str]] = defaultdict(set)
    for mark in of_kind(changes, AttendanceRecord):
        students[_school_of(mark.place)].add(mark.student)
    for roll in of_kind(changes, RollRecord):
        students[_school_of(roll.place)].update(line.student for line in roll.lines)
    return students


def _school_of(place: Place) -> Place:
    return Place(place.province, place.school)


def _owing(db: Connection, school: Place, erasure: str) -> frozenset[str]:
    return frozenset(
        proof.agent for proof in _proofs(db, school, erasure, {}) if proof.proved_ms is None
    )


def _proofs(
    db: Connection, school: Place, erasure: str, rooms: Mapping[str, str]
) -> list[AgentProof]:
    query = select(erasure_proofs).where(
        within(erasure_proofs, school), erasure_proofs.c.erasure == erasure
    )
    proved = {row["agent"]: row for row in rows_of(db, query)}
    agents = db.scalars(
        select(erasing_agents.c.agent)
        .where(within(erasing_agents, school), erasing_agents.c.erasure == erasure)
        .order_by(erasing_agents.c.agent)
    )
    return [_proof(agent, rooms.get(agent, ""), proved.get(agent)) for agent in agents]


def _proof(agent: str, room: str, row: Mapping[str, Any] | None) -> AgentProof:
    if row is None:
        return AgentProof(agent, room, None)
    return AgentProof(agent, room, row["received_ms"], row["records"], row["left_files"])


def _erasure(
    db: Connection, school: Place, row: Mapping[str, Any], rooms: Mapping[str, str]
) -> Erasure:
    return Erasure(
        erasure=row["erasure"],
        at_ms=row["at_ms"],
        actor=row["actor"],
        records=row["records"],
        lists=row["lists"],
        messages=row["messages"],
        broker_ms=row["broker_ms"],
        done_ms=row["done_ms"],
        copies=msgspec.json.decode(row["copies"]),
        proofs=_proofs(db, school, row["erasure"], rooms),
    )
