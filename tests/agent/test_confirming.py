"""Who vouches for a roll where the school asks: a PIN proves it, without one the record says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.lessons.proving import FREE_TRIES, LONGEST_WAIT_S, Confirmer, WrongPins
from agent.lessons.teaching import ASKED_UNDO_S, UNDO_S, NoLesson, Teaching, TeachingStep
from agent.room import Moment
from agent.tray.view import press_of, view_from
from protocol import chain
from protocol.guide import Guide, TeacherKey, pin_digest
from protocol.messages import (
    AttendanceMarked,
    HostMeasures,
    Proof,
    RollConfirmed,
    RollReopened,
    TeachersWord,
    to_bytes,
)
from protocol.model import AttendanceStatus, Method
from protocol.plan import Booking
from tests.agent.classrooms import moment
from tests.agent.test_lesson_door import PLAN, Desk, at_desk, waiting
from tests.agent.test_teaching import idle

SALT = "00112233445566778899aabbccddeeff"
LAN = TeacherKey(teacher="gv-lan222", name="Cô Lan", salt=SALT, digest=pin_digest("40718", SALT))
HAI = TeacherKey(teacher="gv-hai222", name="Thầy Hải")
ASKING = Guide(teachers=(HAI, LAN), asks=True)
TAUGHT = replace(
    PLAN,
    timetable=(Booking(weekday=1, period=1, room="6A1", classes=("10A1",), teacher="Cô Lan"),),
)


def rolls(here: Desk) -> list[RollConfirmed]:
    """The confirmations that wait to be sent."""
    return [one for one in waiting(here) if isinstance(one, RollConfirmed)]


async def confirm(here: Desk, **body: Any) -> httpx.Response:
    """Press confirm, no sooner than eyes follow."""
    here.pass_s(1.5)
    return await here.client.post("/api/v1/roll/confirm", json=body)


def test_a_right_pin_names_the_teacher_and_a_wrong_one_confirms_nothing(tmp_path: Path) -> None:
    """The record holds the school's own id; no answer, view or record holds the PIN or digest."""

    async def story(here: Desk) -> None:
        await here.store.take_guide(ASKING)
        await here.post("lesson/start")
        seen = await here.see()
        assert [one["name"] for one in seen["teachers"] if one["expected"]] == ["Cô Lan"]
        assert seen["asks"]
        for teacher, pin in (("gv-lan222", "40719"), ("gv-hai222", "40718"), ("gv-x", "40718")):
            answer = await confirm(here, teacher=teacher, pin=pin)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "pin_wrong")
            here.pass_s(LONGEST_WAIT_S)
        assert not rolls(here)
        answer = await confirm(here, teacher="gv-lan222", pin="40718")
        assert "Cô Lan đã xác nhận lúc" in answer.json()["roll"]["confirmed_words"]
        [roll] = rolls(here)
        assert (roll.teacher, roll.proof) == ("gv-lan222", Proof.PIN)
        assert chain.hash_of(roll) == roll.hash
        told = answer.text + to_bytes(roll).decode() + repr(here.store.classroom)
        assert not any(secret in told for secret in ("40718", LAN.digest, SALT))

    at_desk(tmp_path, story, TAUGHT)


@pytest.mark.parametrize(
    ("guide", "body", "told"),
    [
        (Guide(), {}, (None, None)),
        (Guide(), {"teacher": "gv-lan222", "pin": "40718"}, (None, None)),
        (ASKING, {}, (None, Proof.NONE)),
        (ASKING, {"teacher": "gv-hai222"}, ("gv-hai222", Proof.NONE)),
        (ASKING, {"teacher": "gv-gone"}, (None, Proof.NONE)),
    ],
)
def test_without_a_pin_a_roll_is_confirmed_all_the_same(
    tmp_path: Path, guide: Guide, body: dict[str, str], told: tuple[str | None, Proof | None]
) -> None:
    """Where the school does not ask, the record is as it always was: an older school reads it."""

    async def story(here: Desk) -> None:
        await here.store.take_guide(guide)
        await here.post("lesson/start")
        assert (await confirm(here, **body)).status_code == 200
        [roll] = rolls(here)
        assert (roll.teacher or None, roll.proof or None) == told
        assert (b"proof" in to_bytes(roll)) == guide.asks

    at_desk(tmp_path, story, TAUGHT)


