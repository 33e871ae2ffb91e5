"""A real agent in a network of its own finds simulated devices, loses them, and has them back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from simulators.devices.fleet import fleet
from tests.flows.programs import BIN, get
from tests.flows.rooms_apart import Side, cable
from tests.waiting import LIMIT_S, until

CAMERA, PROJECTOR, BOARD = "10.81.0.10", "10.81.0.11", "10.81.0.12"
OFF_WITHIN_S = 20.0
STATUS = "http://127.0.0.1:8765/api/v1/status"
# The mDNS device of the same MAC as the ONVIF camera: both are one.
AXIS_MAC = fleet(["P101"], 1)[0].service.txt["macaddress"]


class Room(NamedTuple):
    """The two ends of the cable, and what can be typed to the simulated camera."""

    computer: Side
    devices: Side
    camera: subprocess.Popen[bytes]

    def seen(self) -> dict[str, dict[str, Any]]:
        """The agent's network devices by kind; of two of one kind the last."""
        status = self.computer.ask(get, STATUS)
        devices = status["devices"]["list"] if status else []
        return {each["kind"]: each for each in devices if each["kind"] != "host"}

    def type(self, line: str) -> None:
        """Type a line to the camera."""
        assert self.camera.stdin is not None
        self.camera.stdin.write(f"{line}\n".encode())
        self.camera.stdin.flush()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    """An agent at one end; a camera, a projector and a board at the other."""
    with cable() as (computer, devices), ExitStack() as stack:

        def start(side: Side, name: str, *words: str) -> subprocess.Popen[bytes]:
            command = side.command(str(BIN / words[0]), *words[1:])
            with (tmp_path / f"{name}.log").open("wb") as log:
                process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
            assert process.stdin is not None
            stack.callback(process.stdin.close)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        for address in (CAMERA, PROJECTOR, BOARD):
            devices.has(address, has=True)
        mdns = ("lophoc-sim", "fleet", "--rooms", "1", "--host", "10.81.0.2", "--devices", "2")
        camera = start(
            devices, "camera", "lophoc-sim", "camera", "--host", CAMERA, "--mac", AXIS_MAC
        )
        start(devices, "projector", "lophoc-sim", "projector", "--host", PROJECTOR)
        start(devices, "axis", *mdns, "--types", "_axis-video._tcp", "--device-host", CAMERA)
        start(devices, "board", *mdns, "--types", "_airplay._tcp", "--device-host", BOARD)
        for name in ("camera", "projector", "axis", "board"):
            log = tmp_path / f"{name}.log"
            until(log.read_text, f"{name} has opened")
        start(
            *(computer, "agent", "lophoc-agent", "run", "--data", str(tmp_path / "agent")),
            *("--province", "14", "--school", "00140708", "--room", "P101"),
            *("--broker", "mqtt://127.0.0.1:9", "--usb", "false", "--internet", ""),
            *("--camera-check-s", "10"),
        )
        yield Room(computer, devices, camera)


def test_a_room_of_simulated_devices_is_found_fails_and_is_well_again(room: Room) -> None:
    """By ONVIF, PJLink and mDNS; one that says its MAC in two ways is one device."""

    def awaited(
        what: str, holds: Callable[[dict[str, Any]], bool], limit_s: float = LIMIT_S
    ) -> None:
        until(room.seen, what, holds=holds, limit_s=limit_s)

    kinds = {"camera", "projector", "board"}
    awaited(
        "all are found and well, the camera by both its voices",
        lambda seen: (
            set(seen) == kinds
            and {"onvif", "mdns"} <= set(seen["camera"]["sources"])
            and all(each["present"] and each["status"] == "ok" for each in seen.values())
        ),
    )
    assert room.seen()["projector"]["measures"]["power"] == "off"
    first = {kind: each["device_id"] for kind, each in room.seen().items()}

    room.type("+covered")
    awaited(
        "the covered camera is a warning",
        lambda seen: (
            seen["camera"]["status"] == "warning" and codes(seen["camera"]) == {"picture_covered"}
        ),
    )
    room.type("-covered")
    awaited("the camera sees again", lambda seen: seen["camera"]["status"] == "ok")

    for address in (CAMERA, PROJECTOR, BOARD):
        room.devices.has(address, has=False)
    awaited(
        "what was switched off does not answer",
        lambda seen: all(
            not each["present"] and "no_answer" in codes(each) for each in seen.values()
        ),
        OFF_WITHIN_S,
    )
    for address in (CAMERA, PROJECTOR, BOARD):
        room.devices.has(address, has=True)
    awaited(
        "all are well again",
        lambda seen: all(each["present"] and each["status"] == "ok" for each in seen.values()),
    )
    assert {kind: each["device_id"] for kind, each in room.seen().items()} == first


def codes(device: dict[str, Any]) -> set[str]:
    """The codes of its reasons."""
    return {each["code"] for each in device["reasons"]}
