"""Plays a network's life in namespaces of its own; prints what was seen. Run by test_mdns_fleet.

Run as: unshare --net --mount python fleet_room.py PLAY ARGUMENTS
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from hardware.mdns import following, rooms
from hardware.mdns import watch as mdns
from hardware.network.liveness import Liveness
from simulators.devices.fleet import PlayedFleet, fleet
from tests.hardware.avahi_room import avahi, run
from tests.hardware.told import Told
from tests.waiting import eventually

CONFIG = """[server]
host-name=other
use-ipv6=no
enable-dbus=yes
[publish]
disable-publishing=yes
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow eavesdrop="true"/></policy></busconfig>
"""


# Names of namespaces are the whole machine's.
OTHER = f"room-{os.getpid()}"
NETS = ("10.77.0", "10.78.0", "10.79.0", "10.80.0")


@contextmanager
def cable() -> Iterator[None]:
    """Join this namespace by a cable to another, which is in four networks at once."""
    run("ip", "netns", "add", OTHER)
    try:
        run("ip", "link", "set", "lo", "up")
        ip(f"link add room0 type veth peer name room1 netns {OTHER}")
        for command in ("link set lo up", "link set room1 up"):
            run("ip", "-n", OTHER, *command.split())
        for net in NETS:
            run("ip", "-n", OTHER, "address", "add", f"{net}.2/24", "dev", "room1")
        ip("link set room0 up")
        ip(f"address add {NETS[0]}.1/24 dev room0")
        yield
    finally:
        run("ip", "netns", "delete", OTHER)


def ip(command: str) -> None:
    """Change something of our own end."""
    run("ip", *command.split())


@asynccontextmanager
async def watching(told: Told, *, probing: bool = False) -> AsyncIterator[Liveness]:
    """Watch as an agent does: one shared zeroconf that follows the interfaces."""
    moved, liveness = asyncio.Event(), Liveness(told)
    report = liveness.hear if probing else told
    async with following.open_zeroconf() as shared, asyncio.TaskGroup() as tasks:
        each = (
            following.follow(shared, moved=moved.set),
            mdns.watch(report, zeroconf=shared, moved=moved),
            liveness.run(),
        )
        running = [tasks.create_task(one) for one in each]
        yield liveness
        for task in running:
            task.cancel()


@asynccontextmanager
async def device(address: str, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Announce one board at an address of the other namespace, and be killed without goodbye."""
    play = ["ip", "netns", "exec", OTHER, sys.executable, __file__, "device", name, address]
    child = await asyncio.create_subprocess_exec(*play)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def change() -> dict[str, float]:
    """Change addresses in every way; give the seconds until a new service was seen after each."""
    told, took = Told(), {}
    with cable():
        async with watching(told):
            took["nothing"] = await seen(told, "nothing", NETS[0])
            ip("address flush dev room0")
            ip(f"address add {NETS[1]}.1/24 dev room0")
            took["another"] = await seen(told, "another", NETS[1])
            ip("link set room0 down")
            ip("link set room0 up")
            took["down_up"] = await seen(told, "down_up", NETS[1])
            ip(f"address add {NETS[2]}.1/24 dev room0")
            took["added"] = await seen(told, "added", NETS[2])
            ip("address flush dev room0")
            await asyncio.sleep(3)  # as long as it lasts: nobody tells that nothing is there
            ip(f"address add {NETS[3]}.1/24 dev room0")
            took["gone_and_back"] = await seen(told, "gone_and_back", NETS[3])
    return took


async def seen(told: Told, name: str, net: str) -> float:
    """Give how long from now a device took to be seen, its own start of half a second included."""
    started = time.monotonic()
    async with device(f"{net}.2", name):
        await told.until(lambda one: one.name == f"{name}-00" and one.present)
        return time.monotonic() - started


async def unplug() -> dict[str, object]:
    """Lose our own network for a while, then the device; give how long that took to be told."""
    told = Told()
    with cable():
        async with watching(told, probing=True) as liveness, device(f"{NETS[0]}.2", "B1"):
            board = await told.until(lambda one: one.name == "B1-00")
            await eventually(
                lambda: liveness.trail(board.key),
                "the board answers",
                holds=lambda trail: trail is not None and trail.last_answer_at is not None,
            )
            ip("link set room0 down")
            await asyncio.sleep(12)  # nobody is judged meanwhile, however often it is asked
            kept = all(one.present for one in told.sightings)
            ip("link set room0 up")
            run("ip", "-n", OTHER, "address", "flush", "dev", "room1")
            started = time.monotonic()
            gone = await told.until(lambda one: not one.present)
            took = time.monotonic() - started
            run("ip", "-n", OTHER, "address", "add", f"{NETS[0]}.2/24", "dev", "room1")
            started = time.monotonic()
            back = await told.until(lambda one: one.present)
            back_took = time.monotonic() - started
    return {
        "kept": kept,
        "key": gone.key == board.key == back.key,
        "reason": gone.reason,
        "took": took,
        "back": back_took,
        "via": board.via,
    }


