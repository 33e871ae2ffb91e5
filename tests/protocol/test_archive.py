"""What the receiver has is kept for a while, bounded, and told again where it is lacking."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol.messages import (
    ERASED,
    Ack,
    RollConfirmed,
    RollLine,
    StoredRun,
    Tombstone,
    up_from,
)
from protocol.model import FIRST_MS, Place
from protocol.outbox import Outbox, repair
from protocol.topics import Channel, address_of
from tests.protocol.test_outbox import PLACE, appeared, birth, mark

MUCH = 10_000_000
DISK = """
mount -t tmpfs -o size=16m lophoc "$0" && exec "$@"
"""
FULL = """
import sys
from pathlib import Path
from protocol.messages import Ack
from protocol.outbox import Outbox, OutboxError
from tests.protocol.test_outbox import PLACE, mark

folder = Path(sys.argv[1])
with Outbox(folder / "outbox.db", PLACE, "b", archive_bytes=64_000_000) as box:
    for _ in range(20):
        box.put(*(mark() for _ in range(250)))
        box.settle(Ack(boot="c", at_ms=1, of="b", seqs=((1, 10_000),)))
    before = len(box.lacking(()))
    with (folder / "fill").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass
    put = 0
    try:
        while put < 1000:
            box.put(*(mark() for _ in range(10)))
            put += 10
    except OutboxError as error:
        print(error)
    print(before, put, len(box.lacking(())))
    (folder / 'fill').unlink()
    box.tick(1)
    print((folder / 'outbox.db.reserve').stat().st_size >> 20)
"""


def ack(*seqs: tuple[int, int], of: str = "b1") -> Ack:
    """The receiver has these."""
    return Ack(boot="c", at_ms=1, of=of, seqs=seqs)


def numbers(box: Outbox, *runs: StoredRun, since_ms: int = 0) -> list[tuple[str, int]]:
    """Boot and number of what is told again to a receiver that has these runs."""
    parcels = box.archived(box.lacking(runs), since_ms)
    assert {address_of(parcel.topic).channel for parcel in parcels} <= {Channel.RETOLD}
    events = [up_from(parcel.payload) for parcel in parcels]
    return [(event.boot, event.seq) for event in events]


def run(boot: str, *seqs: tuple[int, int]) -> StoredRun:
    """What the receiver has of a boot."""
    return StoredRun(boot=boot, seqs=seqs)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    """An outbox that archives."""
    with Outbox(tmp_path / "outbox.db", PLACE, "b1", archive_bytes=MUCH) as box:
        yield box


def test_exactly_what_is_lacking_is_told_again(box: Outbox) -> None:
    """Of what was acknowledged; what waits is no part of it, and states are said anew anyway."""
    box.put(birth(), *(mark() for _ in range(6)))
    box.settle(Ack(boot="c", at_ms=1, of="b1", seqs=((1, 5),), revs=((1, 1),)))
    assert numbers(box) == [("b1", number) for number in range(1, 6)]
    assert numbers(box, run("b1", (1, 2), (4, 4))) == [("b1", 3), ("b1", 5)]
    assert numbers(box, run("b1", (4, 4), (1, 3), (2, 9))) == []
    assert numbers(box, run("b0", (1, 9))) == [("b1", number) for number in range(1, 6)]
    assert (box.report().pending, len(box.waiting_events(0, 9))) == (1, 1)


def test_an_answer_to_what_is_told_again_names_its_place(box: Outbox) -> None:
    """The relay finds out what is on its way no longer; it stays archived."""
    box.put(mark(), mark())
    first = box.settle(ack((1, 2)))
    assert box.settle(ack((2, 2))) == first[1:]
    assert len(box.lacking(())) == 2


def test_what_happened_before_the_receivers_memory_is_not_told(box: Outbox) -> None:
    """It would let it go; an agent's clock of before LopHoc tells nothing of when."""
    moments = (FIRST_MS + 5, FIRST_MS + 10, 1)
    for at_ms in moments:
        box.put(msgspec.structs.replace(mark(), at_ms=at_ms))
    box.settle(ack((1, 3)))
    assert numbers(box, since_ms=FIRST_MS + 10) == [("b1", 2), ("b1", 3)]


