"""ONVIF as makers speak it: any mixture of their faults, held against a model of its own."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from typing import Final, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.http.login import WebLogin
from hardware.onvif import soap
from hardware.onvif import watch as onvif
from hardware.onvif.discovery import matches
from hardware.onvif.envelope import Garbage, parse_xml, text_of
from hardware.readings import CameraReading, Kind, Reading, Sighting
from simulators.devices.camera import CameraFault, CameraMake, OnvifCamera
from simulators.devices.camera_faults import HOSTILE
from simulators.devices.camera_words import CHANNELS, Urls, probe_match
from simulators.serving import serving
from tests.ports import free_port
from tests.waiting import LIMIT_S

Fault = CameraFault
MAKE: Final = CameraMake()
SECRET: Final = "đúng-rồi"  # noqa: S105 - a simulated camera's
MOST_TRIES: Final = 4
LOGINS: Final = (
    None,
    Fault.PASSWORD,
    Fault.HTTP_DIGEST,
    Fault.STRICT_DIGEST,
    Fault.SHA_256,
    Fault.TWO_CHALLENGES,
    Fault.LOOSE_LOGIN,
    Fault.BASIC,
    Fault.OTHER_LOGIN,
    Fault.PAGE_NONCE,
    Fault.FRESH_NONCE,
    Fault.LATE,
)
CLOCKS: Final = (None, Fault.WRONG_CLOCK, Fault.LOCAL_CLOCK, Fault.FALSE_UTC, Fault.NO_CLOCK)
FACTS: Final = (
    Fault.NO_CAPABILITIES,
    Fault.MEDIA_2,
    Fault.SHY,
    Fault.BROKEN_XML,
    Fault.CUT_XML,
    Fault.MTOM,
    Fault.UTF_16,
    Fault.WRONG_TAGS,
    Fault.NAMELESS,
    Fault.SHORT_LENGTH,
    Fault.AMPERSAND,
    Fault.RECORDER,
    Fault.REDIRECTS,
    Fault.NO_SNAPSHOT,
)
MANNERS: Final = (None, Fault.ACTION, Fault.NO_ACTION)
LIES: Final = (Fault.GARBAGE, Fault.ENTITIES)


class OddCamera(NamedTuple):
    """A camera with faults, and what we know of its login. said: None for nothing."""

    faults: frozenset[Fault]
    said: str | None
    is_typed: bool

    @property
    def asks(self) -> frozenset[Fault]:
        return self.faults & frozenset(LOGINS)

    @property
    def lets_in(self) -> bool:
        never = {Fault.OTHER_LOGIN, Fault.LATE} & self.faults
        in_clear = Fault.BASIC in self.faults and not self.is_typed
        return not self.asks or (self.said == SECRET and not never and not in_clear)

    @property
    def refusal(self) -> str:
        """Why it lets nobody in, as a person has to hear it."""
        if self.said is None:
            return "needs_password"
        if Fault.OTHER_LOGIN in self.faults:
            return "login_way"
        if Fault.BASIC in self.faults and not self.is_typed:
            return "basic_only"
        return "camera_clock" if Fault.LATE in self.faults else "needs_password"


@st.composite
def odd_cameras(draw: st.DrawFn) -> OddCamera:
    one_each = [draw(st.sampled_from(group)) for group in (LOGINS, CLOCKS, MANNERS)]
    facts = draw(st.frozensets(st.sampled_from(FACTS), max_size=4))
    faults = facts | {fault for fault in one_each if fault is not None}
    said = draw(st.sampled_from([SECRET, SECRET, SECRET, "wrong", None]))
    return OddCamera(faults, said, draw(st.booleans()))


def shot(*what: object) -> bytes:
    """No picture: these tests look at words."""
    return json.dumps(what).encode()


async def asked(odd: OddCamera, elsewhere: str = "") -> tuple[list[Reading], OnvifCamera]:
    """What is said of such a camera at its address."""
    group = ("239.255.255.250", free_port())
    login = WebLogin("admin", odd.said, odd.is_typed) if odd.said is not None else WebLogin()
    camera = OnvifCamera(MAKE, group=group, password=SECRET, picture=shot, faults=set(odd.faults))
    camera.elsewhere = elsewhere
    async with asyncio.timeout(LIMIT_S), camera:
        is_secure = Fault.TLS in odd.faults
        port = camera.tls_port if is_secure else camera.http_port
        readings = await onvif.ask(
            camera.host, port, is_secure=is_secure, credentials=lambda *_: login
        )
    return readings, camera


def check(odd: OddCamera) -> None:
    """Hold what is said of it against what must be."""
    readings, camera = asyncio.run(asked(odd))
    sightings = [one for one in readings if isinstance(one, Sighting)]
    reasons = [one.reason for one in readings if isinstance(one, CameraReading)]
    assert sightings
    assert reasons == ([] if odd.lets_in else [odd.refusal])
    if odd.lets_in:
        said_of(odd, sightings, camera)
    heard = b"".join(camera.logins)
    assert len(camera.logins) <= MOST_TRIES or odd.lets_in
    assert SECRET.encode() not in heard
    clear = base64.b64encode(f"admin:{SECRET}".encode())
    assert clear not in heard or (odd.is_typed and Fault.BASIC in odd.faults)


def said_of(odd: OddCamera, sightings: list[Sighting], camera: OnvifCamera) -> None:
    """Each fact on its own: what it does not say takes nothing from what it says."""
    one, *channels = sightings
    model = MAKE.model + (" A & B" if Fault.AMPERSAND in odd.faults else "")
    assert one.model == ("" if Fault.SHY in odd.faults else model)
    assert one.key == f"mac:{MAKE.mac}"
    assert (one.kind is Kind.OTHER) == (Fault.RECORDER in odd.faults)
    assert len(channels) == (CHANNELS if Fault.RECORDER in odd.faults else 0)
    for shown in channels or [one]:
        places = [url.partition("?")[0] for url in (shown.url, *shown.more_urls)]
        assert places == [camera.snapshot_url, camera.stream_url]
    assert len({(each.key, each.url, each.name) for each in sightings}) == len(sightings)


@given(odd_cameras())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_mixture_of_faults_is_met(odd: OddCamera) -> None:
    """What a camera says is kept, its picture is found, and why not is told apart."""
    check(odd)


@pytest.mark.parametrize("login", [one for one in LOGINS if one], ids=str)
@pytest.mark.parametrize("said", [SECRET, "wrong", None], ids=["right", "wrong", "none"])
def test_each_way_to_log_in(login: Fault, said: str | None) -> None:
    """Token, HTTP's Digest with and without its algorithm, two in one header, Basic, the clock."""
    check(OddCamera(frozenset({login}), said, is_typed=True))


