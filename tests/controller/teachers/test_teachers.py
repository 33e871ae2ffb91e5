"""Teachers' PINs: the office gives them, rooms know their digests, the record names who spoke."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.access.store import LogFilter, access_log
from controller.attendance.class_lesson import class_lesson_of
from controller.attendance.store import marks_of, rolls_of
from controller.database.store import Store
from controller.evidence.chains import said_by
from controller.roster.plan import Lists, Schedule, SchoolClass
from controller.roster.store import keep_lists, keep_schedule
from controller.teachers import store as teachers
from controller.teachers.teacher import PinError, is_weak, new_pin, new_teacher, with_pin
from protocol import chain
from protocol.guide import Guide, pin_digest
from protocol.messages import (
    AttendanceMarked,
    Birth,
    GuideGiven,
    LessonStarted,
    Proof,
    RollConfirmed,
    RollLine,
    RollReopened,
    TeachersWord,
    down_from,
)
from protocol.model import AttendanceStatus, Method, Status
from protocol.plan import Booking, Pupil
from tests.axe import violations
from tests.browser import Page
from tests.controller.ears import Ears, arrival
from tests.controller.web_school import NOW_MS, SCHOOL, Served, a_program, a_store, asked

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
PLACE = SCHOOL.of_agent("p203")
NAMES = ("Lê Thị Lan", "Nguyễn Văn Hải")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one class, and two teachers in its timetable."""
    with a_store(tmp_path) as opened:
        pupils = (Pupil(number=1, student="s1", name="Bùi Thị Kín"),)
        week = [
            Booking(weekday=day, period=1, room="P203", classes=("7A1",), teacher=name)
            for day, name in enumerate((*NAMES, NAMES[0].upper()), 1)
        ]
        with opened.locked(SCHOOL) as db:
            keep_lists(
                db,
                SCHOOL,
                Lists(classes=(SchoolClass(code="7A1", pupils=pupils),)),
                day="2026-09-05",
            )
            keep_schedule(db, SCHOOL, Schedule(timetable=tuple(week)), SINCE)
        yield opened


def press(store: Store, path: str = "", **fields: str) -> Any:
    """What the office's press is answered."""
    return asked(store, f"/teachers{path}", method="POST", data=fields)


def given_pins(store: Store) -> Mapping[str, str]:
    """Everybody of the timetable added and given a PIN, as the page shows it, by name."""
    press(store)
    page = press(store, "/pins").text
    rows = re.findall(r"<bdi>([^<]+)</bdi></th><td[^>]*><code>(\d+)</code>", page)
    return dict(rows)


class Rooms:
    """A controller that hears one room's computer."""

    def __init__(self, store: Store) -> None:
        self.session, self.now_ms = 0, NOW_MS
        self.ears = Ears(a_program(store, upstream="", now_ms=lambda: self.now_ms))

    def hears(self, *, again: bool = True) -> list[Guide]:
        """What the room's computer is told of its school, in a new session or in this one."""
        self.session += again
        self.now_ms += 60_000
        birth = Birth(
            boot="b1", rev=self.session, at_ms=self.now_ms, session=self.session, room="P203",
            beat_s=60, status=Status.OK,
        )  # fmt: skip
        if again:
            self.ears.take(arrival(PLACE, birth))
        for _ in range(2):
            self.now_ms += 20_000
            asyncio.run(self.ears.ingest._expire_now())
        letters, self.ears.link.letters = self.ears.link.letters, []
        words = [down_from(letter.payload) for letter in letters]
        return [word.guide for word in words if isinstance(word, GuideGiven)]


def test_rooms_hear_of_teachers_only_where_the_school_asks(store: Store) -> None:
    """At once and in each session; that it asks no more is told to who was away, too."""
    rooms = Rooms(store)
    pins = given_pins(store)
    assert sorted(pins) == sorted(NAMES)
    assert rooms.hears() == []
    press(store, "/ask", asks="yes")
    [guide] = rooms.hears(again=False)
    assert (guide.asks, guide.rooms) == (True, ())
    assert {one.name: pin_digest(pins[one.name], one.salt) for one in guide.teachers} == {
        one.name: one.digest for one in guide.teachers
    }
    assert (rooms.hears(again=False), rooms.hears()) == ([], [guide])
    press(store, "/ask", asks="no")
    assert rooms.hears()[-1] == Guide()


