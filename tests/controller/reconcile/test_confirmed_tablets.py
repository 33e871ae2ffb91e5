"""What the school confirms on the book's page is equipment on every screen, and its room hears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from controller.database.store import Store
from controller.feature import Program
from controller.features import keep_batch, listeners_of
from controller.fleet.listener import FleetListener
from controller.fleet.records import DeviceRecord
from controller.reconcile.store import reconciled
from controller.register import store as register
from controller.register.book import Line
from controller.register.decisions import Decision, Deed
from protocol.messages import DeviceState, Presence, TabletsConfirmed
from protocol.model import PERSON, Device, DeviceKind, Identity, Status
from protocol.model import SCHOOL as BY_SCHOOL
from tests.controller.web_school import NOW_MS, SCHOOL, a_program, a_store, agent, asked

TABLET = "net-0a1b2c3d4e5f"
AGENT = "may-6a1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a room, in which a tablet checked in."""
    tablet = DeviceRecord(
        place=SCHOOL.of_agent(AGENT),
        device_id=TABLET,
        kind=DeviceKind.TABLET,
        identity=Identity.TOKEN,
        room="6A1",
        status=Status.OK,
        sources=("checkin",),
        boot="b1",
        rev=1,
        last_seen_ms=NOW_MS,
    )
    with a_store(tmp_path, [agent("6A1", rev=1, session=1), tablet]) as opened:
        yield opened


class Controller:
    """The listeners of a controller without a broker, looked at every few seconds."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.listeners = listeners_of(program)
        self.fleet = program.service(FleetListener)
        for listener in self.listeners:
            program.store.read(listener.load)

    def look(self, *heard: Presence | DeviceState) -> list[tuple[str, ...]]:
        """Take these words, and look what others wrote; which tablets the room is told of."""
        for listener in self.listeners:
            self.program.store.read(listener.poll, NOW_MS)
        changes = [one for word in heard for one in self.fleet.hear(AGENT, word, NOW_MS).changes]
        return self._say(changes) + self._say(self.fleet.expire(NOW_MS)) + self._say(())

    def _say(self, changes: Sequence[object]) -> list[tuple[str, ...]]:
        self.program.store.write(keep_batch, changes, NOW_MS)
        said = [command.message for command in self.fleet.follow(changes, NOW_MS)]
        return [one.devices for one in said if isinstance(one, TabletsConfirmed)]


def online(session: int) -> Presence:
    """The room's line is up again."""
    return Presence(boot="b1", at_ms=NOW_MS, session=session, online=True)


def state(rev: int, *sources: str, **known: Any) -> DeviceState:
    """What the room tells of the tablet."""
    told = Device(
        device_id=TABLET,
        kind=DeviceKind.TABLET,
        identity=Identity.TOKEN,
        status=Status.OK,
        sources=("checkin", *sources),
        first_seen_ms=NOW_MS,
        last_seen_ms=NOW_MS,
    )
    return DeviceState(boot="b1", at_ms=NOW_MS, rev=rev, device=replace(told, **known))


def counted(store: Store) -> set[str]:
    """The devices that the API lists."""
    return {one["device_id"] for one in asked(store, "/api/v1/devices").json()["items"]}


def change(store: Store, write: Callable[..., Any], *args: object, **options: object) -> Any:
    """What a page or a command writes into the book."""
    with store.locked(SCHOOL) as db:
        return write(db, SCHOOL, *args, **options)


def match(store: Store) -> int:
    """The school has a line, and says that the tablet is it; the decision's number."""
    change(store, register.bring_in, [Line(row=0, asset_tag="TB-1")], whole=True, now_ms=1)
    (line,) = store.read(register.lines_of, SCHOOL)
    decision = Decision(no=0, subject=f"device:{TABLET}", deed=Deed.MATCH, line=line.no)
    kept: Decision = change(store, register.keep_decision, decision, None)
    return kept.no


def test_a_tablet_accepted_on_the_page_is_counted_at_once_until_that_is_taken_back(
    store: Store,
) -> None:
    """The answer to the press comes after the lists, tiles and figures have followed."""
    form = {"subject": f"device:{TABLET}", "deed": "accept"}
    assert counted(store) == set()
    assert asked(store, "/register/decisions", method="POST", data=form).status_code == 303
    assert counted(store) == {TABLET}
    (room,) = asked(store, "/api/v1/rooms").json()["items"]
    assert room["devices"]["tablet"] == {"ok": 1}
    assert asked(store, "/register/decisions/1/undo", method="POST").status_code == 303
    assert counted(store) == set()


def test_the_room_is_told_once_a_session_and_at_each_change(store: Store) -> None:
    """Also after a restart of the controller, and of what was taken back meanwhile."""
    controller = Controller(a_program(store))
    assert controller.look(online(2), state(2)) == [()]
    decision = match(store)
    assert controller.look() == [(TABLET,)]
    assert controller.look() == controller.look(state(3, BY_SCHOOL)) == []
    assert controller.look(online(3)) == [(TABLET,)]
    change(store, register.undo_decision, decision, NOW_MS)
    restarted = Controller(a_program(store))
    assert restarted.look(online(4)) == [()]
    assert counted(store) == set()


def test_a_room_is_not_believed_in_what_the_school_confirmed(store: Store) -> None:
    """It may hold an old word, or lie; what a person in the room says counts."""
    controller = Controller(a_program(store))
    controller.look(online(2), state(2, BY_SCHOOL))
    assert counted(store) == set()
    controller.look(state(3, PERSON))
    assert counted(store) == {TABLET}


def test_what_leaves_the_book_with_an_import_counts_no_more(store: Store) -> None:
    """The decision stands, its line does not; the next sheet that has it brings it back."""
    controller = Controller(a_program(store))
    controller.look(online(2), state(2))
    match(store)
    controller.look()
    assert counted(store) == {TABLET}
    others = [Line(row=1, asset_tag="B-9")]
    change(store, register.bring_in, others, whole=True, now_ms=NOW_MS)
    assert controller.look() == [()]
    assert counted(store) == set()
    store.write(
        register.bring_in, SCHOOL, [Line(row=2, asset_tag="TB-1")], whole=False, now_ms=NOW_MS
    )
    assert controller.look() == [(TABLET,)]
    assert counted(store) == {TABLET}


@pytest.mark.parametrize(
    "known", [{"device_id": "net-001122334455", "aliases": (TABLET,)}, {"serial": "R52N"}]
)
def test_a_line_keeps_its_tablet_whatever_that_tells_later(
    store: Store, known: dict[str, Any]
) -> None:
    """Under another id with the old one as an alias, or with its serial."""
    controller = Controller(a_program(store))
    controller.look(online(2), state(2))
    match(store)
    controller.look()
    controller.look(state(3, **known))
    name = known.get("device_id", TABLET)
    assert counted(store) == {name}
    (finding,) = store.read(reconciled, SCHOOL, NOW_MS + 1).findings
    assert finding.devices == (name,)
