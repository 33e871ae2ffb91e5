"""Who confirms a roll where the school asks: a PIN proves it, without one the record says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from agent.lessons.proving import FREE_TRIES, LONGEST_WAIT_S, WrongPins
from agent.tray.view import press_of, view_from
from protocol import chain
from protocol.guide import Guide, TeacherKey, pin_digest
from protocol.messages import Proof, RollConfirmed, to_bytes
from protocol.plan import Booking
from tests.agent.test_lesson_door import PLAN, Desk, at_desk, waiting

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
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "pin_wait")
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
