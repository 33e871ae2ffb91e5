"""Liveness: what finders tell passes through it, and is asked after."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from hardware.network import judgement, liveness, probe
from hardware.network.interfaces import Networks, leads_to
from hardware.network.liveness import Liveness, Trail
from hardware.network.probe import ProbeAnswer, ask
from hardware.readings import IdentityKind, Kind, Sighting, SourceFlaw
from tests.hardware.told import Told
from tests.waiting import LIMIT_S

OURS: Networks = (ipaddress.ip_interface("10.0.0.5/24"),)
BOARD = Sighting(
    source="mdns",
    key="mac:000ec6112233",
    identity=IdentityKind.MAC,
    kind=Kind.BOARD,
    address="10.0.0.9",
    port=7000,
    via="10.0.0.5",
)


@pytest.mark.parametrize(
    ("address", "ours", "is_near"),
    [
        ("fe80::9%2", ("192.168.1.7/24", "fe80::1%2/64"), True),
        ("fe80::9%2", ("192.168.1.7/24", "fe80::1%3/64"), False),  # its cable is out
        ("fe80::9%2", ("192.168.1.7/24", "fe80::1/64"), True),  # no links are told
        ("10.0.0.9", ("10.0.0.5/24", "fe80::1%2/64"), True),
        ("10.0.0.9", ("192.168.1.7/24", "fe80::1%2/64"), False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_device_on_a_link_that_is_away_is_not_called_gone(
    address: str, ours: tuple[str, ...], is_near: object
) -> None:
    """Its silence is ours, whatever other network is there."""
    assert leads_to(address, [ipaddress.ip_interface(one) for one in ours]) is is_near


class Peer(asyncio.Protocol):
    """Accepts, and says what it was given to say."""

    def __init__(self, says: bytes, calls: list[asyncio.BaseTransport]) -> None:
        self._says = says
        self._calls = calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._calls.append(transport)
        transport.write(self._says)


@asynccontextmanager
async def listening(
    says: bytes = b"", calls: list[asyncio.BaseTransport] | None = None
) -> AsyncIterator[int]:
    """Listen on loopback; gives the port."""
    calls = [] if calls is None else calls
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Peer(says, calls), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for call in calls:
            call.close()
        await asyncio.sleep(0)


def test_a_connection_and_a_refusal_are_both_answers() -> None:
    """A host that refuses is a host."""

    async def run() -> list[ProbeAnswer]:
        async with listening() as port:
            answers = [await ask("127.0.0.1", port), await ask("::ffff:127.0.0.1", port)]
        return [*answers, await ask("127.0.0.1", port)]

    assert asyncio.run(run()) == [ProbeAnswer.ANSWERED, ProbeAnswer.ANSWERED, ProbeAnswer.REFUSED]


def test_rtsp_must_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that accepts and stays silent is told from one that answers."""

    async def run(says: bytes, wait_s: float) -> ProbeAnswer:
        monkeypatch.setattr(probe, "_RTSP_WAIT_S", wait_s)
        async with listening(says) as port:
            monkeypatch.setattr(probe, "_RTSP_PORT", port)
            return await ask("127.0.0.1", port)

    assert asyncio.run(run(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", LIMIT_S)) is ProbeAnswer.ANSWERED
    assert asyncio.run(run(b"", 0.3)) is ProbeAnswer.SILENT
    assert ProbeAnswer.SILENT.alive


@pytest.mark.parametrize("address", ["", "nonsense", "10.0.0", "fe80::1%nosuchif", "300.1.1.1"])
def test_an_address_that_is_none_does_not_answer(address: str) -> None:
    """Addresses come from the network too."""
    assert asyncio.run(ask(address, 80, (0.01,))) is ProbeAnswer.NONE


def test_projectors_and_raw_printers_are_asked_at_another_door() -> None:
    """One takes a single client, the other would wait for a job."""

    async def run() -> int:
        calls: list[asyncio.BaseTransport] = []
        async with listening(b"", calls) as port:
            probe._STAND_IN[port] = 9
            try:
                answer = await ask("127.0.0.1", port)
            finally:
                del probe._STAND_IN[port]
            assert answer in {ProbeAnswer.REFUSED, ProbeAnswer.ANSWERED}
            return len(calls)

    assert asyncio.run(run()) == 0
    assert {4352, 9100, 515} <= set(probe._STAND_IN)


class Stage:
    """A liveness whose devices answer when told to, and whose waits are short."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {"PERIOD_S": 0.02, "BUDGET_PER_S": 1000.0, "_GONE_S": 0.02}.items():
            monkeypatch.setattr(judgement, name, value)
        monkeypatch.setattr(liveness, "_TOGETHER_S", 0.001)
        self.told = Told()
        self.answer = ProbeAnswer.ANSWERED
        self.ours = OURS
        self.asked = asyncio.Event()
        self.liveness = Liveness(
            self.told, networks=lambda: self.ours, ask=self.ask_, clock=lambda: 7.0
        )

    async def ask_(self, *_: object) -> ProbeAnswer:
        await asyncio.sleep(0)
        self.asked.set()
        return self.answer

    async def asked_again(self, times: int = 6) -> None:
        for _ in range(times):
            self.asked.clear()
            async with asyncio.timeout(LIMIT_S):
                await self.asked.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.liveness.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def test_a_device_goes_and_comes_back_by_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told as no_answer, and as present again, though the finder said nothing."""

    async def run() -> None:
        stage = Stage(monkeypatch)
        async with stage.running():
            stage.liveness.hear(BOARD)
            assert (await stage.told.until(lambda one: one.present)) == BOARD
            await stage.asked_again(2)
            stage.answer = ProbeAnswer.NONE
            gone = await stage.told.until(lambda one: not one.present)
            assert gone.reason == "no_answer"
            stage.liveness.hear(replace(BOARD, name="cached"))
            await stage.asked_again(3)
            assert stage.told.sightings == []
            stage.answer = ProbeAnswer.REFUSED
            assert (await stage.told.until(lambda one: one.present)).name == "cached"
            assert stage.liveness.trail(BOARD.key) == Trail(
                via="10.0.0.5",
                address="10.0.0.9",
                last_query_at=7.0,
                last_answer_at=7.0,
                answer=ProbeAnswer.REFUSED,
            )

    asyncio.run(run())


@pytest.mark.parametrize("ours", [(), (ipaddress.ip_interface("172.16.0.5/24"),)])
def test_while_our_network_is_away_or_another_nobody_is_judged(
    monkeypatch: pytest.MonkeyPatch, ours: Networks
) -> None:
    """The cable was pulled here, or the laptop went to another Wi-Fi."""

    async def run() -> None:
        stage = Stage(monkeypatch)
        async with stage.running():
            stage.liveness.hear(BOARD)
            await stage.asked_again(2)
            stage.told.sightings.clear()
            stage.ours, stage.answer = ours, ProbeAnswer.NONE
            await stage.asked_again(12)
            assert stage.told.sightings == []
            stage.ours = OURS
            assert (await stage.told.until(lambda one: not one.present)).reason == "no_answer"

    asyncio.run(run())


def test_a_typed_device_beyond_a_router_is_judged_while_we_have_any_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was never heard on a network of ours, so none of ours need hold it."""

    async def run() -> None:
        stage = Stage(monkeypatch)
        typed = replace(BOARD, source="typed", address="10.200.0.9", via="")
        async with stage.running():
            stage.liveness.hear(typed)
            await stage.asked_again(2)
            stage.answer = ProbeAnswer.NONE
            assert (await stage.told.until(lambda one: not one.present)).reason == "no_answer"

    asyncio.run(run())


def test_what_is_no_sighting_passes_as_it_is() -> None:
    """Readings and flaws have their own way."""
    told: list[object] = []
    flaw = SourceFlaw(source="mdns", code="nonsense")
    Liveness(told.append).hear(flaw)
    assert told == [flaw]
    assert Liveness(told.append).trail("mac:000ec6112233") is None
