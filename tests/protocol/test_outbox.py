"""The outbox keeps everything it took, through any crash, and says what it had to drop."""

from __future__ import annotations

import re
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol import outbox as outbox_module
from protocol.messages import (
    Ack,
    AttendanceMarked,
    Birth,
    DeviceAppeared,
    DeviceState,
    Health,
    up_from,
)
from protocol.model import AttendanceStatus, Device, DeviceKind, Method, Place, Status
from protocol.outbox import Outbox, OutboxError, mend, repair
from protocol.topics import address_of

PLACE = Place("14", "00140708", "p203")


def mark(student: str = "hs-1", event_id: str | None = None) -> AttendanceMarked:
    return AttendanceMarked(
        boot="",
        at_ms=1,
        id=event_id or uuid.uuid4().hex,
        room="P203",
        student=student,
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
    )


def appeared(event_id: str | None = None) -> DeviceAppeared:
    return DeviceAppeared(
        boot="", at_ms=1, id=event_id or uuid.uuid4().hex, room="P203", device_id="usb-1"
    )


def device(device_id: str, name: str = "") -> DeviceState:
    known = Device(
        device_id=device_id, kind=DeviceKind.BOARD, name=name, first_seen_ms=1, last_seen_ms=1
    )
    return DeviceState(boot="", at_ms=1, device=known)


def birth() -> Birth:
    return Birth(boot="", at_ms=1, session=1, room="P203", beat_s=60, status=Status.OK)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.db", PLACE, "boot-1") as box:
        yield box


def test_events_come_out_in_the_order_they_were_put(box: Outbox) -> None:
    """Oldest first, with sequence numbers from 1."""
    for number in range(5):
        box.put(mark(f"hs-{number}"))
    events = [up_from(parcel.payload) for parcel in box.waiting_events(0, 10)]
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert [event.student for event in events] == [f"hs-{n}" for n in range(5)]
    assert {event.boot for event in events} == {"boot-1"}


names = st.sampled_from(["-", "14", "15"])


@given(st.lists(st.tuples(names, names, st.sampled_from(["p203", "p204"])), min_size=1, max_size=6))
@settings(max_examples=40)
def test_what_waits_goes_under_the_name_of_now_and_never_to_another_school(
    lives: list[tuple[str, str, str]],
) -> None:
    """Against a list of who recorded what: an agent that was enrolled takes its own along."""
    recorded: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        for life in lives:
            recorded = [
                life if before[:2] in {("-", "-"), life[:2]} else before for before in recorded
            ]
            with Outbox(Path(folder) / "outbox.db", Place(*life), uuid.uuid4().hex) as box:
                places = [address_of(parcel.topic).place for parcel in box.waiting_events(0, 100)]
                assert places == [Place(*before) for before in recorded]
                box.put(mark())
                recorded.append(life)


def test_a_newer_state_takes_the_older_ones_place(box: Outbox) -> None:
    """States are compacted by key; different devices stay apart."""
    box.put(device("usb-1", "old"), device("usb-2"), device("usb-1", "new"))
    states = [up_from(parcel.payload) for parcel in box.waiting_states()]
    assert [state.device.name for state in states] == ["", "new"]
    assert [state.rev for state in states] == [2, 3]


def test_a_birth_takes_the_place_of_every_state_and_of_no_event(box: Outbox) -> None:
    """A birth says all that the waiting states would say."""
    box.put(device("usb-1"), Health(boot="", at_ms=1, status=Status.OK), mark(), birth())
    assert [type(up_from(each.payload)) for each in box.waiting_states()] == [Birth]
    assert len(box.waiting_events(0, 10)) == 1


