"""This file shows at a terminal what udev says, and writes what an ailing computer shows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from protocol.formats import phrase
from protocol.settings import unknown
from protocol.words import N_, Translate
from simulators.config import HostConfig, UdevConfig
from simulators.devices.host import FaultyHost, HostFault, HostMake
from simulators.devices.plugged import MAKES, UdevFault, good_serial, plugged
from simulators.devices.switches import faults_of
from simulators.devices.udev import (
    Properties,
    Script,
    burst,
    flap,
    nodes_of,
    play,
    plug,
    tablet_cart,
    unplug,
)
from simulators.errors import SimError
from simulators.running import Show, show_line, until_stopped

MAX_EXPORT_MB: Final = 64
PLAYED: Final = N_("{count} {count:event|events} in {seconds} s.")
WRITTEN: Final = N_("{folder} now shows {make}; its faults: {faults}.")
LOOK: Final = (
    N_("Look at it: find {folder} -type f | xargs tail -v -n +1"),
    N_("Tests read it by HostSense(disk, root) of hardware/host/machine.py."),
)
NO_FAULTS: Final = N_("none")


async def play_udev(
    config: UdevConfig, say: Translate, stop: asyncio.Event, *, show: Show = show_line
) -> None:
    """Print each event at its time. Raises SettingsError, SimError where there is no device."""
    if config.file:
        script = script_of(config, nodes_of(_read(config.file)))
    elif config.make:
        script = script_of(config, nodes_of_make(config))
    else:
        hub, cart = tablet_cart(config.tablets)
        script = script_of(config, cart, hub)
    loop = asyncio.get_running_loop()
    began = loop.time()

    def note(action: str, properties: Properties) -> None:
        at_s, subsystem = loop.time() - began, properties.get("SUBSYSTEM", "")
        show(f"{at_s:9.3f} s  {action:<7} {subsystem:<12} {properties['DEVPATH']}")

    if await until_stopped(stop, play(script, note)) is not None:
        show(phrase(PLAYED, say, count=len(script), seconds=round(loop.time() - began, 1)))


def nodes_of_make(config: UdevConfig) -> list[Properties]:
    """The nodes of the make that the settings ask for, with its faults. Raises SettingsError."""
    make = MAKES.get(config.make)
    if make is None:
        raise unknown("make_unknown", N_("No such make: {name}."), config.make, list(MAKES))
    serial = good_serial(Random(config.seed))  # noqa: S311 - a play, not a secret
    return plugged(make, serial=serial, faults=faults_of(config.faults, UdevFault))


def script_of(config: UdevConfig, nodes: Sequence[Properties], hub: str = "") -> Script:
    """The script that the settings ask for. hub: what all hangs on. Raises SimError."""
    paths = sorted(node["DEVPATH"] for node in nodes if node.get("DEVTYPE") == "usb_device")
    if not paths:
        raise SimError("no_device", N_("{file} has no USB device."), file=config.file)
    if config.path and config.path not in paths:
        raise unknown("path_unknown", N_("No such device: {name}."), config.path, paths)
    one = config.path or next((path for path in paths if path != hub), paths[0])
    match config.script:
        case "plug":
            return plug(nodes, one)
        case "unplug":
            return unplug(nodes, one)
        case "flap":
            return flap(nodes, one, config.times)
        case "burst":
            rng = Random(config.seed)  # noqa: S311 - a play, not a secret
            return burst(nodes, config.events, rng)[0]
        case _:
            return plug(nodes, config.path or paths[0])


async def play_host(
    config: HostConfig, say: Translate, _stop: asyncio.Event, *, show: Show = show_line
) -> None:
    """Write the computer's tree. Raises SettingsError, SimError where it cannot be written."""
    faults = faults_of(config.faults, HostFault)
    one = FaultyHost(Path(config.folder), HostMake(config.make))
    try:
        _refuse_others(Path(config.folder))
        one.faults = faults
        one.write()
    except OSError as error:
        raise SimError(
            "not_written",
            N_("{folder} cannot be written: {cause}."),
            N_("Choose a new folder, or one that this command has written."),
            folder=config.folder,
            cause=error.strerror or error,
        ) from error
    names = ", ".join(sorted(faults)) or say(NO_FAULTS)
    show(phrase(WRITTEN, say, folder=config.folder, make=config.make, faults=names))
    for line in LOOK:
        show(phrase(line, say, folder=config.folder))


def _refuse_others(folder: Path) -> None:
    """What this command did not write stays as it is: `host /` would be the end of a computer."""
    marker = folder / ".lophoc-host"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise FileExistsError(17, "File exists")
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()


def _read(file: str) -> str:
    try:
        with Path(file).open("rb") as export:
            return export.read(MAX_EXPORT_MB << 20).decode("utf-8", "replace")
    except OSError as error:
        raise SimError(
            "file_unreadable",
            N_("The file {path} cannot be read: {cause}."),
            path=file,
            cause=error.strerror,
        ) from error
