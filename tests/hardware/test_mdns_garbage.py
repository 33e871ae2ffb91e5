"""Network: packets that no sound device sends are counted, and the next device is seen."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from random import Random

import pytest

from hardware.mdns import watch as network
from hardware.mdns.gate import Bucket, PacketGate
from hardware.network.flaws import FlawReporter
from hardware.readings import SourceFlaw
from tests.hardware import packets
from tests.hardware.packets import PTR, SRV, TXT, A, dotted, name, response
from tests.hardware.test_mdns import loopback, watching
from tests.hardware.told import Told, within

pytestmark = pytest.mark.usefixtures("own_loopback")

IPP = "_ipp._tcp.local."


@pytest.fixture
def send() -> Iterator[packets.Sender]:
    """Send packets on loopback."""
    sender = packets.Sender()
    yield sender
    sender.close()


def printer(instance: bytes, txt: bytes = b"\x0cty=EPSON Xyz") -> bytes:
    """Give an honest printer."""
    return packets.service(IPP, instance, txt, host=instance.replace(b" ", b"-"))


LOOP = response((b"\xc0\x0c", PTR, 4500, b"\xc0\x0c"))
# zeroconf passes over these and reads on.
SKIPPED = [
    response((dotted("x." + IPP), SRV, 120, b"\0")),
    response((dotted("h.local"), A, 120, b"abc")),
    response((dotted("x." + IPP), 9999, 120, b"abc")),
]
HUGE = response(
    (b"".join(name(b"x" * 63)[:-1] for _ in range(900)) + b"\0", PTR, 4500, dotted("a.local"))
)
BROKEN = {
    "a name that points at itself": LOOP,
    "more records than there are": response((dotted(IPP), PTR, 4500, dotted("x." + IPP)), count=99),
    "a label of a kind that is not": response((b"\x80abc\0", PTR, 4500, b"\0")),
    "a header alone, cut": b"\0\0\x84",
}


async def good_is_seen(told: Told, send: packets.Sender) -> None:
    """Announce a sound printer until it is seen: the kernel drops packets where many wait."""
    seen = asyncio.create_task(told.until(lambda one: one.name == "Good"))
    while not seen.done():
        send(printer(b"Good"))
        await asyncio.sleep(0.1)
    await seen


@pytest.mark.parametrize("packet", BROKEN.values(), ids=BROKEN)
def test_a_broken_packet_is_counted_and_the_next_device_is_seen(
    packet: bytes, send: packets.Sender
) -> None:
    """Told as nonsense, with the address that it came from."""

    async def run() -> None:
        told = Told()
        async with loopback() as browser, watching(network.watch(told, zeroconf=browser)):
            await asyncio.sleep(0)
            while not (flaws := [flaw for flaw in told.flaws if flaw.code == "nonsense"]):
                send(packet)  # other tests beside this one send too long ones
                await asyncio.sleep(0.05)
            assert flaws[0].source == "mdns"
            assert flaws[0].address
            await good_is_seen(told, send)

    within(run())


def test_a_name_of_64_kb_is_counted_as_oversized(send: packets.Sender) -> None:
    """It is not even read."""
    assert 57_000 < len(HUGE) < 65_507

    async def run() -> None:
        told = Told()
        async with loopback() as browser, watching(network.watch(told, zeroconf=browser)):
            while not told.flaws:
                send(HUGE)
                await asyncio.sleep(0.05)
            assert {flaw.code for flaw in told.flaws} == {"oversized"}
            await good_is_seen(told, send)

    within(run())


HOSTILE = [
    (b"a.b\\.c", b"\0"),
    ("\u202egnp.exe".encode(), b"\0"),
    (b"\x1b[31mred\x00", b"\0"),
    (b"=cmd|'/c calc'!A1", b"\x05ty=\xff\xfe"),
    (b"<script>alert(1)</script>", b"\xff" + b"k" * 200),
    (b"\xff\xfe\xfd", b"\x09UUID=\xff\xff\xff\xff"),
    (b"x" * 63, b"".join(b"\x05k%03d" % count + b"=" for count in range(200))),
]


def test_hostile_names_and_texts_are_clean_or_passed_over(send: packets.Sender) -> None:
    """Direction marks, control characters, binary and crowded texts, and then an honest one."""

    async def run() -> None:
        told = Told()
        async with loopback() as browser, watching(network.watch(told, zeroconf=browser)):
            while not told.flaws:
                for instance, txt in HOSTILE:
                    send(packets.service(IPP, instance, txt))
                    send(packets.service(IPP, instance, txt))
                await asyncio.sleep(0.1)
            send(printer(b"Good"))
            for one in list(told.sightings):
                assert one.name.isprintable()
            await good_is_seen(told, send)

    within(run())


def test_a_type_of_sixteen_bytes_is_browsed(send: packets.Sender) -> None:
    """Android TV's is longer than RFC 6335 allows."""

    async def run() -> None:
        told = Told()
        async with loopback() as browser, watching(network.watch(told, zeroconf=browser)):
            await asyncio.sleep(0)
            txt = b"\x14bt=00:0e:c6:44:55:66"
            seen = asyncio.create_task(told.until(lambda one: one.key == "mac:000ec6445566"))
            while not seen.done():
                send(packets.service("_androidtvremote2._tcp.local.", b"TV", txt))
                await asyncio.sleep(0.1)

    within(run())


