"""This file watches for USB devices as they come and go: by udev, or as Windows tells."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from hardware.readings import SenseMissing, Sighting
from hardware.text import read_text
from hardware.usb.digitizers import chassis_has_screen
from hardware.usb.hidraw import ups_properties
from hardware.usb.keys import Holders
from hardware.usb.nodes import PROPERTIES, REMOVABLE, SUBSYSTEMS, Properties, is_usb_device
from hardware.usb.plugs import Plugs

_LOGGER = logging.getLogger(__name__)

Report = Callable[[Sighting], None]

# A cart of thirty tablets switched on at once fills the usual 208 kB.
_BUFFER_BYTES = 4 << 20
# Events are lost without a word where the buffer cannot grow, so all is listed anew at times.
_LIST_AGAIN_S = 300.0
# Twice as long each time, for what breaks a monitor may break the next.
_RESTART_FIRST_S = 0.05
_RESTART_LONGEST_S = 5.0
_STEADY_S = 60.0
# Some 0.3 ms each: no longer than 20 ms in one turn of the loop.
_EVENTS_A_TURN = 64


async def watch(
    report: Report,
    *,
    host: str,
    holders: Holders | None = None,
    run: Path = Path("/run/udev"),
    root: Path = Path("/"),
) -> None:
    """Report every USB device present, and then each that comes, changes or goes; never returns.

    A Raspberry Pi's own camera is one too. host: names this machine in the keys of devices
    without a trusted serial. holders: who held which serial before. run: udev's own folder.
    root: where `sys` is found.
    Raises SenseMissing("no_udev") where udev or its library is absent.
    """
    follow = _follower(run)
    chassis = await asyncio.to_thread(read_text, root / "sys/class/dmi/id/chassis_type")
    plugs = Plugs(host, has_screen=chassis_has_screen(chassis), holders=holders)
    loop = asyncio.get_running_loop()
    restart_s, told = _RESTART_FIRST_S, ""
    while True:
        started_at = loop.time()
        try:
            await follow(plugs, report)
        except OSError as error:
            if str(error) != told:
                _LOGGER.warning("USB events lost, listing all anew error=%s", error)
            told = str(error)
        if loop.time() - started_at > _STEADY_S:
            restart_s, told = _RESTART_FIRST_S, ""
        await asyncio.sleep(restart_s)
        restart_s = min(2 * restart_s, _RESTART_LONGEST_S)


def _follower(run: Path) -> Callable[[Plugs, Report], Awaitable[None]]:
    """What follows this system's devices until it fails, by OSError. Raises SenseMissing."""
    if sys.platform == "win32":
        from hardware.usb.windows.follow import follow  # noqa: PLC0415 - there alone

        return follow
    pyudev = _pyudev()
    if not (run / "control").exists():
        raise _no_udev("udev is not running on this machine; USB devices cannot be seen.")
    return partial(_follow, pyudev)


def _pyudev() -> Any:
    try:
        import pyudev  # noqa: PLC0415 - this file must import where udev does not exist

        pyudev.Context()
    except ImportError as error:
        raise _no_udev("Install python3-pyudev and libudev1 to see USB devices.") from error
    return pyudev


def _no_udev(hint: str) -> SenseMissing:
    return SenseMissing("no_udev", {"sense": "usb"}, hint)


async def _follow(pyudev: Any, plugs: Plugs, report: Report) -> None:
    """Follow one monitor until it fails, which raises OSError."""
    # The monitor comes before the list, or what is plugged in between is never seen.
    try:
        monitor = _monitor(pyudev)
    except OSError as error:
        raise _no_udev(
            "This program may not listen to udev; USB devices cannot be seen."
        ) from error
    loop = asyncio.get_running_loop()
    while True:
        # Events wait in the monitor meanwhile, and are newer than the list or repeat it.
        nodes = await asyncio.to_thread(_list_nodes, pyudev)
        _report_all(report, plugs.replace(nodes, loop.time()))
        await _listen(monitor, plugs, report, until=loop.time() + _LIST_AGAIN_S)


def _monitor(pyudev: Any) -> Any:
    monitor = pyudev.Monitor.from_netlink(pyudev.Context())
    for subsystem in SUBSYSTEMS:
        monitor.filter_by(subsystem)
    # Without the right to pass the system's limit the buffer is as large as that limit.
    with contextlib.suppress(OSError):
        monitor.set_receive_buffer_size(_BUFFER_BYTES)
    monitor.start()
    return monitor


def _list_nodes(pyudev: Any) -> list[Properties]:
    devices = pyudev.Context().list_devices()
    for subsystem in SUBSYSTEMS:
        devices.match_subsystem(subsystem)
    return [_properties(device, is_asked=True) for device in devices]


async def _listen(monitor: Any, plugs: Plugs, report: Report, *, until: float) -> None:
    loop = asyncio.get_running_loop()
    while (now := loop.time()) < until:
        due_at = plugs.due_at()
        wake_at = until if due_at is None else min(due_at, until)
        if await _readable(monitor.fileno(), wake_at - now):
            for device in _receive(monitor):
                plugs.note(device.action, _properties(device), loop.time())
        _report_all(report, plugs.settle(loop.time()))


async def _readable(descriptor: int, seconds: float) -> bool:
    """Wait until there is something to read, or an error to find by reading; False if not."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            await readable.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(descriptor)
    return True


def _receive(monitor: Any) -> Iterator[Any]:
    for _ in range(_EVENTS_A_TURN):
        device = monitor.poll(timeout=0)
        if device is None:
            return
        yield device


def _properties(device: Any, *, is_asked: bool = False) -> Properties:
    """Copy what we read of a udev device: the device itself changes under the reader.

    is_asked: a UPS for its charge, which may take seconds.
    """
    properties: dict[str, str] = {}
    for name in PROPERTIES:
        # A device may call itself anything, bytes that are no text among it.
        with contextlib.suppress(UnicodeDecodeError):
            value = device.properties.get(name)
            if value is not None:
                properties[name] = value
    if is_usb_device(properties):
        properties[REMOVABLE] = (device.attributes.get("removable") or b"").decode(
            "ascii", "replace"
        )
    if properties.get("SUBSYSTEM") == "hidraw":
        node = properties.get("DEVNAME", "")
        properties |= ups_properties(Path(device.sys_path), node, is_asked=is_asked)
    return properties


def _report_all(report: Report, sightings: Iterable[Sighting]) -> None:
    for sighting in sightings:
        report(sighting)
