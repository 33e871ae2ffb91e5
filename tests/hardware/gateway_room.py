"""Looks at a real gateway in a network of its own; prints what was seen. Run by test_gateway_room.

Run as: unshare --net python gateway_room.py
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time

from hardware.host.line import Outage, Targets, read_line
from hardware.host.uplink import uplink

HERE, GATEWAY = "10.77.1.2/24", "10.77.1.1"


def run(*command: str) -> None:
    """Run a command to its end."""
    subprocess.run(command, check=True)


def inside(process: subprocess.Popen[bytes], *command: str) -> None:
    """Run a command in the gateway's own network."""
    run("nsenter", "--target", str(process.pid), "--net", *command)


def build() -> subprocess.Popen[bytes]:
    """Put a gateway into a network of its own, with a cable to ours; it serves nothing."""
    gateway = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec sleep 300"], stdout=subprocess.PIPE
    )
    assert gateway.stdout is not None
    gateway.stdout.readline()
    run("ip", "link", "add", "room0", "type", "veth", "peer", "name", "room1")
    run("ip", "link", "set", "room1", "netns", str(gateway.pid))
    run("ip", "address", "add", HERE, "dev", "room0")
    run("ip", "link", "set", "room0", "up")
    inside(gateway, "ip", "address", "add", f"{GATEWAY}/24", "dev", "room1")
    inside(gateway, "ip", "link", "set", "room1", "up")
    run("ip", "route", "add", "default", "via", GATEWAY)
    return gateway


def look() -> bool | None:
    """Whether the gateway is reached."""
    targets = Targets(controller=lambda: None)
    return asyncio.run(read_line(targets, Outage(time.monotonic()))).gateway


def main() -> None:
    """Look while the gateway is there, and when its cable is out."""
    gateway = build()
    try:
        reached, seen = look(), uplink()
        inside(gateway, "ip", "link", "set", "room1", "down")
        told = {"reached": reached, "cut": look(), "gone": look()}
        told |= {"address": seen.address, "key": seen.key} if seen else {}
        print(json.dumps(told))  # noqa: T201 - the test reads it
    finally:
        gateway.kill()
        gateway.communicate()


if __name__ == "__main__":
    main()
