"""The simulated projector: it keeps to PJLink's letter, and to its lamp's clock."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from hardware.readings import PowerState
from simulators.devices.pjlink import Lamp, Mind, PjlinkFaults, ProjectorMake
from simulators.devices.projector import Crowd, Projector
from tests.waiting import LIMIT_S

SECRET = "JBMIAProjectorLink"  # noqa: S105 - the specification's own example


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_lamp_warms_burns_cools_and_counts_its_hours() -> None:
    """Neither a warming nor a cooling lamp may be disturbed."""
    clock = Clock()
    lamp = Lamp(ProjectorMake(warm_s=30.0, cool_s=90.0, lamp_hours=(10, 20)), clock, pace=10.0)
    assert lamp.switch(on=True)
    assert lamp.power is PowerState.WARMING
    assert not lamp.switch(on=False)
    clock.now = 3.0
    assert lamp.power is PowerState.ON
    clock.now = 720.0  # two hours of the play
    assert lamp.switch(on=False)
    assert lamp.power is PowerState.COOLING
    assert not lamp.switch(on=True)
    assert lamp.hours == (12, 22)
    clock.now = 730.0
    assert lamp.power is PowerState.OFF


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("%1POWR ?", "%1POWR=0"),
        ("%1powr ?", "%1POWR=0"),
        ("%1POWR 2", "%1POWR=ERR2"),
        ("%1INPT ?", "%1INPT=ERR3"),
        ("%1ERST ?", "%1ERST=000000"),
        ("%1LAMP ?", "%1LAMP=1200 0"),
        ("%1CLSS ?", "%1CLSS=2"),
        ("%2SNUM ?", "%2SNUM=X4YZ5301234"),
        ("%1SNUM ?", "%1SNUM=ERR1"),
        ("%1XXXX ?", "%1XXXX=ERR1"),
        ("%3POWR ?", "%3POWR=ERR1"),
        ("POWR", ""),
        ("", ""),
    ],
)
def test_a_command_has_its_answer(command: str, answer: str) -> None:
    """As PJLink's sections 2.2 and 4 say."""
    make, faults = ProjectorMake(), PjlinkFaults()
    assert Mind(make, Lamp(make, Clock(), 1.0), faults).answer(command) == answer


def test_the_password_goes_before_the_first_command() -> None:
    """Of md5(random + password), PJLink section 5."""

    async def talk(one: Projector, password: str) -> bytes:
        reader, writer = await asyncio.open_connection(one.host, one.port)
        greeting = (await reader.readuntil(b"\r")).decode()
        assert greeting.startswith("PJLINK 1 ")
        salt = greeting[9:-1]
        digest = hashlib.md5((salt + password).encode(), usedforsecurity=False).hexdigest()
        writer.write(f"{digest}%1POWR ?\r".encode())
        answer = await reader.readuntil(b"\r")
        writer.close()
        return answer

    async def run() -> None:
        async with Projector(ProjectorMake(), password=SECRET) as one:
            one.faults.connections = 2
            assert await talk(one, SECRET) == b"%1POWR=0\r"
            assert await talk(one, "other") == b"PJLINK ERRA\r"

    asyncio.run(run())


@pytest.mark.parametrize("crowd", list(Crowd))
def test_one_connection_is_served_at_a_time(crowd: Crowd) -> None:
    """The next is sent away, or waits."""

    async def run() -> None:
        async with Projector(ProjectorMake()) as one:
            one.faults.crowd = crowd
            first, writer = await asyncio.open_connection(one.host, one.port)
            assert await first.readuntil(b"\r") == b"PJLINK 0\r"
            second, other = await asyncio.open_connection(one.host, one.port)
            if crowd is Crowd.WAITS:
                writer.close()
                assert await second.readuntil(b"\r") == b"PJLINK 0\r"
            else:
                assert await second.read() == b""
            writer.close()
            other.close()

    asyncio.run(run())


def test_unplugged_it_is_gone_and_plugged_in_it_is_back_at_the_same_port() -> None:
    """The connections of before are cut."""

    async def run() -> None:
        async with Projector(ProjectorMake()) as one:
            port = one.port
            reader, writer = await asyncio.open_connection(one.host, port)
            await reader.readuntil(b"\r")
            await one.unplug()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(one.host, port)
            await one.plug_in()
            again, other = await asyncio.open_connection(one.host, port)
            assert await again.readuntil(b"\r") == b"PJLINK 0\r"
            writer.close()
            other.close()

    asyncio.run(run())


def test_a_search_is_answered_and_link_up_is_told() -> None:
    """With the MAC, to the controller's own port (PJLink 3.2, 3.3)."""

    async def run() -> None:
        got: asyncio.Queue[bytes] = asyncio.Queue()

        class Controller(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
                got.put_nowait(data)

        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Controller, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        async with asyncio.timeout(LIMIT_S), Projector(ProjectorMake(), answers_to=port) as one:
            transport.sendto(b"%2SRCH\r", (one.host, one.udp_port))
            assert await got.get() == b"%2ACKN=00:26:ab:11:22:33\r"
            one.say(f"%2LKUP={one.make.mac}\r".encode(), "127.0.0.1", port)
            assert await got.get() == b"%2LKUP=00:26:ab:11:22:33\r"
        transport.close()

    asyncio.run(run())
