"""This file makes a school's database with attendance in it, for who attacks it by hand."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.fleet import Fleet
from controller.fleet.records import AgentRecord
from protocol.chain import ROOT, link_record
from protocol.messages import (
    AttendanceMarked,
    Chained,
    ChainHead,
    Event,
    HeadTold,
    LessonEnded,
    LessonStarted,
    Proof,
    RollConfirmed,
    RollLine,
    RollReopened,
    TeachersWord,
)
from protocol.model import AttendanceStatus, Method, Place
from tests.databases import sqlite_in

SCHOOL = Place("14", "00140708")
AGENTS = ("p203", "p204")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGAN = 1_793_750_400_000 + 900_000  # 2026-11-04 in Vietnam
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
PUPILS = ("hs-a", "hs-b", "hs-c", "hs-d")
LESSONS = 3  # of each room, a day each
HERE, LATE, AWAY = (
    AttendanceStatus.PRESENT,
    AttendanceStatus.LATE,
    AttendanceStatus.ABSENT_UNEXCUSED,
)
Made = TypeVar("Made", bound=Event)


class RoomAgent:
    """What one room's agent says, chained as it chains it."""

    def __init__(self, agent: str) -> None:
        self.agent = agent
        self.head = ROOT
        self.links = 0
        self.seq = 0
        self.key = Ed25519PrivateKey.generate()

    def say(self, event: Made) -> Made:
        """Number it, and link it where it is of the log."""
        self.seq += 1
        event = replace(event, seq=self.seq)
        if isinstance(event, Chained):
            event = link_record(event, self.head)
            self.head = event.hash
            self.links += 1
        return event

    def tell_head(self, at_ms: int) -> HeadTold:
        """The head of its log as it is now, signed: written apart from what the agent does."""
        place = f"14\n00140708\n{self.agent}"
        text = f"lophoc attendance head 1\n{place}\n{self.links}\n{self.head}\n{at_ms}"
        chain = ChainHead(
            links=self.links,
            head=self.head,
            at_ms=at_ms,
            key=self.key.public_key().public_bytes_raw().hex(),
            signature=self.key.sign(text.encode()).hex(),
        )
        name = f"{self.agent}-head-{self.seq}"
        return self.say(
            HeadTold(boot="b1", id=name, at_ms=at_ms, room=self.agent.upper(), chain=chain)
        )

    def lesson(self, number: int) -> list[Event]:
        """A lesson with its roll, taken back and confirmed anew; one is corrected, one is alone."""
        lesson, at_ms = f"{self.agent}-l{number}", BEGAN + number * DAY_MS
        place = {"boot": "b1", "room": self.agent.upper(), "lesson": lesson}
        said: list[Event] = [
            LessonStarted(id=f"{lesson}-start", at_ms=at_ms, classes=("10A1",), **place),
            self.roll(lesson, 1, at_ms + 1000),
            RollReopened(id=f"{lesson}-open", at_ms=at_ms + 2000, actor="teacher", **place),
            self.roll(lesson, 2, at_ms + 3000),
            self.mark(f"{lesson}-fix", PUPILS[1], LATE, at_ms + 4000, lesson, "corrected"),
            LessonEnded(id=f"{lesson}-end", at_ms=at_ms + HOUR_MS, confirmed=True, **place),
            self.mark(f"{lesson}-door", PUPILS[2], LATE, at_ms + 2 * HOUR_MS, None, "marked"),
        ]
        return [self.say(self.vouched(event)) for event in said]

    def vouched(self, event: Event) -> Event:
        """What changes a confirmed roll, in the second room, where the school asks whose it is."""
        if self.agent == AGENTS[0] or not isinstance(event, TeachersWord):
            return event
        if isinstance(event, AttendanceMarked) and event.why == "marked":
            return event
        proof = Proof.NONE if isinstance(event, RollReopened) else Proof.PIN
        return replace(event, teacher="gv-lan222", proof=proof)

    def roll(self, lesson: str, number: int, at_ms: int) -> RollConfirmed:
        """A confirmed roll of all pupils."""
        day = f"2026-11-{4 + (at_ms - BEGAN) // DAY_MS:02}"
        statuses = zip(PUPILS, (HERE, AWAY, HERE, LATE), strict=True)
        return RollConfirmed(
            boot="b1",
            id=f"{lesson}-roll{number}",
            at_ms=at_ms,
            room=self.agent.upper(),
            lesson=lesson,
            day=day,
            classes=("10A1",),
            period=2,
            subject="Toán",
            actor="teacher",
            lines=tuple(
                RollLine(student=student, class_code="10A1", status=status, method=Method.MANUAL)
                for student, status in statuses
            ),
        )

    def mark(  # noqa: PLR0917 - what a mark is
        self,
        name: str,
        student: str,
        status: AttendanceStatus,
        at_ms: int,
        lesson: str | None,
        why: str,
    ) -> AttendanceMarked:
        """A pupil's mark."""
        return AttendanceMarked(
            boot="b1",
            id=name,
            at_ms=at_ms,
            room=self.agent.upper(),
            student=student,
            status=status,
            method=Method.MANUAL,
            lesson=lesson,
            class_code="10A1" if lesson else None,
            why=why,
            actor="teacher",
        )


def arrive(store: Store, agent: RoomAgent, said: Sequence[Event], now_ms: int) -> None:
    """Have the school store what an agent says."""
    fleet = Fleet(SCHOOL, ZONE)
    known = AgentRecord(place=SCHOOL.of_agent(agent.agent), room=agent.agent.upper())
    heard = [fleet.hear(agent.agent, event, now_ms) for event in said]
    store.write(keep_batch, [known, *(one for some in heard for one in some)], now_ms)


def store_lessons(
    store: Store, agents: list[RoomAgent], numbers: range, *, is_signed: bool = False
) -> None:
    """Have the agents teach, and the school store what they say, as it arrives."""
    for number in numbers:
        for agent in agents:
            now_ms = BEGAN + number * DAY_MS + 3 * HOUR_MS
            said = agent.lesson(number)
            said += [agent.tell_head(now_ms)] if is_signed else []
            arrive(store, agent, said, now_ms)


@cache
def school_file() -> bytes:
    """The database of a school of two rooms, three lessons each, as a file's content."""
    with tempfile.TemporaryDirectory() as folder:
        with Store(sqlite_in(Path(folder))) as store:
            store_lessons(store, [RoomAgent(name) for name in AGENTS], range(LESSONS))
        return (Path(folder) / "lophoc.db").read_bytes()