def test_only_an_ack_of_the_same_boot_and_range_settles(box: Outbox) -> None:
    """Acks are exact: what a broker lost in the middle stays."""
    box.put(*(mark(f"hs-{number}") for number in range(5)))
    box.settle(Ack(boot="c", at_ms=1, of="another", seqs=((1, 5),)))
    assert box.report().pending == 5
    box.settle(Ack(boot="c", at_ms=1, of="boot-1", seqs=((1, 2), (4, 4)), revs=((1, 9),)))
    left = [up_from(parcel.payload).seq for parcel in box.waiting_events(0, 10)]
    assert left == [3, 5]


def test_the_same_event_is_kept_once_and_takes_one_number(box: Outbox) -> None:
    """A retry after a crash finds its event waiting already."""
    box.put(mark("a", "same"))
    box.put(mark("a", "same"))
    box.put(mark("b"))
    assert [up_from(each.payload).seq for each in box.waiting_events(0, 10)] == [1, 2]


def test_one_list_of_numbers_goes_on_from_start_to_start(tmp_path: Path) -> None:
    """States and events have different ones; what was not put takes none, not even by a kill."""
    path, start = tmp_path / "outbox.db", 1 << 32

    def numbers(box: Outbox) -> list[int]:
        waiting = [*box.waiting_states(), *box.waiting_events(0, 9)]
        read = [up_from(parcel.payload) for parcel in waiting]
        return [getattr(one, "rev", 0) or getattr(one, "seq", 0) for one in read]

    with Outbox(path, PLACE, "boot-1", list_from=start) as box:
        box.put(device("usb-1"), mark(event_id="e1"))
        with pytest.raises(AttributeError):
            box.put(device("usb-2"), "no message")  # type: ignore[arg-type]
        box.put(mark(event_id="e1"), mark(event_id="e2"))
        assert numbers(box) == [start + 1, start + 2, start + 3]
        box.clear()
    with Outbox(path, PLACE, "boot-2", list_from=start) as box:
        box.put(device("usb-1"), mark(event_id="e3"))
        assert numbers(box) == [start + 4, start + 5]


def test_when_full_telemetry_is_dropped_before_a_pupils_mark(tmp_path: Path) -> None:
    """Drops are counted, oldest first, and the count survives a restart."""
    size = len(outbox_module.to_bytes(mark()))
    path = tmp_path / "outbox.db"
    with Outbox(path, PLACE, "boot-1", max_bytes=size * 6) as box:
        box.put(mark("first"))
        for _ in range(10):
            box.put(appeared())
        box.put(mark("last"))
        kept = [up_from(each.payload) for each in box.waiting_events(0, 100)]
        students = [each.student for each in kept if isinstance(each, AttendanceMarked)]
        assert students == ["first", "last"]
        assert box.report().pending_bytes <= size * 6
        dropped = box.report().dropped
        assert dropped == 12 - len(kept) > 0
    with Outbox(path, PLACE, "boot-2") as box:
        assert box.report().dropped == dropped


def test_age_is_running_time_so_a_summer_switched_off_drops_nothing(tmp_path: Path) -> None:
    """Thirty days of running drop an event; any time switched off does not."""
    path = tmp_path / "outbox.db"
    with Outbox(path, PLACE, "boot-1", max_age_s=100) as box:
        box.put(mark())
        box.tick(60)
    with Outbox(path, PLACE, "boot-2", max_age_s=100) as box:
        box.tick(30)
        assert box.report().pending == 1
        box.tick(20)
        assert (box.report().pending, box.report().dropped) == (0, 1)


def test_states_of_an_earlier_boot_are_forgotten_and_its_events_kept(tmp_path: Path) -> None:
    """The new boot's birth says the states anew; events have no other copy."""
    path = tmp_path / "outbox.db"
    with Outbox(path, PLACE, "boot-1") as box:
        box.put(device("usb-1"), mark())
    with Outbox(path, PLACE, "boot-2") as box:
        assert box.waiting_states() == []
        assert [up_from(each.payload).boot for each in box.waiting_events(0, 9)] == ["boot-1"]


