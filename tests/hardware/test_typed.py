"""Typed addresses: what is there is found by what it speaks, named by the strongest it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from hardware.network.neighbours import ToldMac
from hardware.network.place import PlaceError, TypedPlace, place_of
from hardware.network.typed import USUAL, TypedDevice, find, merge_readings, watch
from hardware.pjlink.ask import asker, entries_of
from hardware.readings import IdentityKind, Kind, ProjectorReading, Reading, Sighting, SourceFlaw
from simulators.devices.projector import Projector
from simulators.serving import serving
from tests.hardware.pjlink_room import FIRST, NOWHERE, OLD, SECRET
from tests.hardware.told import Told

HERE = "127.0.0.1"


@asynccontextmanager
async def server(*answer: bytes) -> AsyncIterator[int]:
    """Answer whatever is asked with these bytes, one after the other; gives the port."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await reader.read(100)
        with suppress(ConnectionError):  # who heard enough hangs up
            for piece in answer:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.05 if len(answer) > 1 else 0)
        writer.close()

    async with serving(serve, HERE) as port:
        yield port
        await asyncio.gather(*filter(None, tasks))


async def found(text: str, *, neighbours: Path = NOWHERE, password: str = "") -> list[Reading]:
    askers = (asker(lambda *_: password), *USUAL)
    place = place_of(text, own=True)
    return await find(place, token="t1", askers=askers, own=True, neighbours=neighbours)  # noqa: S106 - names an entry


def test_a_camera_answers_rtsp_and_is_known_by_its_entry() -> None:
    """Its picture's URL is told without the password."""

    async def run() -> None:
        async with server(b"RTSP/1.0 200 OK\r\nServer: Hikvision\r\n\r\n") as port:
            seen = await found(f"rtsp://admin:{SECRET}@{HERE}:{port}/live")
            assert seen == [
                Sighting(
                    source="typed",
                    key="token:t1",
                    identity=IdentityKind.TOKEN,
                    kind=Kind.CAMERA,
                    model="Hikvision",
                    address=HERE,
                    port=port,
                    url=f"rtsp://{HERE}:{port}/live",
                )
            ]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("scheme", "lines"),
    [
        ("rtsp", ["RTSP/1.0 200 OK", "CSeq: 1", "Server: Hikvision", "", ""]),
        ("rtsp", ["", "rtsp/1.0 200 OK", "Server: Hikvision", "", ""]),
        ("http", ["HTTP/1.0 200 OK", "Server: Hikvision", "", ""]),
        ("http", ["ICY 200 OK", "Server: Hikvision", "", ""]),
    ],
)
def test_an_answer_that_comes_line_by_line_is_heard_to_its_end(
    scheme: str, lines: list[str]
) -> None:
    """What it is does not hang on what its first packet held."""

    async def run() -> None:
        pieces = [f"{line}\r\n".encode() for line in lines[:-1]]
        async with server(*pieces) as port:
            (seen,) = await found(f"{scheme}://{HERE}:{port}/")
            assert isinstance(seen, Sighting)
            assert seen.model == "Hikvision"
            assert seen.kind is (Kind.CAMERA if scheme == "rtsp" else Kind.OTHER)

    asyncio.run(run())


def test_the_neighbour_table_names_what_tells_no_name(tmp_path: Path) -> None:
    """The MAC at the address, before the entry's token."""
    table = tmp_path / "arp"
    table.write_text(f"{HERE} 0x1 0x2 00:26:ab:99:88:77 * eth0\n")

    async def run() -> None:
        async with server(b"HTTP/1.1 401 Unauthorized\r\n\r\n") as port:
            (seen,) = await found(f"{HERE}:{port}", neighbours=table)
            assert (seen.key, seen.identity) == ("mac:0026ab998877", IdentityKind.MAC)
            assert seen.kind is Kind.OTHER

    asyncio.run(run())


def test_a_projector_is_named_by_its_serial_and_its_reading_with_it() -> None:
    """All protocols are tried at the port, but never two at once: it takes one connection."""

    async def run() -> None:
        async with Projector(FIRST, password=SECRET) as one:
            sighting, reading = await found(f"{one.host}:{one.port}", password=SECRET)
            assert sighting.key == reading.key == f"serial:epson:{FIRST.serial}"
            assert (sighting.kind, sighting.source) == (Kind.PROJECTOR, "typed")
            assert isinstance(reading, ProjectorReading)

    asyncio.run(run())


