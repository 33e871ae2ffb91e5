"""A broker that the network reaches takes unencrypted lines only while it must."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controller.broker import brokerage as serving
from controller.broker.authority import Authority
from controller.broker.brokerage import Brokerage
from controller.broker.credentials import Credentials
from controller.broker.knocks import BROKER_LOG, knocks_in
from controller.config import ControllerConfig
from protocol.link import Broker, Letter, Link, LinkFault
from protocol.model import Place
from tests.ports import free_port
from tests.waiting import calm_s, eventually

SCHOOL = Place("14", "00140708")


def open_to_all(folder: Path, port: int) -> ControllerConfig:
    """A school whose broker the network reaches."""
    return ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=folder, mqtt_host="0.0.0.0",  # noqa: S104
        mqtt_port=port, mdns=False,
    )  # fmt: skip


def link_of(broker: Broker, name: str) -> Link:
    """A line that says nothing."""
    return Link(
        broker, name, filters=[], will=lambda _: Letter("x", b"", qos=0), greeting=lambda _: []
    )


async def is_taken(broker: Broker, name: str) -> bool:
    """Whether the broker lets it in at the first try."""
    link = link_of(broker, name)
    running = asyncio.create_task(link.run())
    await eventually(lambda: link.connected.is_set() or bool(link.fault))
    taken = link.connected.is_set()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return taken


def test_plain_lines_end_with_the_last_typed_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The encrypted ones go on, on the same port, and the controller's own is one of them."""
    monkeypatch.setattr(serving, "LOOK_FOR_PASSWORDS_EVERY_S", 0.05)
    port = free_port()
    config = open_to_all(tmp_path, port)
    passwords = Credentials(tmp_path / "agents.json")

    async def play() -> None:
        plain = Broker("127.0.0.1", port, "p1", "nobody's")
        brokerage = Brokerage(config, SCHOOL)
        assert brokerage.address.tls
        async with brokerage:
            own = link_of(brokerage.address, "own")
            running = asyncio.create_task(own.run())
            await eventually(own.connected.is_set)
            assert not await is_taken(plain, "p1")
            old = plain._replace(password=passwords.add("p1"))
            await eventually_taken(old)
            assert await is_taken(old.pinned_to(str(Authority(tmp_path).file)), "p1")
            await eventually(own.connected.is_set)
            before = own.session
            passwords.remove("p1")
            await eventually(lambda: own.session > before and own.connected.is_set())
            assert not await is_taken(old, "p1")
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())


def test_who_is_cut_off_is_out_within_five_seconds_and_nobody_else(tmp_path: Path) -> None:
    """Enrolled ones know a password of which the broker has a hash."""
    port = free_port()
    config = open_to_all(tmp_path, port)
    passwords = Credentials(tmp_path / "agents.json")

    async def play() -> None:
        lines = []
        async with Brokerage(config, SCHOOL):
            for name in ("p1", "p2"):
                issued = passwords.issue(name, name, 1)
                plain = Broker("127.0.0.1", port, name, issued.password, client_id=issued.client_id)
                lines.append(link_of(plain.pinned_to(str(Authority(tmp_path).file)), name))
            running = [asyncio.create_task(line.run()) for line in lines]
            await eventually(lambda: all(line.connected.is_set() for line in lines))
            session = lines[1].session
            passwords.remove("p1")
            began_s = calm_s()
            await eventually(lambda: lines[0].fault == LinkFault.PASSWORD_REFUSED)
            assert calm_s() - began_s < 5
            assert lines[1].connected.is_set()
            assert lines[1].session == session
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(play())


def test_who_is_enrolled_is_let_in_at_the_first_try(tmp_path: Path) -> None:
    """Its line does not come before the broker knows it, and so it is no knock."""
    port = free_port()
    config = open_to_all(tmp_path, port)
    passwords = Credentials(tmp_path / "agents.json")

    async def play() -> None:
        brokerage = Brokerage(config, SCHOOL)
        async with brokerage:
            for name in ("p1", "p2"):
                issued = passwords.issue(name, name, 1)
                await brokerage.admit()
                plain = Broker("127.0.0.1", port, name, issued.password, client_id=issued.client_id)
                assert await is_taken(plain.pinned_to(str(Authority(tmp_path).file)), name)
        assert not [knock for knock in knocks_in(tmp_path / BROKER_LOG) if knock.name]

    asyncio.run(play())


async def eventually_taken(broker: Broker) -> None:
    """It is let in, once the broker has started again."""
    while not await is_taken(broker, "p1"):
        await asyncio.sleep(0.05)
