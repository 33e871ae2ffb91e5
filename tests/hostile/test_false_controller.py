"""A laptop says by mDNS that it is the school's controller: enrolled rooms tell it nothing."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from zeroconf.asyncio import AsyncZeroconf

from agent.school.finder import Finder
from controller.broker.authority import Authority
from protocol import link
from protocol.credential import broker_for, keep_credential
from protocol.link import Letter, Link
from tests.hostile.impostor import FalseBroker, announced
from tests.hostile.school import LAPTOP, ROOM, SCHOOL, SERVER, HostileNetwork, Room, hostile_network
from tests.waiting import eventually, until

STARTS = 7
STOLEN = f"controller-{SCHOOL.school}-{socket.gethostname()[:20]}"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileNetwork]:
    """A school that runs."""
    with hostile_network(tmp_path_factory.mktemp("school")) as running:
        yield running


@pytest.fixture
def impostor(network: HostileNetwork, tmp_path: Path) -> Iterator[FalseBroker]:
    """A false broker with a certificate of the right name by an authority of its own."""
    stranger = Authority(tmp_path / "stranger").machine()
    with closing(FalseBroker(network.laptop, certificate=stranger)) as broker:
        yield broker


def test_a_room_that_starts_beside_it_speaks_with_its_school(
    network: HostileNetwork, impostor: FalseBroker
) -> None:
    """By a stolen name and by another, before, during and after the start of the room's agent.

    Where the school was last is asked first: nobody else is so much as called.
    """
    room = network.enrolled("p101")
    with announced(network.laptop, [STOLEN]):
        room.program.start()
        with announced(network.laptop, ["controller-other"]):
            until(room.is_online, "the room is heard")
            room.mark("hs-1")
            until(network.stored, "it is stored", holds=lambda rows: ("p101", "hs-1") in rows)
            until(lambda: rivals_on(network), "both are told", holds=lambda it: len(it) == 2)
            assert all(f"Máy ở {LAPTOP} đang tự xưng" in rival for rival in rivals_on(network))
    until(lambda: rivals_on(network), "one has stopped", holds=lambda it: "nay đã thôi" in it[-1])
    assert impostor.calls == 0


def test_a_room_whose_server_is_away_calls_others_and_believes_none(
    network: HostileNetwork, impostor: FalseBroker
) -> None:
    """Nothing is asked first any more: the certificate alone stands between; nothing is lost."""
    room = network.enrolled("p103")
    room.program.start()
    until(room.is_online, "the room is heard")
    network.controller.stop()
    with announced(network.laptop, [STOLEN, "controller-other"]):
        until(lambda: impostor.calls, "it is called")
        room.mark("hs-1")
        until(room.notices, "the teacher reads it", holds=lambda it: "not_believed" in it)
        assert impostor.sessions == 0
        assert room.password.encode() not in impostor.heard
    network.start()
    until(network.stored, "it is stored", holds=lambda rows: ("p103", "hs-1") in rows)


def test_whose_server_has_moved_finds_it_in_each_of_seven_starts(
    network: HostileNetwork, impostor: FalseBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among false ones that are heard as well: none of them hears a word."""
    monkeypatch.setattr(link, "BACKOFF_CAP_S", 0.5)
    room = network.enrolled("p102")
    moved = msgspec.structs.replace(room.credential, host=ROOM)
    keep_credential(room.folder, moved)
    with announced(network.laptop, [STOLEN, "controller-other"]):
        hosts = network.room.ask(
            asyncio.run, at_once(where_it_connects(room, no) for no in range(STARTS))
        )
    assert hosts == [SERVER] * STARTS
    assert impostor.sessions == 0
    assert room.password.encode() not in impostor.heard


async def at_once(starts: Iterable[Coroutine[Any, Any, str]]) -> list[str]:
    """What each of them gives."""
    return await asyncio.gather(*starts)


async def where_it_connects(room: Room, no: int) -> str:
    """Start the room's line to its school, as its agent does; gives the address that it took."""
    pattern = broker_for(room.credential)._replace(client_id=f"start-{no}")
    finder = Finder(SCHOOL.province, SCHOOL.school, pattern)
    line = Link(finder, "x", filters=[], will=lambda _: Letter("x", b"", 0), greeting=lambda _: [])
    async with AsyncZeroconf(interfaces=[ROOM]) as zeroconf:
        tasks = [asyncio.create_task(work) for work in (line.run(), finder.watch(zeroconf))]
        await eventually(line.connected.is_set)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert finder.current
    return finder.current.host


def rivals_on(network: HostileNetwork) -> list[str]:
    """What the office's page says of others who announce themselves."""
    return re.findall(r"<li data-rival.*?</li>", network.page("/connections"), re.DOTALL)