def test_wrong_pins_wait_longer_each_and_a_right_one_forgets_them() -> None:
    """In the room, whoever's they were; never so long that a lesson goes by."""
    wrong, waits, now_s = WrongPins(), [], 0.0
    for _ in range(12):
        wrong.fail(now_s)
        waits.append(wrong.wait_s(now_s))
        now_s += waits[-1]
        assert wrong.wait_s(now_s) == 0
    assert waits[: FREE_TRIES + 2] == [0, 0, 5, 10, 20]
    assert waits[-1] == LONGEST_WAIT_S
    wrong.clear()
    wrong.fail(now_s)
    assert wrong.wait_s(now_s) == 0


def test_who_tries_pins_waits_and_can_confirm_without_meanwhile(tmp_path: Path) -> None:
    """The right PIN is not even looked at while the room waits."""

    async def story(here: Desk) -> None:
        await here.store.take_guide(ASKING)
        await here.post("lesson/start")
        for _ in range(FREE_TRIES):
            assert (await confirm(here, teacher="gv-lan222", pin="0000")).status_code == 403
        answer = await confirm(here, teacher="gv-lan222", pin="40718")
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (429, "pin_wait")
        assert error["message"] == "Sai PIN quá nhiều lần: thử lại sau 4 giây."
        assert (await confirm(here, teacher="gv-lan222")).status_code == 200
        assert [roll.proof for roll in rolls(here)] == [Proof.NONE]

    at_desk(tmp_path, story, TAUGHT)


def test_the_icon_leads_to_the_page_where_a_pin_is_asked() -> None:
    """Its menu's entry is the same; a press confirms nothing by itself."""
    tree = b'{"rev":1,"phase":"ready","button":{"action":"confirm","label":"X","enabled":true}%s}'
    asked, free = view_from(tree % b',"asks":true'), view_from(tree % b"")
    assert asked
    assert free
    assert (asked.deed, press_of(asked)) == ("X", None)
    assert press_of(free)


def words_of(here: Desk) -> list[TeachersWord]:
    """What the log holds that waits to be sent."""
    return [one for one in waiting(here) if isinstance(one, TeachersWord)]


def test_every_change_of_a_confirmed_roll_carries_whose_word_it_is(tmp_path: Path) -> None:
    """A correction, its undo, a mark of another program, and the confirmation taken back."""

    async def story(here: Desk) -> None:
        await here.store.take_guide(ASKING)
        await here.post("lesson/start")
        pupil = (await here.see())["roll"]["lines"][0]["student"]
        await here.post("roll/mark", {"student": pupil, "status": "late"})
        assert not (await here.see())["roll"]["asks"]
        assert not words_of(here)
        lan = {"teacher": "gv-lan222", "pin": "40718"}
        await here.post("roll/confirm", lan)
        seen = await here.see()
        assert (seen["roll"]["asks"], seen["undo"]["asks"]) == (True, True)
        mark = {"student": pupil, "status": "absent_unexcused"}
        for path, body in (("roll/mark", mark), ("undo", {})):
            wrong = {**body, **lan, "pin": "40719"}
            answer = await here.client.post(f"/api/v1/{path}", json=wrong)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "pin_wrong")
            await here.post(path, {**body, "teacher": "gv-lan222"})
        await here.post("roll/mark", {**mark, **lan})
        history = (await here.see())["roll"]["lines"][0]["history"]
        assert history[-1].endswith("K · Cô Lan · đính chính · bằng PIN")
        await here.post("undo", lan)
        other = {"student": pupil, "status": "left_early", "teacher": "gv-hai222"}
        answer = await here.client.post("/api/v1/attendance", json=other)
        assert answer.status_code == 202
        told = [
            (type(one).__name__, getattr(one, "why", ""), one.teacher or None, one.proof or None)
            for one in words_of(here)
        ]
        assert told == [
            ("RollConfirmed", "", "gv-lan222", Proof.PIN),
            ("AttendanceMarked", "corrected", "gv-lan222", Proof.NONE),
            ("AttendanceMarked", "undone", "gv-lan222", Proof.NONE),
            ("AttendanceMarked", "corrected", "gv-lan222", Proof.PIN),
            ("AttendanceMarked", "undone", "gv-lan222", Proof.PIN),
            ("AttendanceMarked", "corrected", "gv-hai222", Proof.NONE),
        ]
        assert chain.breaks(words_of(here)) == []

    at_desk(tmp_path, story, TAUGHT)


