"""What Windows is asked, and answers: each reading by itself, and none of them is Linux's."""

from __future__ import annotations

import json

import pytest

from tests.windows.wine import PYTHON, Wine

_READ = """
import json, sys, time
from pathlib import Path
from hardware.host.machine import HostSense, identify
from hardware.host.windows.wlan import wifi_links
from hardware.network.interfaces import addresses
from hardware.network.neighbours import answered_on
from hardware.network.routes import gateways
from hardware.usb.pnp import nodes_of
from hardware.usb.windows.setup_api import changes, devices
from protocol.clock import steady_s
from agent.clock import live_in, zone_min
reading = HostSense(Path("C:/")).read(time.time(), steady_s())
found = devices()
with changes(lambda: None) as is_told:
    pass
live_in("Asia/Ho_Chi_Minh")
print(json.dumps({
    "os": identify().os, "machine": identify().machine,
    "disk": reading.disk_free_mb, "memory": reading.memory_free_mb, "uptime": reading.uptime_s,
    "gateways": gateways(), "addresses": addresses(), "neighbours": sorted(answered_on()),
    "wifi": wifi_links(), "devices": len(found), "named": sum(bool(one.name) for one in found),
    "nodes": len(nodes_of(found)), "zone": zone_min(1_790_000_000_000),
    "hour": time.localtime(0).tm_hour,
    "is_told": is_told,
}))
"""  # fmt: skip


@pytest.fixture(scope="module")
def readings(wine: Wine) -> dict[str, object]:
    """All of them, by one start of Python."""
    (wine.drive / "read.py").write_text(_READ)
    done = wine.run(PYTHON, "-X", "utf8", "read.py")
    assert done.returncode == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_the_machine_knows_what_it_is(readings: dict[str, object]) -> None:
    """By the registry, whose name of the installation never leaves the machine."""
    assert str(readings["os"]).startswith("Windows 1")
    assert len(str(readings["machine"])) == 32


def test_the_machine_is_measured(readings: dict[str, object]) -> None:
    """Disk, memory and how long it runs."""
    assert all(float(str(readings[name])) > 0 for name in ("disk", "memory", "uptime"))


def test_the_network_is_known(readings: dict[str, object]) -> None:
    """Gateways and neighbours come by the same names of interfaces; no Wi-Fi is no fault."""
    assert isinstance(readings["gateways"], list)
    assert readings["wifi"] == []


def test_windows_lists_its_devices(readings: dict[str, object]) -> None:
    """Those of Wine have names; on USB it has none."""
    assert int(str(readings["devices"])) > 0
    assert int(str(readings["named"])) > 0


def test_the_schools_zone_is_that_of_the_programs_days(readings: dict[str, object]) -> None:
    """Windows' C library reads no name of a zone: it would take Hanoi for Greenwich."""
    assert (readings["zone"], readings["hour"]) == (420, 7)
