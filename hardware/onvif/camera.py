"""This file talks with one ONVIF camera, and says what it is; each fact stands on its own.

What a camera refuses, or says oddly, takes nothing away from what it said before and says next.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from hardware.camera import rtsp
from hardware.camera.order import CameraTrouble
from hardware.http.login import WebLogin
from hardware.network.marks import JudgedMarks
from hardware.network.neighbours import ToldMac, told_at, told_mac
from hardware.network.place import secretless
from hardware.network.scopes import unscoped
from hardware.onvif.clock import clocks_ahead
from hardware.onvif.discovery import Match
from hardware.onvif.envelope import elements, text_of
from hardware.onvif.soap import (
    MEDIA,
    MEDIA_2,
    PLAIN,
    CallFailed,
    Manner,
    ServiceAddress,
    SoapTalk,
)
from hardware.readings import (
    CameraReading,
    CameraState,
    IdentityKind,
    Kind,
    KindProof,
    Reading,
    Sighting,
    clean,
)
from hardware.serials import trusted_serial, weak_serial

_TALK_S = 9.0
_CHANNEL_S = 0.5  # more for each further channel of a recorder
_TRIES_S, _TRY_S = 6.0, 1.0  # for all channels' streams, and for one
_LONGEST_S = 20.0
_SMALLEST_WIDTH = 320  # below that nothing is to be judged by
_DIGITS, _CARDS_LIMIT, _CHANNELS_LIMIT = 5, 4, 32
_LENSES: Final = 2
_HOSTILE: Final = frozenset({"entity", "oversized"})  # flaws, whoever shows a picture besides
_CHANNEL: Final = "channel"  # the family of its key
_ODDITIES: Final = 6  # calls answered oddly, with none that made sense
_SILENCES: Final = 2  # calls without an answer, after which no further one is worth the wait
_TLS_PORT: Final = 443
_USUAL_SERVICE: Final = ("http", 80, "/onvif/device_service")  # of one that does not say where
# Where media services are, for cameras that do not say.
_MEDIA_PATHS: Final = ("/onvif/media_service", "/onvif/Media", "/onvif/media")
# Cheap cameras put a login into their addresses; ours is said otherwise.
_LOGIN = re.compile(r"\W*(user|usr|login|pass|pwd|token|auth)", re.IGNORECASE)

_IDENTITIES = {"mac": IdentityKind.MAC, "uuid": IdentityKind.UUID, "serial": IdentityKind.UUID}

Who = tuple[str, str, tuple[int, str] | None]


class Channel(NamedTuple):
    """One of the pictures that a recorder shows: its number and name, and where it is.

    shows: whether there is one now, as far as its own stream tells: many list empty inputs.
    """

    token: str
    name: str
    urls: tuple[str, ...]
    shows: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDetails:
    """What a camera answered to the calls; empty where it did not.

    weak_macs: those of its cards that name no one piece.
    urls: where its picture is: a snapshot, its smallest stream, its largest; without any password.
    channels: of a recorder, which shows several. trouble: what stood in the way of a picture, as
    in CameraReading; flaw: what made no sense, if so. manner: how it wants to be talked with.
    """

    vendor: str = ""
    model: str = ""
    serial: str = ""
    macs: tuple[str, ...] = ()
    weak_macs: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    trouble: str = ""
    flaw: str = ""
    manner: Manner = PLAIN

    @property
    def says_something(self) -> bool:
        """Whether any answer told something of a camera."""
        return bool(self.vendor or self.model or self.macs or self.urls or self.channels)


class DiscoveredCamera(NamedTuple):
    """An answer to our question: who, on which of our addresses, and what it said."""

    address: str
    via: str
    match: Match

    @property
    def who(self) -> Who:
        """Tells it from others: a recorder may answer for several cameras."""
        return self.address, self.match.endpoint, self.match.service


async def fetch_details(
    camera: DiscoveredCamera, login: WebLogin, manner: Manner = PLAIN
) -> CameraDetails:
    """Talk once with a camera, for at most some 9 s, longer with a recorder.

    manner: how it wanted it the last time. Never raises for what it answers.
    """
    services = camera.match.services or (_USUAL_SERVICE,)
    scheme, port, path = min(services, key=lambda service: service[0] != "http")
    at = ServiceAddress(address=camera.address, port=port, path=path, scheme=scheme)
    talk = _CameraTalk(at, login, manner)
    # It keeps to its own time; this is for a thread that a driver or a name holds up.
    try:
        async with asyncio.timeout(_LONGEST_S + _TALK_S):
            await asyncio.to_thread(talk.run)
    except TimeoutError:
        return replace(talk.details, trouble=talk.details.trouble or "no_answer")
    return talk.details


def completed_details(before: CameraDetails, now: CameraDetails) -> CameraDetails:
    """What a camera told, with what it told before and would not say now; pure.

    Both of one camera, as far as discovery tells; of another make or serial nothing is kept.
    """
    own = ("vendor", "model", "serial")
    pairs = {name: (getattr(before, name), getattr(now, name)) for name in own}
    if any(old and new and old != new for old, new in pairs.values()):
        return now
    told = {name: new or old for name, (old, new) in pairs.items()}
    cards = (now.macs, now.weak_macs) if now.macs or now.weak_macs else ()
    macs, weak_macs = cards or (before.macs, before.weak_macs)
    return replace(now, **told, macs=macs, weak_macs=weak_macs)


def keys_told(match: Match) -> tuple[str, ...]:
    """The keys that a camera tells of itself before anybody logs in."""
    macs = (match.mac, _hikvision_mac(match, CameraDetails()).sound)
    keys = [f"mac:{mac}" for mac in macs if mac]
    return (*keys, *([f"uuid:{match.endpoint}"] if match.endpoint else []))


def marks_of(camera: DiscoveredCamera, details: CameraDetails) -> tuple[str, ...]:
    """Give every mark that a camera tells of itself, the strongest first, its names last.

    Those of no one piece are among them: two that tell one are known by where they answer.
    """
    match = camera.match
    macs = (match.mac, *details.macs, _hikvision_mac(match, details).sound)
    marks = [f"mac:{mac}" for mac in macs if mac]
    marks += [f"uuid:{match.endpoint}"] if match.endpoint else []
    serial, vendor = details.serial or match.serial, details.vendor or match.vendor
    if vendor and trusted_serial(serial, "", (vendor, details.model, match.hardware)):
        marks.append(f"serial:{vendor.lower()}:{serial}")
    marks += weak_marks_of(camera, details)
    return (*dict.fromkeys(marks), f"name:onvif:{match.name}:{match.hardware}:{details.model}")


def weak_marks_of(camera: DiscoveredCamera, details: CameraDetails) -> tuple[str, ...]:
    """Give the marks that a camera tells of itself and that name no one piece."""
    match = camera.match
    macs = (*details.weak_macs, _hikvision_mac(match, details).weak)
    marks = [*match.weak, *(f"mac:{mac}" for mac in macs if mac)]
    serial, vendor = details.serial or match.serial, details.vendor or match.vendor
    if vendor and weak_serial(serial, "", (vendor, details.model, match.hardware)):
        marks.append(f"serial:{vendor.lower()}:{serial}")
    return tuple(dict.fromkeys(marks))


def readings_of(
    camera: DiscoveredCamera,
    details: CameraDetails,
    at: float,
    judged: JudgedMarks | None = None,
) -> list[Reading]:
    """Give a camera's sighting, and a reading where it could not be talked with; pure.

    Of a recorder also a sighting for each channel.
    judged: what is to be believed of its marks, where others were heard.
    """
    match = camera.match
    judged = judged or JudgedMarks(believed=marks_of(camera, details))
    card = told_at(camera.address)
    weak = weak_marks_of(camera, details)
    keys = _keys(camera, _without(judged, weak), card)
    past = (*judged.former, *weak, *([f"mac:{card.weak}"] if card.weak else []))
    sighting = Sighting(
        source="onvif",
        key=keys[0],
        identity=_IDENTITIES.get(keys[0].partition(":")[0], IdentityKind.HOST),
        aliases=keys[1:],
        contested=judged.contested,
        weak=weak,
        former=tuple(mark for mark in dict.fromkeys(past) if mark not in keys),
        # Two pictures are one camera's with two lenses; a recorder has more.
        kind=Kind.OTHER if len(details.channels) > _LENSES else Kind.CAMERA,
        proof=f"{KindProof.PROTOCOL} ONVIF",
        name=match.name or details.model or match.hardware,
        vendor=details.vendor or match.vendor,
        model=details.model or match.hardware,
        serial=details.serial or match.serial,
        address=camera.address,
        port=match.service[0] if match.service else 0,
        via=camera.via,
        url=details.urls[0] if details.urls else "",
        more_urls=details.urls[1:],
    )
    shown = (one for one in details.channels if one.shows)
    found = [sighting, *(_channel_sighting(sighting, one) for one in shown)]
    if not details.trouble:
        return [*found]
    state = CameraState.DISCONNECTED
    return [*found, CameraReading(key=keys[0], at=at, state=state, reason=details.trouble)]


def _without(judged: JudgedMarks, weak: Collection[str]) -> JudgedMarks:
    return judged._replace(believed=tuple(mark for mark in judged.believed if mark not in weak))


def _keys(camera: DiscoveredCamera, judged: JudgedMarks, at_card: ToldMac) -> tuple[str, ...]:
    """Give what it is known by, the strongest first: at last where it answers.

    at_card: the MAC that answers there.
    """
    strong = [mark for mark in judged.believed if not mark.startswith("name:")]
    if any(mark.startswith("mac:") for mark in strong):
        return tuple(strong)
    mark = f"mac:{at_card.sound}"
    card = [mark] if at_card.sound and mark not in judged.contested else []
    if strong:
        return (*strong, *card)  # told by nobody but the network: an alias, no name
    names = [mark for mark in judged.believed if not judged.contested]
    if names:
        return tuple(names)
    port, _ = camera.match.service or (0, "")
    return (*card[:1], f"name:onvif-at:{unscoped(camera.address)}:{port}")[:1]


def _channel_sighting(recorder: Sighting, channel: Channel) -> Sighting:
    """A channel is a camera behind its recorder: named by it, and reached by it."""
    return replace(
        recorder,
        key=f"{_CHANNEL}:{recorder.key}:{channel.token}",
        aliases=(),
        contested=(),
        weak=(),
        former=(),
        identity=IdentityKind.UUID,
        kind=Kind.CAMERA,
        name=clean(f"{recorder.name} {channel.name}"),
        serial="",
        url=channel.urls[0] if channel.urls else "",
        more_urls=channel.urls[1:],
    )


def is_channel(sighting: Sighting) -> bool:
    """Whether it is one of the pictures that a recorder shows."""
    return sighting.key.startswith(f"{_CHANNEL}:")


class _CameraTalk:
    """The calls, one after the other; details: what was said so far. Blocks."""

    def __init__(self, device: ServiceAddress, login: WebLogin, manner: Manner) -> None:
        self._device = device
        self._login = login
        self._soap = SoapTalk(_now, login, manner, ends_at=time.monotonic() + _TALK_S)
        self._failures: list[CallFailed] = []
        self._said = 0
        self.details = CameraDetails()

    def run(self) -> None:
        """Ask for all, as long as the camera answers at all."""
        for ask in (self._ask_clock, self._ask_device, self._ask_cards, self._ask_pictures):
            if self._is_worth_asking:
                ask()
        shown = self.details.urls or self.details.channels
        # What fails one call of a camera that shows its picture is no flaw to be told.
        flaws = [
            one.detail
            for one in self._failures
            if one.reason == "nonsense" and (not shown or one.detail in _HOSTILE)
        ]
        self.details = replace(
            self.details,
            trouble="" if shown else self._trouble(),
            flaw=next((_flaw(one) for one in flaws if _flaw(one)), ""),
            manner=self._soap.manner,
        )

    @property
    def _is_worth_asking(self) -> bool:
        silences = [one.reason for one in self._failures].count("no_answer")
        if self._said:
            return silences < _SILENCES
        return not silences and len(self._failures) < _ODDITIES

    def _trouble(self) -> str:
        """What stood in the way of a picture, the most telling first; "" where nothing did."""
        if self._soap.refusal is not None:
            return self._soap.refusal.reason
        reasons = [one.reason for one in self._failures]
        refusals = [reason for reason in reasons if reason not in {"no_answer", "nonsense"}]
        if refusals:
            return refusals[0]
        if not self._said and reasons:
            return reasons[0]
        return "nonsense" if reasons else ""

    def _call(self, service: ServiceAddress, body: str, *, logs_in: bool = True) -> Element | None:
        """The answer to one call, or None; why not is noted."""
        if not self._is_worth_asking:
            return None
        try:
            answer = self._soap.call(service, body, logs_in=logs_in)
        except CallFailed as failed:
            self._failures.append(failed)
            return None
        self._said += 1
        return answer

    def _ask_clock(self) -> None:
        """It refuses a password said at another time; asking needs none (ONVIF Core, 5.12)."""
        answer = self._call(self._device, "<tds:GetSystemDateAndTime/>", logs_in=False)
        if answer is None and not self._said and self._failures[-1].reason != "no_answer":
            self._failures.clear()  # some tell it to their users only, or not at all
            return
        if answer is not None:
            self._soap.clocks_s = clocks_ahead(answer, _now())

    def _ask_device(self) -> None:
        about = self._call(self._device, "<tds:GetDeviceInformation/>")
        if about is not None:
            self.details = replace(
                self.details,
                vendor=text_of(about, "Manufacturer"),
                model=text_of(about, "Model"),
                serial=text_of(about, "SerialNumber"),
            )

    def _ask_cards(self) -> None:
        """Its cards' addresses; many cameras tell them to their administrator only."""
        before = len(self._failures)
        cards = self._call(self._device, "<tds:GetNetworkInterfaces/>")
        if cards is not None:
            self.details = _with_cards(self.details, cards)
        self._failures[before:] = [
            one for one in self._failures[before:] if one.reason == "no_answer"
        ]

    def _ask_pictures(self) -> None:
        for media, version in self._media_services():
            profiles = self._call(media, _PROFILES[version])
            sources = _sources(profiles) if profiles is not None else {}
            if sources:
                self._ask_sources(media, version, sources)
                return

    def _media_services(self) -> Iterator[tuple[ServiceAddress, int]]:
        """Where profiles may be asked for, as the camera says, then where others have it."""
        seen = set[tuple[str, int]]()
        for ask in (self._by_capabilities, self._by_services, self._by_custom):
            for url, version in ask():
                at = _moved(self._device, url)
                if at is not None and (at.path, version) not in seen:
                    seen.add((at.path, version))
                    yield at, version

    def _by_capabilities(self) -> Iterator[tuple[str, int]]:
        body = "<tds:GetCapabilities><tds:Category>Media</tds:Category></tds:GetCapabilities>"
        answer = self._call(self._device, body)
        for media in elements(answer, "Media") if answer is not None else ():
            yield text_of(media, "XAddr"), 1

    def _by_services(self) -> Iterator[tuple[str, int]]:
        wanted = "<tds:IncludeCapability>false</tds:IncludeCapability>"
        answer = self._call(self._device, f"<tds:GetServices>{wanted}</tds:GetServices>")
        versions = {MEDIA: 1, MEDIA_2: 2}
        for service in elements(answer, "Service") if answer is not None else ():
            if (version := versions.get(text_of(service, "Namespace"))) is not None:
                yield text_of(service, "XAddr"), version

    def _by_custom(self) -> Iterator[tuple[str, int]]:
        is_locked = any(one.is_refusal for one in self._failures)
        for path in (self._device.path, *(() if is_locked else _MEDIA_PATHS)):
            yield replace(self._device, path=path).url, 1

    def _ask_sources(
        self, media: ServiceAddress, version: int, sources: dict[str, list[_Profile]]
    ) -> None:
        """Where the picture is; of a recorder each of its pictures."""
        further = min(len(sources), _CHANNELS_LIMIT) - 1
        self._soap.ends_at = min(
            self._soap.ends_at + _CHANNEL_S * further, time.monotonic() + _LONGEST_S
        )
        channels = [
            Channel(
                token,
                clean(f"{number} {profiles[0].name}"),
                self._urls(media, version, profiles),
            )
            for number, (token, profiles) in enumerate(list(sources.items())[:_CHANNELS_LIMIT], 1)
        ]
        if len(channels) == 1:
            self.details = replace(self.details, urls=channels[0].urls)
        else:
            self.details = replace(self.details, channels=self._tried(channels))

    def _tried(self, channels: list[Channel]) -> tuple[Channel, ...]:
        """Which of these show a picture: each by its own stream, which is described, not played.

        Two tries, the second by its largest. Where none at all tells, or a password is refused,
        nothing is judged.
        """
        shows: dict[str, bool] = {}
        ends_at = time.monotonic() + _TRIES_S
        for at in (0, -1):
            for channel in channels:
                streams = [url for url in channel.urls if url.startswith("rtsp:")]
                left_s = min(_TRY_S, ends_at - time.monotonic())
                if streams and not shows.get(channel.token) and left_s > 0:
                    try:
                        shows[channel.token] = self._shows(streams[at], left_s)
                    except CameraTrouble:
                        return tuple(channels)
        if not any(shows.values()):
            return tuple(channels)
        return tuple(one._replace(shows=shows.get(one.token, True)) for one in channels)

    def _shows(self, url: str, timeout_s: float) -> bool:
        """Whether a stream is there. Raises CameraTrouble where the password is refused."""
        login = self._login
        try:
            rtsp.ask(url, login.user, login.password, timeout_s=timeout_s, is_typed=login.is_typed)
        except CameraTrouble as trouble:
            if trouble.reason in {"no_answer", "nonsense"}:
                return False
            if trouble.reason != "in_use":
                raise
        return True

    def _urls(
        self, media: ServiceAddress, version: int, profiles: list[_Profile]
    ) -> tuple[str, ...]:
        """A snapshot, the smallest stream that can be judged, the largest."""
        smallest, largest = min(profiles), max(profiles, key=lambda profile: profile.width)
        asks = [(_SNAPSHOT[version], smallest), (_STREAM[version], smallest)]
        asks += [(_STREAM[version], largest)] if largest.token != smallest.token else []
        urls: list[str] = []
        for body, profile in asks:
            before = len(self._failures)
            answer = self._call(media, body.replace("{token}", escape(profile.token, quote=False)))
            url = picture_url(text_of(answer, "Uri"), media.address) if answer is not None else ""
            if url:
                # Many cameras have no snapshots; what another call told is enough.
                urls, self._failures[before:] = [*urls, url], []
        return tuple(dict.fromkeys(urls))


