"""This file holds what a simulated ONVIF camera says: to discovery, and to calls. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from simulators.devices.camera_faults import CameraFault
from simulators.equipment import mac_text

CHANNELS: Final = 4  # of a recorder
_PROFILE: Final = re.compile(rb"ProfileToken>([^<]{1,40})<")

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
    ' xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"'
    ' xmlns:ter="http://www.onvif.org/ver10/error"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema">{header}<s:Body>{body}</s:Body></s:Envelope>'
)
_SCOPE: Final = "onvif://www.onvif.org/"


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


def endpoint_of(name: str) -> str:
    """The uuid of a camera that is known by its MAC, or by its name."""
    return str(uuid5(NAMESPACE_URL, f"lophoc:{name}"))


def probe_match(
    make: CameraMake, urls: Urls, relates_to: str, faults: Collection[CameraFault] = ()
) -> bytes:
    """The answer to a Probe (WS-Discovery, section 5.3)."""
    words = {"type": "video_encoder", "name": make.name, "hardware": make.model}
    words |= {"MAC": mac_text(make.mac)} if make.mac else {}
    if CameraFault.SPELLINGS in faults:
        words = {"Profile": "G", "type": "IPC", "macaddr": make.mac, "location": "", **words}
        words |= {"manufacturer": make.vendor, "serial": make.serial}
        words.pop("MAC", None)
    only_device = CameraFault.DEVICE_TYPE in faults
    types = "tds:Device" if only_device else "dn:NetworkVideoTransmitter tds:Device"
    is_below = CameraFault.FOLDERS in faults
    before = f"{_SCOPE}A1C2B3/" if is_below else _SCOPE
    scopes = " ".join(f"{before}{name}/{_percent(value)}" for name, value in words.items())
    service = urls.service.partition("://")[2] if is_below else urls.service
    body = (
        "<d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>"
        f"urn:uuid:{make.endpoint}</a:Address></a:EndpointReference>"
        f"<d:Types>{types}</d:Types>"
        f"<d:Scopes>{escape(scopes)}</d:Scopes><d:XAddrs>{escape(service)}</d:XAddrs>"
        "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
    )
    header = f"<s:Header><a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header>"
    return _ENVELOPE.format(header=header, body=body).encode()


def answer(
    request: bytes,
    make: CameraMake,
    urls: Urls,
    clock: datetime,
    faults: Collection[CameraFault] = (),
) -> bytes | None:
    """The answer to a call; None to one that this camera does not know, or fails at."""
    call = next((name for name in _ANSWERS if name.encode() in request), "")
    # What it lacks: both media services name their calls alike.
    lacks = {
        "GetCapabilities": CameraFault.NO_CAPABILITIES in faults,
        "GetServices": CameraFault.MEDIA_2 not in faults,
        "GetDeviceInformation": CameraFault.SHY in faults,
        "GetSystemDateAndTime": CameraFault.NO_CLOCK in faults,
    }
    is_media = call in {"GetProfiles", "GetSnapshotUri", "GetStreamUri"}
    if not call or lacks.get(call) or (is_media and _is_second(request) != _wants_second(faults)):
        return None
    body = _answer_of(call, request, faults).format(
        **{name: escape(value) for name, value in make._asdict().items()},
        **{f"url_{name}": escape(value) for name, value in urls._asdict().items()},
        dashed=mac_text(make.mac),
        clock=_clock(clock),
    )
    text = _spoilt(_ENVELOPE.format(header="", body=body), faults)
    data = text.encode("utf-16" if CameraFault.UTF_16 in faults else "utf-8")
    return _PART_HEAD + data + b"\r\n--part--\r\n" if CameraFault.MTOM in faults else data


_PART_HEAD: Final = (
    b"--part\r\nContent-Type: application/xop+xml; charset=utf-8\r\n"
    b"Content-ID: <root@camera>\r\n\r\n"
)


def _answer_of(call: str, request: bytes, faults: Collection[CameraFault]) -> str:
    body = _ANSWERS[call]
    if call == "GetCapabilities" and CameraFault.MEDIA_2 in faults:
        return "<tds:GetCapabilitiesResponse><tds:Capabilities/></tds:GetCapabilitiesResponse>"
    if call == "GetSystemDateAndTime" and CameraFault.LOCAL_CLOCK in faults:
        return body.replace("UTCDateTime", "LocalDateTime")
    if call == "GetProfiles" and CameraFault.RECORDER in faults:
        profiles = "".join(_profile(f"ch{number}", number) for number in range(1, CHANNELS + 1))
        body = f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"
    if call in {"GetSnapshotUri", "GetStreamUri"} and CameraFault.RECORDER in faults:
        token = _PROFILE.search(request)
        body = body.replace("</tt:Uri>", f"?profile={token[1].decode() if token else ''}</tt:Uri>")
    if _wants_second(faults):
        body = body.replace("trt:", "tr2:").replace("<trt:MediaUri>", "")
        body = re.sub(r"</?tr2:MediaUri>", "", body)
        body = body.replace("tt:VideoEncoderConfiguration", "tr2:VideoEncoder")
        body = body.replace("tt:VideoSourceConfiguration", "tr2:VideoSource")
    return body


def _spoilt(text: str, faults: Collection[CameraFault]) -> str:
    """The same as makers write it who do so by hand."""
    if CameraFault.BROKEN_XML in faults:
        text = re.sub(r" xmlns:(tds|trt|tr2|tt|ter)=\"[^\"]*\"", "", text)
    if CameraFault.AMPERSAND in faults:
        text = text.replace("</tds:Model>", " A & B</tds:Model>")
    if CameraFault.WRONG_TAGS in faults:
        text = text.replace("</tds:Manufacturer>", "</tds:Manufacture>")
    if CameraFault.CUT_XML in faults:
        text = text[: text.rfind("</s:Body>")]
    return text


def _is_second(request: bytes) -> bool:
    return b"<tr2:Get" in request


def _wants_second(faults: Collection[CameraFault]) -> bool:
    return CameraFault.MEDIA_2 in faults


def _profile(token: str, source: int, width: int = 640, height: int = 360) -> str:
    return (
        f'<trt:Profiles token="{token}"><tt:Name>{token}</tt:Name><tt:VideoSourceConfiguration>'
        f"<tt:SourceToken>source{source}</tt:SourceToken></tt:VideoSourceConfiguration>"
        "<tt:AudioSourceConfiguration><tt:SourceToken>microphone</tt:SourceToken>"
        "</tt:AudioSourceConfiguration><tt:VideoEncoderConfiguration><tt:Resolution>"
        f"<tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution>"
        "</tt:VideoEncoderConfiguration></trt:Profiles>"
    )


def not_authorized(faults: Collection[CameraFault] = ()) -> bytes:
    """The fault that a camera answers without the right password (ONVIF Core, section 5.8.2)."""
    if CameraFault.LATE in faults:
        body = (
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>wsse:FailedCheck"
            "</s:Value></s:Subcode></s:Code><s:Reason><s:Text>The security timestamp has expired"
            "</s:Text></s:Reason></s:Fault>"
        )
        return _ENVELOPE.format(header="", body=body).encode()
    body = (
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized"
        "</s:Value></s:Subcode></s:Code><s:Reason><s:Text>Sender not authorized</s:Text></s:Reason>"
        "</s:Fault>"
    )
    return _ENVELOPE.format(header="", body=body).encode()


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
    "GetServices": (
        "<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver20/media/wsdl"
        "</tds:Namespace><tds:XAddr>{url_service}</tds:XAddr></tds:Service>"
        "</tds:GetServicesResponse>"
    ),
    "GetProfiles": (
        "<trt:GetProfilesResponse>"
        + _profile("main", 1, 1920, 1080)
        + _profile("sub", 1)
        + "</trt:GetProfilesResponse>"
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
