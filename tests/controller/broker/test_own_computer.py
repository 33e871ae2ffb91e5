"""On the server's own computer, too, nobody is let in for being there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from controller.broker import surplus as share
from controller.broker.brokerage import Brokerage
from controller.broker.credentials import Credentials
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker
from controller.config import ControllerConfig
from protocol.door_key import LOCAL_USER, door_key, key_file, own_login
from protocol.link import Broker, Letter, Link, LinkFault
from protocol.model import Place
from tests.ports import free_port
from tests.waiting import eventually

SCHOOL = Place("14", "00140708")
ROOT = "lophoc/v1/14/00140708"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where this account's programs look for keys: of a session, and of none."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "session"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return [tmp_path / "session" / "lophoc", tmp_path / "state" / "lophoc"]


def config(data: Path, port: int, host: str = "127.0.0.1") -> ControllerConfig:
    """A controller's settings."""
    return ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=data, mqtt_host=host,
        mqtt_port=port, mdns=False,
    )  # fmt: skip


def link(broker: Broker, *filters: str) -> Link:
    """A line that says nothing of its own."""
    return Link(
        broker,
        f"test-{free_port()}",
        filters=filters,
        will=lambda _: Letter("x", b"", qos=0),
        greeting=lambda _: [],
    )


@contextlib.asynccontextmanager
async def running(*links: Link) -> AsyncIterator[None]:
    """Hold these lines."""
    tasks = [asyncio.create_task(each.run()) for each in links]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.usefixtures("folders")
def test_only_who_can_read_the_key_is_let_in(tmp_path: Path) -> None:
    """A program of the account, which names nobody; another account's, which reads no key, not."""
    port = free_port()
    ours = link(Broker("127.0.0.1", port), f"{ROOT}/p1/command/#", f"{ROOT}/controller/state")
    others = [
        link(Broker("127.0.0.1", port, "nobody", "")),
        link(Broker("127.0.0.1", port, LOCAL_USER, "guess")),
    ]

    async def play() -> None:
        async with Brokerage(config(tmp_path, port), SCHOOL), running(ours, *others):
            await eventually(ours.connected.is_set)
            for other in others:
                await eventually(lambda other=other: other.fault is LinkFault.PASSWORD_REFUSED)  # type: ignore[misc]
        assert not any(other.connected.is_set() for other in others)

    asyncio.run(play())


def test_the_key_is_the_accounts_alone_new_at_each_start_and_gone_with_it(
    tmp_path: Path, folders: list[Path]
) -> None:
    """With a session or without; a line that was there before comes in again by the new one."""
    port, keys = free_port(), []
    ours = link(Broker("127.0.0.1", port))

    async def play() -> None:
        async with running(ours):
            for _ in range(2):
                async with Brokerage(config(tmp_path, port), SCHOOL):
                    await eventually(ours.connected.is_set)
                    for path in (key_file(folder, port) for folder in folders):
                        assert stat.S_IMODE(path.stat().st_mode) == 0o600
                    keys.append(door_key(port, os.environ))
                    assert door_key(port, {"XDG_STATE_HOME": str(folders[1].parent)}) == keys[-1]
                await eventually(lambda: not ours.connected.is_set())

    asyncio.run(play())
    assert len({*keys}) == 2
    assert min(map(len, keys)) >= 40
    assert not any(key_file(folder, port).exists() for folder in folders)
    assert not any(key in (tmp_path / "broker" / "nats.log").read_text() for key in keys)


@pytest.mark.usefixtures("folders")
@pytest.mark.parametrize("host", ["192.168.1.10", "school.local", "2001:db8::1"])
def test_a_key_is_shown_to_no_other_computer(host: str) -> None:
    """Whatever listens there on the same port."""
    for folder in (Path(os.environ["XDG_RUNTIME_DIR"]),):
        (folder / "lophoc").mkdir(parents=True)
        key_file(folder / "lophoc", 1883).write_text("k" * 43)
    assert own_login("127.0.0.1", 1883, os.environ) == (LOCAL_USER, "k" * 43)
    assert own_login(host, 1883, os.environ) == ("", "")
    assert Broker(host, 1883).login() == ("", "")
    assert Broker("127.0.0.1", 1883, "p1", "own").login() == ("p1", "own")


@pytest.mark.usefixtures("folders")
def test_on_the_network_there_is_no_such_key(tmp_path: Path) -> None:
    """It would open the port to whoever learned it, from anywhere."""
    port = free_port()

    async def play() -> None:
        async with Brokerage(config(tmp_path, port, "0.0.0.0"), SCHOOL):  # noqa: S104
            assert own_login("127.0.0.1", port, os.environ) == ("", "")
            assert LOCAL_USER not in (tmp_path / "broker" / "nats.conf").read_text()

    asyncio.run(play())


def test_a_folder_that_takes_no_key_stops_nothing(
    tmp_path: Path, folders: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and who was enrolled is let in."""
    caplog.set_level("INFO")
    for folder in folders:
        folder.parent.mkdir(exist_ok=True)
        folder.write_text("a file is there")
    port = free_port()
    ours = link(Broker("127.0.0.1", port, "p1", Credentials(tmp_path / "agents.json").add("p1")))

    async def play() -> None:
        async with Brokerage(config(tmp_path, port), SCHOOL), running(ours):
            await eventually(ours.connected.is_set)

    asyncio.run(play())
    assert "no key left for this account's own programs" in caplog.text


@pytest.mark.usefixtures("folders")
def test_shares_hold_here_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A room keeps four lines; the rooms that are played here share a larger number."""
    monkeypatch.setattr(share, "LOOK_EVERY_S", 0.1)
    monkeypatch.setattr(share, "MAX_LOCAL_LINES", 6)
    port, cut = free_port(), dict[str, int]()
    word = Credentials(tmp_path / "agents.json").add("p1")
    brokerage = Brokerage(config(tmp_path, port), SCHOOL)
    brokerage.note_surplus = lambda user, count: cut.update({user: cut.get(user, 0) + count})
    rooms = [link(Broker("127.0.0.1", port, "p1", word)) for _ in range(share.MAX_LINES + 2)]
    played = [link(Broker("127.0.0.1", port)) for _ in range(8)]

    async def play() -> None:
        async with brokerage, running(*rooms, *played):
            await eventually(lambda: cut.get("p1", 0) >= 2 and cut.get(LOCAL_USER, 0) >= 2)

    asyncio.run(play())
    assert {*cut} == {"p1", LOCAL_USER}


@pytest.mark.parametrize("users", [{}, {"supervisor": "a"}, {"local": "a", CONTROLLER_USER: "c"}])
def test_without_a_password_nobody_is_let_in_whoever_has_one(
    tmp_path: Path, users: Mapping[str, str]
) -> None:
    """Nor where nobody has one; an agent may be called as our own users nearly are."""
    port = free_port()
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, SCHOOL, users)
    stranger = link(Broker("127.0.0.1", port))
    known = [link(Broker("127.0.0.1", port, *each)) for each in users.items()]

    async def play() -> None:
        broker.prepare()
        assert not broker.refuses_users
        serving = asyncio.create_task(broker.run())
        async with running(stranger, *known):
            await eventually(lambda: stranger.fault is LinkFault.PASSWORD_REFUSED)
            for each in known:
                await eventually(each.connected.is_set)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(play())
