from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from agent.config import AgentConfig
from agent.school.connection import broker_of
from agent.school.finder import Finder
from protocol.discovery import SERVICE
from protocol.link import Broker
from protocol.model import Place
from tests.waiting import eventually

OURS: dict[bytes, bytes | None] = {
    b"role": b"controller",
    b"province": b"79",
    b"school": b"THCS-01",
}
NAME = f"school.{SERVICE}"


def finder() -> Finder:
    """Looks for the controller of one school."""
    return Finder("79", "THCS-01", Broker("", 0, "laptop-6a1", "secret"))


def test_nothing_found_is_said_as_a_connection_that_failed() -> None:
    """The link then waits and asks again."""
    with pytest.raises(OSError, match="no controller"):
        finder()()


def test_the_schools_own_controller_is_taken_with_this_agents_password() -> None:
    """IPv4 comes first."""
    found = finder()
    found.take(NAME, OURS, ["fe80::1%eth0", "192.168.1.10"], 1883)
    assert found() == Broker("192.168.1.10", 1883, "laptop-6a1", "secret")
    assert found.current == Broker("192.168.1.10", 1883, "laptop-6a1", "secret")


def test_addresses_are_tried_in_turn() -> None:
    """One that does not answer does not stand in another's way."""
    found = finder()
    found.take(NAME, OURS, ["192.168.1.10", "10.0.0.5"], 1883)
    assert [found().host for _ in range(3)] == ["192.168.1.10", "10.0.0.5", "192.168.1.10"]


def test_who_was_believed_has_every_other_turn() -> None:
    """However many announce themselves beside; the others have theirs, least tried first."""
    found = finder()
    found.take(NAME, OURS, ["192.168.1.10"], 1883)
    assert found().host == "192.168.1.10"
    found.note_believed()
    for no in range(3):
        found.take(f"false-{no}.{SERVICE}", OURS, [f"10.0.0.{no}"], 1883)
    hosts = [found().host for _ in range(7)]
    assert hosts[::2] == ["192.168.1.10"] * 4
    assert hosts[1::2] == ["10.0.0.0", "10.0.0.1", "10.0.0.2"]
    found.drop(NAME)
    assert found().host == "10.0.0.0"
    assert found().host == "192.168.1.10"  # it was there, and may be again


@given(st.integers(0, 60), st.integers(1, 40))
def test_whoever_comes_after_a_crowd_is_tried(crowd: int, addresses: int) -> None:
    """As soon as one of those before was tried in vain."""
    found = finder()
    for no in range(crowd):
        found.take(f"false-{no}.{SERVICE}", OURS, [f"10.0.0.{no % addresses}"], 1883)
    if crowd:
        found()
    found.take(NAME, OURS, ["192.168.1.10"], 1883)
    assert "192.168.1.10" in {found().host for _ in range(17)}


@pytest.mark.parametrize("address", ["", "mqtt://192.168.1.10"])
def test_a_typed_password_names_its_session(tmp_path: Path, address: str) -> None:
    """Who does not know it ends no session; a computer without one has the name of before."""

    def session(password: str) -> str:
        file = tmp_path / "password"
        file.write_text(password)
        config = AgentConfig(
            province="79",
            school="THCS-01",
            data=tmp_path,
            broker=address,
            broker_password_file=str(file) if password else "",
        )
        broker = broker_of(config, Place("79", "THCS-01", "laptop-6a1"))
        if isinstance(broker, Finder):
            broker.take(NAME, OURS, ["192.168.1.10"], 1883)
            broker = broker()
        return broker.client_id

    assert session("") == ""
    assert len({session("secret"), session("secret"), session("other"), ""}) == 3
    assert "secret" not in session("secret")


@pytest.mark.parametrize(
    "properties",
    [
        {},
        OURS | {b"school": b"THCS-02"},
        OURS | {b"school": b"thcs-01"},
        OURS | {b"province": b"1"},
        OURS | {b"role": b"agent"},
        OURS | {b"school": None},
        OURS | {b"school": b"\xff\xfe"},
    ],
)
def test_another_schools_controller_is_left_alone(
    properties: dict[bytes, bytes | None],
) -> None:
    """Two schools may share a network; pupils' marks go to their own."""
    found = finder()
    found.take(NAME, properties, ["192.168.1.10"], 1883)
    with pytest.raises(OSError, match="no controller"):
        found()


def test_a_controller_that_says_goodbye_or_changes_school_is_forgotten() -> None:
    """What it said last counts."""
    found = finder()
    found.take(NAME, OURS, ["192.168.1.10"], 1883)
    found.take(NAME, {}, ["192.168.1.10"], 1883)
    with pytest.raises(OSError, match="no controller"):
        found()
    found.take(NAME, OURS, ["192.168.1.10"], 1883)
    found.drop(NAME)
    with pytest.raises(OSError, match="no controller"):
        found()


def test_a_flood_of_controllers_is_bounded() -> None:
    """Nobody can fill the agent's memory with names."""
    found = finder()
    for number in range(100):
        found.take(f"{number}.{SERVICE}", OURS, ["10.0.0.1"], 1000 + number)
    assert {found().port for _ in range(100)} == set(range(1000, 1016))


def announced(port: int, school: str) -> ServiceInfo:
    """A controller as it announces itself on this machine."""
    return ServiceInfo(
        SERVICE,
        f"{school}.{SERVICE}",
        addresses=[socket.inet_aton("127.0.0.1")],
        port=port,
        properties={"role": "controller", "province": "79", "school": school},
        server=f"{school}.local.",
    )


def test_a_real_announcement_is_found_and_its_goodbye_heard() -> None:
    """Over real mDNS on loopback, without any other network."""

    async def story() -> None:
        found = finder()
        options = {"interfaces": ["127.0.0.1"], "ip_version": IPVersion.V4Only}
        async with (
            AsyncZeroconf(**options) as there,  # type: ignore[arg-type]
            AsyncZeroconf(**options) as here,  # type: ignore[arg-type]
        ):
            watching = asyncio.create_task(found.watch(here))
            for info in (announced(1883, "THCS-01"), announced(1884, "THCS-02")):
                await (await there.async_register_service(info))
            await eventually(lambda: known(found) == 1883)
            await there.async_unregister_all_services()
            await eventually(lambda: known(found) is None)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(story())


def known(found: Finder) -> int | None:
    """The port of the controller that is found now."""
    try:
        return found().port
    except OSError:
        return None


def test_another_schools_controller_alone_is_told_until_ours_is_heard() -> None:
    """A wrong school code is no silence; what is no controller says nothing."""
    found = finder()
    other = {**OURS, b"school": b"THCS-02"}
    assert not found.hears_others_only
    found.take("printer." + SERVICE, {b"role": b"printer"}, ["10.0.0.9"], 9)
    assert not found.hears_others_only
    found.take("other." + SERVICE, other, ["10.0.0.5"], 1883)
    assert found.hears_others_only
    found.take(NAME, OURS, ["10.0.0.6"], 1883)
    assert not found.hears_others_only
    found.drop(NAME)
    assert found.hears_others_only
    found.drop("other." + SERVICE)
    assert not found.hears_others_only
