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
    sound = [(host, name.replace("\\", "") or "-") for host, name in tries]
    knocks = knocks_of(LINE.format(host, name) for host, name in sound)
    assert {knock.name: knock.tries for knock in knocks} == Counter(name for _, name in sound)
    latest = list(dict.fromkeys(name for _, name in reversed(sound)))
    assert [knock.name for knock in knocks] == latest
    assert {knock.name: knock.address for knock in knocks} == {
        name: f"10.0.0.{host}" for host, name in sound
    }
    knocks_of(LINE.format(host, name) for host, name in tries)


@pytest.mark.parametrize(
    ("what", "name", "reason"),
    [
        ('"c" - authentication error - User "p1"', "p1", "wrong_password"),
        ('"c" - authentication error - User "p9"', "p9", "unknown_name"),
        ('"c" - authentication error', "", "no_name"),
        ('"c \\" x" - Publish Violation - Subject "other.topic"', "", "not_its_place"),
        ('"c" - Subscription Violation - Subject "o.>", SID o.>', "", "not_its_place"),
        ('"c" - Replacing old client "10.0.0.6:9 - x" since both h', "", "others_session"),
        ('"c" - Replacing old client "10.0.0.5:9 - x" since both h', None, ""),
        ("TLS handshake error: tls: first record does not look like it", "", "not_encrypted"),
        ('"" - unacceptable protocol version of 5', "", "other_version"),
        ('"c" - unable to connect: authentication error', None, ""),
        ('"c" - authentication error - User "p1" - TLS handshake error: x', None, ""),
    ],
)
def test_each_says_why_it_was_refused(what: str, name: str | None, reason: str) -> None:
    """And one that told no name is known by its address."""
    line = f"[7] 2026/11/28 23:06:38.581301 [ERR] 10.0.0.5:37313 - mid:6 - {what}"
    knocks = knocks_of([line, f"{line} (and 1,304 like it)"], users={"p1"})
    told = [(knock.name, knock.reason, knock.tries) for knock in knocks]
    assert told == ([(name, reason, 1306)] if name is not None else [])


def test_the_latest_reason_counts() -> None:
    """A password mended and a room that is not its own are two things."""
    knocks = knocks_of([LINE.format(1, "p1"), LINE.format(2, "p1")], users=set())
    assert [(knock.reason, knock.address) for knock in knocks] == [("unknown_name", "10.0.0.2")]
    elsewhere = LINE.replace('authentication error - User "{}"', 'Publish Violation - Subject "x"')
    away = knocks_of([LINE.format(1, "c"), elsewhere.format(1)])[0]
    assert (away.reason, away.name) == ("not_its_place", "")  # its client's id is its own affair


def test_one_address_tries_several_things() -> None:
    """None of them hides another."""
    line = LINE.partition('"c"')[0].format(1)
    tried = ['"c" - Publish Violation - Subject "x"', "TLS handshake error: EOF"]
    knocks = knocks_of(line + what for what in (*tried, tried[1]))
    assert [(knock.reason, knock.tries) for knock in knocks] == [
        ("not_encrypted", 2),
        ("not_its_place", 1),
    ]


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

    elsewhere = Link(
        Broker("127.0.0.1", port, "p1", "right"), "away", filters=["lophoc/14/2/p1/command/#"],
        will=lambda _: Letter("x", b""), greeting=lambda _: [],
    )  # fmt: skip

    async def play() -> None:
        broker.prepare()
        jobs = (broker.run, link.run, elsewhere.run)
        running = [asyncio.create_task(job()) for job in jobs]
        await eventually(lambda: len(knocks_in(folder / "nats.log")) == 2)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(play())
    assert main(["agents", "refused", "--data", str(tmp_path)]) == 0
    lines = sorted(capsys.readouterr().out.splitlines())
    assert [line.split("\t")[::4] for line in lines] == [
        ["", "not_its_place"],
        ["p1", "wrong_password"],
    ]
