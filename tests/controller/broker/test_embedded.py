"""The embedded broker takes every name that may be given, and never a configuration it refuses."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.broker import embedded
from controller.broker.brokerage import Brokerage
from controller.broker.credentials import CredentialError, Credentials
from controller.broker.embedded import EmbeddedBroker, config_text
from controller.broker.program import BrokerError
from controller.config import ControllerConfig
from protocol.link import Broker, Letter, Link
from protocol.model import NAME_RULE, Place
from protocol.topics import Address, Channel, topic_of
from tests.ports import free_port
from tests.waiting import eventually

SCHOOL = Place("14", "00140708")
names = st.from_regex(NAME_RULE.removesuffix("$") + r"\Z").filter(str.isprintable)


def broker(folder: Path, users: Mapping[str, str], port: int = 0) -> EmbeddedBroker:
    """A broker that is not started yet."""
    return EmbeddedBroker(folder, "127.0.0.1", port or free_port(), SCHOOL, users)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples."""
    return tmp_path_factory.mktemp("broker")


@given(st.dictionaries(names, st.text("abc-_09", min_size=1, max_size=9), min_size=1, max_size=4))
@settings(max_examples=40)
def test_any_name_that_may_be_given_is_taken(folder: Path, users: Mapping[str, str]) -> None:
    """By the broker's own test of its configuration."""
    made = broker(folder, users)
    made._write_config()
    assert not made.refuses_users


@pytest.mark.parametrize("name", ["", " p1", "p1 ", "a\nb", "a\0b", "x" * 65, "\x7f", "a\u2028"])
def test_a_name_that_may_not_be_given_is_refused_where_it_is_born(
    tmp_path: Path, name: str
) -> None:
    """With a sentence, and nothing is written."""
    assert not re.match(NAME_RULE, name)
    with pytest.raises(CredentialError) as caught:
        Credentials(tmp_path / "agents.json").add(name)
    assert caught.value.code == "agent_id_wrong"
    assert not (tmp_path / "agents.json").exists()


def test_a_room_with_a_vietnamese_name_connects(tmp_path: Path) -> None:
    """Added while the controller runs, and after the next start as well."""
    port, room = free_port(), "phòng 203 ế"
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=tmp_path, mqtt_host="0.0.0.0",  # noqa: S104
        mqtt_port=port, mdns=False,
    )  # fmt: skip
    credentials = Credentials(tmp_path / "agents.json")

    async def connects(password: str) -> None:
        link = Link(
            Broker("127.0.0.1", port, room, password),
            "room",
            filters=[],
            will=lambda _: Letter("lophoc/v1/x", b""),
            greeting=lambda _: [],
        )
        running = asyncio.create_task(link.run())
        await eventually(link.connected.is_set)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def play() -> None:
        async with Brokerage(config, SCHOOL):
            password = credentials.add(room)
            await connects(password)
        async with Brokerage(config, SCHOOL):
            await connects(password)

    asyncio.run(play())


def test_a_configuration_that_is_refused_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker runs on, and the screens are told until one is taken."""
    made = broker(tmp_path, {"p1": "a"})
    made.prepare()
    before = (tmp_path / "nats.conf").read_bytes()
    good = embedded.config_text
    monkeypatch.setattr(embedded, "config_text", lambda *_, **__: "{ mqtt: ")
    made.reload({"p2": "b"})
    assert (made.refuses_users, (tmp_path / "nats.conf").read_bytes()) == (True, before)
    broker(tmp_path, {"p2": "b"}).prepare()
    assert (tmp_path / "nats.conf").read_bytes() == before
    monkeypatch.setattr(embedded, "config_text", good)
    made.reload({"p2": "b"})
    assert not made.refuses_users
    assert b"p2" in (tmp_path / "nats.conf").read_bytes()


def test_without_one_before_the_start_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence that says where to look."""
    monkeypatch.setattr(embedded, "config_text", lambda *_, **__: "{ mqtt: ")
    with pytest.raises(BrokerError) as caught:
        broker(tmp_path, {}).prepare()
    assert caught.value.code == "broker_config_refused"


@pytest.mark.parametrize("channel", [*Channel])
def test_a_room_may_say_all_that_rooms_say_and_no_command(tmp_path: Path, channel: Channel) -> None:
    """A channel that comes later, too: nats-server acknowledges what it does not let through."""
    config = json.loads(config_text("0.0.0.0", 1, tmp_path, SCHOOL, {"p1": "a"}))  # noqa: S104
    [user] = config["authorization"]["users"]
    topic = topic_of(Address(SCHOOL.of_agent("p1"), channel, "camera-1"))
    pattern = re.compile(
        "|".join(
            re.escape(one).replace(r"\*", "[^.]+")
            for one in user["permissions"]["publish"]["allow"]
        )
    )
    is_rooms = channel not in {Channel.COMMAND, Channel.SCHOOL}
    assert bool(pattern.fullmatch(topic.replace("/", "."))) == is_rooms


@pytest.mark.parametrize(("before", "after"), [("a", "a"), ("a", "b"), ("", ""), ("", "a")])
def test_what_is_kept_for_a_session_that_nobody_takes_up_again_goes(
    tmp_path: Path, before: str, after: str
) -> None:
    """As at an upgrade from a session's name that everybody knew: it would lie there for ever."""

    def settle(session: str) -> None:
        EmbeddedBroker(tmp_path, "127.0.0.1", 1, SCHOOL, {}, session=session)._settle_store()

    settle(before)
    kept = tmp_path / "jetstream" / "kept"
    kept.parent.mkdir()
    kept.touch()
    settle(after)
    assert kept.exists() == (before == after)
