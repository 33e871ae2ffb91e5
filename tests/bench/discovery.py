"""This file measures how fast our mDNS sees a network of 500 services, beside avahi-browse.

A network of its own: two namespaces on one cable. Run as a child: discovery.py ROLE ARGUMENTS.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hardware.mdns import watch as mdns
from hardware.network.liveness import Liveness
from hardware.readings import Reading, Sighting
from simulators.devices.fleet import TYPES, PlayedFleet, fleet

ROOMS, A_ROOM = 25, 20
SERVICES = ROOMS * A_ROOM
OURS, THEIRS = "10.79.0.1", "10.79.0.2"
GIVE_UP_S = 30.0
_MODULE = "tests.bench.discovery"

AVAHI = """[server]
host-name=bench
use-ipv6=no
enable-dbus=yes
allow-interfaces=bench0
[publish]
disable-publishing=yes
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow own="*"/><allow send_destination="*"/><allow eavesdrop="true"/>
<allow user="*"/></policy></busconfig>
"""


def measure(*, quick: bool) -> dict[str, object]:
    """Measure both on the same network; says where it could not."""
    lacking = _lacking()
    if lacking:
        print(f"discovery: skipped, {lacking}")
        return {"discovery_skipped": lacking}
    runs, idle_s = (3, 10.0) if quick else (7, 20.0)
    print(f"discovery: {SERVICES} services of {len(TYPES)} types, {runs} runs, idle {idle_s:.0f} s")
    with _cable() as (ours, theirs), _publisher(theirs):
        seen = [json.loads(_child(ours, "watch", "0")) for _ in range(runs)]
        idle = json.loads(_child(ours, "watch", str(idle_s)))
        avahi_s, avahi_found = _avahi(ours, runs=3 if quick else 5)
    figures: dict[str, object] = {
        f"discovery_{name}_s": statistics.median(run[name] for run in seen)
        for name in ("t50", "t99", "all")
    }
    return figures | {
        "discovery_worst_s": max(run["all"] for run in seen),
        "discovery_found": min(run["found"] for run in seen),
        "discovery_cpu_s": statistics.median(run["cpu"] for run in seen),
        "discovery_longest_turn_ms": max(run["turn_ms"] for run in seen),
        "discovery_idle_cpu_percent": idle["idle_percent"],
        "avahi_browse_s": avahi_s,
        "avahi_browse_found": avahi_found,
    }


def _lacking() -> str:
    if os.geteuid() != 0:
        return "needs root, for a network of its own"
    missing = [name for name in ("ip", "unshare") if shutil.which(name) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@contextlib.contextmanager
def _cable() -> Iterator[tuple[str, str]]:
    """Join two namespaces by a cable; gives their names."""
    ours, theirs = f"bench-a-{os.getpid()}", f"bench-b-{os.getpid()}"
    try:
        for name in (ours, theirs):
            _run("ip", "netns", "add", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        _run(*f"ip -n {ours} link add bench0 type veth peer name bench0 netns {theirs}".split())
        for name, address in ((ours, OURS), (theirs, THEIRS)):
            _run(*f"ip -n {name} address add {address}/24 dev bench0".split())
            _run(*f"ip -n {name} link set bench0 up".split())
        yield ours, theirs
    finally:
        for name in (ours, theirs):
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@contextlib.contextmanager
def _publisher(namespace: str) -> Iterator[None]:
    """Announce all services in a namespace while the block runs."""
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", _MODULE, "publish"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            yield
        finally:
            child.terminate()
            child.wait()


def _child(namespace: str, *arguments: str) -> str:
    command = ["ip", "netns", "exec", namespace, sys.executable, "-m", _MODULE, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _avahi(namespace: str, runs: int) -> tuple[float | None, int | None]:
    """Give the median time of `avahi-browse -rpta` and how many it resolved; None without it."""
    programs = [
        shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
        for name in ("avahi-daemon", "avahi-browse", "dbus-daemon", "unshare")
    ]
    if not all(programs):
        print("discovery: avahi-daemon, avahi-utils or dbus is absent; not compared")
        return None, None
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "avahi.conf").write_text(AVAHI)
        (work / "bus.conf").write_text(BUS.format(socket=work / "bus"))
        (work / "state").mkdir()
        command = [
            "ip",
            "netns",
            "exec",
            namespace,
            "unshare",
            "--mount",
            sys.executable,
            "-m",
            _MODULE,
            "avahi",
            folder,
            str(runs),
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
    result = json.loads(done.stdout)
    return result["seconds"], result["found"]


async def _publish() -> None:
    voices = fleet([f"P{number:03}" for number in range(ROOMS)], A_ROOM)
    async with PlayedFleet(voices, [THEIRS], at_once=SERVICES).announce():
        print("ready", flush=True)
        await asyncio.Event().wait()


async def _watch(idle_s: float) -> dict[str, float]:
    """Time from the start of our watch to each device; then how busy it and its probes are."""
    times: dict[str, float] = {}
    done = asyncio.Event()
    started, cpu = time.perf_counter(), time.process_time()

    def report(seen: Reading) -> None:
        if isinstance(seen, Sighting) and seen.present and seen.key not in times:
            times[seen.key] = time.perf_counter() - started
            if len(times) >= SERVICES:
                done.set()

    turns: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        liveness = Liveness(report)
        watch = tasks.create_task(mdns.watch(liveness.hear), name="watch")
        probes = tasks.create_task(liveness.run(), name="probes")
        beat = tasks.create_task(_beat(turns), name="beat")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GIVE_UP_S):
                await done.wait()
        spent = time.process_time() - cpu
        beat.cancel()
        idle_percent = 0.0
        if idle_s:
            await asyncio.sleep(5.0)  # the browser's own first questions are through
            cpu = time.process_time()
            await asyncio.sleep(idle_s)
            idle_percent = 100 * (time.process_time() - cpu) / idle_s
        watch.cancel()
        probes.cancel()
    ordered = sorted(times.values()) + [GIVE_UP_S] * (SERVICES - len(times))
    return {
        "t50": ordered[SERVICES // 2],
        "t99": ordered[SERVICES * 99 // 100],
        "all": ordered[SERVICES - 1],
        "found": len(times),
        "cpu": spent,
        "turn_ms": 1000 * max(turns, default=0.0),
        "idle_percent": idle_percent,
    }


async def _beat(turns: list[float]) -> None:
    """Note how long the loop was busy in one turn."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        turns.append(time.perf_counter() - before - 0.001)


