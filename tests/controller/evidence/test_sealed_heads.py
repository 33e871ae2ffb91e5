"""What an encrypted copy knows of the logs' ends finds a tail cut off everywhere else."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from controller.__main__ import main
from controller.copies import keys
from controller.copies.beginning import beginnings_at, manifest_in, manifests_of
from controller.copies.content import COPIES
from controller.copies.dumping import heads_at
from controller.copies.heads import heads_in
from controller.copies.keys import key_in
from controller.copies.sealed import BLOCK
from controller.database.forgetting import PUPILS as TERM
from controller.database.forgetting import Step, Term, forget
from controller.database.store import Store
from controller.evidence.findings import Flaw
from controller.evidence.tables import chain_heads
from controller.features import ages_of_pupils
from tests.controller.copies.copied_school import CopiedSchool
from tests.controller.evidence.schools import (
    AGENTS,
    BEGAN,
    DAY_MS,
    RoomAgent,
    arrive,
    store_lessons,
)
from tests.controller.evidence.test_heads import cut
from tests.postgres import Cluster

TAIL = ["p203-l1-door"]  # the last of its day, which no lesson counts: nothing behind it misses it
NOW_MS = BEGAN + 3 * DAY_MS


class SealedSchool(CopiedSchool):
    """A school whose agents sign, with daily copies beside its database and encrypted ones away."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.agents = [RoomAgent(name) for name in AGENTS]
        self.backups = self.data / "backups"
        self.backups.mkdir()

    @property
    def database(self) -> Path:
        """Its records."""
        return self.data / "lophoc.db"

    def teach(self, *days: int) -> None:
        """A lesson in each room on each of these days."""
        with Store(f"sqlite:///{self.database}") as store:
            store_lessons(store, self.agents, range(min(days), max(days) + 1), is_signed=True)

    def keep_daily(self) -> None:
        """A plain copy beside it, as each night makes one."""
        daily = self.backups / "lophoc-000001-2026-11-04.db"
        with closing(sqlite3.connect(self.database)) as here:
            here.execute("VACUUM INTO ?", (str(daily),))

    def cut_everywhere(self, names: list[str], agent: str = "p203") -> None:
        """Take records out, and the heads that knew of them, here and of every daily copy."""
        for path in (self.database, *self.backups.glob("*.db")):
            with closing(sqlite3.connect(path)) as db:
                cut(db, names)
                db.execute(
                    "DELETE FROM chain_heads WHERE agent = ? AND links ="
                    " (SELECT max(links) FROM chain_heads WHERE agent = ?)",
                    (agent, agent),
                )
                db.commit()


@pytest.fixture
def school(tmp_path: Path) -> Iterator[SealedSchool]:
    """Two days of lessons, each in an encrypted copy and in the daily one."""
    made = SealedSchool(tmp_path)
    made.teach(0, 1)
    made.copy(full=True)
    made.keep_daily()
    return made


class Verified:
    """What `attendance verify` says, and with which code it ends."""

    def __init__(self, data: Path, capsys: pytest.CaptureFixture[str], *more: str) -> None:
        capsys.readouterr()
        self.code = main(["attendance", "verify", "--json", "--data", str(data), *more])
        self.told: dict[str, Any] = json.loads(capsys.readouterr().out)

    @property
    def flaws(self) -> set[str]:
        """What is wrong, by name."""
        return {each["why"] for each in self.told["breaks"]}


def test_a_tail_cut_off_in_database_and_daily_copies_is_found_by_the_encrypted_one(
    school: SealedSchool, capsys: pytest.CaptureFixture[str]
) -> None:
    """And by nothing else: with the place away the same file holds, and that is said."""
    whole = Verified(school.data, capsys)
    assert (whole.code, whole.told["encrypted_copies"], whole.told["sealed_copies"]) == (0, 1, [])
    school.cut_everywhere(TAIL)
    found = Verified(school.data, capsys)
    assert found.code == 1
    (missing,) = found.told["breaks"]
    assert (missing["why"], missing["room"]) == (Flaw.COPIED_HEAD_MISSING, "P203")
    school.place.rename(school.folder / "drawer")
    away = Verified(school.data, capsys)
    assert (away.code, away.told["encrypted_copies"]) == (0, 0)
    assert away.told["sealed_copies"] == [str(school.place)]


