"""A room never speaks as a school, nor a school as a room, whatever the broker lets through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from controller.broker.credentials import Credentials
from controller.broker.signing import CommandSigner
from controller.database.store import Store
from controller.department.store import load_schools
from controller.fleet.store import agents_of
from controller.quarantine.store import lines
from protocol.messages import Presence, Up
from protocol.model import Place
from protocol.upward import SchoolTold, Upward
from tests.controller.ears import Ears, arrival
from tests.controller.web_school import a_program, a_store

SCHOOL = Place("14", "so-14")
NOW_MS = 1_793_232_000_000
AS_ROOM = Presence(boot="b", at_ms=NOW_MS, session=1, online=True)
AS_SCHOOL = SchoolTold(boot="b", at_ms=NOW_MS, day="2026-09-05", feed="f")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database of the test's own."""
    with a_store(tmp_path) as opened:
        yield opened


def ears(store: Store, tmp_path: Path, role: str = "", enrolled: str = "") -> Ears:
    """A controller of this role, without an upstream."""
    program = a_program(store, scope=SCHOOL, folder=tmp_path, upstream="")
    program.config = msgspec.structs.replace(program.config, role=role)
    credentials = Credentials(tmp_path / "agents.json")
    if enrolled:
        credentials.issue(enrolled, "a laptop", 1)
    made = Ears(program, CommandSigner(credentials, program.boot))
    program.store.read(made.ingest._load_all)
    return made


def standing(made: Ears) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """Who counts as a room, who as a school, and what was set aside."""
    read = made.program.store.read
    rooms = [each.place.agent for each in read(agents_of, SCHOOL, limit=None)]
    schools = [*read(load_schools, SCHOOL).records]
    aside = [(each.sender, each.flaw) for each in read(lines)]
    return rooms, schools, aside


@pytest.mark.parametrize("role", ["", "school", "department"])
def test_each_role_hears_its_own(store: Store, tmp_path: Path, role: str) -> None:
    """Both where nothing is said of it."""
    made = ears(store, tmp_path, role)
    made.take(arrival(SCHOOL.of_agent("p1"), AS_ROOM))
    made.take(arrival(SCHOOL.of_agent("s1"), AS_SCHOOL))
    rooms, schools, aside = standing(made)
    assert rooms == (["p1"] if role != "department" else [])
    assert schools == (["s1"] if role != "school" else [])
    assert {*aside} == {
        *({("p1", "wrong_topic")} if role == "department" else ()),
        *({("s1", "wrong_topic")} if role == "school" else ()),
    }


@pytest.mark.parametrize(("first", "then"), [(AS_ROOM, AS_SCHOOL), (AS_SCHOOL, AS_ROOM)])
def test_who_has_spoken_as_one_is_not_heard_as_the_other(
    store: Store, tmp_path: Path, first: Up | Upward, then: Up | Upward
) -> None:
    """A typed password says of nobody what it is; what it said before does."""
    made = ears(store, tmp_path)
    for message in (first, then, first):
        made.take(arrival(SCHOOL.of_agent("x"), message))
    rooms, schools, aside = standing(made)
    assert (rooms, schools) == ((["x"], []) if first is AS_ROOM else ([], ["x"]))
    assert aside == [("x", "wrong_topic")]


def test_an_enrolled_room_is_no_school_even_before_its_first_word(
    store: Store, tmp_path: Path
) -> None:
    """Nothing of it stands in the department's list."""
    made = ears(store, tmp_path, enrolled="p1")
    made.take(arrival(SCHOOL.of_agent("p1"), AS_SCHOOL))
    made.take(arrival(SCHOOL.of_agent("s1"), AS_SCHOOL))
    assert standing(made) == ([], ["s1"], [("p1", "wrong_topic")])
