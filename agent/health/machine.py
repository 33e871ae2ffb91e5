"""This file looks at this computer itself: its name, how it fares, which programs it has."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from hardware.readings import HostReading, Sighting
from protocol.clock import steady_s, wall_ms
from protocol.kit import KitProgram
from protocol.model import MAX_CODE
from protocol.topics import CONTROLLER

_NAME_LIMIT: Final = 40
_HASH_DIGITS: Final = 8


class ThisMachine(NamedTuple):
    """This computer: its name, a hash that tells it from others, itself as a device.

    read: its vitals now. programs: the programs the school wants, and whether they are here.
    Both may wait for the machine: to be called in a thread.
    """

    hostname: str
    id: str
    sighting: Sighting
    read: Callable[[], HostReading]
    programs: Callable[[], dict[str, KitProgram]]


def this_machine(disk: Path, programs: tuple[str, ...] = ()) -> ThisMachine:
    """Look at this computer; disk: a path on the file system whose free space counts."""
    from hardware.host.machine import HostSense, identify, identity_sighting  # noqa: PLC0415 - heavy
    from hardware.host.software import Software, WantedProgram  # noqa: PLC0415 - likewise

    identity = identify()
    sense = HostSense(disk)
    software = Software([WantedProgram.parse(name) for name in programs])
    return ThisMachine(
        hostname=identity.hostname,
        id=identity.machine,
        sighting=identity_sighting(identity),
        read=lambda: sense.read(wall_ms() / 1000, steady_s()),
        programs=lambda: {
            name: KitProgram(state.installed, state.running)
            for name, state in zip(programs, software.read(), strict=True)
        },
    )


def agent_id_from(hostname: str, machine: str) -> str:
    """A name for this computer's agent: of a-z, 0-9 and -, the same at every start."""
    slug = re.sub(r"[^a-z0-9]+", "-", hostname.lower())[:_NAME_LIMIT].strip("-")
    name = f"{slug or 'agent'}-{machine[:_HASH_DIGITS]}"[:MAX_CODE]
    return f"agent-{name}" if name == CONTROLLER else name