def test_a_full_disk_refuses_the_event_and_keeps_what_was_kept(box: Outbox) -> None:
    """The caller hears of it, and the numbers leave no gap."""
    box.put(mark("kept"))
    pages = box._handle._resource.execute("PRAGMA page_count").fetchone()[0]
    box._handle._resource.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OutboxError) as refused:
        box.put(*(mark(f"hs-{number}") for number in range(500)))
    assert refused.value.code == "outbox_refused"
    assert box.report().pending == 1
    box._handle._resource.execute("PRAGMA max_page_count = 100000")
    box.put(mark("next"))
    assert [up_from(each.payload).seq for each in box.waiting_events(0, 9)] == [1, 2]


@pytest.mark.parametrize(
    "damage",
    [b"not a database at all", b"SQLite format 3\0" + b"\xff" * 4096],
    ids=["text", "damaged pages"],
)
def test_a_damaged_file_is_told_and_never_emptied(tmp_path: Path, damage: bytes) -> None:
    """The error names the way back; the file is untouched."""
    path = tmp_path / "outbox.db"
    path.write_bytes(damage)
    with pytest.raises(OutboxError) as told, Outbox(path, PLACE, "boot-1"):
        pass
    assert told.value.code == "outbox_damaged"
    assert "lophoc-agent repair" in str(told.value)
    assert path.read_bytes() == damage


def test_repair_puts_a_damaged_file_aside_and_saves_what_can_be_read(tmp_path: Path) -> None:
    """A half-written file gives back its readable events."""
    path, aside = tmp_path / "outbox.db", tmp_path / "outbox.db.damaged"
    with Outbox(path, PLACE, "boot-1") as box:
        for number in range(200):
            box.put(mark(f"hs-{number}"))
    size = path.stat().st_size
    with path.open("r+b") as file:  # the last pages are lost, as in a power cut
        file.truncate(size - 2 * 4096)
    with pytest.raises(OutboxError), Outbox(path, PLACE, "boot-2"):
        pass
    saved = repair(path, aside)
    assert aside.exists()
    with Outbox(path, PLACE, "boot-2") as box:
        assert box.report().pending == saved


def put_marks(path: Path, count: int) -> None:
    """Marks that wait, of pupils by their number."""
    with Outbox(path, PLACE, "boot-1") as box:
        box.put(*(mark(f"hs-{number}.") for number in range(count)))


def students_waiting(path: Path) -> set[int]:
    """Whose marks wait."""
    with Outbox(path, PLACE, "boot-2") as box:
        return students_in(b"".join(parcel.payload for parcel in box.waiting_events(0, -1)))


def students_in(content: bytes) -> set[int]:
    """Whose marks stand in these bytes."""
    return {int(number) for number in re.findall(rb"hs-(\d+)\.", content)}


def test_of_three_hundred_events_all_that_can_be_read_are_saved(tmp_path: Path) -> None:
    """Not only those in front of the damage; which stand on its page, the bytes say."""
    path = tmp_path / "outbox.db"
    put_marks(path, 300)
    content = bytearray(path.read_bytes())
    pages = {at: students_in(content[at : at + 4096]) for at in range(0, len(content), 4096)}
    _, at, *_ = (at for at, students in pages.items() if students)
    content[at : at + 4096] = b"\xa5" * 4096
    path.write_bytes(content)
    saved = repair(path, tmp_path / "outbox.db.damaged")
    assert students_waiting(path) == set(range(300)) - pages[at]
    assert saved == 300 - len(pages[at])
    assert saved > 280


def test_the_events_in_the_log_of_an_emptied_outbox_are_saved(tmp_path: Path) -> None:
    """SQLite would throw the log away when it opens the file: the outbox is damaged then."""
    path, box = tmp_path / "outbox.db", Outbox(tmp_path / "live.db", PLACE, "boot-1")
    with box:
        box.put(*(mark(f"hs-{number}.") for number in range(20)))
        path.with_name("outbox.db-wal").write_bytes((tmp_path / "live.db-wal").read_bytes())
    path.write_bytes(b"")
    with pytest.raises(OutboxError) as told, Outbox(path, PLACE, "boot-2"):
        pass
    assert told.value.code == "outbox_damaged"
    assert repair(path, tmp_path / "outbox.db.damaged") == 20
    assert students_waiting(path) == set(range(20))


