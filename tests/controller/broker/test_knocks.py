"""Rooms that knock with a wrong password are listed; what they call themselves does no harm."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.__main__ import main
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker
from controller.broker.knocks import MAX_NAME, MAX_NAMES, knocks_in, knocks_of
from protocol.link import Broker, Letter, Link
from protocol.model import Place
from tests.ports import free_port
from tests.waiting import eventually

LINE = (
    '[7] 2026/11/28 23:06:38.581301 [ERR] 10.0.0.{}:37313 - mid:6 - "c" - '
    'authentication error - User "{}"'
)
TRY = st.tuples(st.integers(1, 250), st.text("abcđ\\n-", min_size=1, max_size=3))


@given(st.lists(TRY, max_size=40))
def test_each_name_stands_once_with_its_last_place_and_its_count(
    tries: list[tuple[int, str]],
) -> None:
    """The latest first; a quotation that is not closed is nobody's."""
    sound = [(host, name.replace("\\", "")) for host, name in tries]
    knocks = knocks_of(LINE.format(host, name) for host, name in sound)
    assert {knock.name: knock.tries for knock in knocks} == Counter(name for _, name in sound)
    latest = list(dict.fromkeys(name for _, name in reversed(sound)))
    assert [knock.name for knock in knocks] == latest
    assert {knock.name: knock.address for knock in knocks} == {
        name: f"10.0.0.{host}" for host, name in sound
    }
    knocks_of(LINE.format(host, name) for host, name in tries)


def test_names_are_bounded() -> None:
    """In number and in length."""
    knocks = knocks_of(LINE.format(1, f"{n}" + "x" * 99) for n in range(MAX_NAMES * 2))
    assert len(knocks) == MAX_NAMES
    assert max(len(knock.name) for knock in knocks) == MAX_NAME


def test_the_brokers_own_log_is_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As this version of nats-server writes it; the command tells it."""
    port, folder = free_port(), tmp_path / "broker"
    users = {CONTROLLER_USER: "c", "p1": "right"}
    assert knocks_in(folder / "nats.log") == []
    broker = EmbeddedBroker(folder, "127.0.0.1", port, Place("14", "1"), users)
    link = Link(
        Broker("127.0.0.1", port, "p1", "wrong"), "p1", filters=[],
        will=lambda _: Letter("x", b""), greeting=lambda _: [],
    )  # fmt: skip

    async def play() -> None:
        broker.prepare()
        running = [asyncio.create_task(broker.run()), asyncio.create_task(link.run())]
        await eventually(lambda: knocks_in(folder / "nats.log"))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(play())
    assert main(["agents", "refused", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("p1\t127.0.0.1\t20")
