"""A room's last word wins by its own numbers, whatever its clock said and however it arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.attendance.lessons import lesson_of, sheet_of
from controller.evidence.chains import order_findings
from controller.fleet.fleet import Fleet, StreamChanged
from controller.fleet.records import AttendanceRecord, EventRecord, RollRecord
from protocol.chain import link_record
from protocol.messages import (
    AnyEvent,
    AttendanceMarked,
    LessonEnded,
    LessonResumed,
    LessonStarted,
    RollConfirmed,
    RollLine,
    RollReopened,
)
from protocol.model import AttendanceStatus, Method, Place

SCHOOL = Place("14", "00140708")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = 1_793_750_400_000
PUPILS = ("a", "b", "c")
STATUSES = [str(one) for one in AttendanceStatus]
DEEDS = ("roll", "reopen", "correct", "correct", "end", "resume", "other")
COUNTED = "counted"
HOW_STARTS_ARE_NAMED = (COUNTED, "at random")
FAULTS = ("restart", "restart", "clock", "clock", "clock", "copy")


@dataclass
class Disk:
    """What a room's computer keeps, as it would be copied: how often it began, its log's end."""

    starts: int = 0
    head: str = ""


@dataclass
class PlayedRoom:
    """A room that says things, and what its teacher meant, kept plainly: no numbers, no clocks."""

    chance: Random
    counts_starts: bool
    disk: Disk = field(default_factory=Disk)
    copy: Disk = field(default_factory=Disk)
    said: list[AnyEvent] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    roll: dict[str, str] = field(default_factory=dict)
    is_confirmed: bool = False
    is_running: bool = True
    at_ms: int = NOW
    seq: int = 0
    boot: str = ""
    is_copied: bool = False

    def start(self) -> None:
        """Its program begins."""
        self.disk.starts += 1
        name = f"{self.chance.getrandbits(128):032x}"
        self.boot = f"{name}-{'f' * 12}-{self.disk.starts}" if self.counts_starts else name
        self.seq = 0

    def suffer(self, fault: str) -> None:
        """A restart, a clock that is set, or a disk that is put back as it was."""
        if fault == "clock":
            self.at_ms += self.chance.choice((-3000, -60, -1, 1, 60, 3000)) * 60_000
        elif fault == "copy" and self.counts_starts:
            self.is_copied = True
            self.disk, self.copy = Disk(**vars(self.copy)), Disk(**vars(self.disk))
            self.start()
        else:
            self.copy = Disk(**vars(self.disk))
            self.start()

    def do(self, deed: str) -> None:
        """What a teacher does, where it can be done."""
        at = {"lesson": "l1", "room": "P1"}
        match deed:
            case "start":
                self.say(LessonStarted, **at, classes=("6A",))
            case "roll" if not self.is_confirmed:
                self.is_confirmed = True
                self.roll = {one: self.chance.choice(STATUSES) for one in PUPILS}
                self.say(RollConfirmed, **at, day="2026-11-04", lines=lines_of(self.roll))
            case "reopen" if self.is_confirmed:
                self.is_confirmed = False
                self.say(RollReopened, **at)
            case "correct" if self.is_confirmed:
                student = self.chance.choice(PUPILS)
                self.roll[student] = self.chance.choice(STATUSES)
                self.say(AttendanceMarked, **at, **mark_of(student, self.roll[student]))
            case "end" if self.is_running:
                self.is_running = False
                self.say(LessonEnded, **at)
            case "resume" if not self.is_running:
                self.is_running = True
                self.say(LessonResumed, **at)
            case "other":  # a piece of the log between two of the lesson's
                self.say(AttendanceMarked, **{**at, "lesson": "l2"}, **mark_of("a", "late"))

    def say(self, kind: type[AnyEvent], **content: object) -> None:
        """Under the next number, linked to what the disk knows as the last."""
        self.seq += 1
        head = {"boot": self.boot, "seq": self.seq, "at_ms": self.at_ms, "id": f"e{len(self.said)}"}
        event = kind(**head, **content)
        if isinstance(event, RollConfirmed | RollReopened | AttendanceMarked):
            event = link_record(event, self.disk.head)
            self.disk.head = event.hash
        else:
            self.turns.append(event.id)
        self.said.append(event)

    def arrivals(self) -> list[AnyEvent]:
        """In any order; where starts cannot be told apart the first word of each comes in order."""
        order = [*self.said]
        self.chance.shuffle(order)
        if self.counts_starts and not self.is_copied:
            return order
        firsts = list({event.boot: event for event in reversed(self.said)}.values())[::-1]
        return [*firsts, *(event for event in order if event not in firsts)]


def lines_of(roll: dict[str, str]) -> tuple[RollLine, ...]:
    return tuple(
        RollLine(
            student=student,
            class_code="6A",
            status=AttendanceStatus(status),
            method=Method.MANUAL,
        )
        for student, status in roll.items()
    )


def mark_of(student: str, status: str) -> dict[str, object]:
    told = {"student": student, "status": AttendanceStatus(status), "class_code": "6A"}
    return {**told, "method": Method.MANUAL, "why": "corrected"}


def stored(room: PlayedRoom) -> list[object]:
    """What a school keeps of it that is started again now and then, and loses no row."""
    fleet, kept, streams = Fleet(SCHOOL, ZONE), list[object](), dict[str, StreamChanged]()
    for event in room.arrivals():
        if room.chance.random() < 0.2:
            fleet = Fleet(SCHOOL, ZONE, streams=streams.values())
        changes = fleet.hear("may", event, NOW)
        streams |= {one.boot: one for one in changes if isinstance(one, StreamChanged)}
        kept += changes
    return kept


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(DEEDS), st.sampled_from(FAULTS)), max_size=24),
    st.integers(0, 2**32),
    st.sampled_from(HOW_STARTS_ARE_NAMED),
)
def test_the_last_word_wins(acts: list[str], seed: int, named: str) -> None:
    """Of a roll, of its corrections and of the lesson's turns; and the log's order is not moved."""
    room = PlayedRoom(Random(seed), named == COUNTED)
    room.start()
    for act in ["start", "roll", *acts]:
        room.suffer(act) if act in FAULTS else room.do(act)
    kept = stored(room)
    log = [one for one in kept if isinstance(one, AttendanceRecord | RollRecord)]
    own = [one for one in log if one.lesson == "l1"]
    sheet = sheet_of(own)
    assert sheet.confirmed == room.is_confirmed
    marks = {student: str(mark.status) for student, mark in sheet.marks.items()}
    assert marks == (room.roll if room.is_confirmed else {})
    events = [one for one in kept if isinstance(one, EventRecord)]
    lesson = lesson_of(SCHOOL.of_agent("may"), "l1", events, own)
    assert (lesson.how is None) == room.is_running
    last = room.turns[-1]
    heard = [one for one in events if one.event_id == last or room.chance.random() < 0.5]
    lesson = lesson_of(SCHOOL.of_agent("may"), "l1", heard, ())
    assert (lesson.how is None) == room.is_running  # whatever else was lost for good
    assert order_findings(log) == []
