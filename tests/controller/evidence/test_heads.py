"""Heads that agents signed tell what hashes alone cannot: a tail cut off, a chain made anew."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.database.forgetting import PUPILS as TERM
from controller.database.forgetting import Step, Term, forget
from controller.database.store import Store
from controller.evidence.chains import said_by
from controller.evidence.copies import compared_with
from controller.evidence.findings import Flaw
from controller.evidence.signatures import is_signed
from controller.evidence.store import evidence_of
from controller.evidence.verdict import Verdict, verdict_on
from controller.features import ages_of_pupils
from controller.fleet.records import RollRecord
from controller.students.store import erase
from protocol.chain import ROOT, hash_of
from protocol.messages import Event
from tests.controller.evidence.schools import (
    BEGAN,
    DAY_MS,
    HOUR_MS,
    LATE,
    PUPILS,
    SCHOOL,
    ZONE,
    RoomAgent,
    arrive,
    store_lessons,
)
from tests.databases import sqlite_in

NOW_MS = BEGAN + 5 * DAY_MS
TABLES = ("rolls", "marks")


class Signed(NamedTuple):
    """A school whose agents sign: its file, and the agents as they are."""

    path: Path
    agents: list[RoomAgent]

    @contextmanager
    def by_hand(self) -> Iterator[sqlite3.Connection]:
        """The file, in the hands of who knows SQL."""
        with closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            yield db
            db.commit()

    def verdict(self, copies: tuple[Path, ...] = ()) -> Verdict:
        """What verify says of it."""
        with Store(f"sqlite:///{self.path}") as store:
            evidence = store.read(evidence_of, SCHOOL)
        compared = compared_with(copies, evidence.log, school=SCHOOL.school, forgotten_before_ms=0)
        return verdict_on(evidence, ZONE, is_signed, compared)

    def flaws(self) -> set[Flaw]:
        """What is wrong, by name."""
        return {finding.why for finding in self.verdict().findings}

    def hear(self, agent: RoomAgent, said: Sequence[Event], now_ms: int = NOW_MS) -> None:
        """Have the school store what an agent says."""
        with Store(f"sqlite:///{self.path}") as store:
            arrive(store, agent, said, now_ms)


@contextmanager
def signed_school(lessons: int = 2) -> Iterator[Signed]:
    """A school of two rooms whose agents sign each lesson."""
    with tempfile.TemporaryDirectory() as folder:
        agents = [RoomAgent("p203"), RoomAgent("p204")]
        with Store(sqlite_in(Path(folder))) as store:
            store_lessons(store, agents, range(lessons), is_signed=True)
        yield Signed(Path(folder) / "lophoc.db", agents)


def cut(db: sqlite3.Connection, names: list[str]) -> None:
    """Take records out of both tables."""
    for table in TABLES:
        db.executemany(f"DELETE FROM {table} WHERE event_id = ?", [(name,) for name in names])  # noqa: S608


def remake(school: Signed, changed: str) -> None:
    """Change a mark and compute every hash behind it anew, as who has the software can."""
    with Store(f"sqlite:///{school.path}") as store:
        log = store.read(evidence_of, SCHOOL).log
    behind = {record.before: record for record in log if record.place.agent == "p203"}
    head, record = ROOT, behind.get(ROOT)
    with school.by_hand() as db:
        while record:
            old = record.hash
            table = "rolls" if isinstance(record, RollRecord) else "marks"
            record = replace(record, before=head)
            if record.event_id == changed:
                record = replace(record, student=PUPILS[3])
                db.execute(f"UPDATE marks SET student = '{PUPILS[3]}' WHERE event_id = '{changed}'")  # noqa: S608
            head = hash_of(said_by(record))
            query = f"UPDATE {table} SET before = ?, hash = ? WHERE event_id = ?"  # noqa: S608
            db.execute(query, (record.before, head, record.event_id))
            record = behind.get(old)


def test_a_school_whose_agents_sign_holds_and_says_who_signed() -> None:
    """Every record is covered, by one key a room."""
    with signed_school() as school:
        verdict = school.verdict()
        assert (verdict.findings, verdict.records, verdict.signed) == ([], 20, 20)
        keys = {agent.agent.upper(): (public_of(agent),) for agent in school.agents}
        assert verdict.keys == keys


def public_of(agent: RoomAgent) -> str:
    """The key that the school knows an agent by."""
    return agent.key.public_key().public_bytes_raw().hex()


@given(st.integers(1, 10))
@settings(max_examples=6)
def test_a_tail_that_was_cut_off_is_missed_however_long(length: int) -> None:
    """Also where its lesson's totals are cut off with it."""
    with signed_school() as school:
        with school.by_hand() as db:
            rows = [
                (row["at_ms"], row["event_id"], row["lesson"])
                for table in TABLES
                for row in db.execute(f"SELECT * FROM {table} WHERE agent = 'p203'")  # noqa: S608
            ]
            gone = sorted(rows)[-length:]
            cut(db, [name for _, name, _ in gone])
            db.executemany("DELETE FROM lessons WHERE lesson = ?", [(row[2],) for row in gone])
        assert Flaw.HEAD_MISSING in school.flaws()


