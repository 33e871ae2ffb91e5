"""ONVIF by IPv6: who answers by both is one camera; who has it alone is found."""

from __future__ import annotations

import asyncio
import socket
import struct
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from random import Random
from typing import Final
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera import rtsp
from hardware.camera.order import CameraTrouble
from hardware.http.client import WebClient, _connection
from hardware.network.interfaces import call_places_of, named_networks
from hardware.network.marks import MarkJudge
from hardware.network.neighbours import ToldMac, told_at
from hardware.network.neighbours_6 import neighbours_6
from hardware.onvif import watch as onvif
from hardware.onvif.camera import DiscoveredCamera
from hardware.onvif.discovery import Match
from hardware.onvif.faces import Faces
from hardware.onvif.watch import SearchSettings
from hardware.readings import Sighting
from simulators.devices.camera import CameraFault, CameraMake, OnvifCamera
from tests.hardware.told import Told
from tests.ports import free_port
from tests.waiting import LIMIT_S

HERE, HERE_6 = "10.77.0.1", "fe80::20e:c6ff:fe02:1"
ENDPOINT: Final = "00010010-0001-1020-8000-e4f14c000001"
NO_MARKS = CameraMake(mac="", endpoint="", serial="")


@pytest.fixture
def link(own_loopback: None, need: Callable[[str, str], str], need_root: None) -> int:
    """The number of a link with IPv4 and IPv6, in a network of the test's own."""
    ip = need("ip", "iproute2")
    for command in (
        "link add room0 type veth peer name room1",
        "link set room0 addrgenmode none",
        "link set room1 addrgenmode none",
        "link set room1 up",
        "link set room0 up",
        f"address add {HERE}/24 dev room0",
        f"-6 address add {HERE_6}/64 dev room0 nodad",
    ):
        subprocess.run([ip, *command.split()], check=True)
    return socket.if_nametoindex("room0")


@asynccontextmanager
async def watched(
    link: int, make: CameraMake, *faults: CameraFault, contested: Iterable[str] = ()
) -> AsyncIterator[tuple[Told, OnvifCamera]]:
    """A camera on the link, and who looks for it there."""
    group, told = ("239.255.255.250", free_port()), Told()
    camera = OnvifCamera(
        make, host=HERE, host_6=f"{HERE_6}%{link}", group=group, faults=set(faults)
    )
    settings = SearchSettings(group=group, search_s=0.3, round_s=0.9, jitter=lambda: 0.0)
    async with asyncio.timeout(LIMIT_S), camera:
        watch = onvif.watch(
            told,
            addresses=lambda: [HERE, f"%{link}"],
            settings=settings,
            judge=MarkJudge(contested),
        )
        task = asyncio.ensure_future(watch)
        try:
            yield told, camera
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def is_by_ipv6(one: Sighting) -> bool:
    """Whether it is there, by IPv6."""
    return one.present and ":" in one.address


def test_our_links_with_ipv6_are_places_to_call_from(link: int) -> None:
    """Each once, by its number, behind our IPv4 addresses."""
    ours = named_networks()
    assert call_places_of(ours) == (HERE, f"%{link}")
    assert [str(one.network) for one in ours] == [f"{HERE}/24", f"{HERE_6}%{link}/64"]


def test_a_camera_with_ipv6_alone_is_found_and_spoken_with(link: int) -> None:
    """By the link that it was heard on, which it is never told."""

    async def story() -> None:
        async with watched(link, CameraMake(), CameraFault.NO_IPV4) as (told, camera):
            found = await told.until(is_by_ipv6)
            assert found.key == f"mac:{CameraMake().mac}"
            assert found.model == "M3085-V"
            assert (found.address, found.via) == (f"{HERE_6}%{link}", f"%{link}")
            assert urlsplit(found.url).hostname == found.address.lower()
            assert urlsplit(found.url).port == camera.http_port

    asyncio.run(story())


def test_a_camera_that_loses_and_regains_ipv4_is_one_throughout(link: int) -> None:
    """With the same key, no mark contested, nothing gone; it is asked where it answers."""

    async def story() -> None:
        async with watched(link, CameraMake()) as (told, camera):
            first = await told.until(lambda one: one.present)
            assert first.address == HERE
            await camera.switch(CameraFault.NO_IPV4, on=True)
            second = await told.until(is_by_ipv6)
            await camera.switch(CameraFault.NO_IPV4, on=False)
            third = await told.until(lambda one: one.address == HERE)
            seen = [one for one in told.seen if isinstance(one, Sighting)]
            assert {one.key for one in (first, second, third, *seen)} == {first.key}
            assert not any(one.contested or not one.present for one in seen)

    asyncio.run(story())


