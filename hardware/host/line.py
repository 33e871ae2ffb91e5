"""This file watches how far this machine's line reaches: gateway, DNS, controller, internet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hardware.host.dns import Server, any_answers, resolvers
from hardware.host.lookup import Lookup
from hardware.network.neighbours import mac_of
from hardware.network.routes import gateway, tells_routes
from hardware.readings import LineReading

EVERY_S = 30.0
TIMEOUT_S = 3.0
# Most gateways answer DNS by TCP; those that do not refuse, which is an answer too.
_GATEWAY_PORT = 53

Target = tuple[str, int]


class ConnectAnswer(NamedTuple):
    """What came of one TCP connect. refused: the machine is there, its program is not."""

    open: bool = False
    refused: bool = False
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """What the line is tried against, and where this machine tells of it.

    controller: where the school's controller is now, or None while nobody knows.
    internet: any of these reached is enough; none at all: it is not tried. names: for the DNS.
    gateway_port: the port knocked at. resolvers: the DNS servers, None to ask the system itself.
    root: where `proc` is found.
    """

    controller: Callable[[], Target | None]
    internet: Sequence[Target] = ()
    names: Sequence[str] = ()
    gateway_port: int = _GATEWAY_PORT
    resolvers: Callable[[], Sequence[Server] | None] = resolvers
    root: Path = Path("/")
    timeout_s: float = TIMEOUT_S
    lookup: Lookup = field(default_factory=Lookup)


class Outage:
    """For how long something has been out of reach, by the steady clock; pure.

    began_s: when the watch began.
    """

    def __init__(self, began_s: float) -> None:
        self._reached_s = began_s
        self._out = False

    def see(self, *, reached: bool | None, now_s: float) -> float:
        """Take in one try (None: not tried). Gives the minutes since it was last reached."""
        if reached is not None:
            self._out = not reached
        if not self._out:
            self._reached_s = now_s
        return round((now_s - self._reached_s) / 60, 2)


async def watch_line(
    report: Callable[[LineReading], None],
    *,
    controller: Callable[[], Target | None],
    internet: Sequence[Target] = (),
    names: Sequence[str] = (),
    every_s: float = EVERY_S,
    root: Path = Path("/"),
) -> None:
    """Report how far the line reaches, now and every every_s seconds. Never returns.

    controller, internet, names, root: as in Targets. That nothing is reached is a reading.
    """
    targets = Targets(controller=controller, internet=internet, names=names, root=root)
    outage = Outage(time.monotonic())
    while True:
        report(await read_line(targets, outage))
        await asyncio.sleep(every_s)


async def read_line(targets: Targets, outage: Outage) -> LineReading:
    """Try everything once, all at the same time, each for at most timeout_s."""
    async with asyncio.TaskGroup() as group:
        near = group.create_task(_gateway(targets), name="line gateway")
        names = group.create_task(_dns(targets), name="line dns")
        school = group.create_task(_controller(targets), name="line controller")
        world = group.create_task(_internet(targets), name="line internet")
    reached, near_ms = near.result()
    controller, school_ms = school.result()
    return LineReading(
        at=time.time(),
        gateway=reached,
        dns=names.result(),
        controller=controller,
        internet=world.result(),
        rtt_ms=near_ms if school_ms is None else school_ms,
        outage_min=outage.see(reached=controller, now_s=time.monotonic()),
    )


async def reach(host: str, port: int, timeout_s: float) -> ConnectAnswer | None:
    """Connect by TCP and let go again. host: an address. None: no answer in timeout_s seconds."""
    began_s = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return None
    except ConnectionRefusedError:
        return ConnectAnswer(refused=True, rtt_ms=_ms_since(began_s))
    except OSError:
        return ConnectAnswer()
    rtt_ms = _ms_since(began_s)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return ConnectAnswer(open=True, rtt_ms=rtt_ms)


async def _gateway(targets: Targets) -> tuple[bool | None, float | None]:
    if not tells_routes(targets.root):
        return None, None
    route = gateway(targets.root)
    if route is None:
        return False, None
    answer = await reach(route.address, targets.gateway_port, targets.timeout_s)
    if answer is None:
        # It drops what it does not serve; but the kernel had to ask for its MAC.
        return bool(mac_of(route.address, targets.root)), None
    return answer.open or answer.refused, answer.rtt_ms


async def _dns(targets: Targets) -> bool | None:
    if not targets.names:
        return None
    servers = targets.resolvers()
    if servers is not None:
        return await any_answers(targets.names, servers, targets.timeout_s)
    ask = partial(targets.lookup.address_of, timeout_s=targets.timeout_s)
    return any(await asyncio.gather(*(ask(name) for name in targets.names)))


async def _controller(targets: Targets) -> tuple[bool | None, float | None]:
    target = targets.controller()
    if target is None:
        return None, None
    answer = await _connect(targets, target)
    return (answer.open, answer.rtt_ms) if answer else (False, None)


async def _internet(targets: Targets) -> bool | None:
    if not targets.internet:
        return None
    answers = await asyncio.gather(*(_connect(targets, target) for target in targets.internet))
    return any(answer is not None and answer.open for answer in answers)


async def _connect(targets: Targets, target: Target) -> ConnectAnswer | None:
    """Connect to a target by name or address, both within one time-out."""
    host, port = target
    began_s = time.monotonic()
    address = await targets.lookup.address_of(host, targets.timeout_s)
    left_s = targets.timeout_s - (time.monotonic() - began_s)
    return await reach(address, port, left_s) if address else None


def _ms_since(began_s: float) -> float:
    return round((time.perf_counter() - began_s) * 1000, 2)
