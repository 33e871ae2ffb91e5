"""ONVIF: cameras are found by WS-Discovery and tell the rest when asked."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.http.login import WebLogin
from hardware.network.marks import MarkJudge
from hardware.onvif import watch as onvif
from hardware.onvif.camera import CameraDetails as Answer
from hardware.onvif.camera import (
    DiscoveredCamera,
    completed_details,
    is_channel,
    picture_url,
    readings_of,
)
from hardware.onvif.discovery import Match, matches
from hardware.onvif.envelope import Garbage
from hardware.onvif.soap import digest
from hardware.onvif.watch import SearchSettings
from hardware.readings import CameraReading, IdentityKind, Kind, Sighting
from simulators.devices.camera import CameraFault, CameraMake, OnvifCamera
from simulators.devices.camera_words import ENTITY_BOMB, GARBAGE, Urls, probe_match
from tests.hardware.told import Told
from tests.ports import free_port
from tests.waiting import LIMIT_S, calm_s, eventually

REAL = Path(__file__).parents[2].parent / "shared/data/network/onvif-probematches.xml.txt"
MAKE = CameraMake()
KEY = f"mac:{MAKE.mac}"
PASSWORD = "mật khẩu"  # noqa: S105 - a simulated camera's


def shot(seed: int, look: str, size: tuple[int, int], number: int) -> bytes:
    """No picture at all: these tests look at words."""
    return json.dumps([seed, look, size, number]).encode()


@asynccontextmanager
async def cameras(*makes: CameraMake) -> AsyncIterator[tuple[list[OnvifCamera], SearchSettings]]:
    """Cameras on loopback, and how to look for them there."""
    group = ("239.255.255.250", free_port())
    async with AsyncExitStack() as running:
        try:
            opened = [
                await running.enter_async_context(
                    OnvifCamera(make, group=group, password=PASSWORD, picture=shot)
                )
                for make in makes
            ]
        except OSError as error:
            pytest.skip(f"no multicast on loopback: {error}")
        yield opened, SearchSettings(group=group, search_s=0.5, jitter=lambda: 0.0)


@asynccontextmanager
async def watching(
    told: Told, settings: SearchSettings, login: Callable[[], tuple[str, str]] = lambda: ("", "")
) -> AsyncIterator[None]:
    """Watch as long as the block runs."""
    watch = onvif.watch(
        told,
        credentials=lambda *_: WebLogin(*login()),
        addresses=lambda: ["127.0.0.1"],
        settings=settings,
    )
    task = asyncio.ensure_future(watch)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def play(story: Callable[[], Awaitable[None]]) -> None:
    """Play a story to its end."""

    async def bounded() -> None:
        async with asyncio.timeout(LIMIT_S):
            await story()

    asyncio.run(bounded())


def readings(told: Told) -> list[CameraReading]:
    """What was told of cameras that could not be talked with."""
    return [each for each in told.others if isinstance(each, CameraReading)]


def test_a_camera_is_found_within_three_seconds_and_known_by_its_mac() -> None:
    """With what it is, where its picture is, and what else it is known by."""

    async def story() -> None:
        told, began = Told(), calm_s()
        async with cameras(MAKE) as ([camera], settings), watching(told, settings):
            found = await told.until(lambda one: one.present)
            assert calm_s() - began < 3.0
            assert found == Sighting(
                source="onvif",
                key=KEY,
                identity=IdentityKind.MAC,
                aliases=(f"uuid:{MAKE.endpoint}", f"serial:axis:{MAKE.serial}"),
                kind=Kind.CAMERA,
                name=MAKE.name,
                vendor="Axis",
                model="M3085-V",
                serial=MAKE.serial,
                address="127.0.0.1",
                port=camera.http_port,
                via="127.0.0.1",
                url=camera.snapshot_url,
                more_urls=(camera.stream_url,),
                proof="protocol ONVIF",
            )

    play(story)


def test_a_camera_without_a_mac_is_known_by_its_endpoint() -> None:
    """And by no address."""

    async def story() -> None:
        told = Told()
        async with cameras(MAKE._replace(mac="")) as (_, settings), watching(told, settings):
            found = await told.until(lambda one: one.present)
            assert (found.key, found.identity) == (f"uuid:{MAKE.endpoint}", IdentityKind.UUID)

    play(story)


def test_a_camera_that_asks_for_a_password_is_seen_and_says_so_until_it_is_given() -> None:
    """By what discovery told; then by all, though its clock is ten years behind."""

    async def story() -> None:
        told, login = Told(), ["", ""]
        async with cameras(MAKE) as ([camera], settings):
            camera.faults |= {CameraFault.PASSWORD, CameraFault.WRONG_CLOCK}
            async with watching(told, settings, lambda: (login[0], login[1])):
                locked = await told.until(lambda one: one.present)
                assert (locked.key, locked.model, locked.url) == (KEY, "M3085-V", "")
                assert [each.reason for each in readings(told)] == ["needs_password"]
                login[:] = ["admin", PASSWORD]
                opened = await told.until(lambda one: bool(one.url))
                assert opened.serial == MAKE.serial
                well = await told.until_seen(lambda one: getattr(one, "state", "") == "ok")
                assert getattr(well, "reason", "?") == ""

    play(story)


def test_a_camera_that_lets_nobody_in_any_more_is_what_it_was() -> None:
    """What it told before it was locked is kept; only its picture is out of reach."""

    async def story() -> None:
        told = Told()
        async with cameras(MAKE) as ([camera], settings):
            quick = settings._replace(search_s=0.0, round_s=0.0)
            async with watching(told, quick, lambda: ("admin", PASSWORD)):
                opened = await told.until(lambda one: bool(one.url))
                assert opened.serial == MAKE.serial
                camera.password = "another"  # noqa: S105 - a simulated camera's
                camera.faults.add(CameraFault.PASSWORD)
                locked = await told.until(lambda one: not one.url)
        assert (locked.key, locked.serial, locked.vendor) == (KEY, MAKE.serial, opened.vendor)
        assert [each.reason for each in readings(told)] == ["needs_password"]

    play(story)


def test_a_mac_that_was_told_to_its_users_alone_names_a_camera_that_is_locked() -> None:
    """Discovery tells but its names: without its MAC it would be another. So is another piece."""
    camera = DiscoveredCamera("10.0.0.5", "", Match(name="IPC", hardware="X1"))
    told = Answer(vendor="Acme", model="X1", serial="7Q40A1B2C3D", macs=(MAKE.mac,))
    locked = Answer(trouble="needs_password")
    for now in (locked, Answer(vendor="Acme", model="X1")):
        sighting = readings_of(camera, completed_details(told, now), 0.0)[0]
        assert isinstance(sighting, Sighting)
        assert (sighting.key, sighting.serial) == (KEY, told.serial)
    other = Answer(vendor="Acme", model="X1", serial="7Q40A1B2C4E")
    assert completed_details(told, other) == other


def test_a_wrong_password_is_tried_once_and_not_again() -> None:
    """Cameras lock themselves after a few tries; another password is tried at once."""

    async def story() -> None:
        told, login, tried = Told(), ["admin", "wrong"], 0

        def credentials() -> tuple[str, str]:
            return login[0], login[1]

        async with cameras(MAKE) as ([camera], settings):
            camera.faults.add(CameraFault.PASSWORD)
            may, tries = camera._may_call, []
            camera._may_call = lambda head, body: tries.append(body) or may(head, body)
            quick = settings._replace(search_s=0.0, round_s=0.0)
            async with watching(told, quick, credentials):
                await told.until(lambda one: one.present)
                tried = len(tries)
                await eventually(lambda: camera.probes >= 4, "searches go on meanwhile")
                assert len(tries) == tried
                login[1] = PASSWORD
                await told.until(lambda one: bool(one.url))

    play(story)


@pytest.mark.parametrize(
    ("fault", "code"), [(CameraFault.ENTITIES, "entity"), (CameraFault.GARBAGE, "nonsense")]
)
def test_what_a_hostile_camera_says_is_counted_and_stops_nothing(
    fault: CameraFault, code: str
) -> None:
    """Entity bombs are refused unread; the camera beside it is found."""

    async def story() -> None:
        told = Told()
        other = MAKE._replace(mac="00408c7c21da", endpoint=MAKE.endpoint[:-1] + "a")
        async with cameras(MAKE, other) as ([hostile, _], settings):
            hostile.faults.add(fault)
            async with watching(told, settings):
                await told.until(lambda one: one.key == "mac:00408c7c21da")
                await eventually(lambda: told.flaws)
        assert told.flaws[0].source == "onvif"
        assert told.flaws[0].code == code

    play(story)


def test_a_silent_camera_delays_no_other_and_never_blocks() -> None:
    """It takes connections and says nothing; it is told as what discovery knows."""

    async def story() -> None:
        told, late_s = Told(), 0.0
        other = MAKE._replace(mac="00408c7c21da", endpoint=MAKE.endpoint[:-1] + "a")
        async with cameras(MAKE, other) as ([silent, _], settings):
            silent.faults.add(CameraFault.SILENT)
            async with watching(told, settings):
                began = calm_s()
                seen = asyncio.ensure_future(told.until(lambda one: one.key == KEY))
                while not seen.done():
                    before_s = calm_s()
                    await asyncio.sleep(0.01)
                    late_s = max(late_s, calm_s() - before_s - 0.01)
                assert (await seen).name == MAKE.name
                assert calm_s() - began < 8  # 4.5 s and the machine's own
                assert readings(told)[0].reason == "no_answer"
        assert late_s < 0.25  # ours is far below 0.05; the rest is the machine's

    play(story)


def test_an_address_is_asked_for_onvif() -> None:
    """A camera there tells all; what is no camera tells nothing."""

    async def story() -> None:
        async with cameras(MAKE) as ([camera], _):
            (found,) = await onvif.ask("127.0.0.1", camera.http_port)
            assert isinstance(found, Sighting)
            assert (found.key, found.url) == (KEY, camera.snapshot_url)
            camera.faults.add(CameraFault.GARBAGE)
            assert await onvif.ask("127.0.0.1", camera.http_port) == []
        assert await onvif.ask("127.0.0.1", free_port()) == []

    play(story)


def test_ten_cameras_are_found_in_one_sweep() -> None:
    """Each is known by itself, though one address answers for all."""

    async def story() -> None:
        told = Told()
        makes = [
            MAKE._replace(mac=f"00408c7c21{n:02x}", endpoint=f"{MAKE.endpoint[:-2]}{n:02x}")
            for n in range(10)
        ]
        async with cameras(*makes) as (_, settings), watching(told, settings):
            wanted = {f"mac:{make.mac}" for make in makes}
            while wanted:
                wanted.discard((await told.until(lambda one: one.present)).key)

    play(story)


@pytest.mark.parametrize(
    ("match", "told", "key", "aliases"),
    [
        (Match(mac="00408c000001"), Answer(), "mac:00408c000001", ()),
        (Match(endpoint="cea94000-1"), Answer(macs=("00408c000001",)), "mac:00408c000001", 1),
        (
            Match(endpoint="cea94000-fb96-11b3-8260-686dbc5cb15d", name="HIKVISION DS"),
            Answer(trouble="needs_password"),
            "mac:686dbc5cb15d",
            1,
        ),
        (
            Match(endpoint="cea94000-fb96-11b3-8260-686dbc5cb15d", name="IPC"),
            Answer(),
            "uuid:cea94000-fb96-11b3-8260-686dbc5cb15d",
            (),
        ),
        (Match(), Answer(vendor="Acme", serial="AB12CD34"), "serial:acme:AB12CD34", ()),
        (Match(), Answer(vendor="Acme", serial="0123456789"), "name:onvif:::", ()),
    ],
)
def test_a_camera_is_known_by_the_strongest_that_it_tells(
    match: Match, told: Answer, key: str, aliases: object
) -> None:
    """MAC, endpoint, serial; a constant serial and an address are nothing."""
    sighting = readings_of(DiscoveredCamera("10.0.0.7", "10.0.0.2", match), told, 0.0)[0]
    assert isinstance(sighting, Sighting)
    assert sighting.key == key
    assert len(sighting.aliases) == (aliases if isinstance(aliases, int) else 0)


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("http://192.168.1.9/snap.jpg?a=1", "http://10.0.0.7/snap.jpg?a=1"),
        ("http://user:pw@192.168.1.9:8080/snap", "http://10.0.0.7:8080/snap"),
        ("http://10.0.0.7/snap?user=a&channel=1&pwd=secret", "http://10.0.0.7/snap?channel=1"),
        ("rtsp://10.0.0.7/11?-usr=a&-pswd=secret&psw=secret", "rtsp://10.0.0.7/11"),
        ("http://10.0.0.7/s?accessKey=secret&channel=1", "http://10.0.0.7/s?channel=1"),
        ("rtsp://[fe80::1]:554/main", "rtsp://10.0.0.7:554/main"),
        ("file:///etc/passwd", ""),
        ("http://a:99999999/", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_picture_is_fetched_from_the_camera_itself_and_nowhere_else(told: str, url: str) -> None:
    """A hostile camera may name anybody."""
    assert picture_url(told, "10.0.0.7") == url


def test_an_answer_is_read_whatever_its_prefixes_and_spelling() -> None:
    """Scopes in any case, percent-encoded; several services."""
    urls = Urls("https://10.0.0.7/s http://10.0.0.7:8000/onvif/device_service", "", "")
    make = MAKE._replace(name="Phòng 203 cửa")
    body = probe_match(make, urls, "uuid:1").replace(b"/MAC/", b"/mac/")
    (match,) = matches(body)
    assert (match.name, match.mac, match.hardware) == ("Phòng 203 cửa", MAKE.mac, "M3085-V")
    assert match.service == (8000, "/onvif/device_service")


def test_real_cameras_answers_are_read() -> None:
    """A Hikvision that tells its MAC, a TP-Link that tells none and calls itself MODEL."""
    if not REAL.exists():
        pytest.skip("needs the real answers beside the repository")
    lines = [each for each in REAL.read_text("utf-8").splitlines() if each.startswith("<")]
    undeclared = {"env", "d", "wsadis", "dn", "tds", "SOAP-ENV", "wsdd", "wsa", "tdn"}
    spaces = " ".join(f'xmlns:{name}="urn:{name}"' for name in sorted(undeclared))
    first, second = (
        matches(line.replace("Envelope>", f"Envelope {spaces}>", 1).encode()) for line in lines
    )
    assert (first[0].mac, first[0].hardware) == ("686dbc5cb15d", "DFI6256TE")
    assert first[0].endpoint == "cea94000-fb96-11b3-8260-686dbc5cb15d"
    assert (second[0].mac, second[0].hardware, second[0].name) == ("", "", "TP-IPC")
    assert second[0].endpoint == "3fa1fe68-b915-4053-a3e1-c006c3afec0e"
    assert second[0].service == (2020, "/onvif/device_service")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (ENTITY_BOMB, "entity"),
        (GARBAGE, "nonsense"),
        (b"", "nonsense"),
        (b"<x/>", "nonsense"),
        (b"<" * 70_000, "oversized"),
        (b'<?xml version="1.0" encoding="nonsense"?><x/>', "nonsense"),
    ],
    ids=["entity bomb", "bytes", "empty", "other xml", "oversized", "unknown encoding"],
)
def test_garbage_is_named(data: bytes, code: str) -> None:
    """So that it can be counted."""
    with pytest.raises(Garbage) as caught:
        matches(data)
    assert caught.value.code == code


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing else is ever raised."""
    with suppress(Garbage):
        matches(data)
    with suppress(Garbage):
        matches(probe_match(MAKE, Urls("http://10.0.0.7/x", "", ""), "1").replace(b"Axis", data))


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_texts_of_a_camera_are_cleaned_and_bounded(name: str, model: str, xaddr: str) -> None:
    """Names from devices are text, never markup."""
    make = MAKE._replace(name=name, model=model)
    body = probe_match(make, Urls(xaddr, "", ""), "1")
    with suppress(Garbage):
        for match in matches(body):
            assert match.name.isprintable()
            assert len(match.name) <= 200