def test_every_event_on_a_sound_page_survives_a_broken_one(tmp_path: Path) -> None:
    """Those in front of it and those behind; memos and what was counted stay as well."""
    path, page = tmp_path / "outbox.db", 4096
    with Outbox(path, PLACE, "boot-1", max_age_s=50) as box:
        box.put(mark("hs-old"))
        box.tick(60)
        box.put(*(mark(f"hs-{n:03}", f"id-{n:03}") for n in range(300)), memos={"fed": b"7"})
    content = bytearray(path.read_bytes())
    torn = content.index(b'"student":"hs-150"') // page
    on_it = {n for n in range(300) if b'"hs-%03d"' % n in content[torn * page : (torn + 1) * page]}
    content[torn * page : (torn + 1) * page] = b"\xa5" * page
    path.write_bytes(content)
    assert 5 < len(on_it) < 20
    assert repair(path, tmp_path / "aside") == 300 - len(on_it)
    assert mend(path, tmp_path / "never") is None  # nothing is damaged any more
    with Outbox(path, PLACE, "boot-2") as box:
        events = [up_from(parcel.payload) for parcel in box.waiting_events(0, 1000)]
        sound = [f"id-{n:03}" for n in range(300) if n not in on_it]
        assert [event.id for event in events] == sound
        assert box.memos() == {"fed": b"7"}
        assert box.report().dropped == 1


def test_an_event_that_no_ack_could_free_is_not_kept(tmp_path: Path) -> None:
    """It would be sent for ever: its numbers, topic or text are not what was put."""
    path = tmp_path / "outbox.db"
    with Outbox(path, PLACE, "boot-1") as box:
        box.put(*(mark(f"hs-{number}") for number in range(5)))
        box._handle._resource.execute("UPDATE parcel SET number = 99 WHERE no = 1")
        box._handle._resource.execute("UPDATE parcel SET topic = 'a/#' WHERE no = 2")
        box._handle._resource.execute("UPDATE parcel SET payload = x'7b' WHERE no = 3")
        box._handle._resource.execute("UPDATE parcel SET lane = 7 WHERE no = 4")
    assert repair(path, tmp_path / "aside") == 1
    with Outbox(path, PLACE, "boot-2") as box:
        assert [up_from(each.payload).student for each in box.waiting_events(0, 9)] == ["hs-4"]


class CrashError(Exception):
    """The power went."""