def test_a_camera_known_by_its_address_alone_keeps_its_past(link: int) -> None:
    """The link's number is no part of what it is called; each name goes on in the next."""

    async def story() -> None:
        name = f"name:onvif:{NO_MARKS.name}:M3085-V:M3085-V"
        by_its_address = watched(link, NO_MARKS, CameraFault.NO_IPV4, contested=[name])
        async with by_its_address as (told, camera):
            by_ipv6 = await told.until(is_by_ipv6)
            assert by_ipv6.key == f"name:onvif-at:{HERE_6}:{camera.http_port}"
            await camera.switch(CameraFault.NO_IPV4, on=False)
            by_ipv4 = await told.until(lambda one: one.present and one.address == HERE)
            assert by_ipv6.key in by_ipv4.former

    asyncio.run(story())


def card_of(cards: dict[str, str]) -> Callable[[str], ToldMac]:
    """A neighbour table."""
    return lambda address: ToldMac(sound=cards.get(address, ""))


def heard(address: str, endpoint: str = ENDPOINT, name: str = "IPC") -> DiscoveredCamera:
    """An answer."""
    service = (("http", 80, "/onvif/device_service"),)
    return DiscoveredCamera(address, "", Match(endpoint=endpoint, name=name, services=service))


def test_two_cameras_that_tell_the_same_are_told_apart_by_their_cards() -> None:
    """One has IPv6 alone: it is lost in the other no more than it is doubled with it."""
    cards = {"10.0.1.1": "00408c000001", "fe80::1%2": "00408c000001", "fe80::2%2": "00408c000002"}
    faces = Faces(card_of(cards))
    told = faces.settle([heard("10.0.1.1"), heard("fe80::1%2"), heard("fe80::2%2")])
    assert [one.address for one in told] == ["10.0.1.1", "fe80::2%2"]


def test_a_camera_heard_on_two_links_of_one_network_is_one() -> None:
    """A laptop with a cable and Wi-Fi."""
    faces = Faces(card_of({}))
    told = faces.settle([heard("fe80::1%2"), heard("fe80::1%3"), heard("fe80::9%3")])
    assert [one.address for one in told] == ["fe80::1%2", "fe80::9%3"]


@given(st.integers(0, 10_000))
def test_each_camera_is_spoken_with_at_one_place_whatever_gets_lost(seed: int) -> None:
    """Held against the cameras themselves: none twice, and none silent that was heard."""
    dice = Random(seed)
    cameras = [
        (f"10.0.1.{number}", f"fe80::{number}%2", f"{number}"[: dice.randrange(2)])
        for number in range(1, 5)
    ]
    cards = {place: f"00408c00000{four[-1]}" for four, six, _ in cameras for place in (four, six)}
    knows_cards = dice.random() < 0.5 or len({name for *_, name in cameras}) < len(cameras)
    faces = Faces(card_of(cards if knows_cards else {}))
    have = [dice.choice(((0,), (1,), (0, 1), (0, 1))) for _ in cameras]
    for _round in range(12):
        answers = [
            heard(camera[way], name=f"IPC{camera[2]}")
            for camera, ways in zip(cameras, have, strict=True)
            for way in ways
            if dice.random() < 0.7
        ]
        dice.shuffle(answers)
        told = [one.address for one in faces.settle(answers)]
        for camera, ways in zip(cameras, have, strict=True):
            places = [place for place in told if place in camera]
            said = [one.address for one in answers if one.address in camera]
            if _round and ways != (0, 1):
                assert places == said
            assert len(places) <= 1, f"{places} of one camera"
            if camera[0] in said:
                assert places == [camera[0]]


def test_two_lost_answers_move_no_camera_to_its_other_address() -> None:
    """Nor does IPv6 that is as lossy; three in a row do, and the next one by IPv4 is back."""
    faces, both = Faces(card_of({})), [heard("10.0.1.1"), heard("fe80::1%2")]
    rounds = [both, both[1:], both[1:], both, both[1:], both[1:], both[1:], both[:1]]
    told = [[one.address for one in faces.settle(answers)] for answers in rounds]
    first, second = ["10.0.1.1"], ["fe80::1%2"]
    assert told == [first, [], [], first, [], [], second, first]


