"""Rooms know the door cards of their own classes, and hold nothing that signs one."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from agent.cards.matching import CardMark, at_door
from controller.__main__ import main
from controller.cards import store as doors
from controller.database.store import Store
from controller.doctor.door_keys import DoorKeysFact
from controller.fleet.tables import agents
from controller.roster import store as roster
from controller.roster.doors import known_in_rooms
from controller.roster.plan import Lists, SchoolClass, SchoolPlan, plan_for
from controller.roster.store import plan_of
from controller.roster.tables import door_keys
from protocol.doorcode import sign
from protocol.model import Method, Place, Status
from protocol.plan import DoorCard, Plan, Pupil
from tests.controller.database.test_migrations import AGENT
from tests.databases import sqlite_in

KEY = bytes(range(32))
ROOMS = ("P201", "P202", "P203")
PUPILS = {f"{room}-{number}": room for room in ROOMS for number in range(1, 4)}


def a_class(room: str) -> SchoolClass:
    """A class that is at home in a room."""
    pupils = tuple(Pupil(number=number, student=f"{room}-{number}") for number in range(1, 4))
    return SchoolClass(code=f"lop-{room}", room=room, pupils=pupils)


@given(
    st.dictionaries(st.sampled_from(sorted(PUPILS)), st.binary(min_size=6, max_size=6), min_size=1),
    st.dictionaries(
        st.integers(0, 255), st.binary(min_size=16, max_size=32), min_size=1, max_size=3
    ),
    st.sampled_from(ROOMS),
)
def test_a_room_takes_the_cards_of_its_classes_and_could_make_none(
    serials: dict[str, bytes], keys: dict[int, bytes], room: str
) -> None:
    """Held against who is at home there; neither key, serial nor a card's text is in its plan."""
    issued = tuple(DoorCard(serial=each.hex(), student=who) for who, each in serials.items())
    school = SchoolPlan(classes=tuple(map(a_class, ROOMS)), door_cards=known_in_rooms(issued, keys))
    plan = plan_for(room, school)
    held = msgspec.json.encode(plan).decode()
    for who, serial in serials.items():
        for version, key in keys.items():
            text = sign(key, version, serial)
            answer = at_door(text, plan, PUPILS)
            is_own = any(
                PUPILS[other] == room and bytes_of == serial for other, bytes_of in serials.items()
            )
            assert isinstance(answer, CardMark) == is_own, who
            assert text not in held
            assert key.hex() not in held
        assert f'"{serial.hex()}"' not in held


@pytest.fixture
def school(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A school of before: every pupil has a printed card, and rooms are given the key."""
    luck = random.Random(13)
    with Store(sqlite_in(tmp_path)) as store, store.locked(Place()) as db:
        roster.keep_lists(db, Place(), Lists(classes=tuple(map(a_class, ROOMS))), day="2026-09-05")
        version, key = doors.newest_key(db, Place(), 1, lambda _count: KEY)
        issued = doors.issue(db, Place(), sorted(PUPILS), 1, luck.randbytes)
        db.execute(update(door_keys).values(in_rooms=True))
        for number in range(2):
            computer = AGENT | {"province": "", "school": "", "agent": f"may-{number}"}
            more = {"roaming": False, "line": "{}", "kit": "[]", "schema": 3, "plan": ""}
            db.execute(agents.insert(), computer | more)
    return tmp_path, {who: sign(key, version, serial) for who, serial in issued.items()}


def plan_in(folder: Path, room: str) -> Plan:
    """What a room is given now."""
    with Store(sqlite_in(folder)) as store:
        return plan_for(room, store.read(plan_of, Place()))


def test_cards_of_before_stay_good_when_rooms_lose_the_key(
    school: tuple[Path, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """Until the office ends it rooms get what programs of before need; it is told how many do."""
    folder, cards = school
    assert plan_in(folder, "P201").door_keys == {"1": KEY.hex()}
    assert at_door(cards["P201-1"], plan_in(folder, "P201"), PUPILS) == CardMark(
        "P201-1", Method.DOOR
    )
    assert main(["cards", "keys", "--data", str(folder)]) == 0
    assert "2" in capsys.readouterr().out
    assert plan_in(folder, "P201").door_keys

    assert main(["cards", "keys", "--end", "--data", str(folder)]) == 0
    for room in ROOMS:
        plan = plan_in(folder, room)
        assert KEY.hex() not in msgspec.json.encode(plan).decode()
        own = {
            who for who, text in cards.items() if isinstance(at_door(text, plan, PUPILS), CardMark)
        }
        assert own == {who for who, home in PUPILS.items() if home == room}
    assert main(["cards", "keys", "--data", str(folder)]) == 0


def test_a_running_controller_takes_up_that_it_was_ended(
    school: tuple[Path, dict[str, str]],
) -> None:
    """By the number of the plan; a second time nothing has changed."""
    folder, _ = school
    with Store(sqlite_in(folder)) as store:
        versions = [store.read(plan_of, Place()).version]
        for _time in range(2):
            with store.locked(Place()) as db:
                doors.end_keys(db, Place())
            versions.append(store.read(plan_of, Place()).version)
    assert versions[1] == versions[0] + 1 == versions[2]


def test_the_doctor_tells_of_keys_in_rooms() -> None:
    """As something to end."""
    assert DoorKeysFact(2).judge().status is Status.WARNING
    assert "--end" in DoorKeysFact(2).judge().advice(str)
    assert DoorKeysFact(0).judge().status is Status.OK
