"""This file holds what a simulated ONVIF camera says: to discovery, and to the four calls."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from simulators.equipment import mac_text

ENTITY_BOMB: Final = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;">]><x>&c;</x>'
)
GARBAGE: Final = b"\x00\xff<ProbeMatches><not xml\xc3\x28" + b"\x7f" * 200

_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"'
    ' xmlns:dn="http://www.onvif.org/ver10/network/wsdl"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema">{header}<s:Body>{body}</s:Body></s:Envelope>'
)
REALM: Final = "camera"
_LOGIN: Final = re.compile(rb"authorization:\s*digest\s", re.IGNORECASE)
_PART: Final = re.compile(rb'([a-z]+)="([^"]*)"', re.IGNORECASE)
_SCOPE: Final = "onvif://www.onvif.org/"
_TOKEN: Final = re.compile(
    rb"<wsse:Username>(.*?)</wsse:Username>.*?<wsse:Password[^>]*>(.*?)</wsse:Password>"
    rb".*?<wsse:Nonce[^>]*>(.*?)</wsse:Nonce>.*?<wsu:Created>(.*?)</wsu:Created>",
    re.DOTALL,
)


class CameraMake(NamedTuple):
    """What a camera is. mac: 12 hex digits, or empty if it tells none. endpoint: its uuid."""

    name: str = "Camera P101"
    vendor: str = "Axis"
    model: str = "M3085-V"
    serial: str = "B8A44F7C21D9"
    mac: str = "00408c7c21d9"
    endpoint: str = "3fa1fe68-b915-4053-a3e1-00408c7c21d9"


class Urls(NamedTuple):
    """Where the camera's service, snapshot and stream are."""

    service: str
    snapshot: str
    stream: str


def is_login(head: bytes, user: str, password: str, nonce: str) -> bool:
    """Whether a request's head answers the camera's question for a password (RFC 2069, MD5)."""
    line = next((line for line in head.split(b"\r\n") if _LOGIN.match(line)), b"")
    said = {name.decode(): value.decode("utf-8", "replace") for name, value in _PART.findall(line)}
    method = head.partition(b" ")[0].decode("utf-8", "replace")
    secret, asked = _md5(f"{user}:{REALM}:{password}"), _md5(f"{method}:{said.get('uri', '')}")
    known = (said.get("username"), said.get("nonce")) == (user, nonce)
    return known and said.get("response") == _md5(f"{secret}:{nonce}:{asked}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def endpoint_of(name: str) -> str:
    """The uuid of a camera that is known by its MAC, or by its name."""
    return str(uuid5(NAMESPACE_URL, f"lophoc:{name}"))


def probe_match(make: CameraMake, urls: Urls, relates_to: str) -> bytes:
    """The answer to a Probe (WS-Discovery, section 5.3)."""
    words = {"type": "video_encoder", "name": make.name, "hardware": make.model}
    words |= {"MAC": mac_text(make.mac)} if make.mac else {}
    scopes = " ".join(f"{_SCOPE}{name}/{_percent(value)}" for name, value in words.items())
    body = (
        "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>"
        f"urn:uuid:{make.endpoint}</a:Address></a:EndpointReference>"
        "<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>"
        f"<d:Scopes>{escape(scopes)}</d:Scopes><d:XAddrs>{escape(urls.service)}</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
    )
    header = f"<s:Header><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
    return _ENVELOPE.format(header=header, body=body).encode()


def answer(request: bytes, make: CameraMake, urls: Urls, clock: datetime) -> bytes | None:
    """The answer to a call; None to one that this camera does not know."""
    for call, body in _ANSWERS.items():
        if call.encode() in request:
            content = body.format(
                **{name: escape(value) for name, value in make._asdict().items()},
                **{f"url_{name}": escape(value) for name, value in urls._asdict().items()},
                dashed=mac_text(make.mac),
                clock=_clock(clock),
            )
            return _ENVELOPE.format(header="", body=content).encode()
    return None


def not_authorized() -> bytes:
    """The fault that a camera answers without the right password (ONVIF Core, section 5.8.2)."""
    body = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized"
        "</s:Value></s:Subcode></s:Code><s:Reason><s:Text>Sender not authorized</s:Text></s:Reason>"
        "</s:Fault>"
    )
    return _ENVELOPE.format(header="", body=body).encode()


def may(request: bytes, user: str, password: str, clock: datetime) -> bool:
    """Whether the call carries this password, said within a minute of the camera's clock."""
    match = _TOKEN.search(request)
    if match is None:
        return False
    name, digest, nonce, created = (part.decode("utf-8", "replace") for part in match.groups())
    said_at = datetime.strptime(created, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    salted = base64.b64decode(nonce) + created.encode() + password.encode()
    right = base64.b64encode(hashlib.sha1(salted).digest()).decode()  # noqa: S324 - the standard's
    return (name, digest) == (user, right) and abs((said_at - clock).total_seconds()) < _FRESH_S


_FRESH_S: Final = 60


def _percent(text: str) -> str:
    return text.replace("%", "%25").replace(" ", "%20")


def _clock(at: datetime) -> str:
    return (
        f"<tt:Time><tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute>"
        f"<tt:Second>{at.second}</tt:Second></tt:Time><tt:Date><tt:Year>{at.year}</tt:Year>"
        f"<tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day></tt:Date>"
    )


_ANSWERS: Final = {
    "GetSystemDateAndTime": (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>{clock}"
        "</tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    ),
    "GetDeviceInformation": (
        "<tds:GetDeviceInformationResponse><tds:Manufacturer>{vendor}</tds:Manufacturer>"
        "<tds:Model>{model}</tds:Model><tds:SerialNumber>{serial}</tds:SerialNumber>"
        "</tds:GetDeviceInformationResponse>"
    ),
    "GetNetworkInterfaces": (
        "<tds:GetNetworkInterfacesResponse><tds:NetworkInterfaces><tt:Info><tt:HwAddress>{dashed}"
        "</tt:HwAddress></tt:Info></tds:NetworkInterfaces></tds:GetNetworkInterfacesResponse>"
    ),
    "GetCapabilities": (
        "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media><tt:XAddr>{url_service}"
        "</tt:XAddr></tt:Media></tds:Capabilities></tds:GetCapabilitiesResponse>"
    ),
    "GetProfiles": (
        '<trt:GetProfilesResponse><trt:Profiles token="main"><tt:VideoEncoderConfiguration>'
        "<tt:Resolution><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height></tt:Resolution>"
        '</tt:VideoEncoderConfiguration></trt:Profiles><trt:Profiles token="sub">'
        "<tt:VideoEncoderConfiguration><tt:Resolution><tt:Width>640</tt:Width><tt:Height>360"
        "</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
        "</trt:GetProfilesResponse>"
    ),
    "GetSnapshotUri": (
        "<trt:GetSnapshotUriResponse><trt:MediaUri><tt:Uri>{url_snapshot}</tt:Uri></trt:MediaUri>"
        "</trt:GetSnapshotUriResponse>"
    ),
    "GetStreamUri": (
        "<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{url_stream}</tt:Uri></trt:MediaUri>"
        "</trt:GetStreamUriResponse>"
    ),
}