class CrashingConnection(sqlite3.Connection):
    """A connection that loses power before its nth statement."""

    statements_left: int | None = None

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Run a statement, or lose power."""
        if CrashingConnection.statements_left is not None:
            if CrashingConnection.statements_left == 0:
                raise CrashError
            CrashingConnection.statements_left -= 1
        return super().execute(*arguments)


class OutboxAgainstList(RuleBasedStateMachine):
    """Whatever is put, settled and crashed, the outbox holds what a plain list would."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "outbox.db"
        self.boots = 0
        self.model: list[tuple[str, int, str]] = []  # boot, seq, id
        self.unsure: list[list[tuple[str, int, str]]] = []
        self.states: dict[str, str] = {}
        self.open()

    def open(self) -> None:
        self.boots += 1
        self.boot, self.seq = f"boot-{self.boots}", 0
        self.states = {}
        CrashingConnection.statements_left = None
        connect = sqlite3.connect
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                outbox_module.sqlite3,
                "connect",
                lambda *a, **k: connect(*a, factory=CrashingConnection, **k),
            )
            self.box = Outbox(self.path, PLACE, self.boot)
            self.box.__enter__()

    def crash_and_reopen(self) -> None:
        """Lose power: the open transaction is gone, the file stays."""
        CrashingConnection.statements_left = None
        self.box._handle._resource.close()
        self.open()

    def contents(self) -> list[tuple[str, int, str]]:
        events = [up_from(each.payload) for each in self.box.waiting_events(0, 10_000)]
        return [(event.boot, event.seq, event.id) for event in events]

    @rule(count=st.integers(1, 4))
    def put(self, count: int) -> None:
        messages = [mark() for _ in range(count)]
        self.box.put(*messages)
        for message in messages:
            self.seq += 1
            self.model.append((self.boot, self.seq, message.id))

    @rule(name=st.sampled_from(["usb-1", "usb-2"]), text=st.text("ab", max_size=3))
    def put_state(self, name: str, text: str) -> None:
        self.box.put(device(name, text))
        self.states[name] = text

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        boot, seq, _ = data.draw(st.sampled_from(self.model))
        high = seq + data.draw(st.integers(0, 3))
        self.box.settle(Ack(boot="c", at_ms=1, of=boot, seqs=((seq, high),)))
        self.model = [e for e in self.model if e[0] != boot or not seq <= e[1] <= high]

    @rule(step=st.integers(0, 12), count=st.integers(1, 4))
    def crash_while_putting(self, step: int, count: int) -> None:
        messages = [mark() for _ in range(count)]
        put = [(self.boot, self.seq + n, m.id) for n, m in enumerate(messages, 1)]
        CrashingConnection.statements_left = step
        with suppress(CrashError):
            self.box.put(*messages)
        self.crash_and_reopen()
        now = self.contents()
        assert now in (self.model, self.model + put)  # all of a put, or none
        self.model = now

    @precondition(lambda self: self.model)
    @rule(step=st.integers(0, 6), data=st.data())
    def crash_while_settling(self, step: int, data: st.DataObject) -> None:
        boot, seq, _ = data.draw(st.sampled_from(self.model))
        after = [e for e in self.model if e[:2] != (boot, seq)]
        CrashingConnection.statements_left = step
        with suppress(CrashError):
            self.box.settle(Ack(boot="c", at_ms=1, of=boot, seqs=((seq, seq),)))
        self.crash_and_reopen()
        now = self.contents()
        assert now in (self.model, after)
        self.model = now

    @rule()
    def restart(self) -> None:
        self.crash_and_reopen()

    @invariant()
    def holds_what_the_list_holds(self) -> None:
        if not hasattr(self, "box"):
            return
        assert self.contents() == self.model
        states = [up_from(each.payload).device for each in self.box.waiting_states()]
        assert {each.device_id: each.name for each in states} == self.states
        assert self.box.report().pending == len(self.model) + len(self.states)
        payloads = self.box.waiting_events(0, 10_000) + self.box.waiting_states()
        assert self.box.report().pending_bytes == sum(len(each.payload) for each in payloads)

    def teardown(self) -> None:
        CrashingConnection.statements_left = None
        if hasattr(self, "box"):
            self.box.__exit__()
            self.folder.cleanup()


TestOutboxAgainstList = OutboxAgainstList.TestCase
TestOutboxAgainstList.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_message_survives_the_outbox_unchanged(box: Outbox) -> None:
    """What comes out is what went in, with the boot and the number filled in."""
    given = mark("hs-0007")
    box.put(given)
    (parcel,) = box.waiting_events(0, 1)
    expected = msgspec.structs.replace(given, boot="boot-1", seq=1)
    assert up_from(parcel.payload) == expected
    assert parcel.topic == "lophoc/v1/14/00140708/p203/event"


def test_a_cleared_box_is_empty_and_counts_nothing_as_dropped(box: Outbox) -> None:
    """Its sender says everything anew; memos stay."""
    box.put(mark(), device("usb-1"), memos={"fed": b"7"})
    box.clear()
    assert box.waiting_events(0, 10) == box.waiting_states() == []
    assert (box.report().pending, box.report().dropped, box.memos()) == (0, 0, {"fed": b"7"})
