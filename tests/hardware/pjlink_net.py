"""Finds a projector across a network of its own, by broadcast; prints it. Run by test_pjlink_net.

Run as: unshare --net python pjlink_net.py
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hardware.pjlink.watch import watch
from hardware.readings import Sighting
from simulators.devices.projector import PORT, Projector, ProjectorMake
from tests.hardware.told import Told

ROOM = ("ip", "address", "add", "10.77.0.1/24", "dev", "room0")


def run(*command: str) -> None:
    """Run a command to its end."""
    subprocess.run(command, check=True)


@asynccontextmanager
async def far_away() -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a projector in another network namespace, with a cable to this one."""
    child = await asyncio.create_subprocess_exec(
        "unshare",
        "--net",
        sys.executable,
        __file__,
        "projector",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        await child.stdout.readline()
        there = ("nsenter", "--target", str(child.pid), "--net")
        run("ip", "link", "add", "room0", "type", "veth", "peer", "name", "room1")
        run("ip", "link", "set", "room1", "netns", str(child.pid))
        run(*there, "ip", "address", "add", "10.77.0.2/24", "dev", "room1")
        run(*there, "ip", "link", "set", "room1", "up")
        run("ip", "link", "set", "room0", "up")
        run(*ROOM)
        yield child
    finally:
        child.stdin.close()
        await child.wait()


async def be_projector() -> None:
    """Be one at PJLink's own ports until the input ends."""
    async with Projector(ProjectorMake(), host="0.0.0.0", port=PORT, udp_port=PORT):  # noqa: S104 - broadcasts come to no other
        print("ready", flush=True)  # noqa: T201 - to the process that waits
        await asyncio.to_thread(sys.stdin.read)


async def look() -> dict[str, object]:
    """Watch with the usual settings, and give what was seen, and how soon."""
    run("ip", "link", "set", "lo", "up")
    told = Told()
    async with far_away(), asyncio.TaskGroup() as group:
        began = time.monotonic()
        watching = group.create_task(watch(told))
        seen = await told.until(lambda one: isinstance(one, Sighting))
        watching.cancel()
        return {"after_s": time.monotonic() - began, **dataclasses.asdict(seen)}


if __name__ == "__main__":
    if sys.argv[1:] == ["projector"]:
        asyncio.run(be_projector())
    else:
        sys.stdout.write(json.dumps(asyncio.run(look())))