def test_the_kernel_tells_which_card_answers_for_a_link_local_address(
    own_loopback: None, need: Callable[[str, str], str], need_root: None
) -> None:
    """Not for one that another card of ours would reach, and none made up."""
    ip = need("ip", "iproute2")
    for command in (
        "link add room0 type veth peer name room1",
        "link set room0 up",
        "-6 neigh add fe80::5 lladdr 00:40:8c:00:00:05 dev room0",
        "-6 neigh add fe80::6 lladdr 02:40:8c:00:00:06 dev room0",
        "-6 neigh add 2001:db8::5 lladdr 00:40:8c:00:00:05 dev room0",
    ):
        subprocess.run([ip, *command.split()], check=True)
    number = socket.if_nametoindex("room0")
    assert {one.address for one in neighbours_6()} >= {f"fe80::5%{number}", "2001:db8::5"}
    assert told_at(f"fe80::5%{number}") == ToldMac(sound="00408c000005")
    others = (f"fe80::6%{number}", f"fe80::7%{number}", "fe80::5%999", "fe80::5", "2001:db8::5")
    assert [told_at(one) for one in others] == [ToldMac()] * len(others)


@given(st.lists(st.binary(max_size=60), max_size=3))
def test_any_datagrams_are_an_answer_of_the_kernels(datagrams: list[bytes]) -> None:
    """Cut short, or of another kind."""
    assert isinstance(neighbours_6(lambda _request: iter(datagrams)), list)


def test_an_unfinished_neighbour_is_none() -> None:
    """Somebody asks for it, and nobody has answered yet."""

    def row(state: int) -> bytes:
        told = struct.pack("=HH", 20, 1) + bytes.fromhex("fe80000000000000020ec6fffe020001")
        told += struct.pack("=HH", 10, 2) + bytes.fromhex("000ec6020001") + b"\0\0"
        body = struct.pack("=BxxxiHBB", 10, 7, state, 0, 1) + told
        return struct.pack("=IHHII", 16 + len(body), 28, 2, 1, 9) + body

    def kernel(state: int) -> Callable[[bytes], Iterator[bytes]]:
        return lambda _request: iter([row(state) + struct.pack("=IHHIIi", 20, 3, 2, 1, 9, 0)])

    answered, unfinished = 0x04, 0x01
    assert [one.address for one in neighbours_6(kernel(answered))] == [f"{HERE_6}%7"]
    assert neighbours_6(kernel(unfinished)) == []


def listening(answer: bytes) -> tuple[int, list[bytes]]:
    """The port of a device on this computer's IPv6 loopback, and what is said to it."""
    server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    said: list[bytes] = []

    def serve() -> None:
        with server, server.accept()[0] as line:
            line.settimeout(LIMIT_S)
            said.append(line.recv(4096))
            line.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    return int(server.getsockname()[1]), said


def test_a_device_is_not_told_the_number_of_our_link() -> None:
    """Servers refuse a host that they are not (RFC 6874, section 4); a redirect names theirs."""
    loop = socket.if_nametoindex("lo")
    behind, later = listening(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    there = f"HTTP/1.1 302 Found\r\nLocation: http://[::1]:{behind}/b\r\n\r\n"
    port, said = listening(there.encode())
    with WebClient(f"http://[::1%{loop}]:{port}/a").ask() as answer:
        assert answer.read(10) == b"ok"
    assert f"Host: [::1]:{port}\r\n".encode() in said[0]
    assert f"Host: [::1]:{behind}\r\n".encode() in later[0]


def test_an_address_without_a_port_has_the_usual_one() -> None:
    """An IPv6 address was cut at its last colon, and its end taken for a port."""
    for scheme, usual in (("http", 80), ("https", 443)):
        one = _connection(urlsplit(f"{scheme}://[fe80::1%2]/snapshot.jpg"), 1.0)
        assert (one.host, one.port) == ("fe80::1%2", usual)


def test_a_stream_is_asked_for_by_the_cameras_own_address() -> None:
    """With the link left out, there and in what the password is mixed with."""
    port, said = listening(b"RTSP/1.0 404 Not Found\r\nCSeq: 1\r\n\r\n")
    url = f"rtsp://[::1%{socket.if_nametoindex('lo')}]:{port}/stream"
    with pytest.raises(CameraTrouble):
        rtsp.ask(url, "admin", "x", timeout_s=2.0)
    assert said[0].startswith(f"DESCRIBE rtsp://[::1]:{port}/stream RTSP/1.0\r\n".encode())