def test_the_password_digest_is_the_standards() -> None:
    """The example of the ONVIF Application Programmer's Guide, section 6.1.1.3."""
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    made = digest(nonce, "2010-09-16T07:50:45Z", "userpassword")
    assert made == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


def test_a_recorders_channels_come_and_go() -> None:
    """Each is a camera behind it; one that it lists no more is gone, and the recorder is not."""

    async def story() -> None:
        told = Told()
        async with cameras(MAKE) as ([recorder], settings):
            recorder.faults.add(CameraFault.RECORDER)
            quick = settings._replace(search_s=0.0, round_s=0.0)
            async with watching(told, quick):
                last = await told.until(lambda one: one.key.endswith("source4"))
                assert (last.kind, last.key) == (Kind.CAMERA, f"channel:{KEY}:source4")
                assert last.url.startswith(recorder.snapshot_url)
                recorder.faults.discard(CameraFault.RECORDER)
                gone = await told.until(lambda one: not one.present)
                assert (gone.key, gone.reason) == (f"channel:{KEY}:source1", "goodbye")
                assert not [one for one in told.sightings if one.key == KEY and not one.present]

    play(story)


def test_an_input_of_a_recorder_without_a_camera_is_none() -> None:
    """onvif/specs issue 470: many list all inputs. One that is unplugged goes, and comes back."""

    async def story() -> None:
        told = Told()
        async with cameras(MAKE) as ([recorder], settings):
            recorder.faults |= {CameraFault.RECORDER, CameraFault.EMPTY_INPUTS}
            quick = settings._replace(search_s=0.0, round_s=0.0)
            async with watching(told, quick):
                await told.until(lambda one: one.key.endswith("source2"))
                assert not [one for one in told.sightings if is_channel(one)]
                recorder.faults.discard(CameraFault.EMPTY_INPUTS)
                last = await told.until(lambda one: one.key.endswith("source4"))
                assert last.present
                recorder.faults.add(CameraFault.EMPTY_INPUTS)
                gone = await told.until(lambda one: not one.present)
                assert (gone.key, gone.reason) == (f"channel:{KEY}:source3", "no_answer")
                recorder.faults.discard(CameraFault.EMPTY_INPUTS)
                back = await told.until(lambda one: one.key.endswith("source3") and one.present)
                assert back.url == last.url.replace("ch4", "ch3")

    play(story)


