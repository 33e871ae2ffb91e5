"""The link holds a conversation with a real broker through every kind of break."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from protocol.link import Broker, Letter, Link, broker_from
from tests.conftest import Nats
from tests.faulty_line import FaultyLine
from tests.waiting import LIMIT_S, eventually

WILL = Letter("t/will", b"gone")


def link(port: int, name: str, *, filters: tuple[str, ...] = (), keep: bool = False) -> Link:
    return Link(
        Broker("127.0.0.1", port),
        name,
        filters=filters,
        will=lambda session: WILL._replace(payload=f"gone {session}".encode()),
        greeting=lambda session: [Letter("t/hello", f"{name} {session}".encode())],
        keep_session=keep,
    )


@contextlib.asynccontextmanager
async def running(*links: Link) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each.run()) for each in links]
    for each in links:
        await each.connected.wait()
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def back(listener: Link, session: int) -> None:
    """Wait until the link holds a session later than this one."""
    await eventually(lambda: listener.session > session and listener.connected.is_set())


async def next_payload(listener: Link, wanted: Callable[[bytes], bool]) -> bytes:
    """The next payload that is wanted; the others are acked and passed over."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            arrivals = await listener.batch(1)
            listener.ack(arrivals)
            if wanted(arrivals[0].payload):
                return arrivals[0].payload


def test_messages_arrive_in_order_whole_and_of_any_size(nats: Nats) -> None:
    """Through lines that carry many packets a read, and packets over many reads."""

    async def flow() -> None:
        sizes = [0, 1, 127, 128, 16_383, 16_384, 70_000, 200_000, *range(300)]
        listener, speaker = link(nats.port, "l", filters=("t/data",)), link(nats.port, "s")
        async with running(listener, speaker):
            for number, size in enumerate(sizes):
                speaker.say(Letter("t/data", number.to_bytes(2) + b"x" * size))
            got: list[bytes] = []
            async with asyncio.timeout(LIMIT_S):
                while len(got) < len(sizes):
                    arrivals = await listener.batch(50)
                    listener.ack(arrivals)
                    got += [each.payload for each in arrivals]
        assert [int.from_bytes(each[:2]) for each in got] == list(range(len(sizes)))
        assert [len(each) - 2 for each in got] == sizes

    asyncio.run(flow())


def test_a_cut_line_comes_back_every_time(nats: Nats) -> None:
    """A new line may get the old one's number; reading must begin anew nevertheless."""

    async def flow() -> None:
        async with FaultyLine("127.0.0.1", nats.port) as line:
            listener = link(line.port, "l", filters=("t/#",), keep=True)
            speaker = link(nats.port, "s")
            async with running(listener, speaker):
                for number in range(12):
                    session = listener.session
                    line.cut()
                    line.heal()
                    await back(listener, session)
                    text = f"after cut {number}".encode()
                    speaker.say(Letter("t/data", text))
                    await next_payload(listener, lambda payload, text=text: payload == text)

    asyncio.run(flow())


def take_over(port: int, name: str) -> None:
    """Connect under another's name: the broker cuts the other's line (MQTT 3.1.1, 3.1.4)."""
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        name_field = len(name).to_bytes(2) + name.encode()
        body = b"\x00\x04MQTT\x04\x02\x00\x3c" + name_field
        stranger.sendall(b"\x10" + bytes([len(body)]) + body)
        stranger.recv(4)


def test_a_line_that_the_broker_cut_comes_back_at_the_first_try(nats: Nats) -> None:
    """The new line has the old one's number: nothing of the old may be left in the selector."""

    async def flow() -> None:
        listener = link(nats.port, "l", filters=("t/#",))
        async with running(listener):
            for _ in range(3):
                session = listener.session
                take_over(nats.port, "l")
                await back(listener, session)
                assert listener.session == session + 1

    asyncio.run(flow())


