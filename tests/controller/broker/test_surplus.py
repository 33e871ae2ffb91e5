"""A user at the broker has its share of lines and of subscriptions; others go on."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.broker import embedded
from controller.broker import surplus as share
from controller.broker.authority import Authority
from controller.broker.brokerage import Brokerage
from controller.broker.credentials import Credentials
from controller.broker.surplus import MAX_LINES, surplus
from controller.broker.system_line import HeldLine, SystemLine, system_line
from controller.config import ControllerConfig
from protocol.link import Broker, Letter, Link
from protocol.model import Place
from tests.ports import free_port
from tests.waiting import eventually

SCHOOL = Place("14", "00140708")


@given(st.lists(st.sampled_from(["p1", "p2", "controller", ""]), max_size=40))
def test_the_oldest_of_each_stay(users: list[str]) -> None:
    """As many as its share; of ours all."""
    lines = [HeldLine(cid, user) for cid, user in enumerate(users)]
    beyond = surplus(lines, {"controller", ""})
    stay = Counter(line.authorized_user for line in lines if line not in beyond)
    assert stay == Counter(
        {user: min(n, MAX_LINES) if user[:1] == "p" else n for user, n in Counter(users).items()}
    )
    for line in beyond:
        older = [each for each in lines if each.cid < line.cid]
        assert sum(each.authorized_user == line.authorized_user for each in older) >= MAX_LINES


def line(broker: Broker, client: str, filters: int = 0) -> Link:
    """A line of a user, with so many subscriptions."""
    user = broker.user
    return Link(
        broker,
        client,
        filters=[f"lophoc/v1/14/00140708/{user}/command/{n}" for n in range(filters)],
        will=lambda _: Letter("x", b"", qos=0),
        greeting=lambda _: [],
    )


@pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "encrypted"])
def test_a_user_with_many_lines_keeps_its_share_and_another_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_plain: bool
) -> None:
    """On the real broker; surplus is counted by its user; who floods is cut, and comes again."""
    monkeypatch.setattr(share, "LOOK_EVERY_S", 0.1)
    typed = frozenset({"many", "one"} if is_plain else ())
    monkeypatch.setattr(Credentials, "typed", lambda _: typed)
    monkeypatch.setattr("controller.broker.system_line.PAGE", 3)
    port, cut = free_port(), Counter[str]()
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=tmp_path, mqtt_host="0.0.0.0",  # noqa: S104
        mqtt_port=port, mdns=False,
    )  # fmt: skip
    credentials = Credentials(tmp_path / "agents.json")
    many, one = credentials.add("many"), credentials.add("one")
    brokerage, authority = Brokerage(config, SCHOOL), Authority(tmp_path).file
    broker = Broker("127.0.0.1", port).pinned_to("" if is_plain else str(authority))
    brokerage.note_surplus = lambda user, count: cut.update({user: count})

    async def play() -> None:
        good = line(broker._replace(user="one", password=one), "one")
        shared = broker._replace(user="many", password=many)
        crowd = [line(shared, f"many-{n}") for n in range(MAX_LINES + 5)]
        async with brokerage, contextlib.AsyncExitStack() as stack:
            running = [asyncio.create_task(each.run()) for each in (good, *crowd)]
            stack.push_async_callback(asyncio.gather, *running, return_exceptions=True)
            for task in running:
                stack.callback(task.cancel)
            await eventually(lambda: cut["many"] >= 5)
            served = brokerage._embedded
            assert served
            asking = system_line(await port_of(served), served.system_password, authority)
            async with asking as asked:
                await eventually(lambda: good.connected.is_set())
                held = await settled(asked, MAX_LINES)
            assert held["one"] == 1
            assert good.session == 1
            brokerage.cut_off("one")
            await eventually(lambda: good.session == 2)
            brokerage.cut_off("controller")  # never: it is ours
        assert {*cut} == {"many"}

    asyncio.run(play())


def test_who_asks_at_the_same_time_hears_their_own_answers(tmp_path: Path) -> None:
    """Who joins has the broker read its passwords while lines are counted."""
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=tmp_path, mqtt_port=free_port(),
        mdns=False,
    )  # fmt: skip

    async def play() -> None:
        brokerage, authority = Brokerage(config, SCHOOL), Authority(tmp_path).file
        async with brokerage, contextlib.AsyncExitStack() as stack:
            served = brokerage._embedded
            assert served
            key = await port_of(served), served.system_password, authority
            counts, reads = [await stack.enter_async_context(system_line(*key)) for _ in range(2)]
            for _ in range(20):
                await asyncio.gather(counts.held(), reads.reload())

    asyncio.run(play())


async def port_of(served: embedded.EmbeddedBroker) -> int:
    """Where it answers its system account, once it has written that down."""

    def port() -> int:
        try:
            return served.system_port()
        except (OSError, ValueError):
            return 0

    return await eventually(port, "the broker's system account")


async def settled(asked: SystemLine, many: int) -> Counter[str]:
    """What each holds, once the crowd is at its share."""
    while True:
        held = Counter(each.authorized_user for each in await asked.held())
        if held["many"] == many:
            return held
        await asyncio.sleep(0.02)


def test_subscriptions_of_one_line_are_bounded(tmp_path: Path) -> None:
    """Refused where it asks for too many; an agent's few are not."""
    port = free_port()
    broker = embedded.EmbeddedBroker(
        tmp_path, "127.0.0.1", port, SCHOOL, {embedded.CONTROLLER_USER: "c", "p1": "a"}
    )
    address = Broker("127.0.0.1", port, "p1", "a")
    few = line(address, "few", filters=6)
    many = line(address, "many", filters=embedded.MAX_SUBSCRIPTIONS)

    async def play() -> None:
        broker.prepare()
        running = [asyncio.create_task(each.run()) for each in (broker, few, many)]
        await eventually(few.connected.is_set)
        await eventually(lambda: "may not listen" in many._refusal)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(play())