def test_two_cameras_that_tell_one_mac_first_are_two_and_stay_two() -> None:
    """home-assistant/core issue 162687: each falls to the next mark of its own."""

    async def story() -> None:
        told = Told()
        twins = (
            CameraMake(name="Cổng", serial="7QXJ2G3K"),
            CameraMake(
                name="Sân", serial="7QXJ9T4M", endpoint="0d3c5a77-1f2e-4b6a-9c8d-00408c7c21da"
            ),
        )
        async with cameras(*twins) as (_, settings), watching(told, settings):
            await eventually(lambda: len(keys_here(told)) == 2)
            assert KEY not in keys_here(told)
            contested = [one.contested for one in told.sightings if one.contested]
            assert all(KEY in marks for marks in contested)

    play(story)


def test_a_camera_that_moved_is_one_and_two_that_answer_at_once_are_two() -> None:
    """By signs of life: what answered at its old address no more has moved."""
    judge = MarkJudge()
    judge.tell("a", (KEY,), addresses={"10.0.0.5"}, at=0.0, sure_source="onvif")
    judge.tell("b", (KEY,), addresses={"10.0.0.6"}, at=60.0, sure_source="onvif")
    assert judge.believed("b") == (KEY,)
    assert judge.tell("a", (KEY,), addresses={"10.0.0.5"}, at=120.0, sure_source="onvif") == {
        "a",
        "b",
    }
    assert (judge.former("a"), judge.former("b")) == ((KEY,), ())
    judge.leave("a", 180.0)
    assert judge.believed("b") == ()
    # One more source at the same address is the same thing; at another it is not.
    judge.tell("service", ("uuid:1",), host="cam", addresses={"10.0.0.6"}, at=0.0)
    judge.tell("b", ("uuid:1",), addresses={"10.0.0.6"}, at=180.0, sure_source="onvif")
    assert judge.believed("b") == ("uuid:1",)
    judge.tell("c", ("uuid:1",), addresses={"10.0.0.7"}, at=181.0, sure_source="pjlink")
    assert judge.believed("c") == ()


