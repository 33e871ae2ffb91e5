"""Some of a school's devices answer by themselves, and ail as the play says."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Interface

import pytest

from hardware.readings import IdentityKind, Kind
from protocol.health import ReasonCode
from protocol.model import Reason, Status
from simulators.addresses import call_address
from simulators.config import SimConfig
from simulators.day import Judged, LessonBegan, Moved
from simulators.devices import bodies
from simulators.devices.bodies import Bodies, faults_of
from simulators.equipment import device_id_of, mac_of
from simulators.school import responders, school_of
from tests.ports import free_port
from tests.waiting import eventually

NETS = [IPv4Interface("10.1.2.3/24"), IPv4Interface("10.9.9.1/32")]


@pytest.mark.parametrize("seed", range(8))
def test_the_first_rooms_have_devices_that_tell_a_mac(seed: int) -> None:
    """So that whoever finds them by the network gives them the id that the room gives them."""
    config = SimConfig(rooms=4, tablets=1, cameras=2, projectors=1, seed=seed)
    rooms = school_of(config)
    cameras = responders(config, rooms, Kind.CAMERA)
    projectors = responders(config, rooms, Kind.PROJECTOR)
    assert (len(cameras), len(projectors)) == (2, 1)
    for each in (*cameras, *projectors):
        assert each.identity is IdentityKind.MAC
        assert device_id_of(each).startswith("net-")
        assert len(mac_of(each)) == 17
    for room in rooms:
        assert len({each.key for each in room.equipment}) == len(room.equipment)
    alone = SimConfig(rooms=4, tablets=1, mdns=False, seed=seed)
    assert responders(alone, school_of(alone), Kind.CAMERA) == []


@pytest.mark.parametrize(
    ("happening", "faults"),
    [
        (Moved("x", present=False), {"off"}),
        (Moved("x", present=True), set()),
        (Judged("x", Status.OK), set()),
        (Judged("x", Status.WARNING, Reason(ReasonCode.PICTURE_COVERED)), {"covered"}),
        (Judged("x", Status.CRITICAL, Reason(ReasonCode.PICTURE_FROZEN)), {"freeze"}),
        (Judged("x", Status.WARNING, Reason(ReasonCode.PART_FILTER)), {"filter_warning"}),
        (Judged("x", Status.CRITICAL, Reason(ReasonCode.SIMULATED_FAULT)), set()),
    ],
)
def test_what_the_day_does_is_a_fault_of_the_body(
    happening: Moved | Judged, faults: set[str]
) -> None:
    """What a body cannot have, it does not have."""
    assert faults_of(happening) == faults


@pytest.mark.parametrize(
    ("host", "called_at"),
    [("10.1.2.3", "10.1.2.255"), ("127.0.0.2", "10.1.2.255"), ("10.9.9.1", ""), ("10.5.5.5", "")],
)
def test_a_projector_is_called_at_its_networks_broadcast_address(host: str, called_at: str) -> None:
    """Where its network has one."""
    assert call_address(host, NETS) == called_at


class _Played:
    """A school's bodies on loopback, at a port of their own; called nowhere else."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
        monkeypatch.setattr(bodies, "PORT", port)
        monkeypatch.setattr(bodies, "own_interfaces", lambda: [IPv4Interface("127.0.0.1/32")])
        config = SimConfig(rooms=1, tablets=0)
        rooms = school_of(config)
        [self.camera] = responders(config, rooms, Kind.CAMERA)
        [self.projector] = responders(config, rooms, Kind.PROJECTOR)
        self.bodies = Bodies([self.camera], [self.projector], 1)
        self.port = port


def test_bodies_open_ail_and_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A projector that went refuses, one that is back answers, and at the end all is closed."""
    played = _Played(monkeypatch, free_port())
    device_id = device_id_of(played.projector)

    async def listens() -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", played.port)
        except OSError:
            return False
        greeted = await reader.read(100)
        writer.close()
        return greeted == b"PJLINK 0\r"

    async def refuses() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", played.port)
        except OSError as error:
            return isinstance(error, ConnectionRefusedError)
        writer.close()
        return False

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(played.bodies.run())
            await eventually(listens)
            played.bodies.show(LessonBegan())
            played.bodies.show(Moved("net-another", present=False))
            played.bodies.show(Moved(device_id, present=False))
            await eventually(refuses)
            played.bodies.show(Moved(device_id, present=True))
            await eventually(listens)
            running.cancel()
        assert await refuses()

    asyncio.run(run())


def test_a_taken_port_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One line; the camera answers all the same."""
    caplog.set_level("INFO")

    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            played = _Played(monkeypatch, taken.getsockname()[1])

            async def answers() -> bool:
                return f"{played.projector.name} (127.0.0.1, PJLink) is left out" in caplog.text

            async with asyncio.TaskGroup() as tasks:
                running = tasks.create_task(played.bodies.run())
                await eventually(answers)
                running.cancel()
            assert f"{played.camera.name} (127.0.0.1, ONVIF) answers" in caplog.text

    asyncio.run(run())


def test_without_a_network_nothing_is_opened(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said in one line, and the rest of the school goes on."""
    played = _Played(monkeypatch, free_port())
    monkeypatch.setattr(bodies, "own_interfaces", list)

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(played.bodies.run())

            async def told() -> bool:
                return "no network" in caplog.text

            await eventually(told)
            running.cancel()

    asyncio.run(run())
    assert played.bodies._open == {}