def picture_url(url: str, address: str) -> str:
    """Give where to fetch a picture: at the camera's own address, without a password; "" if none.

    A camera behind a router tells an address of its own world, a hostile one somebody else's.
    """
    try:
        split = urlsplit(url)
        port = f":{split.port}" if split.port else ""
    except ValueError:
        return ""
    if split.scheme not in {"http", "https", "rtsp"}:
        return ""
    host = f"[{address}]" if ":" in address else address
    query = "&".join(part for part in split.query.split("&") if not _is_login(part))
    return urlunsplit((split.scheme, f"{host}{port}", split.path, query, ""))


def _is_login(part: str) -> bool:
    return bool(_LOGIN.match(part)) or secretless(part) != part


class _Profile(NamedTuple):
    """A size of a picture. is_tiny: too small to be judged by; the order is that of choice."""

    is_tiny: bool
    width: int
    token: str
    name: str


_PROFILES: Final = {
    1: "<trt:GetProfiles/>",
    2: "<tr2:GetProfiles><tr2:Type>VideoSource</tr2:Type><tr2:Type>VideoEncoder</tr2:Type>"
    "</tr2:GetProfiles>",
}
_SNAPSHOT: Final = {
    1: "<trt:GetSnapshotUri><trt:ProfileToken>{token}</trt:ProfileToken></trt:GetSnapshotUri>",
    2: "<tr2:GetSnapshotUri><tr2:ProfileToken>{token}</tr2:ProfileToken></tr2:GetSnapshotUri>",
}
_STREAM: Final = {
    1: "<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport>"
    "<tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup>"
    "<trt:ProfileToken>{token}</trt:ProfileToken></trt:GetStreamUri>",
    2: "<tr2:GetStreamUri><tr2:Protocol>RTSP</tr2:Protocol>"
    "<tr2:ProfileToken>{token}</tr2:ProfileToken></tr2:GetStreamUri>",
}