def test_the_oldest_go_first_above_the_bound(tmp_path: Path) -> None:
    """By bytes, whatever they are; what waits is not measured with them."""
    with Outbox(tmp_path / "a.db", PLACE, "b1", archive_bytes=2000) as box:
        for number in range(1, 31):
            box.put(appeared() if number % 2 else mark())
            box.settle(ack((number, number)))
        kept = numbers(box)
        sizes = [len(parcel.payload) for parcel in box.archived(box.lacking(()), 0)]
    assert kept == [("b1", number) for number in range(31 - len(kept), 31)]
    assert 1500 < sum(sizes) <= 2000


def test_it_ages_in_running_time(tmp_path: Path) -> None:
    """As what waits does."""
    path = tmp_path / "a.db"
    with Outbox(path, PLACE, "b1", max_age_s=100, archive_bytes=MUCH) as box:
        box.put(mark())
        box.settle(ack((1, 1)))
        box.tick(60)
    with Outbox(path, PLACE, "b2", max_age_s=100, archive_bytes=MUCH) as box:
        box.put(mark())
        box.settle(ack((1, 1), of="b2"))
        box.tick(30)
        assert numbers(box) == [("b1", 1), ("b2", 1)]
        box.tick(20)
        assert numbers(box) == [("b2", 1)]


def test_a_school_that_keeps_its_own_records_archives_nothing(tmp_path: Path) -> None:
    """Without bytes for it there is no archive."""
    with Outbox(tmp_path / "a.db", PLACE, "b1") as box:
        box.put(mark())
        box.settle(ack((1, 1)))
        assert box.lacking(()) == []


def test_what_was_said_under_another_name_is_not_told_under_this_one(tmp_path: Path) -> None:
    """A broker takes from an agent its own topics alone."""
    with Outbox(tmp_path / "a.db", PLACE, "b1", archive_bytes=MUCH) as box:
        box.put(mark())
        box.settle(ack((1, 1)))
    with Outbox(tmp_path / "a.db", Place("14", "1", "x"), "b2", archive_bytes=MUCH) as box:
        assert box.lacking(()) == []


def test_an_erased_pupil_is_erased_here_too(box: Outbox, tmp_path: Path) -> None:
    """In a mark and in the lines of a roll; no page of the file names the pupil any more."""
    lines = tuple(
        RollLine(student=f"hs-{n}!", class_code="1", status="late", method="manual")  # type: ignore[arg-type]
        for n in range(3)
    )
    roll = RollConfirmed(
        boot="", at_ms=1, id="r", room="1", lesson="l", day="2026-11-02", lines=lines
    )
    box.put(mark("hs-1!", "m"), roll, mark("hs-2!", "n"))
    box.settle(ack((1, 3)))
    box.erase([Tombstone(id="m"), Tombstone(id="r", lines=(1, 9)), Tombstone(id="unknown")])
    first, told, last = (up_from(each.payload) for each in box.archived(box.lacking(()), 0))
    assert isinstance(told, RollConfirmed)
    assert (first.student, last.student) == (ERASED, "hs-2!")  # type: ignore[union-attr]
    assert [line.student for line in told.lines] == ["hs-0!", ERASED, "hs-2!"]
    assert (first.seq, told.seq) == (1, 2)  # type: ignore[union-attr]
    box._handle._resource.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = (tmp_path / "outbox.db").read_bytes()
    assert (content.count(b"hs-1!"), content.count(b"hs-0!")) == (0, 1)


