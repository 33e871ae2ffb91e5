"""The school sees how each room's cameras stand, may have them switched off, and never on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest

from controller.cameras.store import command_off, commands_of, standings_of
from controller.database.store import Store
from protocol.messages import Birth, CameraLook, CameraOff, CameraTold, Down, down_from
from protocol.model import Status
from tests.controller.ears import Ears, arrival
from tests.controller.people import HERE, READER
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    a_face,
    a_live,
    a_program,
    a_store,
    agent,
    asked,
)

PLACE = SCHOOL.of_agent("may-6a1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one room."""
    with a_store(tmp_path, [agent("6A1")]) as opened:
        yield opened


class Room:
    """A room's computer, and the school's ears."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.ears = Ears(a_program(store, scope=SCHOOL, upstream=""))
        self.seq = 0

    def joins(self, session: int = 1) -> None:
        """It is connected, anew."""
        birth = Birth(
            boot="b1", rev=session, at_ms=NOW_MS, session=session, room="6A1", beat_s=60,
            status=Status.OK,
        )  # fmt: skip
        self.ears.take(arrival(PLACE, birth))

    def tells(
        self,
        *,
        off: bool,
        at_ms: int = NOW_MS,
        command: str = "",
        cards: bool = False,
        seq: int | None = None,
    ) -> None:
        """How its cameras stand. seq: where it was said before something else."""
        self.seq = seq or self.seq + 1
        looks = (CameraLook(use="cards", since_ms=at_ms),) if cards else ()
        told = CameraTold(
            boot="b1", seq=self.seq, id=f"e{self.seq}", at_ms=at_ms, room="6A1", off=off,
            since_ms=at_ms, by="school" if command else "room", name="an" if command else "",
            looks=looks, check_s=300, command=command,
        )  # fmt: skip
        self.ears.take(arrival(PLACE, told))

    def asked_off(self) -> list[CameraOff]:
        """What the school says now."""
        asyncio.run(self.ears.ingest._expire_now())
        letters, self.ears.link.letters = self.ears.link.letters, []
        said = [down_from(letter.payload) for letter in letters]
        return [word for word in said if isinstance(word, CameraOff)]

    def page(self, host: str = HERE) -> str:
        """The room's page."""

        async def shown() -> str:
            live = a_live(self.store)
            await live.load()
            way = httpx.ASGITransport(a_face(self.store, live), client=(host, 5))
            async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
                return (await web.get("/rooms/6A1")).text

        return asyncio.run(shown())


def test_nothing_on_the_wire_switches_a_camera_on() -> None:
    """The word has no other meaning than off."""
    kinds = [kind for kind in get_args(Down) if "camera" in kind.__struct_config__.tag]
    assert kinds == [CameraOff]
    assert set(CameraOff.__struct_fields__) == {"v", "boot", "at_ms", "command", "name"}


def test_a_word_is_said_in_each_session_until_it_is_answered(store: Store) -> None:
    """At once, and again to who was away; then a person's word in the room stands."""
    room = Room(store)
    room.joins()
    room.tells(off=False)
    assert room.asked_off() == []
    store.write(command_off, [PLACE], "an", NOW_MS)
    (word,) = room.asked_off()
    assert (word.name, room.asked_off()) == ("an", [])
    room.joins(session=2)
    assert [each.command for each in room.asked_off()] == [word.command]
    room.tells(off=True, command=word.command)
    assert store.read(commands_of, SCHOOL) == []
    room.tells(off=False, at_ms=NOW_MS + 5)
    room.joins(session=3)
    assert room.asked_off() == []
    assert [each.off for each in store.read(standings_of, SCHOOL)] == [False]


def test_what_is_told_again_changes_no_present(store: Store) -> None:
    """An old event may come at any time; a clock that was set back makes none old."""
    room = Room(store)
    room.joins()
    room.tells(off=True, at_ms=NOW_MS, seq=2)
    room.tells(off=False, at_ms=NOW_MS + 1000, seq=1)
    assert [each.off for each in store.read(standings_of, SCHOOL)] == [True]
    room.tells(off=False, at_ms=NOW_MS - 3_600_000, seq=3)
    assert [each.off for each in store.read(standings_of, SCHOOL)] == [False]


def test_the_rooms_page_shows_it_and_a_press_has_it_switched_off(store: Store) -> None:
    """Guests see and do not press."""
    room = Room(store)
    room.joins()
    room.tells(off=False, cards=True)
    page = room.page()
    assert "để đọc thẻ của cả lớp" in page
    assert "cứ 5 phút hình được xét vài giây" in page
    assert "/cameras/6A1/off" in page
    answer = asked(store, "/cameras/6A1/off", method="POST", host=HERE, data={"x": "1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/rooms/6A1#cameras")
    assert "máy của phòng chưa trả lời" in room.page()
    (word,) = room.asked_off()
    room.tells(off=True, command=word.command, at_ms=NOW_MS + 1)
    page = room.page()
    assert "nhà trường đã tắt (an)" in page
    assert "/cameras/6A1/off" not in page


def test_who_only_reads_or_asks_for_no_room_changes_nothing(store: Store) -> None:
    """404, like any other room that is not there."""
    room = Room(store)
    room.joins()
    room.tells(off=False)
    unknown = asked(store, "/cameras/9Z9/off", method="POST", host=HERE, data={"x": "1"})
    assert unknown.status_code == 404
    reading = asked(store, "/cameras/6A1/off", method="POST", host=READER, data={"x": "1"})
    assert reading.status_code == 403
    page = room.page(READER)
    assert "cứ 5 phút" in page
    assert "/cameras/" not in page
    assert store.read(commands_of, SCHOOL) == []