def test_a_pin_is_shown_once_and_renewed_and_kept_nowhere(store: Store) -> None:
    """Not in the page, the database, the log; the old one is good no more."""
    pins = given_pins(store)
    [teacher, _] = store.read(teachers.teachers_of, SCHOOL)
    page = asked(store, "/teachers")
    assert page.status_code == 200
    log = str([*store.read(access_log, SCHOOL, LogFilter())])
    kept = store.read(lambda db: db.connection.driver_connection.iterdump())  # type: ignore[union-attr]
    everything = page.text + log + "".join(kept)
    assert not any(re.search(rf"\b{pin}\b", everything) for pin in pins.values())
    answer = press(store, f"/{teacher.teacher}/pin", pin="2580")
    assert answer.headers["cache-control"] == "no-store"
    [renewed, _] = store.read(teachers.teachers_of, SCHOOL)
    assert renewed.digest == pin_digest("2580", renewed.salt)
    assert renewed.salt != teacher.salt
    for bad in ("123", "1234567", "12a4", "1234", "٢٥٨٠"):
        assert press(store, f"/{teacher.teacher}/pin", pin=bad).status_code == 422
    assert store.read(teachers.teachers_of, SCHOOL)[0] == renewed
    assert press(store, "/gv-nobody/pin").status_code == 404
    assert press(store, f"/{teacher.teacher}/end").status_code == 303
    assert press(store, f"/{teacher.teacher}/end").status_code == 404
    assert len(store.read(teachers.teachers_of, SCHOOL)) == 1
    press(store, name="  lê thị LAN ")
    press(store, name="Nguyễn văn hải")
    assert len(store.read(teachers.teachers_of, SCHOOL)) == 2


@pytest.mark.parametrize(
    ("proof", "by", "words"),
    [
        (Proof.PIN, "Lê Thị Lan", "Lê Thị Lan đã xác nhận tại phòng, bằng PIN."),
        (Proof.NONE, "Lê Thị Lan", "Lê Thị Lan đã xác nhận tại phòng, không có PIN."),
        (Proof.NONE, "", "thầy/cô đã xác nhận tại phòng, không có PIN."),
        (None, "", ""),
    ],
)
def test_the_record_says_who_confirmed_and_how(
    store: Store,
    proof: Proof | None,
    by: str,
    words: str,
) -> None:
    """On the lesson's page by name; the link of the log is what the agent wrote."""
    given_pins(store)
    teacher = store.read(teachers.teachers_of, SCHOOL)[0]
    about: dict[str, Any] = {"proof": proof} if proof else {}
    about |= {"teacher": teacher.teacher} if by else {}
    line = RollLine(
        student="s1", class_code="7A1", status=AttendanceStatus.PRESENT, method=Method.DEFAULT
    )
    told = chain.link_record(
        RollConfirmed(
            boot="b1", seq=2, id="r1", at_ms=NOW_MS, room="P203", lesson="l1", day="2026-09-07",
            classes=("7A1",), actor="teacher", lines=(line,), **about,
        ),
        chain.ROOT,
    )  # fmt: skip
    started = LessonStarted(
        boot="b1", seq=1, id="e1", at_ms=NOW_MS, room="P203", lesson="l1", classes=("7A1",)
    )
    ears = Ears(a_program(store, upstream=""))
    ears.take(arrival(PLACE, started), arrival(PLACE, told))
    [record] = store.read(rolls_of, SCHOOL)
    assert chain.hash_of(said_by(record)) == told.hash
    sheet = store.read(class_lesson_of, PLACE, "l1", "7A1")
    assert (sheet is not None and sheet.confirmer is not None) == bool(proof)
    page = asked(store, "/lessons/p203/l1/7A1?lang=vi").text
    assert (words in page) if words else ('id="confirmer"' not in page)