@pytest.mark.parametrize("part", ["", "lophoc-14-00140708"])
def test_copies_that_a_person_brings_are_compared_as_well(
    school: SealedSchool, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    """A stick out of the drawer, one of its folders, one file."""
    school.cut_everywhere(TAIL)
    school.place.rename(school.folder / "drawer")
    brought = school.folder / "drawer" / part
    assert Verified(school.data, capsys, "--against", str(brought)).flaws == {"copied_head_missing"}
    (file,) = (school.folder / "drawer").rglob("*.copy")
    assert Verified(school.data, capsys, "--against", str(file)).flaws == {"copied_head_missing"}


def test_a_step_carries_the_heads_of_its_own_moment(
    school: SealedSchool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was taught since the full copy of the night is held too."""
    school.teach(2)
    assert school.copy().step == 1
    school.cut_everywhere(["p203-l2-door"])
    assert Verified(school.data, capsys).flaws == {Flaw.COPIED_HEAD_MISSING}


def test_a_restored_school_is_held_against_newer_copies_until_its_rooms_have_told_again(
    school: SealedSchool, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it lacks is named; when the agents have said it once more, it holds."""
    (old,) = school.files()
    agent = school.agents[0]
    said = [*agent.lesson(2), agent.tell_head(NOW_MS)]
    with Store(f"sqlite:///{school.database}") as store:
        arrive(store, agent, said, NOW_MS)
    school.copy(full=True)
    data, _ = school.restore(old)
    shutil.copytree(school.backups, data / "backups")
    against = ("--against", str(school.place))
    assert Verified(data, capsys).flaws == set()
    lacking = Verified(data, capsys, *against)
    assert (lacking.flaws, lacking.told["encrypted_copies"]) == ({Flaw.COPIED_HEAD_MISSING}, 2)
    with Store(f"sqlite:///{data / 'lophoc.db'}") as store:
        arrive(store, agent, said, NOW_MS + DAY_MS)
    assert Verified(data, capsys, *against).code == 0


def test_what_the_term_let_go_is_not_missed(
    school: SealedSchool, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy may be older than what is still kept."""
    with Store(f"sqlite:///{school.database}") as store:
        term = Term(TERM, ages_of_pupils(), 400)
        store.write(forget, Step(term, BEGAN + 2 * DAY_MS, 2), BEGAN + 402 * DAY_MS)
    shutil.rmtree(school.backups)
    verified = Verified(school.data, capsys)
    assert (verified.code, verified.told["encrypted_copies"]) == (0, 1)
    assert verified.told["records"] == 0


def test_copies_that_no_key_here_opens_are_named_and_claim_nothing(
    school: SealedSchool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another key, or none: the person learns what was not compared."""
    kept = (school.data / COPIES / "key").read_bytes()
    other = keys.Key(keys.age().x25519.Identity.generate(), kept.partition(b"\n")[2])
    keys.keep_key(school.data / COPIES, other)
    school.cut_everywhere(TAIL)
    for verified in (
        Verified(school.data, capsys),
        ((school.data / COPIES / "key").unlink(), Verified(school.data, capsys))[1],
    ):
        assert (verified.code, verified.told["sealed_copies"]) == (0, [str(school.place)])


def test_a_damaged_copy_is_named_beside_whole_ones(
    school: SealedSchool, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its beginning is spoilt; the others speak."""
    school.copy(full=True)
    spoilt = school.files()[0]
    data = bytearray(spoilt.read_bytes())
    data[len(data) // 2] ^= 1
    spoilt.write_bytes(bytes(data))
    verified = Verified(school.data, capsys)
    assert (verified.code, verified.told["encrypted_copies"]) == (0, 1)
    assert verified.told["copies_unread"] == [spoilt.name]


def test_the_beginning_of_a_large_copy_is_enough(school: SealedSchool) -> None:
    """Nothing is read of its other megabytes, which cannot be packed."""
    (school.data / "noise").write_bytes(os.urandom(3 * BLOCK))
    school.copy(full=True)
    key = key_in(school.data / COPIES)
    assert key
    file = school.files()[-1]
    assert file.stat().st_size > 3 * BLOCK
    (beginning,) = [
        each for each in beginnings_at(school.config, str(school.place)) if each.file == file.name
    ]
    assert len(beginning.read()) == BLOCK
    heads = manifest_in(beginning.read(), key).heads
    assert heads
    assert {head.agent: head.links for head in heads} == {"p203": 10, "p204": 10}


def test_no_head_lies_readable_in_a_copy(school: SealedSchool) -> None:
    """Whoever finds the stick learns no hash, no key and no signature."""
    key = key_in(school.data / COPIES)
    assert key
    manifests = manifests_of(beginnings_at(school.config, str(school.place)), key)
    (file,) = school.files()
    heads = manifests.read[0].heads
    assert heads
    for head in heads:
        for word in (head.head, head.signature, head.key):
            assert word.encode() not in file.read_bytes()


# What a computer told, in order: its key and how long its log was; which of these stay.
TOLD = {
    "one that goes on": ([("a", 2), ("a", 5), ("a", 9)], {("a", 9)}),
    "put back": ([("a", 5), ("a", 3), ("a", 4)], {("a", 5), ("a", 4)}),
    "put back twice": ([("a", 5), ("a", 2), ("a", 6), ("a", 1)], {("a", 5), ("a", 6), ("a", 1)}),
    "set up anew": ([("a", 5), ("b", 2), ("b", 3)], {("a", 5), ("b", 3)}),
    "unsigned at first": ([("", 5), ("a", 6)], {("", 5), ("a", 6)}),
    "nothing yet": ([], set()),
}


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_end_of_each_branch_is_carried(
    tmp_path: Path, request: pytest.FixtureRequest, name: str, kind: str
) -> None:
    """Of each key the highest head, and those behind which a log went on lower."""
    told, expected = TOLD[name]
    if kind == "sqlite":
        url = f"sqlite:///{SealedSchool(tmp_path).database}"
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.fresh()
    with Store(url) as store, store.transaction() as db:
        for at_ms, (key, links) in enumerate(told):
            row = {"province": "14", "school": "1", "agent": "p1", "room": "P1", "signature": ""}
            row |= {"head": f"h{at_ms}", "key": key, "links": links}
            db.execute(insert(chain_heads), row | {"at_ms": at_ms, "received_ms": at_ms})
    heads = heads_at(url)
    assert {(head.key, head.links) for head in heads} == expected
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as db:
            assert heads_in(db) == heads
            db.execute("DROP TABLE chain_heads")
            assert heads_in(db) == ()