def test_unacked_messages_come_again_after_hanging_up(nats: Nats) -> None:
    """A failed commit loses nothing: the broker redelivers in the next session."""

    async def flow() -> None:
        listener = link(nats.port, "l", filters=("t/data",), keep=True)
        speaker = link(nats.port, "s")
        async with running(listener, speaker):
            speaker.say(Letter("t/data", b"precious"))
            async with asyncio.timeout(LIMIT_S):
                first = await listener.batch(1)
                listener.hang_up()
                again = await listener.batch(1)
            assert [each.payload for each in again] == [each.payload for each in first]
            assert again[0].session == first[0].session + 1
            listener.ack(first)  # of a past session: nothing to say to the broker
            listener.ack(again)

    asyncio.run(flow())


def test_a_broken_line_says_the_will_of_its_session_and_a_clean_end_too(nats: Nats) -> None:
    """Wills are told apart by the session's number."""

    async def flow() -> None:
        listener = link(nats.port, "l", filters=("t/will",))
        async with FaultyLine("127.0.0.1", nats.port) as line, running(listener):
            speaker = link(line.port, "s")
            async with running(speaker):
                line.cut()
                line.heal()
                assert await next_payload(listener, lambda _: True) == b"gone 1"
                await back(speaker, 1)
            assert await next_payload(listener, lambda p: p != b"gone 1") == b"gone 2"

    asyncio.run(flow())


def test_what_the_broker_kept_is_told_from_what_is_said_now(nats: Nats) -> None:
    """Whoever subscribes hears the last word again, marked as such; the next one is not."""

    async def flow() -> None:
        speaker = link(nats.port, "s", filters=("t/state",))
        listener = link(nats.port, "l", filters=("t/state",))
        async with running(speaker):
            speaker.say(Letter("t/state", b"before", retain=True))
            await next_payload(speaker, lambda payload: payload == b"before")
            async with running(listener), asyncio.timeout(LIMIT_S):
                (kept,) = await listener.batch(1)
                speaker.say(Letter("t/state", b"now", retain=True))
                (fresh,) = await listener.batch(1)
        assert (kept.payload, kept.retained) == (b"before", True)
        assert (fresh.payload, fresh.retained) == (b"now", False)

    asyncio.run(flow())


def test_nothing_can_be_said_without_a_line() -> None:
    """The caller keeps what was not taken."""

    async def flow() -> None:
        assert not link(1, "s").say(Letter("t/data", b"x"))

    asyncio.run(flow())


def test_more_than_fits_waits_in_the_socket(nats: Nats) -> None:
    """A slow reader holds a bounded number of messages and gets them all in the end."""

    async def flow() -> None:
        listener, speaker = link(nats.port, "l", filters=("t/data",)), link(nats.port, "s")
        async with running(listener, speaker):
            for number in range(5000):
                speaker.say(Letter("t/data", str(number).encode(), qos=0))
                if number % 100 == 0:
                    await asyncio.sleep(0)
            got = 0
            async with asyncio.timeout(LIMIT_S):
                while got < 5000:
                    got += len(await listener.batch(100))
                    assert len(listener._arrivals) <= 2200
        assert got == 5000

    asyncio.run(flow())


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("mqtt://10.0.0.2:1884", Broker("10.0.0.2", 1884)),
        ("mqtt://school", Broker("school", 1883)),
        ("school:1885", Broker("school", 1885)),
        ("mqtts://u:p@school", Broker("school", 8883, "u", "p", tls=True)),
    ],
)
def test_a_brokers_address_is_read(url: str, broker: Broker) -> None:
    """With the ports that MQTT reserves."""
    assert broker_from(url) == broker


@pytest.mark.parametrize(
    "url", ["", "http://school", "mqtt://", "mqtt://school/path", "mqtt://s:x"]
)
def test_a_wrong_address_is_refused(url: str) -> None:
    """Before anything is tried."""
    with pytest.raises(ValueError, match=r"."):
        broker_from(url)


def test_a_password_never_shows(tmp_path: Path) -> None:
    """Addresses go into logs."""
    assert "secret" not in str(Broker("school", 1883, "u", "secret"))
