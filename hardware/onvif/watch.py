"""This file watches the network's cameras that speak ONVIF.

Discovery finds them and tells little; four calls tell the rest. What refuses or stays silent is
told by what discovery said of it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from hardware.http.login import NOBODY, WebLogin
from hardware.network.flaws import FlawReporter
from hardware.network.interfaces import call_places, no_network
from hardware.network.marks import MarkJudge
from hardware.network.neighbours import told_at
from hardware.network.place import TypedPlace
from hardware.network.typed import Asker
from hardware.onvif.camera import (
    CameraDetails,
    DiscoveredCamera,
    Who,
    completed_details,
    fetch_details,
    is_channel,
    keys_told,
    marks_of,
    readings_of,
)
from hardware.onvif.discovery import GROUP, PORT, DiscoveryListener, Match, asking, matches
from hardware.onvif.envelope import Garbage
from hardware.onvif.faces import Faces
from hardware.onvif.soap import PLAIN
from hardware.readings import (
    CameraReading,
    CameraState,
    Reading,
    Report,
    Sighting,
)
from hardware.rest import Rest, polling

SEARCH_S = 60.0
_ROUND_S = 2.0  # cameras answer within half a second; those that just got power take longer
_ASKS = 2  # datagrams get lost
_ASK_AGAIN_S = 0.4
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
    addresses: Callable[[], Sequence[str]] = call_places,
    settings: SearchSettings = USUAL,
    judge: MarkJudge | None = None,
    rest: Rest = polling,
) -> None:
    """Report every ONVIF camera of our networks, and each that changes; never returns.

    credentials: user and password at a camera now, asked before each talk and never kept.
    addresses: our own, and links of ours with IPv6; rest: until they may be others. judge: of the
    marks of every source, where they share one.
    Raises SenseMissing("no_network") where we have none.
    """
    cameras = _Cameras(report, credentials, MarkJudge() if judge is None else judge)
    with cameras.judging():
        await _search_again(cameras, addresses, settings, rest)


async def _search_again(
    cameras: _Cameras,
    addresses: Callable[[], Sequence[str]],
    settings: SearchSettings,
    rest: Rest,
) -> None:
    async with asyncio.TaskGroup() as group:
        while True:
            bound = tuple(addresses())
            if not bound:
                raise no_network("onvif")
            for camera in cameras.hear(await _search(bound, cameras.flaws, settings)):
                if cameras.wants(camera):
                    group.create_task(cameras.talk(camera), name=f"onvif {camera.address}")
            cameras.round += 1
            ends_s = time.monotonic() + settings.search_s * (0.9 + 0.2 * settings.jitter())
            while (left_s := ends_s - time.monotonic()) > 0 and tuple(addresses()) == bound:
                await rest(left_s)


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

    def __init__(self, report: Report, credentials: Credentials, judge: MarkJudge) -> None:
        self._judge = judge
        self._heard_at = 0.0
        self.flaws = FlawReporter(report, "onvif", time.monotonic)
        self.round = 0
        self._report = report
        self._credentials = credentials
        self._cameras: dict[Who, _Entry] = {}
        self._sightings: dict[Who, Sighting] = {}
        self._channels: dict[Who, dict[str, Sighting]] = {}
        self._lost: dict[Who, int] = {}
        self._talking: set[Who] = set()
        self._left: set[Who] = set()
        self._faces = Faces(told_at)
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
        lost = self._lost.get(camera.who, -_TELL_AGAIN_ROUNDS)
        if self.round - lost < _TELL_AGAIN_ROUNDS:
            return True  # what a recorder lost may be a camera that starts anew
        return self.round - before.round >= _TELL_AGAIN_ROUNDS

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Hear whose marks turned, and leave the judge in the end."""
        try:
            with self._judge.listening(self._judge_anew):
                yield
        finally:
            for who in self._cameras:
                self._judge.leave(_name(who))

    def hear(self, found: list[DiscoveredCamera]) -> list[DiscoveredCamera]:
        """Take in who answered, all at one time: two that tell one mark then are two."""
        self._heard_at = time.monotonic()
        cameras = self._faces.settle(found)
        for camera in cameras:
            self._left.discard(camera.who)
            for twin in self._faces.twins(camera.who):
                self._move(twin, camera)
        for camera in cameras:
            if (entry := self._cameras.get(camera.who)) is not None:
                self._tell_judge(entry)
        return cameras

    def _move(self, twin: Who, camera: DiscoveredCamera) -> None:
        """A camera is spoken with by its other address from now on: one place tells its marks."""
        self._left.add(twin)
        entry = self._cameras.pop(twin, None)
        if entry is None:
            return
        self._judge.leave(_name(twin), self._heard_at)
        if camera.who in self._cameras:
            self._forget(twin)
        else:
            self._rename(twin, entry, camera)

    def _rename(self, twin: Who, entry: _Entry, camera: DiscoveredCamera) -> None:
        for kept in (self._sightings, self._channels, self._lost):
            _rename(kept, twin, camera.who)
        moved = replace(entry, camera=camera, round=self.round - _TELL_AGAIN_ROUNDS)
        self._cameras[camera.who] = moved
        self._tell_judge(moved)
        self._report_camera(moved)

    def _forget(self, who: Who) -> None:
        """What was told of a camera at another of its addresses is told of it at this one."""
        told = [*filter(None, (self._sightings.pop(who, None),))]
        told += self._channels.pop(who, {}).values()
        others = {one.key for one in self._sightings.values()}
        others |= {key for channels in self._channels.values() for key in channels}
        for one in (one for one in told if one.key not in others):
            self._report(replace(one, present=False, reason="no_answer"))

    def _tell_judge(self, entry: _Entry) -> None:
        self._judge.tell(
            _name(entry.camera.who),
            marks_of(entry.camera, entry.details),
            addresses={entry.camera.address},
            at=self._heard_at,
            sure_source="onvif",
        )

    def _judge_anew(self, names: set[str]) -> None:
        for who, entry in self._cameras.items():
            if _name(who) in names and who in self._sightings:
                self._report_camera(entry)

    def _report_camera(self, entry: _Entry) -> list[Reading]:
        """Report a camera as it is known by now; what it was called by is gone, if all agree."""
        who = entry.camera.who
        judged = self._judge.judged(_name(who))
        readings = readings_of(entry.camera, entry.details, time.time(), judged)
        before = self._sightings.pop(who, None)
        now = next(one for one in readings if isinstance(one, Sighting))
        if before is not None and _is_renamed(before, now, entry.camera.match):
            known = replace(now, former=(*now.former, before.key))
            readings, now = [known if one is now else one for one in readings], known
        others = {sighting.key for sighting in self._sightings.values()}
        if before and before.key not in {now.key, *now.aliases, *others}:
            self._report(replace(before, present=False, reason="no_answer"))
        self._sightings[who] = now
        for reading in [*readings, *self._lost_channels(entry, readings)]:
            self._report(reading)
        return readings

    def _lost_channels(self, entry: _Entry, readings: Iterable[Reading]) -> list[Sighting]:
        """The channels that a recorder showed before, and does not any more."""
        sightings = [one for one in readings if isinstance(one, Sighting)]
        before = self._channels.get(entry.camera.who, {})
        now = {one.key: one for one in sightings if is_channel(one)}
        if entry.details.trouble:  # it could not say
            now = {**before, **now}
        self._channels[entry.camera.who] = now
        listed = tuple(f":{one.token}" for one in entry.details.channels)
        gone = [
            replace(one, present=False, reason="no_answer" if key.endswith(listed) else "goodbye")
            for key, one in before.items()
            if key not in now
        ]
        if gone:
            self._lost[entry.camera.who] = self.round
        return gone

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
        if camera.who in self._left:
            return
        if details.flaw:
            self.flaws.say(details.flaw, camera.address)
        if before is not None and before.camera.match == camera.match:
            details = completed_details(before.details, details)
        entry = self._cameras[camera.who] = _Entry(
            camera=camera, details=details, round=self.round, login=hash(login)
        )
        self._tell_judge(entry)
        if before is None or (before.camera, before.details) != (camera, details):
            readings = self._report_camera(entry)
            if before is not None and before.details.trouble and not details.trouble:
                for one in (one for one in readings if isinstance(one, Sighting)):
                    self._report(_well(one))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    camera: DiscoveredCamera
    details: CameraDetails
    round: int
    login: int  # a hash of what was tried, of this process only


def _name(who: Who) -> str:
    """What the judge knows a camera by."""
    return f"onvif {who}"


def _rename(kept: dict[Who, Any], old: Who, new: Who) -> None:
    if old in kept:
        kept[new] = kept.pop(old)


def _is_renamed(before: Sighting, now: Sighting, match: Match) -> bool:
    """Whether a camera that had but its names tells a mark of its own since, as with a login.

    One that had but its address is at another one, and is the same.
    """
    if before.key.startswith("name:onvif-at:") and before.address != now.address:
        return True
    names = f"name:onvif:{match.name}:{match.hardware}:"
    is_told = before.key.startswith(names) and not now.key.startswith("name:")
    return is_told and before.key.removeprefix(names) in {"", now.model}


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
