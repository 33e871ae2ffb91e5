"""Our own networks are looked at where the kernel tells of a change, and not at each question."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Iterator

import pytest

from hardware.network import own as module
from hardware.network.interfaces import NamedNetwork
from hardware.network.links import LinkChoice
from hardware.network.own import OwnNetworks
from tests.waiting import eventually

FIRST = NamedNetwork("eth0", ipaddress.ip_interface("192.168.1.7/24"))
SECOND = NamedNetwork("wlan0", ipaddress.ip_interface("10.3.0.9/16"))


class Machine:
    """A machine whose networks change, and whose kernel may tell."""

    def __init__(self, *, tells: bool = True) -> None:
        self.tells = tells
        self.there = [FIRST]
        self.looks = 0
        self.moves = 0
        self.changed: asyncio.Event | None = None
        self.own = OwnNetworks(look=self.look, moved=self.move)

    def look(self, _choice: LinkChoice) -> list[NamedNetwork]:
        self.looks += 1
        return [*self.there]

    def move(self) -> None:
        self.moves += 1

    @contextlib.contextmanager
    def listening(self, changed: asyncio.Event) -> Iterator[bool]:
        self.changed = changed
        yield self.tells


@pytest.fixture(params=[True, False], ids=["kernel tells", "kernel is silent"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """One of either kind; where nobody tells it looks so often that a test need not wait."""
    machine = Machine(tells=request.param)
    monkeypatch.setattr(module.netlink, "listening", machine.listening)
    monkeypatch.setattr(module, "_UNHEARD_POLL_S", 0.01)
    monkeypatch.setattr(module, "CALM_S", 0.01)
    return machine


def test_without_a_follower_each_question_is_a_look(machine: Machine) -> None:
    """So the first question after a start is never answered by what was."""
    assert machine.own.addresses() == ("192.168.1.7",)
    machine.there = [SECOND]
    assert machine.own.networks() == (SECOND.network,)
    assert machine.looks == 2


def test_a_change_is_taken_in_and_told_and_questions_cost_no_look(machine: Machine) -> None:
    """Once for each change, however much the kernel tells of nothing."""

    async def story() -> None:
        follower = asyncio.create_task(machine.own.follow())
        await eventually(lambda: machine.looks > 0)
        looks = machine.looks
        for _ in range(1000):
            assert machine.own.addresses() == ("192.168.1.7",)
        assert machine.looks == looks
        machine.there = [FIRST, SECOND]
        assert machine.changed is not None
        if machine.tells:
            machine.changed.set()
        await eventually(lambda: machine.own.addresses() == ("192.168.1.7", "10.3.0.9"))
        assert machine.moves == 1
        if machine.tells:
            machine.changed.set()
            looks = machine.looks
            await eventually(lambda: machine.looks > looks)
        assert machine.moves == 1
        follower.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await follower
        machine.there = []
        assert machine.own.addresses() == ()

    asyncio.run(story())