def test_random_packets_never_end_the_watch(send: packets.Sender) -> None:
    """Some sound ones with bytes changed, some of nothing but chance."""
    chance = Random(7)

    async def run() -> None:
        told = Told()
        async with loopback() as browser, watching(network.watch(told, zeroconf=browser)):
            for packet in SKIPPED:
                send(packet)
            for count in range(400):
                packet = bytearray(printer(b"P%d" % count, b"\x08UUID=abc"))
                for _ in range(chance.randrange(1, 12)):
                    packet[chance.randrange(len(packet))] = chance.randrange(256)
                send(bytes(packet) if count % 2 else chance.randbytes(chance.randrange(1, 1400)))
                if not count % 20:
                    await asyncio.sleep(0)
            await told.until_flaw("nonsense")
            await good_is_seen(told, send)

    within(run())


def test_a_flood_is_cut_off_and_told_once_and_others_are_heard() -> None:
    """Each host has its share; the one that shouts has no more than that."""
    told: list[tuple[str, str]] = []
    gate = PacketGate(lambda code, host: told.append((code, host)))
    passed = sum(gate.admits("10.0.0.66", count / 100_000) for count in range(100_000))
    assert passed <= 1300
    assert gate.admits("10.0.0.9", 1.0)
    assert set(told) == {("flood", "10.0.0.66")}


def test_a_flood_from_everywhere_is_cut_off_too() -> None:
    """Source addresses cost nothing to make up."""
    gate = PacketGate(lambda _code, _host: None)
    passed = sum(gate.admits(f"10.{count % 60_000}", count / 100_000) for count in range(100_000))
    assert passed <= 6100
    assert len(gate._hosts) <= 256


def test_after_a_pause_a_host_may_speak_again() -> None:
    """What ran empty fills by and by."""
    bucket = Bucket(10.0)
    assert sum(bucket.admits(0.0) for _ in range(100)) == 50
    assert not bucket.admits(0.05)
    assert bucket.admits(0.2)


def test_flaws_are_told_in_moderation_and_all_counted() -> None:
    """Of one host once a minute, of all twenty a minute; memory stays small."""
    told: list[SourceFlaw] = []
    now = [0.0]
    flaws = FlawReporter(told.append, "mdns", lambda: now[0])
    for now[0] in (0.0, 30.0, 60.5):
        flaws.say("nonsense", "10.0.0.1")
    assert [(one.code, one.address, one.count) for one in told] == [
        ("nonsense", "10.0.0.1", 1),
        ("nonsense", "10.0.0.1", 2),
    ]
    now[0] = 200.0
    for count in range(100_000):
        flaws.say("flood", f"10.1.{count}")
    assert len(told) == 22
    assert flaws.count == 100_003
    assert len(flaws._reported_at) <= 256


def test_the_watch_leaves_a_shared_zeroconf_as_it_was() -> None:
    """Another's ears are given back."""

    async def run() -> None:
        async with loopback() as browser:
            await browser.zeroconf.async_wait_for_start()
            readers = browser.zeroconf.engine.readers
            before = [one.transport.get_protocol() for one in readers]
            async with watching(network.watch(Told(), zeroconf=browser)):
                while readers[0].transport.get_protocol() is before[0]:
                    await asyncio.sleep(0)
            assert [one.transport.get_protocol() for one in readers] == before

    within(run())


def test_an_announcement_by_hand_is_as_good_as_any(send: packets.Sender) -> None:
    """The packets above are well made where they mean to be."""
    packet = printer(b"Good")
    assert struct.unpack("!6H", packet[:12]) == (0, 0x8400, 0, 4, 0, 0)
    assert TXT in {struct.unpack_from("!H", packet, at)[0] for at in range(len(packet) - 1)}
