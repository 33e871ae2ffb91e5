"""Line: a real gateway behind a real cable."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 120
HERE = Path(__file__).parent


def test_a_gateway_is_reached_until_its_cable_is_out(
    need: Callable[[str, str], str], need_root: None
) -> None:
    """By the real kernel's routes and neighbours; it serves nothing, and refuses."""
    need("ip", "iproute2")
    need("nsenter", "util-linux")
    done = subprocess.run(
        [need("unshare", "util-linux"), "--net", sys.executable, str(HERE / "gateway_room.py")],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    told = json.loads(done.stdout)
    assert told["reached"] is True
    assert told["gone"] is False
    assert told["address"] == "10.77.1.1"
    assert re.fullmatch(r"mac:[0-9a-f]{12}", told["key"])
