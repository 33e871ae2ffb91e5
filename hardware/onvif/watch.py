"""This file watches the network's cameras that speak ONVIF.

Discovery finds them and tells little; four calls tell the rest. What refuses or stays silent is
told by what discovery said of it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import NamedTuple

from hardware.http.login import NOBODY, WebLogin
from hardware.network.flaws import FlawReporter
from hardware.network.interfaces import addresses as own_addresses
from hardware.network.interfaces import no_network
from hardware.network.place import TypedPlace
from hardware.network.typed import Asker
from hardware.onvif.camera import (
    CameraDetails,
    DiscoveredCamera,
    Who,
    fetch_details,
    is_channel,
    keys_told,
    readings_of,
)
from hardware.onvif.discovery import GROUP, PORT, DiscoveryListener, Match, asking, matches
from hardware.onvif.envelope import Garbage
from hardware.onvif.soap import PLAIN
from hardware.readings import (
    CameraReading,
    CameraState,
    Reading,
    Report,
    Sighting,
)

SEARCH_S = 60.0
_ROUND_S = 2.0  # cameras answer within half a second; those that just got power take longer
_ASKS = 2  # datagrams get lost
_ASK_AGAIN_S = 0.4
_LOOK_S = 4.0  # our addresses are looked at so often: within five seconds is soon enough
_TALKS_AT_ONCE = 8
_REFUSED_ROUNDS = 60
_REFUSALS = {"needs_password", "camera_clock", "login_way"}
_TELL_AGAIN_ROUNDS = 10  # a camera's own words change when somebody renames it
_CAMERAS_LIMIT = 256
_SCHEMES = {"", "http", "https", "onvif"}
_TLS_PORT = 443
_PATH = "/onvif/device_service"

# The login for who tells these keys at an address.
Credentials = Callable[[Collection[str], str], WebLogin]


class SearchSettings(NamedTuple):
    """Where and how to look; tests set these. group: where the question goes."""

    group: tuple[str, int] = (GROUP, PORT)
    search_s: float = SEARCH_S
    round_s: float = _ROUND_S
    jitter: Callable[[], float] = random.random


USUAL = SearchSettings()


async def watch(
    report: Report,
    *,
    credentials: Credentials = lambda _keys, _address: NOBODY,
    addresses: Callable[[], Sequence[str]] = own_addresses,
    settings: SearchSettings = USUAL,
) -> None:
    """Report every ONVIF camera of our networks, and each that changes; never returns.

    credentials: user and password at a camera now, asked before each talk and never kept.
    addresses: our own. Raises SenseMissing("no_network") where we have none.
    """
    cameras = _Cameras(report, credentials)
    async with asyncio.TaskGroup() as group:
        while True:
            bound = tuple(addresses())
            if not bound:
                raise no_network("onvif")
            for camera in await _search(bound, cameras.flaws, settings):
                if cameras.wants(camera):
                    group.create_task(cameras.talk(camera), name=f"onvif {camera.address}")
            cameras.round += 1
            rest_s = settings.search_s * (0.9 + 0.2 * settings.jitter())
            await _rest(rest_s, lambda bound=bound: tuple(addresses()) != bound)  # type: ignore[misc]


async def ask(
    address: str,
    port: int = 0,
    *,
    is_secure: bool = False,
    credentials: Credentials = lambda _keys, _address: NOBODY,
) -> list[Reading]:
    """Say what speaks ONVIF at an address: a sighting and a reading; nothing where none does.

    port: 0 for the usual one. is_secure: by TLS only.
    """
    service = ("https", port or _TLS_PORT, _PATH) if is_secure else ("http", port or 80, _PATH)
    camera = DiscoveredCamera(address, "", Match(services=(service,)))
    details = await fetch_details(camera, credentials((), address))
    if details.trouble in {"no_answer", "nonsense"} and not details.says_something:
        return []
    return readings_of(camera, details, time.time())


def asker(credentials: Credentials) -> Asker:
    """Give what asks a typed place for ONVIF, for hardware.network.typed."""

    async def ask_place(place: TypedPlace) -> list[Reading]:
        if place.scheme not in _SCHEMES:
            return []
        typed_login = WebLogin(place.user, place.password, is_typed=True)
        login = (lambda _keys, _address: typed_login) if place.user else credentials
        is_secure = place.scheme == "https"
        return await ask(place.host, place.port, is_secure=is_secure, credentials=login)

    return ask_place


class _Cameras:
    """What was last told of each camera, and whether it is time to talk again."""

    def __init__(self, report: Report, credentials: Credentials) -> None:
        self.flaws = FlawReporter(report, "onvif", time.monotonic)
        self.round = 0
        self._report = report
        self._credentials = credentials
        self._cameras: dict[Who, _Entry] = {}
        self._talking: set[Who] = set()
        self._turn = asyncio.Semaphore(_TALKS_AT_ONCE)

    def wants(self, camera: DiscoveredCamera) -> bool:
        """Whether to talk with it now: it is new, changed, was in trouble, or it is time."""
        before = self._cameras.get(camera.who)
        if camera.who in self._talking:
            return False
        if before is None:
            return len(self._cameras) < _CAMERAS_LIMIT
        if before.details.trouble in _REFUSALS:
            # Cameras lock themselves after a few wrong passwords.
            tried = before.login == hash(self._login(camera))
            return not tried or self.round - before.round >= _REFUSED_ROUNDS
        if before.camera.match != camera.match or before.details.trouble:
            return True
        return self.round - before.round >= _TELL_AGAIN_ROUNDS

    def _login(self, camera: DiscoveredCamera) -> WebLogin:
        return self._credentials(keys_told(camera.match), camera.address)

    async def talk(self, camera: DiscoveredCamera) -> None:
        self._talking.add(camera.who)
        try:
            async with self._turn:
                login, before = self._login(camera), self._cameras.get(camera.who)
                manner = before.details.manner if before is not None else PLAIN
                details = await fetch_details(camera, login, manner)
        finally:
            self._talking.discard(camera.who)
        if details.flaw:
            self.flaws.say(details.flaw, camera.address)
        self._cameras[camera.who] = _Entry(
            camera=camera, details=details, round=self.round, login=hash(login)
        )
        if before is None or (before.camera, before.details) != (camera, details):
            readings = readings_of(camera, details, time.time())
            if before is not None and not details.trouble:
                readings += _gone(before, readings)
            if before is not None and before.details.trouble and not details.trouble:
                well = [one for one in readings if isinstance(one, Sighting) and one.present]
                readings += map(_well, well)
            for reading in readings:
                self._report(reading)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    camera: DiscoveredCamera
    details: CameraDetails
    round: int
    login: int  # a hash of what was tried, of this process only


def _gone(before: _Entry, now: Iterable[Reading]) -> list[Reading]:
    """The channels that a recorder showed before, and does not any more."""
    keys = {one.key for one in now if isinstance(one, Sighting)}
    earlier = readings_of(before.camera, before.details, 0.0)
    return [
        replace(one, present=False, reason="goodbye")
        for one in earlier
        if isinstance(one, Sighting) and is_channel(one) and one.key not in keys
    ]


def _well(camera: Sighting) -> CameraReading:
    """A camera that answers again; its picture was not looked at."""
    return CameraReading(key=camera.key, at=time.time(), state=CameraState.OK)


async def _search(
    bound: Iterable[str], flaws: FlawReporter, settings: SearchSettings
) -> list[DiscoveredCamera]:
    """Ask on each of our addresses, gather for a while; of one camera heard twice the first."""
    cameras: dict[Who, DiscoveredCamera] = {}

    def taker(own: str) -> Callable[[bytes, str], None]:
        def take(data: bytes, sender: str) -> None:
            try:
                for match in matches(data):
                    camera = DiscoveredCamera(sender, own, match)
                    cameras.setdefault(camera.who, camera)
            except Garbage as garbage:
                flaws.say(garbage.code, sender)

        return take

    async with AsyncExitStack() as sockets:
        asks: list[Callable[[], None]] = []
        for own in bound:
            try:
                asks.append(
                    await sockets.enter_async_context(
                        asking(own, DiscoveryListener(taker(own)), settings.group)
                    )
                )
            except OSError:
                continue  # an address is listed a moment before it can be used, or after
        for _ in range(_ASKS):
            for ask_all in asks:
                ask_all()
            await asyncio.sleep(_ASK_AGAIN_S)
        await asyncio.sleep(max(0.0, settings.round_s - _ASKS * _ASK_AGAIN_S))
    return list(cameras.values())


async def _rest(seconds: float, changed: Callable[[], bool]) -> None:
    """Rest until it is time, or our addresses are others."""
    for _ in range(max(1, round(seconds / _LOOK_S))):
        if changed():
            return
        await asyncio.sleep(min(_LOOK_S, seconds))