def test_a_class_1_projector_gets_the_entrys_name() -> None:
    """Names alone, which two projectors may share, are not enough."""

    async def run() -> None:
        async with Projector(OLD) as one:
            sighting, reading = await found(f"pjlink://{one.host}:{one.port}")
            assert sighting.key == reading.key == "token:t1"

    asyncio.run(run())


def test_a_machine_that_refuses_is_there_and_one_that_is_silent_is_not() -> None:
    """Only a machine that is there says no."""

    async def run() -> None:
        async with server(b"") as port:
            pass
        (seen,) = await found(f"{HERE}:{port}")
        assert seen.kind is Kind.OTHER
        assert await found("does-not-exist.invalid") == []

    asyncio.run(run())


def test_a_name_that_leads_to_this_computer_is_refused() -> None:
    """Whoever owns the name could otherwise have our own ports asked."""

    async def run() -> None:
        await find(TypedPlace(host="localhost"), token="t1", askers=())  # noqa: S106 - names an entry

    with pytest.raises(PlaceError, match="this very computer"):
        asyncio.run(run())


def test_what_several_protocols_tell_is_one_device() -> None:
    """The strongest name stays, further strong ones are aliases, and gaps are filled."""
    onvif = Sighting(
        source="onvif",
        key="mac:00408c112233",
        identity=IdentityKind.MAC,
        kind=Kind.CAMERA,
        name="Cam",
    )
    uuid = Sighting(
        source="x",
        key="uuid:12345678",
        identity=IdentityKind.UUID,
        kind=Kind.CAMERA,
        url="rtsp://h/",
    )
    web = Sighting(
        source="typed", key="", identity=IdentityKind.HOST, kind=Kind.OTHER, model="nginx"
    )
    flaw = SourceFlaw(source="onvif", code="nonsense")
    reading = ProjectorReading(key="uuid:12345678", at=1.0)
    whole, *rest = merge_readings([web, flaw, uuid, reading, onvif], "t1", ToldMac("ffffffffffff"))
    assert isinstance(whole, Sighting)
    assert (whole.key, whole.aliases) == ("mac:00408c112233", ("uuid:12345678",))
    assert (whole.name, whole.model, whole.url) == ("Cam", "nginx", "rtsp://h/")
    assert rest == [flaw, ProjectorReading(key="mac:00408c112233", at=1.0)]


def test_a_typed_place_is_asked_until_it_is_found_and_then_left_alone() -> None:
    """A new one at once; a failing protocol stops nobody."""
    asked: list[str] = []

    async def late(place: TypedPlace) -> list[Reading]:
        asked.append(place.host)
        if len(asked) < 3:
            raise ConnectionResetError
        return [Sighting(source="x", key="uuid:1", identity=IdentityKind.UUID, kind=Kind.CAMERA)]

    async def run() -> None:
        told = Told()
        places = {TypedDevice(token="t1", place=place_of("127.0.0.3:9", own=True))}  # noqa: S106 - names an entry
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(
                watch(
                    told,
                    lambda: places,
                    askers=[late],
                    own=True,
                    neighbours=NOWHERE,
                    again_s=0.01,
                )
            )
            assert (await told.until(bool)).key == "token:t1"  # a machine is there, no more
            await told.until(lambda seen: seen.key == "uuid:1")
            places.add(TypedDevice(token="t2", place=place_of("127.0.0.4:9", own=True)))  # noqa: S106 - names an entry
            await told.until(lambda seen: seen.key == "uuid:1")
            watching.cancel()
        assert asked == ["127.0.0.3"] * 3 + ["127.0.0.4"]

    asyncio.run(run())


def test_only_places_that_may_be_projectors_are_watched_as_such() -> None:
    """A camera's RTSP address is none."""
    places = ("rtsp://10.0.0.7/", "10.0.0.8", "pjlink://10.0.0.9:4352")
    typed = [TypedDevice(token=one, place=place_of(one)) for one in places]
    assert [tuple(one)[1:] for one in entries_of(typed)] == [("10.0.0.8", 0), ("10.0.0.9", 4352)]
