"""Network: devices that announce themselves are seen, and seen to say goodbye."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncServiceBrowser, AsyncZeroconf

from hardware.mdns import following
from hardware.mdns import watch as network
from hardware.mdns.browse import info_of
from hardware.network import interfaces
from hardware.readings import Kind, SenseMissing
from tests.hardware.told import Told, within
from tests.waiting import LIMIT_S

pytestmark = pytest.mark.usefixtures("own_loopback")

MAC = "00:0e:c6:11:22:33"


def service(type_: str, instance: str, txt: dict[str, str] | bytes) -> ServiceInfo:
    """Give a service on this machine's loopback."""
    return ServiceInfo(
        f"{type_}.local.",
        f"{instance}.{type_}.local.",
        port=9,
        properties=txt,
        server=f"{instance.lower().replace(' ', '-')}.local.",
        addresses=[socket.inet_aton("127.0.0.1")],
    )


@asynccontextmanager
async def loopback() -> AsyncIterator[AsyncZeroconf]:
    """Open a zeroconf on loopback, or skip where it cannot be."""
    try:
        zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    except OSError as error:
        pytest.skip(f"no multicast on loopback: {error}")
    async with zeroconf:
        yield zeroconf


async def announce(zeroconf: AsyncZeroconf, info: ServiceInfo) -> None:
    """Announce without asking first whether the name is free."""
    await (await zeroconf.async_register_service(info, cooperating_responders=True, strict=False))


@asynccontextmanager
async def watching(watch: Awaitable[None]) -> AsyncIterator[None]:
    """Watch as long as the block runs."""
    task = asyncio.ensure_future(watch)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def on_loopback(test: Callable[[Told, AsyncZeroconf], Awaitable[None]]) -> None:
    """Run a test with a watch on loopback and a zeroconf to announce with."""

    async def run() -> None:
        async with loopback() as publisher, loopback() as browser:
            told = Told()
            async with watching(network.watch(told, zeroconf=browser)):
                await test(told, publisher)
            assert not browser.zeroconf.done

    asyncio.run(run())


def test_a_board_is_seen_and_said_goodbye_to_with_its_last_service() -> None:
    """Two services of one MAC are one board."""

    async def test(told: Told, publisher: AsyncZeroconf) -> None:
        remote = service("_androidtvremote2._tcp", "Board 7A", {"bt": MAC})
        airplay = service("_airplay._tcp", "7A", {"deviceid": MAC, "model": "iQ"})
        await announce(publisher, remote)
        board = await told.until(lambda one: one.key == "mac:000ec6112233")
        assert (board.kind, board.name, board.address) == (Kind.BOARD, "Board 7A", "127.0.0.1")
        await announce(publisher, airplay)
        assert (await told.until(lambda one: one.model == "iQ")).name == "Board 7A"
        await (await publisher.async_unregister_service(remote))
        assert (await told.until(lambda one: one.name == "7A")).present
        await (await publisher.async_unregister_service(airplay))
        gone = await told.until(lambda one: not one.present)
        assert (gone.key, gone.reason) == ("mac:000ec6112233", "goodbye")

    on_loopback(test)


def test_what_a_device_says_anew_is_told_anew() -> None:
    """A name given to a cast device reaches us."""

    async def test(told: Told, publisher: AsyncZeroconf) -> None:
        id_ = "4b1f7c2a90de4455aa01bb23cc45dd67"
        info = service("_googlecast._tcp", "TV", {"id": id_, "fn": "TV"})
        await announce(publisher, info)
        await told.until(lambda one: one.name == "TV")
        renamed = service("_googlecast._tcp", "TV", {"id": id_, "fn": "Phòng 7A"})
        await (await publisher.async_update_service(renamed))
        assert (await told.until(lambda one: one.name == "Phòng 7A")).key == f"uuid:{id_}"

    on_loopback(test)


def test_hostile_texts_do_not_stop_the_watch() -> None:
    """Binary, repeated and broken TXT records, and then an honest printer."""

    async def test(told: Told, publisher: AsyncZeroconf) -> None:
        hostile = [
            b"\xff\xfe\x00",
            b"\x05UUID=\x05UUID=\x09UUID=\xff\xfe\xfd\x00",
            b"".join(bytes([5]) + f"k{count:03}=".encode() for count in range(1000))[:8000],
            b"\x00" * 300,
        ]
        bad = [service("_ipp._tcp", f"bad {count}", txt) for count, txt in enumerate(hostile)]
        await asyncio.gather(*(announce(publisher, info) for info in bad))
        await announce(publisher, service("_ipp._tcp", "Good", {"ty": "EPSON L3150"}))
        await told.until(lambda one: one.model == "EPSON L3150")

    on_loopback(test)


def test_a_service_with_a_name_that_is_none_is_passed_over() -> None:
    """Anyone may point a type at anything."""
    for name in ("bad\x1b[31m._ipp._tcp.local.", "a.b.c.", "", "x" * 99 + "._ipp._tcp.local."):
        assert info_of("_ipp._tcp.local.", name) is None


def test_a_crowd_is_seen_whole() -> None:
    """As many devices as services, each told, though updates come in hundreds."""

    async def test(told: Told, publisher: AsyncZeroconf) -> None:
        macs = {f"000ec6{count:06x}" for count in range(1, 121)}
        await asyncio.gather(
            *(
                announce(publisher, service("_axis-video._tcp", mac, {"macaddress": mac}))
                for mac in macs
            )
        )
        for key in sorted(f"mac:{mac}" for mac in macs):
            if key not in {one.key for one in told.sightings}:
                await told.until(lambda one, key=key: one.key == key)

    on_loopback(test)


def test_without_a_network_the_sense_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what to do."""
    monkeypatch.setattr(network, "ears", tuple)
    with pytest.raises(SenseMissing) as missing:
        within(network.watch(Told()))
    assert missing.value.code == "no_network"
    assert missing.value.hint


def test_a_network_that_goes_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Found at the start, then gone for several looks."""
    monkeypatch.setattr(network, "ears", lambda: ("127.0.0.1",))
    monkeypatch.setattr(following, "ears", lambda _choice: ())
    monkeypatch.setattr(interfaces, "POLL_S", 0.01)
    with pytest.raises(SenseMissing, match="no_network"):
        within(network.watch(Told()))


def test_after_a_move_every_type_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the new network announced before we came is found by asking only."""
    monkeypatch.setattr(network, "ears", lambda: ("127.0.0.1",))
    monkeypatch.setattr(following, "ears", lambda _choice: ("127.0.0.2",))
    monkeypatch.setattr(interfaces, "CALM_S", 0.01)

    async def run() -> None:
        asked = asyncio.Semaphore(0)

        class Counted(AsyncServiceBrowser):
            def __init__(self, *args: object, **options: object) -> None:
                super().__init__(*args, **options)
                asked.release()

        monkeypatch.setattr(network, "AsyncServiceBrowser", Counted)
        async with watching(network.watch(Told())), asyncio.timeout(LIMIT_S):
            await asked.acquire()
            await asked.acquire()

    asyncio.run(run())