def test_a_repair_saves_what_is_archived(tmp_path: Path) -> None:
    """And numbers given once are not given again."""
    path = tmp_path / "outbox.db"
    with Outbox(path, PLACE, "b1", archive_bytes=MUCH) as box:
        box.put(*(mark() for _ in range(100)))
        box.settle(ack((1, 100)))
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)
    repair(path, tmp_path / "aside")
    with Outbox(path, PLACE, "b2", archive_bytes=MUCH) as box:
        saved = numbers(box)
        assert len(saved) > 50
        box.put(mark())
        box.settle(ack((1, 1), of="b2"))
        assert numbers(box) == [*saved, ("b2", 1)]


def test_on_a_full_disk_the_archive_gives_way_to_what_is_new(tmp_path: Path) -> None:
    """On a disk of 16 MB that is really full: a thousand marks are taken."""
    play = ["unshare", "-rm", "sh", "-c", DISK, str(tmp_path)]
    ended = subprocess.run(
        [*play, sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if "unshare" in ended.stderr or "mount" in ended.stderr:
        pytest.skip("needs user namespaces")
    figures, reserve = ended.stdout.splitlines()[-2:]
    before, put, after = map(int, figures.split())
    assert (before, put, reserve) == (5000, 1000, "6"), ended.stdout
    assert 0 < after < before


class ArchiveAgainstList(RuleBasedStateMachine):
    """Whatever is put, answered and restarted, what is told again is what a plain list says."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.boots = 0
        self.waiting: list[tuple[str, int]] = []
        self.archived: list[tuple[str, int]] = []
        self.open()

    def open(self) -> None:
        self.boots += 1
        self.boot, self.seq = f"b{self.boots}", 0
        path = Path(self.folder.name) / "outbox.db"
        self.box = Outbox(path, PLACE, self.boot, archive_bytes=MUCH)
        self.box.__enter__()

    @rule(count=st.integers(1, 4))
    def put(self, count: int) -> None:
        self.box.put(*(mark() for _ in range(count)))
        self.waiting += [(self.boot, self.seq + n) for n in range(1, count + 1)]
        self.seq += count

    @precondition(lambda self: self.waiting or self.archived)
    @rule(data=st.data(), more=st.integers(0, 3))
    def answer(self, data: st.DataObject, more: int) -> None:
        boot, low = data.draw(st.sampled_from(self.waiting + self.archived))
        self.box.settle(ack((low, low + more), of=boot))
        settled = [e for e in self.waiting if e[0] == boot and low <= e[1] <= low + more]
        self.archived += settled
        self.waiting = [event for event in self.waiting if event not in settled]

    @rule()
    def restart(self) -> None:
        self.box._handle._resource.close()  # type: ignore[union-attr]
        self.open()

    @precondition(lambda self: hasattr(self, "box"))
    @rule(data=st.data())
    def compare(self, data: st.DataObject) -> None:
        known = data.draw(st.lists(st.sampled_from([*self.archived, ("b0", 1)]), max_size=9))
        runs = [
            run(boot, *((n, n) for b, n in known if b == boot)) for boot in {b for b, _ in known}
        ]
        assert sorted(numbers(self.box, *runs)) == sorted({*self.archived} - {*known})

    @invariant()
    def measures_what_lies_there(self) -> None:
        if hasattr(self, "box"):
            parcels = self.box.archived(self.box.lacking(()), 0)
            assert self.box._archive.bytes == sum(len(parcel.payload) for parcel in parcels)

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.__exit__()
            self.folder.cleanup()


TestArchiveAgainstList: Any = ArchiveAgainstList.TestCase
TestArchiveAgainstList.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_an_older_program_still_reads_the_file(box: Outbox, tmp_path: Path) -> None:
    """It knows the table of what waits, which is as it was."""
    box.put(mark(), mark())
    box.settle(ack((1, 1)))
    with sqlite3.connect(tmp_path / "outbox.db") as db:
        assert db.execute("SELECT lane, number FROM parcel").fetchall() == [(2, 2)]
    db.close()
