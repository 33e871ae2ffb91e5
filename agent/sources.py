"""This file says which senses to use, and keeps each running; it alone names hardware modules."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, NamedTuple

from hardware.readings import HostReading, SenseMissing, Sighting
from protocol.health import Finding, ReasonCode
from protocol.model import Reason, Status

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

    from agent.config import AgentConfig
    from agent.finder import Finder
    from hardware.network.interfaces import Interfaces

_LOGGER = logging.getLogger(__name__)

Report = Callable[[Sighting], None]
Start = Callable[[], Awaitable[None]]

BACKOFF_FIRST_S: Final = 2.0
BACKOFF_CAP_S: Final = 300.0
STEADY_S: Final = 5.0  # a sense that has worked for so long is back

_LOOPBACK: Final = "127.0.0.1"


class Source(NamedTuple):
    """A sense by name, and how it is started; a start never returns."""

    name: str
    start: Start


class Machine(NamedTuple):
    """This computer: its name, a hash that tells it from others, itself as a device, its vitals."""

    hostname: str
    id: str
    sighting: Sighting
    read: Callable[[], HostReading]


class Senses:
    """Which senses are missing now. A sense this machine lacks is told, but is no fault."""

    def __init__(self) -> None:
        self._missing: dict[str, Status] = {}

    def miss(self, name: str, *, broken: bool) -> None:
        """A sense is absent from this machine, or (broken) failed though it is there."""
        self._missing[name] = Status.WARNING if broken else Status.OK

    def back(self, name: str) -> None:
        """A sense works again."""
        self._missing.pop(name, None)

    def findings(self) -> tuple[Finding, ...]:
        """What to tell of the senses that are missing."""
        return tuple(
            (status, Reason(ReasonCode.SENSE_MISSING, name))
            for name, status in sorted(self._missing.items())
        )


def this_machine(disk: Path) -> Machine:
    """Look at this computer; disk: a path on the file system whose free space counts."""
    from hardware.host.machine import HostSense, identify, identity_sighting  # noqa: PLC0415 - heavy

    identity = identify()
    sense = HostSense(disk)
    return Machine(
        hostname=identity.hostname,
        id=identity.machine,
        sighting=identity_sighting(identity),
        read=lambda: sense.read(time.time(), time.monotonic()),
    )


async def keep_running(
    name: str,
    start: Start,
    senses: Senses,
    *,
    jitter: Callable[[], float] = random.random,
    backoff_first_s: float = BACKOFF_FIRST_S,
    steady_s: float = STEADY_S,
) -> None:
    """Start a sense again and again until cancelled; log once when it is lost, once when back.

    jitter: numbers from 0 to 1; rooms that lost power together must not come back in step.
    """
    wait_s, lost = backoff_first_s, False

    def back() -> None:
        nonlocal wait_s, lost
        senses.back(name)
        if lost:
            _LOGGER.info("sense back name=%s", name)
        wait_s, lost = backoff_first_s, False

    while True:
        steady = asyncio.get_running_loop().call_later(steady_s, back)
        try:
            await start()
        except Exception as error:  # noqa: BLE001 - the one place where any fault is survived
            _log_lost(name, error, again=lost)
            senses.miss(name, broken=_missing_in(error) is None)
        else:
            senses.miss(name, broken=True)
        finally:
            steady.cancel()
        lost = True
        await asyncio.sleep(wait_s * (0.5 + jitter() / 2))
        wait_s = min(wait_s * 2, BACKOFF_CAP_S)


def sources(
    config: AgentConfig, machine: str, report: Report, finder: Finder | None
) -> Iterator[Source]:
    """The senses that the settings ask for; machine names this computer in their keys."""
    if config.usb:
        yield Source("usb", partial(_usb, report, machine))
    if finder is not None:
        yield Source("mdns", partial(_shared_mdns, report if config.mdns else None, finder))
    elif config.mdns:
        yield Source("mdns", partial(_mdns, report))


def _missing_in(error: BaseException) -> SenseMissing | None:
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(_missing_in, error.exceptions)), None)
    return error if isinstance(error, SenseMissing) else None


def _log_lost(name: str, error: Exception, *, again: bool) -> None:
    if again:
        _LOGGER.debug("sense still missing name=%s error=%s", name, error)
    elif missing := _missing_in(error):
        _LOGGER.info("sense missing name=%s code=%s: %s", name, missing.code, missing.hint)
    else:
        _LOGGER.warning("sense lost name=%s, will be started again", name, exc_info=error)


async def _usb(report: Report, machine: str) -> None:
    from hardware.usb import watch as usb  # noqa: PLC0415 - only where it is wanted

    await usb.watch(report, host=machine)


async def _mdns(report: Report) -> None:
    await _network().watch(report)


async def _shared_mdns(report: Report | None, finder: Finder) -> None:
    """One mDNS for the devices and for the controller, on the addresses this machine has now."""
    network = _network()
    from zeroconf import IPVersion  # noqa: PLC0415
    from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415

    from hardware.network.interfaces import Interfaces, addresses  # noqa: PLC0415

    # A controller on this very machine is found even where there is no network.
    bound = addresses() or (_LOOPBACK,)
    async with (
        AsyncZeroconf(interfaces=list(bound), ip_version=IPVersion.V4Only) as zeroconf,
        asyncio.TaskGroup() as tasks,
    ):
        await zeroconf.zeroconf.async_wait_for_start()
        tasks.create_task(finder.watch(zeroconf), name="finder")
        tasks.create_task(_follow(zeroconf, Interfaces(bound)), name="mdns addresses")
        if report is not None:
            tasks.create_task(network.watch(report, zeroconf=zeroconf), name="mdns devices")


async def _follow(zeroconf: AsyncZeroconf, interfaces: Interfaces) -> None:
    """Move to the addresses this machine has now, whenever they have changed and are calm."""
    from hardware.network.interfaces import addresses  # noqa: PLC0415

    while True:
        await asyncio.sleep(interfaces.poll_in_s)
        wanted = interfaces.see(addresses())
        if wanted is None:
            continue
        try:
            await zeroconf.async_update_interfaces(interfaces=list(wanted))
        except OSError as error:
            # An address may be listed a moment before its interface answers to it; tried again.
            _LOGGER.info("mDNS cannot move yet addresses=%s error=%s", ",".join(wanted), error)
        else:
            interfaces.bound = wanted


def _network() -> ModuleType:
    """The mDNS sense. Raises SenseMissing where zeroconf is not installed."""
    try:
        from hardware.network import mdns as network  # noqa: PLC0415 - heavy, and only where it is wanted
    except ImportError as error:
        hint = "Install python3-zeroconf to see the network's devices."
        raise SenseMissing("no_zeroconf", {"sense": "mdns"}, hint) from error
    return network