def _sources(profiles: Element) -> dict[str, list[_Profile]]:
    """The profiles of each picture that the device takes, by its source; "" where it names none."""
    sources: dict[str, list[_Profile]] = {}
    for profile in elements(profiles, "Profiles"):
        token = clean(profile.get("token", ""))
        if token:
            width = _width(profile)
            name = text_of(profile, "Name")
            one = _Profile(width < _SMALLEST_WIDTH, width, token, name)
            picture = next(elements(profile, "VideoSourceConfiguration", "VideoSource"), None)
            source = text_of(picture, "SourceToken") if picture is not None else ""
            sources.setdefault(source, []).append(one)
    # One that names no source is another size of a picture that is there already.
    nameless = sources.pop("", [])
    if not sources:
        return {"": nameless} if nameless else {}
    next(iter(sources.values())).extend(nameless)
    return sources


def _moved(device: ServiceAddress, url: str) -> ServiceAddress | None:
    """A service where the camera says it is, at the address where the camera answers."""
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError:
        return None
    if split.scheme not in {"http", "https"} or not split.path:
        return None
    usual = _TLS_PORT if split.scheme == "https" else 80
    is_same = split.scheme == device.scheme
    return ServiceAddress(
        address=device.address,
        port=port or (device.port if is_same else usual),
        path=split.path,
        scheme=split.scheme,
    )


def _width(profile: Element) -> int:
    text = text_of(next(elements(profile, "Resolution"), profile), "Width")
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0


def _with_cards(details: CameraDetails, cards: Element) -> CameraDetails:
    macs = [told_mac(element.text or "") for element in elements(cards, "HwAddress")]
    sound = dict.fromkeys(mac.sound for mac in macs if mac.sound)
    weak = dict.fromkeys(mac.weak for mac in macs if mac.weak)
    return replace(details, macs=tuple(sound)[:_CARDS_LIMIT], weak_macs=tuple(weak)[:_CARDS_LIMIT])


def _hikvision_mac(match: Match, details: CameraDetails) -> ToldMac:
    """The last 12 hex digits of this maker's endpoints are the camera's MAC."""
    text = f"{match.name} {match.hardware} {match.vendor} {details.vendor}".lower()
    return told_mac(match.endpoint[-12:]) if "hikvision" in text else ToldMac()


def _flaw(detail: str) -> str:
    return detail if detail in _HOSTILE else "nonsense" if detail else ""


def _now() -> datetime:
    return datetime.now(UTC)