def test_who_is_asked_has_time_to_type_before_the_offer_is_gone(tmp_path: Path) -> None:
    """A confirmation is taken back after ten seconds, and by a PIN; a start as ever."""

    async def story(here: Desk) -> None:
        await here.store.take_guide(ASKING)
        started = await here.post("lesson/start")
        assert (started["undo"]["asks"], started["undo"]["left_s"] <= UNDO_S) == (False, True)
        await here.post("roll/confirm", {"teacher": "gv-lan222", "pin": "40718"})
        here.pass_s(UNDO_S * 3)
        await here.post("undo", {"teacher": "gv-lan222", "pin": "40718"})
        [_, reopened] = words_of(here)
        assert isinstance(reopened, RollReopened)
        assert (reopened.teacher, reopened.proof) == ("gv-lan222", Proof.PIN)
        await here.post("roll/confirm", {"teacher": "gv-lan222", "pin": "40718"})
        here.pass_s(ASKED_UNDO_S)
        await here.post("undo", {"teacher": "gv-lan222", "pin": "40718"})
        assert len(words_of(here)) == 3

    at_desk(tmp_path, story, TAUGHT)


def test_a_lesson_keeps_whose_it_was_by_the_timetable_of_then(tmp_path: Path) -> None:
    """The week has another teacher there now; the lesson that nobody confirmed has not."""

    async def story(here: Desk) -> None:
        await here.store.take_guide(ASKING)
        await here.post("lesson/start")
        await here.post("lesson/end")
        booked = replace(TAUGHT.timetable[0], teacher="Thầy Hải")
        await here.store.take_plan(replace(TAUGHT, timetable=(booked,)))
        seen = await here.see()
        assert [one["name"] for one in seen["teachers"] if one["expected"]] == ["Cô Lan"]
        here.clocks.append(here.clocks[-1]._replace(day="2026-09-08"))
        await here.store.beat(HostMeasures(), ())
        [line] = (await here.see())["lessons"]
        assert line["expected"] == "gv-lan222"

    at_desk(tmp_path, story, TAUGHT)


class Deed(NamedTuple):
    """What somebody does, to whom, by whose word, and how long after the deed before."""

    what: str
    pupil: int
    status: AttendanceStatus
    by: Confirmer | None
    wait_s: float

    def on(self, teaching: Teaching, at: Moment) -> TeachingStep:
        """Do it; what is refused changes nothing."""
        student, by = f"10A1-{self.pupil}", self.by
        deeds: dict[str, Callable[[], TeachingStep]] = {
            "start": lambda: teaching.start(f"l{at.at_ms}", at, ("10A1",)),
            "tap": lambda: teaching.tap(student, self.status, at, by=by),
            "confirm": lambda: teaching.confirm(at, by=by),
            "undo": lambda: teaching.undo(at, by),
            "end": lambda: teaching.end(at),
            "ask": lambda: teaching.follow(Guide(asks=not teaching.guide.asks)),
            "mark": lambda: teaching.mark(student, self.status, Method.MANUAL, at)[0],
            "beat": lambda: teaching.beat(at),
        }
        try:
            is_of_roll = self.what == "mark" and teaching.lesson.sheet is not None
            return deeds["tap" if is_of_roll else self.what]()
        except NoLesson:
            return TeachingStep(teaching, [])


DEEDS = st.lists(
    st.builds(
        Deed,
        st.sampled_from(
            ["start", "tap", "tap", "confirm", "undo", "undo", "end", "ask", "beat", "mark"]
        ),
        st.integers(1, 3),
        st.sampled_from(list(AttendanceStatus)),
        st.sampled_from([None, Confirmer(Proof.PIN, "gv-lan222", "Cô Lan"), Confirmer(Proof.NONE)]),
        st.sampled_from([1.0, 20.0, 4000.0]),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(DEEDS)
def test_no_deed_changes_a_confirmed_roll_without_saying_whose_it_is(deeds: list[Deed]) -> None:
    """The school asks or asks no more at any time; what touches nothing confirmed names nobody."""
    teaching, at_s, is_confirmed = idle(), 0.0, dict[str, bool]()
    for deed in deeds:
        at_s += deed.wait_s
        asks = teaching.guide.asks
        teaching, messages = deed.on(teaching, moment(at_s))
        unproven = (None, Proof.NONE) if asks else (None, None)
        said = (deed.by.teacher or None, deed.by.proof or None) if deed.by else unproven
        for one in (each for each in messages if isinstance(each, TeachersWord)):
            lesson = one.lesson or ""
            is_touched = isinstance(one, RollConfirmed) or is_confirmed.get(lesson, False)
            expected = said if is_touched else (None, None)
            assert (one.teacher or None, one.proof or None) == expected
            if not isinstance(one, AttendanceMarked):
                is_confirmed[lesson] = isinstance(one, RollConfirmed)