def _browse(work: Path, runs: int) -> dict[str, float]:
    """Run avahi-browse against a daemon that has just started, so that its cache is empty too."""
    Path("/run/avahi-daemon").mkdir(exist_ok=True)
    _run("mount", "--bind", str(work / "state"), "/run/avahi-daemon")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={work / 'bus'}"
    seconds, found = [], []
    for _ in range(runs):
        bus = subprocess.Popen(["dbus-daemon", f"--config-file={work / 'bus.conf'}", "--nofork"])
        _until(lambda: (work / "bus").exists())
        daemon = subprocess.Popen(
            [
                "/usr/sbin/avahi-daemon",
                "--no-drop-root",
                "--no-chroot",
                "--no-rlimits",
                "-f",
                str(work / "avahi.conf"),
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            _until(lambda: (work / "state" / "pid").exists())
            started = time.perf_counter()
            said = subprocess.run(
                ["avahi-browse", "-rpta"], check=False, capture_output=True, timeout=60
            ).stdout
            seconds.append(time.perf_counter() - started)
            found.append(sum(line.startswith(b"=") for line in said.splitlines()))
        finally:
            for process in (daemon, bus):
                process.terminate()
                process.wait()
            (work / "bus").unlink(missing_ok=True)
    return {"seconds": statistics.median(seconds), "found": min(found)}


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def main(role: str, *arguments: str) -> None:
    """Play one part in a namespace."""
    if role == "publish":
        asyncio.run(_publish())
    elif role == "watch":
        print(json.dumps(asyncio.run(_watch(float(arguments[0])))))
    elif role == "avahi":
        print(json.dumps(_browse(Path(arguments[0]), int(arguments[1]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
