"""Simulated devices on the network."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from hardware.readings import Kind, Sighting
from simulators.announce import Announcer, choose_services, service_of
from simulators.equipment import device_id_of, equipment_of, mac_of
from tests.waiting import LIMIT_S, eventually

ROOMS = [f"T{number}" for number in range(901, 931)]
THINGS = [each for room in ROOMS for each in equipment_of(room, 7, 3)]


def one(kind: Kind, **marks: str) -> Sighting:
    """The first device of a kind with these marks that is on the network."""
    return next(
        each
        for each in THINGS
        if each.kind is kind
        and each.source == "mdns"
        and all(getattr(each, name) == value for name, value in marks.items())
    )


def test_devices_announce_what_their_makes_do() -> None:
    """The types and TXT keys by which an agent tells them apart."""
    smart = one(Kind.BOARD, vendor="SMART Technologies")
    service = service_of(smart)
    assert service is not None
    assert service.type == "_airplay._tcp.local."
    assert service.txt["manufacturer"] == "SMART Technologies"
    assert service.txt["deviceid"] == mac_of(smart)
    android = service_of(one(Kind.BOARD, vendor="Promethean"))
    assert android is not None
    assert android.type == "_androidtvremote2._tcp.local."
    axis = service_of(one(Kind.CAMERA))
    assert axis is not None
    assert (axis.type, axis.txt["macaddress"][:6]) == ("_axis-video._tcp.local.", "00408c")
    tablet = service_of(one(Kind.TABLET))
    assert tablet is not None
    assert tablet.txt["rpMd"].startswith("iPad")


def test_usb_devices_and_access_points_announce_nothing() -> None:
    """As in life."""
    silent = [each for each in THINGS if each.source != "mdns" or each.kind is Kind.NETWORK]
    assert silent
    assert [service_of(each) for each in silent] == [None] * len(silent)


def test_boards_and_cameras_come_before_tablets() -> None:
    """A bounded number is announced; a network of tablets alone would show little."""
    few = choose_services(THINGS, 10)
    assert len(few) == 10
    kinds = {device_id_of(each): each.kind for each in THINGS}
    assert {kinds[each] for each in few} == {Kind.BOARD}
    assert len(choose_services(THINGS, 1000)) < len(THINGS)


@asynccontextmanager
async def listening(types: list[str]) -> AsyncIterator[tuple[AsyncZeroconf, set[str]]]:
    """Another host's ears, and the names that are there now."""
    ears = AsyncZeroconf()
    names: set[str] = set()

    def hear(name: str, state_change: ServiceStateChange, **_: Any) -> None:
        (names.discard if state_change is ServiceStateChange.Removed else names.add)(name)

    browser = AsyncServiceBrowser(ears.zeroconf, types, handlers=[hear])

    try:
        yield ears, names
    finally:
        await browser.async_cancel()
        await ears.async_close()


def test_devices_are_found_go_and_come_and_say_goodbye() -> None:
    """Over real multicast DNS, the 16-letter service type too."""
    devices = [one(Kind.BOARD, vendor="Promethean"), one(Kind.CAMERA), one(Kind.TABLET)]
    services = choose_services(devices, 10)
    names = {f"{service.instance}.{service.type}" for service in services.values()}
    board = services[device_id_of(devices[0])]
    board_name = f"{board.instance}.{board.type}"

    async def scene() -> None:
        types = [service.type for service in services.values()]
        async with listening(types) as (ears, heard), asyncio.TaskGroup() as tasks:
            announcer = Announcer(services)
            speaking = tasks.create_task(announcer.run())
            await eventually(lambda: heard, holds=names.issubset)
            info = AsyncServiceInfo(board.type, board_name)
            assert await info.async_request(ears.zeroconf, 3_000)
            assert info.properties[b"bt"] == mac_of(devices[0]).encode()
            assert info.parsed_addresses()
            announcer.move(device_id_of(devices[0]), present=False)
            await eventually(lambda: heard, holds=lambda names: board_name not in names)
            announcer.move(device_id_of(devices[0]), present=True)
            await eventually(lambda: heard, holds=lambda names: board_name in names)
            speaking.cancel()
            await eventually(lambda: heard, holds=names.isdisjoint)

    asyncio.run(scene())


def test_a_device_nobody_announced_may_move() -> None:
    """Most of a large school is not announced: nothing piles up for it."""
    announcer = Announcer({})
    announcer.move("mdns-0", present=False)
    assert announcer._moves.empty()


def test_without_a_network_one_line_is_said() -> None:
    """And the announcer returns, so that the school runs on."""
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "--net", "true"], check=False).returncode:
        pytest.skip("no network namespaces here: package util-linux, and root")
    script = (
        "import asyncio, logging; from simulators.announce import Announcer;"
        "logging.basicConfig(level='INFO'); asyncio.run(Announcer({}).run())"
    )
    ended = subprocess.run(
        [unshare, "--net", sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert ended.stderr.count("no network for mDNS") == 1
    assert len(ended.stderr.splitlines()) == 1
