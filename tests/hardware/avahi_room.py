"""Watches a real Avahi in a network of its own; prints what was seen. Run by test_network_avahi.

Run as: unshare --net --mount python avahi_room.py WORK_FOLDER
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hardware.mdns import watch as network
from hardware.readings import Sighting
from tests.hardware.told import Told

CONFIG = """[server]
host-name=thuvien
use-ipv6=no
enable-dbus=no
[publish]
publish-workstation=no
publish-hinfo=no
"""

PRINTER = """<?xml version="1.0"?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>{name}</name>
<service><type>_ipp._tcp</type><port>631</port>
<txt-record>UUID={uuid}</txt-record><txt-record>ty=EPSON L3150</txt-record></service>
</service-group>
"""
FIRST = "16a65700-007c-1000-bb49-e8d8d1a7c91b"
SECOND = "16a65700-007c-1000-bb49-e8d8d1a7c91c"


def run(*command: str) -> None:
    """Run a command to its end."""
    subprocess.run(command, check=True)


def build(work: Path) -> tuple[Path, Path]:
    """Make a network with one address, and folders where Avahi looks; give config and services."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "room0", "type", "veth", "peer", "name", "room1")
    for name in ("room0", "room1"):
        run("ip", "link", "set", name, "up")
    run("ip", "address", "add", "10.77.0.1/24", "dev", "room0")
    services, config, state = work / "services", work / "avahi.conf", work / "state"
    services.mkdir()
    state.mkdir()
    config.write_text(CONFIG, "utf-8")
    # Avahi's folders are fixed; ours are laid over them in this process's own view of the disk.
    Path("/run/avahi-daemon").mkdir(exist_ok=True)
    run("mount", "--bind", str(services), "/etc/avahi/services")
    run("mount", "--bind", str(state), "/run/avahi-daemon")
    return config, services


@asynccontextmanager
async def avahi(
    config: Path, env: dict[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an Avahi without dropping rights, for nobody else is here."""
    daemon = await asyncio.create_subprocess_exec(
        "/usr/sbin/avahi-daemon",
        "--no-drop-root",
        "--no-chroot",
        "--no-rlimits",
        "-f",
        str(config),
        stderr=asyncio.subprocess.DEVNULL,
        env=env,
    )
    try:
        yield daemon
    finally:
        daemon.terminate()
        await daemon.wait()


def said(sighting: Sighting) -> dict[str, str | bool]:
    """Give what the test compares."""
    return {
        "key": sighting.key,
        "name": sighting.name,
        "model": sighting.model,
        "address": sighting.address,
        "present": sighting.present,
        "reason": sighting.reason,
    }


async def stay(work: Path) -> list[dict[str, str | bool]]:
    """See a printer, move to another address, see a second printer, and the first one go."""
    config, services = build(work)
    first, second = services / "first.service", services / "second.service"
    first.write_text(PRINTER.format(name="Máy in", uuid=FIRST), "utf-8")
    told, found = Told(), []
    async with avahi(config) as daemon:
        watch = asyncio.create_task(network.watch(told), name="watch")
        found.append(await told.until(lambda one: one.present))
        run("ip", "address", "flush", "dev", "room0")
        run("ip", "address", "add", "10.78.0.1/24", "dev", "room0")
        await told.until(lambda one: one.address == "10.78.0.1")
        second.write_text(PRINTER.format(name="Máy in 2", uuid=SECOND), "utf-8")
        daemon.send_signal(signal.SIGHUP)
        found.append(await told.until(lambda one: one.key.endswith(SECOND)))
        first.unlink()
        daemon.send_signal(signal.SIGHUP)
        found.append(await told.until(lambda one: not one.present))
        watch.cancel()
    return [said(one) for one in found]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(stay(Path(sys.argv[1])))))
