"""Network: another maker's mDNS, in a network of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.hardware.udev_exports import HERE
from tests.waiting import LIMIT_S


def test_avahis_printer_is_seen_across_a_change_of_address_and_said_goodbye_to(
    tmp_path: Path, need: Callable[[str, str], str], need_root: None
) -> None:
    """What Avahi publishes we see, also on the address the machine moved to."""
    need("avahi-daemon", "avahi-daemon")
    need("ip", "iproute2")
    unshare = need("unshare", "util-linux")
    done = subprocess.run(
        [unshare, "--net", "--mount", sys.executable, str(HERE / "avahi_room.py"), str(tmp_path)],
        cwd=HERE.parents[1],
        env={"PYTHONPATH": str(HERE.parents[1]), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    uuid = "uuid:16a65700-007c-1000-bb49-e8d8d1a7c91"
    first, second, gone = json.loads(done.stdout)
    assert first == {
        "key": f"{uuid}b",
        "name": "Máy in",
        "model": "EPSON L3150",
        "address": "10.77.0.1",
        "present": True,
        "reason": "",
    }
    assert (second["key"], second["address"]) == (f"{uuid}c", "10.78.0.1")
    assert (gone["key"], gone["present"], gone["reason"]) == (f"{uuid}b", False, "goodbye")
