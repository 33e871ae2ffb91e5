"""What a room should have is chosen once, by type or for all, and told to its computers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.database.store import Store
from controller.kits.kits import Kits, RoomType, TypeOfRoom, kits_of, type_from
from controller.kits.listener import KitListener
from controller.kits.store import choose, keep_type, kits_in
from protocol.errors import ActionError
from protocol.kit import KitTemplate
from protocol.messages import KitGiven
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    Served,
    a_live,
    a_morning,
    a_program,
    a_store,
    agent,
    at_rest,
)
from tests.web import http_client

LAB = RoomType(name="Phòng máy", kit=KitTemplate(computers=40, projectors=1, software="Scratch"))
ORIGIN = "origin"


def test_nothing_is_missing_until_somebody_chose() -> None:
    """A type that was dropped is no choice; that nothing is asked for is one."""
    assert Kits().lines_of("6A1") is None
    choices = [TypeOfRoom(room="p6a1", type=LAB.name), TypeOfRoom(room="p6a2"), TypeOfRoom(room="")]
    kits = kits_of([LAB], choices)
    wanted = [(str(line.kind or line.name), line.wanted) for line in kits.lines_of("6A1") or ()]
    assert wanted == [("host", 40), ("projector", 1), ("Scratch", 1)]
    assert kits.lines_of("6A2") == ()
    assert kits_of([], choices[:1]).lines_of("6A1") is None


@given(
    st.dictionaries(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "X", "Y"])),
    st.sampled_from(["a", "b", "c"]),
)
def test_a_rooms_own_choice_comes_before_that_of_all(choices: dict[str, str], room: str) -> None:
    """Whatever else is chosen."""
    types = [RoomType(name=name, kit=KitTemplate(boards=n)) for n, name in enumerate("XY", 1)]
    kits = kits_of(types, [TypeOfRoom(room=code, type=kind) for code, kind in choices.items()])
    chosen = choices.get(room, choices.get("")) if room in choices or "" in choices else None
    boards = {None: None, "": (), "X": (1,), "Y": (2,)}[chosen]
    lines = kits.lines_of(room)
    assert (lines and tuple(line.wanted for line in lines)) == (boards or lines)
    assert (lines is None) == (chosen is None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "type_nameless"),
        ({"name": "x", "boards": "-1"}, "count_wrong"),
        ({"name": "x", "boards": "401"}, "count_wrong"),
        ({"name": "x", "boards": "²"}, "count_wrong"),
    ],
)
def test_a_type_that_is_none_is_refused(fields: dict[str, str], code: str) -> None:
    """With a word on what is wrong."""
    with pytest.raises(ActionError) as refused:
        type_from(fields)
    assert refused.value.code == code


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school on an ordinary morning."""
    with a_store(tmp_path, a_morning()) as opened:
        yield opened


def test_each_computer_is_told_in_its_session_and_anew(store: Store) -> None:
    """Who was never told anything hears nothing while nobody has chosen."""
    listener = KitListener(a_program(store, a_live(store)))
    here = [agent("6A1", rev=1), agent("6A2", rev=1), agent("6A3", rev=1, online=False)]
    store.read(listener.load)

    def told(*changes: object) -> dict[str, KitGiven]:
        commands = listener.follow(changes, NOW_MS)
        return {one.to: one.message for one in commands if isinstance(one.message, KitGiven)}

    assert told(*here) == {}
    store.write(keep_type, SCHOOL, LAB)
    store.write(choose, SCHOOL, TypeOfRoom(room="p6a1", label="6A1", type=LAB.name))
    store.read(listener.poll, NOW_MS)
    assert {name: len(one.lines) for name, one in told().items()} == {here[0].place.agent: 3}
    assert told(here[0]) == {}
    again = replace(here[0], session=here[0].session + 1)
    assert [*told(again)] == [here[0].place.agent]
    store.write(choose, SCHOOL, TypeOfRoom(room="", type=""))
    store.read(listener.poll, NOW_MS)
    later = told()
    assert here[1].place.agent in later
    assert (later[here[1].place.agent].is_chosen, later[here[1].place.agent].lines) == (True, ())


def test_types_and_rooms_are_chosen_on_one_page(store: Store) -> None:
    """By forms alone; a hostile name is text."""
    with (
        Served(store, clock=at_rest) as served,
        http_client(served.url, cookies={"lang": "en"}, follow_redirects=True) as web,
    ):

        def do(path: str, **fields: str) -> httpx.Response:
            return web.post(path, data=fields, headers={ORIGIN: str(web.base_url).rstrip("/")})

        assert "No type of room is chosen yet." in web.get("/kits").text
        assert "What is this type of room called?" in do("/kits", name=" ").text
        text = do("/kits", name="<b>Lab", computers="40", software="Scratch, GeoGebra").text
        assert "&lt;b&gt;Lab" in text
        assert "Scratch, GeoGebra" in text
        do("/kits/rooms", **{"room:": "<b>Lab", "room:p6a2": "=", "room:p6a3": "nonsense"})
        kits = store.read(kits_in, SCHOOL)
        assert {one.room: one.type for one in kits.rooms.values()} == {"": "<b>Lab", "p6a2": ""}
        assert len(kits.lines_of("6A1") or ()) == 3
        do("/kits/rooms", **{"room:p6a2": "-"})
        do("/kits/drop", name="<b>Lab")
        kits = store.read(kits_in, SCHOOL)
        assert (dict(kits.types), dict(kits.rooms)) == ({}, {})
