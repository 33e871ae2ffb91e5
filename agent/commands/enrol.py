"""This file is what `lophoc-agent enrol` has of its own: it finds the controller, and compares.

It runs in a process of its own: what it loads, the agent that runs for days never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Final

from agent.config import PREFIX
from protocol.discovery import SERVICE
from protocol.joining import Controller
from protocol.settings import speaker
from protocol.words import N_

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo

LOOK_S: Final = 3.0
_HEARD_LIMIT: Final = 50
_MAX_TYPED: Final = 100


async def look_for_controllers(seconds: float = LOOK_S) -> list[Controller]:
    """Every controller that announces itself, of whatever school: the code tells which is meant."""
    from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415 - heavy

    from hardware.mdns.browse import hear_service  # noqa: PLC0415 - likewise

    found: dict[str, Controller] = {}

    def hear(name: str, info: AsyncServiceInfo | None) -> None:
        if info is not None and (controller := _announced(info)):
            found[name] = controller

    zeroconf = AsyncZeroconf()
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await hear_service(zeroconf, SERVICE, hear, names=found, limit=_HEARD_LIMIT)
    finally:
        await zeroconf.async_close()
    return [*dict.fromkeys(found.values())]


def compare_typed(digits: str) -> bool:
    """Have the person who knocks type the digits that the controller's page shows."""
    say = speaker(PREFIX, os.environ)
    shown = say(N_("This computer knocks with the digits {digits}.")).format(digits=digits)
    ask = say(N_("Type the six digits that the controller's page shows for it:"))
    sys.stdout.write(f"{shown}\n{ask} ")
    sys.stdout.flush()
    typed = os.read(sys.stdin.fileno(), _MAX_TYPED).decode(errors="replace")
    return "".join(typed.split()) == "".join(digits.split())


def _announced(info: AsyncServiceInfo) -> Controller | None:
    properties = info.properties
    port = (properties.get(b"enrol") or b"").decode("ascii", "replace")
    ordered = sorted(info.parsed_scoped_addresses(), key=lambda address: ":" in address)
    if properties.get(b"role") != b"controller" or not port.isdecimal() or not ordered:
        return None
    return Controller(ordered[0], min(int(port), 65_535))