@pytest.mark.parametrize("changed", ["p203-l0-fix", "p203-l0-door", "p203-l1-door"])
def test_a_chain_that_was_made_anew_is_not_the_one_that_was_signed(changed: str) -> None:
    """The insider computes every hash and has no key."""
    with signed_school() as school:
        remake(school, changed)
        assert school.flaws() >= {Flaw.HEAD_MISSING}
        assert Flaw.CHANGED not in school.flaws()


def test_who_cuts_the_heads_off_too_is_told_on_by_the_next_birth() -> None:
    """The agent keeps the head that it told, and says it again at each birth."""
    with signed_school() as school:
        agent = school.agents[0]
        head = agent.tell_head(NOW_MS)
        with school.by_hand() as db:
            cut(db, ["p203-l1-door"])
            db.execute("DELETE FROM chain_heads WHERE agent = 'p203'")
        assert school.flaws() == set()
        school.hear(agent, [head])
        (missing,) = [each for each in school.verdict().findings if each.why is Flaw.HEAD_MISSING]
        assert (missing.agent, missing.room, missing.day) == ("p203", "P203", "2026-11-09")


def test_an_older_file_put_in_its_place_is_told_on_by_copies_and_births() -> None:
    """A file that was whole once holds in itself."""
    with signed_school(1) as school:
        older = school.path.with_name("older.db")
        shutil.copyfile(school.path, older)
        with Store(f"sqlite:///{school.path}") as store:
            store_lessons(store, school.agents, range(1, 2), is_signed=True)
        newer = school.path.with_name("newer.db")
        shutil.copyfile(school.path, newer)
        shutil.copyfile(older, school.path)
        assert school.verdict().holds
        with_copy = school.verdict((older, newer)).findings
        assert {finding.why for finding in with_copy} == {Flaw.COPY_HAS_MORE}
        assert len(with_copy) == 10
        school.hear(school.agents[0], [school.agents[0].tell_head(NOW_MS)])
        assert school.flaws() == {Flaw.HEAD_MISSING}


def test_a_copy_that_cannot_be_read_is_named_and_changes_no_verdict() -> None:
    """The person learns with what nothing was compared."""
    with signed_school(1) as school:
        broken = school.path.with_name("lophoc-000001-2026-11-04.db")
        broken.write_bytes(b"SQLite format 3\0" + b"noise" * 1000)
        verdict = school.verdict((broken,))
        assert (verdict.holds, verdict.copies, verdict.copies_unread) == (True, [], [str(broken)])


@pytest.mark.parametrize("field", ["links", "at_ms", "signature", "key"])
def test_a_head_that_was_changed_has_a_wrong_signature(field: str) -> None:
    """Or is no head of this agent's."""
    with signed_school(1) as school:
        with school.by_hand() as db:
            value = "links + 1" if field == "links" else "at_ms + 1"
            value = value if field in {"links", "at_ms"} else "'00' || substr(signature, 3, 62)"
            db.execute(f"UPDATE chain_heads SET {field} = {value} WHERE agent = 'p203'")  # noqa: S608
        assert school.flaws() == {Flaw.HEAD_FORGED}


def test_records_moved_to_another_room_are_not_that_rooms() -> None:
    """A signature names its agent."""
    with signed_school(1) as school:
        with school.by_hand() as db:
            for table in (*TABLES, "chain_heads", "lessons"):
                db.execute(f"UPDATE {table} SET agent = 'p205' WHERE agent = 'p204'")  # noqa: S608
        assert school.flaws() == {Flaw.HEAD_FORGED}


def test_records_of_an_agent_that_does_not_sign_hold_and_are_told_as_unsigned() -> None:
    """Its heads are kept all the same, and a cut tail is missed by them."""
    with tempfile.TemporaryDirectory() as folder:
        agent = RoomAgent("p203")
        with Store(sqlite_in(Path(folder))) as store:
            store_lessons(store, [agent], range(1))
            head = agent.tell_head(NOW_MS)
            unsigned = replace(head, chain=replace(head.chain, key="", signature=""))
            arrive(store, agent, [unsigned], NOW_MS)
        school = Signed(Path(folder) / "lophoc.db", [agent])
        verdict = school.verdict()
        assert (verdict.holds, verdict.signed, verdict.keys) == (True, 0, {})
        with school.by_hand() as db:
            cut(db, ["p203-l0-door"])
        assert school.flaws() == {Flaw.HEAD_MISSING}


def test_who_is_erased_leaves_a_tombstone_that_the_signature_still_covers() -> None:
    """The head stands on the hash, and the hash stays."""
    with signed_school() as school:
        with Store(f"sqlite:///{school.path}") as store:
            store.write(erase, SCHOOL, PUPILS[1], actor="office", copies={}, now_ms=NOW_MS + DAY_MS)
        verdict = school.verdict()
        assert (verdict.findings, verdict.signed, verdict.erased) == ([], 20, 12)