async def by_ipv6_alone() -> dict[str, object]:
    """Hear devices that speak IPv6 alone: while we have both, and where the room has no IPv4."""
    told, heard = Told(), {}
    with cable():
        link = await link_local("-n", OTHER, "-6", "address", "show", "dev", "room1")
        async with watching(told):
            async with device(link, "both"):
                seen = await told.until(lambda one: one.name == "both-00" and one.present)
                heard["both"] = [seen.address.partition("%")[0] == link, seen.via]
            ip("address flush dev room0 scope global")
            async with device(link, "alone"):
                seen = await told.until(lambda one: one.name == "alone-00" and one.present)
                heard["alone"] = [seen.address.partition("%")[0] == link, seen.via]
    return heard


async def link_local(*command: str) -> str:
    """The link-local address that this shows, once nobody else can have it any more."""

    def shown() -> str:
        done = subprocess.run(["ip", *command], capture_output=True, text=True, check=True)
        lines = [line.split() for line in done.stdout.splitlines() if "inet6 fe80" in line]
        ready = [fields[1] for fields in lines if "tentative" not in fields]
        return ready[0].partition("/")[0] if ready else ""

    return await eventually(shown, "an address", holds=bool)


async def announce_device(name: str, address: str) -> None:
    """Announce one board until killed."""
    async with PlayedFleet(fleet([name], 1), [address]).announce():
        await asyncio.Event().wait()


@contextmanager
def bus(work: Path) -> Iterator[dict[str, str]]:
    """Run a message bus for an Avahi and its clients; gives the environment that names it."""
    (work / "avahi.conf").write_text(CONFIG)
    (work / "bus.conf").write_text(BUS.format(socket=work / "bus"))
    (work / "state").mkdir()
    Path("/run/avahi-daemon").mkdir(exist_ok=True)
    run("mount", "--bind", str(work / "state"), "/run/avahi-daemon")
    command = ["dbus-daemon", f"--config-file={work / 'bus.conf'}", "--nofork", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as broker:
        try:
            assert broker.stdout is not None
            address = broker.stdout.readline().strip()
            yield {"DBUS_SYSTEM_BUS_ADDRESS": address, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        finally:
            broker.terminate()


async def browsed(work: Path) -> dict[str, object]:
    """Announce a fleet and a room, and give what avahi-browse sees of both."""
    with cable(), bus(work) as env:
        async with (
            avahi(work / "avahi.conf", env),
            following.open_zeroconf() as shared,
            PlayedFleet(fleet(["P203"], 20), [f"{NETS[0]}.1"]).announce(),
            asyncio.TaskGroup() as tasks,
        ):
            said = rooms.announce(shared, agent="agent-1", room="P203", school="s", port=8081)
            saying = tasks.create_task(said)
            lines: list[str] = []
            while not any("_lophoc-room._tcp" in line for line in lines):
                lines = await _browse(env)
            saying.cancel()
    return {
        "types": sorted({line.split(";")[4] for line in lines}),
        "room": next(line.split(";", 9)[9] for line in lines if "_lophoc-room._tcp" in line),
    }


async def _browse(env: dict[str, str]) -> list[str]:
    browse = await asyncio.create_subprocess_exec(
        "avahi-browse", "-rpta", env=env, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await browse.communicate()
    return [line for line in out.decode().splitlines() if line.startswith("=")]


def main(play: str, *arguments: str) -> None:
    """Play."""
    plays: dict[str, Callable[[], Coroutine[object, object, object]]] = {
        "change": change,
        "unplug": unplug,
        "by_ipv6_alone": by_ipv6_alone,
        "device": lambda: announce_device(*arguments),
        "browsed": lambda: browsed(Path(arguments[0])),
    }
    sys.stdout.write(json.dumps(asyncio.run(plays[play]())))


if __name__ == "__main__":
    main(*sys.argv[1:])