@pytest.mark.parametrize("fault", [*FACTS, *MANNERS[1:], *CLOCKS[1:], Fault.TLS], ids=str)
def test_each_fault_alone_with_a_password(fault: Fault) -> None:
    """And the password is taken at the first or second time."""
    check(OddCamera(frozenset({fault, Fault.PASSWORD}), SECRET, is_typed=False))


def test_a_camera_by_tls_only_is_found_at_its_usual_address() -> None:
    """Its port in clear hangs up: the same port is tried by TLS, and the certificate is its own."""

    async def story() -> list[Reading]:
        group = ("239.255.255.250", free_port())
        async with OnvifCamera(MAKE, group=group, picture=shot, faults={Fault.TLS}) as camera:
            return await onvif.ask(camera.host, camera.tls_port)

    assert isinstance(asyncio.run(story())[0], Sighting)


@pytest.mark.parametrize("fault", sorted(HOSTILE), ids=str)
def test_a_hostile_camera_is_let_go_in_time(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it sends; and whoever it sends us to is not asked."""
    monkeypatch.setattr(soap, "CALL_S", 0.3)
    monkeypatch.setattr("hardware.onvif.camera._TALK_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        odd = OddCamera(frozenset({fault}), SECRET, is_typed=True)
        elsewhere = f"http://127.0.0.2:{other.getsockname()[1]}/"
        readings, camera = asyncio.run(asked(odd, elsewhere))
        with pytest.raises(BlockingIOError):
            other.accept()
    assert readings == []
    assert SECRET.encode() not in b"".join(camera.logins)


def answered(*faults: Fault) -> bytes:
    return probe_match(MAKE, Urls("http://10.0.0.9/onvif", "", ""), "uuid:1", faults)


@pytest.mark.parametrize(
    "faults", [(), (Fault.DEVICE_TYPE,), (Fault.SPELLINGS,), (Fault.FOLDERS,)], ids=str
)
def test_a_camera_is_known_however_it_announces_itself(faults: tuple[Fault, ...]) -> None:
    """By a type of its own or as a device, with scopes in this or that spelling."""
    (match,) = matches(answered(*faults))
    assert (match.mac, match.name, match.hardware) == (MAKE.mac, MAKE.name, MAKE.model)
    assert match.service == (80, "/onvif")
    assert match.vendor == (MAKE.vendor if Fault.SPELLINGS in faults else "")


@pytest.mark.parametrize(
    "types",
    [
        b"<d:Types>wsdp:Device</d:Types><d:Scopes>ldap:///ou=printers</d:Scopes>",
        b"<d:Types>tds:Device</d:Types><d:Scopes>onvif://www.onvif.org/Profile/C</d:Scopes>",
    ],
    ids=["a printer", "a door"],
)
def test_what_is_a_device_and_no_camera_is_none(types: bytes) -> None:
    """Printers have a type of that name too, and doors speak ONVIF."""
    whole = b"<e><ProbeMatches><ProbeMatch>%s</ProbeMatch></ProbeMatches></e>" % types
    assert matches(whole.replace(b"d:", b"")) == []


@given(st.binary(max_size=400), st.integers(0, 400))
def test_a_broken_answer_is_read_or_refused_and_nothing_else(junk: bytes, at: int) -> None:
    """Cut, or with junk in it: what was said before it is kept."""
    whole = answered()
    for data in (whole[:at], whole[:at] + junk + whole[at:], junk):
        try:
            parse_xml(data)
        except Garbage:
            continue


def test_what_came_before_an_answer_broke_off_is_kept() -> None:
    """And what no parser takes is mended: another encoding than it names, a bare ampersand."""
    cut = parse_xml(b"<s:E><s:Body><tds:Model>M1</tds:Model><tds:Serial")
    assert text_of(cut, "Model") == "M1"
    mended = parse_xml("<?xml version='1.0' encoding='utf-8'?><a>\x01<b>Bảng & số</b></a>".encode())
    assert text_of(mended, "b") == "Bảng & số"
    latin = parse_xml(b"<?xml version='1.0'?>\n<a><b>Ph\xf2ng</b></a>\0")
    assert text_of(latin, "b").startswith("Ph")


@pytest.mark.parametrize(
    "page",
    [b"<html><head/><body>hello</body></html>", b"<html><body>Login<br></html>"],
    ids=["well-formed", "loose"],
)
def test_a_web_page_is_no_answer_of_a_camera(page: bytes) -> None:
    """A router gives its own to whoever asks for anything."""

    async def story() -> list[Reading]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + page)
            writer.close()

        async with serving(serve) as port:
            return await onvif.ask("127.0.0.1", port)

    assert asyncio.run(asyncio.wait_for(story(), LIMIT_S)) == []


@pytest.mark.parametrize(
    "text",
    [
        "<s:Envelope><a>1</b><c>2</c></s:Envelope>",
        "<s:Envelope><a x=1>1</a><c>2</c></s:Envelope>",
        "<s:Envelope><a x='1' x='1'>1</a><c>2</c></s:Envelope>",
        "<s:Envelope><!-- -- --><a>1</a><c>2</c></s:Envelope>",
        "<s:Envelope><a>1<5</a><c>2</c></s:Envelope>",
        "<s:Envelope><a>1</a></s:Wrong><c>2</c></s:Envelope>",
    ],
)
def test_a_tag_written_wrongly_takes_no_other_fact(text: str) -> None:
    """What stands behind it was said, too."""
    root = parse_xml(text.encode())
    assert (text_of(root, "a")[:1], text_of(root, "c")) == ("1", "2")


def test_too_deep_and_too_many_are_refused() -> None:
    """Neither is any camera's way to answer."""
    for data in (b"<a>" * 100, b"<a>" + b"<b/>" * 30_000 + b"</a>"):
        with pytest.raises(Garbage, match="oversized"):
            parse_xml(data)