def test_the_lesson_s_page_tells_by_whose_word_the_room_changed_a_roll(store: Store) -> None:
    """Each change with name and proof, the newest first; the log's links are the agent's own."""
    given_pins(store)
    by = store.read(teachers.teachers_of, SCHOOL)[0].teacher
    line = RollLine(
        student="s1", class_code="7A1", status=AttendanceStatus.PRESENT, method=Method.DEFAULT
    )
    at: dict[str, Any] = {"boot": "b1", "room": "P203", "lesson": "l1", "actor": "teacher"}
    mark = {"student": "s1", "class_code": "7A1", "method": Method.MANUAL}
    said: list[TeachersWord] = [
        RollConfirmed(id="r1", at_ms=NOW_MS, day="2026-09-07", classes=("7A1",), lines=(line,),
            teacher=by, proof=Proof.PIN, **at),
        AttendanceMarked(id="m1", at_ms=NOW_MS, status=AttendanceStatus.LATE, why="corrected",
            proof=Proof.NONE, **at, **mark),
        AttendanceMarked(id="m2", at_ms=NOW_MS, status=AttendanceStatus.PRESENT, why="undone",
            teacher=by, proof=Proof.PIN, **at, **mark),
        RollReopened(id="o1", at_ms=NOW_MS, teacher="gv-gone", proof=Proof.NONE, **at),
    ]  # fmt: skip
    ears, head = Ears(a_program(store, upstream="")), chain.ROOT
    started = LessonStarted(
        boot="b1", seq=1, id="e1", at_ms=NOW_MS, room="P203", lesson="l1", classes=("7A1",)
    )
    ears.take(arrival(PLACE, started))
    hashes = []
    for seq, one in enumerate(said, 2):
        linked = chain.link_record(msgspec.structs.replace(one, seq=seq), head)
        ears.take(arrival(PLACE, linked))
        head = linked.hash
        hashes.append(head)
    stored = [*store.read(rolls_of, SCHOOL), *store.read(marks_of, SCHOOL)]
    assert {chain.hash_of(said_by(record)) for record in stored} == {*hashes}
    page = asked(store, "/lessons/p203/l1/7A1?lang=vi").text
    told = [
        " ".join(re.sub(r"<[^>]+>", " ", item).split()[2:])
        for item in re.findall(r"<li data-said=.*?</li>", page, re.DOTALL)
    ]
    assert told == [
        "Hoàn tác xác nhận · gv-gone · không có PIN",
        "Bùi Thị Kín · Có mặt · hoàn tác lần sửa · Lê Thị Lan · bằng PIN",
        "Bùi Thị Kín · Đi muộn · thầy/cô · không có PIN",
        "Xác nhận điểm danh · Lê Thị Lan · bằng PIN",
    ]


@given(st.text("0123456789", min_size=4, max_size=6))
def test_a_pin_that_is_tried_first_is_refused(pin: str) -> None:
    """Runs, one digit, one pair; what is made here is never one."""
    is_run = any(pin in one * 2 for one in ("0123456789", "9876543210"))
    is_pair = len(pin) % 2 == 0 and pin == pin[:2] * (len(pin) // 2)
    assert is_weak(pin) == (is_run or is_pair or len({*pin}) == 1)
    assert not is_weak(new_pin())
    if is_weak(pin):
        with pytest.raises(PinError):
            with_pin(new_teacher("Lan"), pin)


def test_the_office_gives_pins_in_a_browser(store: Store, page: Page) -> None:
    """In Vietnamese, at each size: nothing sticks out, everybody can use it."""
    given_pins(store)
    with Served(store, scope=SCHOOL) as served:
        page.open(f"{served.url}teachers?lang=vi")
        page.click("form[action$='/pin'] button")
        page.wait("document.querySelector('#made code')?.textContent.length === 6")
        for width, _ in page.at_each_size():
            assert violations(page) == []
            assert page.see("document.documentElement.scrollWidth") <= width
        assert page.see("location.search") == ""
        assert page.errors == []
