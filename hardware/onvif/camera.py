"""This file talks with one ONVIF camera, and says what it is."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from hardware.network.marks import JudgedMarks
from hardware.network.neighbours import mac_at, trusted_mac
from hardware.onvif.discovery import Match, elements, text_of
from hardware.onvif.soap import CallFailed, Login, ServiceAddress, call
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
from hardware.serials import trusted_serial

_TALK_S = 9.0
_SMALLEST_WIDTH = 320  # below that nothing is to be judged by
_DIGITS, _CARDS_LIMIT = 5, 4
# Cheap cameras put a login into their addresses; ours is said otherwise.
_SECRET = re.compile(r"(user|usr|login|pass|pwd|token|auth)", re.IGNORECASE)

_IDENTITIES = {"mac": IdentityKind.MAC, "uuid": IdentityKind.UUID, "serial": IdentityKind.UUID}

Who = tuple[str, str, tuple[int, str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraDetails:
    """What a camera answered to the calls; empty where it did not.

    url: where its picture or its smallest stream is, without any password. trouble: what stood
    in the way ("needs_password", "no_answer", "nonsense"); flaw: what made no sense, if so.
    """

    vendor: str = ""
    model: str = ""
    serial: str = ""
    macs: tuple[str, ...] = ()
    url: str = ""
    trouble: str = ""
    flaw: str = ""


class DiscoveredCamera(NamedTuple):
    """An answer to our question: who, on which of our addresses, and what it said."""

    address: str
    via: str
    match: Match

    @property
    def who(self) -> Who:
        """Tells it from others: a recorder may answer for several cameras."""
        return self.address, self.match.endpoint, self.match.service


async def fetch_details(camera: DiscoveredCamera, credentials: tuple[str, str]) -> CameraDetails:
    """Talk once with a camera, for at most some 9 s; never raises for what it answers."""
    service = camera.match.service
    if service is None:
        return CameraDetails(trouble="no_answer")
    at = ServiceAddress(address=camera.address, port=service[0], path=service[1])
    try:
        async with asyncio.timeout(_TALK_S):
            return await asyncio.to_thread(_talk, at, *credentials)
    except TimeoutError:
        return CameraDetails(trouble="no_answer")


def keys_told(match: Match) -> tuple[str, ...]:
    """The keys that a camera tells of itself before anybody logs in."""
    macs = (match.mac, _hikvision_mac(match, CameraDetails()))
    keys = [f"mac:{mac}" for mac in macs if mac]
    return (*keys, *([f"uuid:{match.endpoint}"] if match.endpoint else []))


def marks_of(camera: DiscoveredCamera, details: CameraDetails) -> tuple[str, ...]:
    """Give every mark that a camera tells of itself, the strongest first, its names last."""
    match = camera.match
    macs = (match.mac, *details.macs, _hikvision_mac(match, details))
    marks = [f"mac:{mac}" for mac in macs if mac]
    marks += [f"uuid:{match.endpoint}"] if match.endpoint else []
    serial, vendor = details.serial or match.serial, details.vendor or match.vendor
    if vendor and trusted_serial(serial, "", (vendor, details.model, match.hardware)):
        marks.append(f"serial:{vendor.lower()}:{serial}")
    return (*dict.fromkeys(marks), f"name:onvif:{match.name}:{match.hardware}:{details.model}")


def readings_of(
    camera: DiscoveredCamera,
    details: CameraDetails,
    at: float,
    judged: JudgedMarks | None = None,
) -> list[Reading]:
    """Give a camera's sighting, and a reading where it could not be talked with; pure.

    judged: what is to be believed of its marks, where others were heard.
    """
    match = camera.match
    judged = judged or JudgedMarks(believed=marks_of(camera, details))
    keys = _keys(camera, judged)
    sighting = Sighting(
        source="onvif",
        key=keys[0],
        identity=_IDENTITIES.get(keys[0].partition(":")[0], IdentityKind.HOST),
        aliases=keys[1:],
        contested=judged.contested,
        former=tuple(mark for mark in judged.former if mark not in keys),
        kind=Kind.CAMERA,
        proof=f"{KindProof.PROTOCOL} ONVIF",
        name=match.name or details.model or match.hardware,
        vendor=details.vendor or match.vendor,
        model=details.model or match.hardware,
        serial=details.serial or match.serial,
        address=camera.address,
        port=match.service[0] if match.service else 0,
        via=camera.via,
        url=details.url,
    )
    if not details.trouble:
        return [sighting]
    state = CameraState.DISCONNECTED
    return [sighting, CameraReading(key=keys[0], at=at, state=state, reason=details.trouble)]


def _keys(camera: DiscoveredCamera, judged: JudgedMarks) -> tuple[str, ...]:
    """Give what it is known by, the strongest first: at last where it answers."""
    strong = [mark for mark in judged.believed if not mark.startswith("name:")]
    if any(mark.startswith("mac:") for mark in strong):
        return tuple(strong)
    neighbour = mac_at(camera.address)
    card = [f"mac:{neighbour}"] if neighbour and f"mac:{neighbour}" not in judged.contested else []
    if strong:
        return (*strong, *card)  # told by nobody but the network: an alias, no name
    names = [mark for mark in judged.believed if not judged.contested]
    if names:
        return tuple(names)
    port, _ = camera.match.service or (0, "")
    return (*card[:1], f"name:onvif-at:{camera.address}:{port}")[:1]


def _talk(device: ServiceAddress, user: str, password: str) -> CameraDetails:
    """The calls, one after the other; blocks."""
    details = CameraDetails()
    try:
        login = Login(user=user, password=password, clock_ahead=_clock_ahead(device))
        about = call(device, "<tds:GetDeviceInformation/>", login, _now())
        details = CameraDetails(
            vendor=text_of(about, "Manufacturer"),
            model=text_of(about, "Model"),
            serial=text_of(about, "SerialNumber"),
        )
        details = replace(details, macs=_fetch_macs(device, login))
        return replace(details, url=_picture_url(device, login))
    except CallFailed as failed:
        flaw = failed.detail if failed.reason == "nonsense" else ""
        return replace(details, trouble=failed.reason, flaw=_flaw(flaw))


def _clock_ahead(device: ServiceAddress) -> timedelta:
    """How far the camera's clock is ahead; it refuses a password said at another time.

    Raises CallFailed of a camera that is silent: then no other call is worth the wait.
    Source: ONVIF Core Specification, GetSystemDateAndTime, which needs no password.
    """
    try:
        answer = call(device, "<tds:GetSystemDateAndTime/>", Login(), _now())
        utc = next(elements(answer, "UTCDateTime"))
        year, month, day = (int(text_of(utc, name)) for name in ("Year", "Month", "Day"))
        hour, minute, second = (int(text_of(utc, name)) for name in ("Hour", "Minute", "Second"))
        camera_time = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except CallFailed as failed:
        if failed.reason == "no_answer":
            raise
        return timedelta()
    except (StopIteration, ValueError, OverflowError):
        return timedelta()
    return camera_time - _now()


def _picture_url(device: ServiceAddress, login: Login) -> str:
    """Where the camera's snapshot is, else its smallest stream; "" where it tells neither."""
    media = _media(device, login)
    profiles = call(media, "<trt:GetProfiles/>", login, _now())
    token = _smallest(profiles)
    if not token:
        return ""
    profile = f"<trt:ProfileToken>{escape(token)}</trt:ProfileToken>"
    snapshot = f"<trt:GetSnapshotUri>{profile}</trt:GetSnapshotUri>"
    stream = (
        "<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport>"
        f"<tt:Protocol>RTSP</tt:Protocol></tt:Transport></trt:StreamSetup>{profile}</trt:GetStreamUri>"
    )
    for body in (snapshot, stream):
        try:
            answer = call(media, body, login, _now())
        except CallFailed:
            continue  # many cameras have no snapshots
        if url := picture_url(text_of(answer, "Uri"), device.address):
            return url
    return ""


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
    query = "&".join(part for part in split.query.split("&") if not _SECRET.match(part))
    return urlunsplit((split.scheme, f"{host}{port}", split.path, query, ""))