def keys_here(told: Told) -> set[str]:
    """The keys of those that were told present last."""
    here: dict[str, bool] = {one.key: one.present for one in told.sightings}
    return {key for key, present in here.items() if present}


def test_a_camera_tells_its_mac_and_maker_by_whatever_name() -> None:
    """Uniview's scopes are `macaddr` and `manufacturer`; the key is the MAC, the uuid beside it."""
    answer = (
        b'<e:Envelope xmlns:e="e" xmlns:d="d"><d:ProbeMatches><d:ProbeMatch>'
        b"<Address>urn:uuid:00010010-0001-1020-8000-e4f14c000001</Address>"
        b"<d:Types>NetworkVideoTransmitter</d:Types>"
        b"<d:Scopes>onvif://www.onvif.org/manufacturer/UNIVIEW"
        b" onvif://www.onvif.org/macaddr/e4f14c000001</d:Scopes>"
        b"</d:ProbeMatch></d:ProbeMatches></e:Envelope>"
    )
    (match,) = matches(answer)
    (sighting, *_) = readings_of(DiscoveredCamera("10.0.0.9", "", match), Answer(), 0.0)
    assert isinstance(sighting, Sighting)
    assert (sighting.key, sighting.vendor) == ("mac:e4f14c000001", "UNIVIEW")
    assert sighting.aliases == ("uuid:00010010-0001-1020-8000-e4f14c000001",)


