"""This file follows the USB devices of Windows as they come and go."""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import asyncio
from collections.abc import Callable
from typing import Final

from hardware.readings import Sighting
from hardware.usb.plugs import Plugs
from hardware.usb.pnp import nodes_of
from hardware.usb.windows.setup_api import changes, devices

_SETTLE_S: Final = 0.3  # a camera's driver makes its parts within this
_LIST_AGAIN_S: Final = 300.0
_POLL_S: Final = 5.0  # where Windows tells of no change


async def follow(plugs: Plugs, report: Callable[[Sighting], None]) -> None:
    """Report every USB device present, and each that comes or goes; ends by OSError alone."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def note_change() -> None:
        loop.call_soon_threadsafe(changed.set)

    with changes(note_change) as is_told:
        while True:
            changed.clear()
            nodes = nodes_of(await asyncio.to_thread(devices))
            for sighting in plugs.replace(nodes, loop.time()):
                report(sighting)
            try:
                async with asyncio.timeout(_LIST_AGAIN_S if is_told else _POLL_S):
                    await changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(_SETTLE_S)