@pytest.mark.parametrize(
    "deed",
    [
        (
            "UPDATE rolls SET lines = replace(lines, 'absent_unexcused', 'present')"
            " WHERE event_id = 'p203-l0-roll2'"
        ),
        "UPDATE marks SET status = 'present' WHERE event_id = 'p203-l0-fix'",
        "UPDATE rolls SET lines = '[]' WHERE event_id = 'p203-l0-roll2'",
    ],
)
def test_what_else_a_tombstone_says_is_held_against_copies(deed: str) -> None:
    """Its hash is of what was erased; a copy of before, or of after, still has the rest."""
    with signed_school(1) as school:
        before, after = (school.path.with_name(f"{name}.db") for name in ("before", "after"))
        shutil.copyfile(school.path, before)
        with Store(f"sqlite:///{school.path}") as store:
            store.write(erase, SCHOOL, PUPILS[1], actor="office", copies={}, now_ms=NOW_MS)
        shutil.copyfile(school.path, after)
        assert school.verdict((before, after)).holds
        with school.by_hand() as db:
            db.execute(deed)
        for copy in (before, after):
            found = school.verdict((copy,)).findings
            named = {each.event_id for each in found if each.why is Flaw.COPY_HAS_MORE}
            assert len(named) == 1
            assert named.pop() in deed


def test_heads_of_what_the_term_let_go_are_not_missed() -> None:
    """Also one that a birth tells again after a long holiday."""
    with signed_school() as school:
        agent = school.agents[0]
        head = agent.tell_head(BEGAN + DAY_MS)
        with Store(f"sqlite:///{school.path}") as store:
            step = Step(Term(TERM, ages_of_pupils(), 400), BEGAN + 3 * DAY_MS, 1)
            store.write(forget, step, BEGAN + 410 * DAY_MS)
        school.hear(agent, [head], BEGAN + 420 * DAY_MS)
        assert school.flaws() == set()


Deed = Callable[[Signed, RoomAgent, int], None]


def teach(school: Signed, agent: RoomAgent, number: int) -> None:
    """A lesson, told with its head."""
    at_ms = BEGAN + number * DAY_MS + 3 * HOUR_MS
    school.hear(agent, [*agent.lesson(number), agent.tell_head(at_ms)], at_ms)


def put_back(school: Signed, agent: RoomAgent, number: int) -> None:
    """The agent's folder is put back to before a lesson that the school has: its log forks."""
    head, links = agent.head, agent.links
    teach(school, agent, number)
    agent.head, agent.links = head, links
    at_ms = BEGAN + number * DAY_MS + 4 * HOUR_MS
    mark = agent.mark(f"{agent.agent}-again{number}", PUPILS[0], LATE, at_ms, None, "marked")
    school.hear(agent, [agent.say(mark), agent.tell_head(at_ms)], at_ms)


def set_up_anew(school: Signed, agent: RoomAgent, number: int) -> None:
    """The laptop is re-imaged: another key, and a log that begins from nothing."""
    agent.key, agent.head, agent.links = Ed25519PrivateKey.generate(), ROOT, 0
    teach(school, agent, number)


def backwards(school: Signed, agent: RoomAgent, number: int) -> None:
    """What the agent says arrives in another order, some of it twice."""
    at_ms = BEGAN + number * DAY_MS + 3 * HOUR_MS
    said = [*agent.lesson(number), agent.tell_head(at_ms)]
    for event in random.Random(number).sample([*said, *said[:3]], len(said) + 3):
        school.hear(agent, [event], at_ms)


@given(st.lists(st.sampled_from([teach, put_back, set_up_anew, backwards]), max_size=4), st.data())
@settings(max_examples=6)
def test_whatever_befalls_an_agent_its_signed_log_holds_until_a_hand_is_in_it(
    deeds: list[Deed], data: st.DataObject
) -> None:
    """Put back, set up anew, told in any order: no alarm; any one record gone: always one."""
    with signed_school(1) as school:
        agent = school.agents[0]
        for number, deed in enumerate(deeds, 1):
            deed(school, agent, number)
        verdict = school.verdict()
        assert (verdict.findings, verdict.signed) == ([], verdict.records)
        assert len(verdict.keys["P203"]) == 1 + deeds.count(set_up_anew)
        with school.by_hand() as db:
            names = [
                name
                for table in TABLES
                for (name,) in db.execute(f"SELECT event_id FROM {table} ORDER BY event_id")  # noqa: S608
            ]
            cut(db, [data.draw(st.sampled_from(names))])
        assert school.flaws() & {Flaw.HEAD_MISSING, Flaw.BEFORE_MISSING}


def test_a_school_that_was_put_back_holds_when_its_agents_have_told_again() -> None:
    """Records and heads alike come again out of the agents' archives."""
    with signed_school(1) as school:
        older = school.path.with_name("older.db")
        shutil.copyfile(school.path, older)
        agent = school.agents[0]
        said = [*agent.lesson(1), agent.tell_head(NOW_MS)]
        school.hear(agent, said)
        shutil.copyfile(older, school.path)
        school.hear(agent, said[-1:])
        assert school.flaws() == {Flaw.HEAD_MISSING}
        school.hear(agent, said, NOW_MS + DAY_MS)
        assert school.flaws() == set()