def _media(device: ServiceAddress, login: Login) -> ServiceAddress:
    body = "<tds:GetCapabilities><tds:Category>Media</tds:Category></tds:GetCapabilities>"
    answer = call(device, body, login, _now())
    media = next(elements(answer, "Media"), answer)
    try:
        split = urlsplit(text_of(media, "XAddr"))
        port = split.port
    except ValueError:
        return device
    if split.scheme != "http" or not split.path:
        return device
    return ServiceAddress(address=device.address, port=port or device.port, path=split.path)


def _smallest(profiles: Element) -> str:
    sized: list[tuple[bool, int, str]] = []
    for profile in elements(profiles, "Profiles"):
        if token := clean(profile.get("token", "")):
            width = _width(profile)
            sized.append((width < _SMALLEST_WIDTH, width, token))
    return min(sized)[2] if sized else ""


def _width(profile: Element) -> int:
    text = text_of(next(elements(profile, "Resolution"), profile), "Width")
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0


def _fetch_macs(device: ServiceAddress, login: Login) -> tuple[str, ...]:
    """Its cards' addresses; many cameras tell them to their administrator only."""
    try:
        return _macs(call(device, "<tds:GetNetworkInterfaces/>", login, _now()))
    except CallFailed as failed:
        if failed.reason == "no_answer":
            raise
        return ()


def _macs(cards: Element) -> tuple[str, ...]:
    texts = (element.text or "" for element in elements(cards, "HwAddress"))
    macs = (trusted_mac(text) for text in texts)
    return tuple(dict.fromkeys(mac for mac in macs if mac))[:_CARDS_LIMIT]


def _hikvision_mac(match: Match, details: CameraDetails) -> str:
    """The last 12 hex digits of this maker's endpoints are the camera's MAC."""
    text = f"{match.name} {match.hardware} {details.vendor}".lower()
    return trusted_mac(match.endpoint[-12:]) if "hikvision" in text else ""


def _flaw(detail: str) -> str:
    return detail if detail in {"entity", "oversized"} else "nonsense" if detail else ""


def _now() -> datetime:
    return datetime.now(UTC)