FOLDERS = st.sampled_from(["", "A1C2B3/", "ipc/v2/"])
MAC_WORDS = st.sampled_from(["mac", "MAC", "macaddr", "mac_address", "hwaddr", "macid", "eth0_mac"])
MARKS = st.sampled_from([":", "-", ".", ""])
NAMES = st.sampled_from(["name", "hardware", "location/city/hanoi", "type/ptz", "Profile/T"])


def answer_of(scopes: Iterable[str], addresses: str) -> bytes:
    """What a camera answers to a search."""
    said = " ".join(f"onvif://www.onvif.org/{scope}" for scope in scopes)
    return (
        '<e:Envelope xmlns:e="e" xmlns:d="d"><d:ProbeMatches><d:ProbeMatch>'
        "<d:Types>NetworkVideoTransmitter</d:Types>"
        f"<d:Scopes>{said}</d:Scopes><d:XAddrs>{addresses}</d:XAddrs>"
        "</d:ProbeMatch></d:ProbeMatches></e:Envelope>"
    ).encode()


@given(FOLDERS, MAC_WORDS, MARKS, st.lists(NAMES, max_size=4), st.integers(0, 4))
def test_a_mac_is_read_in_any_folder_and_spelling(
    folder: str, word: str, between: str, others: list[str], place: int
) -> None:
    """Source: andreikop/python-ws-discovery issue 56; a city called "mac" is none."""
    mac = between.join(("00", "12", "43", "1b", "d7", "d5"))
    scopes = [f"{name}/IPC" for name in others] + ["location/mac/hanoi"]
    scopes.insert(place, f"{folder}{word}/{mac}")
    (match,) = matches(answer_of(scopes, ""))
    assert match.mac == "0012431bd7d5"
    assert match.name == ("IPC" if "name" in others else "")


@pytest.mark.parametrize(
    ("addresses", "service"),
    [
        ("http://169.254.7.7/a http://10.0.0.9:8080/b", (8080, "/b")),  # agsh/onvif issue 63
        ("http://[fe80::1]:81/a,http://10.0.0.9/b", (80, "/b")),
        ("10.0.0.9:8899/onvif/device_service", (8899, "/onvif/device_service")),
        ("http://[fe80::1]:81/a", (81, "/a")),
        ("http://10.0.0.9:80:80/a", None),
        ("", None),
    ],
)
def test_a_camera_is_asked_where_it_says_as_far_as_that_can_be_read(
    addresses: str, service: tuple[int, str] | None
) -> None:
    """A card that nobody gave an address is no way to it."""
    (match,) = matches(answer_of(["name/IPC"], addresses))
    assert match.service == service
