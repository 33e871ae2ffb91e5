"""PJLink: a projector is found by broadcast, at the specification's own ports."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import LIMIT_S

HERE = Path(__file__).parent


@pytest.mark.usefixtures("need_root")
def test_a_projector_across_a_cable_is_found_within_three_seconds(
    need: Callable[[str, str], str],
) -> None:
    """Our call reaches it at UDP 4352, and its answer reaches us there."""
    need("ip", "iproute2")
    unshare = need("unshare", "util-linux")
    need("nsenter", "util-linux")
    command = [unshare, "--net", sys.executable, str(HERE / "pjlink_net.py")]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=LIMIT_S, cwd=HERE.parents[1]
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["key"] == "mac:0026ab112233"
    assert (seen["address"], seen["port"], seen["via"]) == ("10.77.0.2", 4352, "10.77.0.1")
    assert seen["after_s"] <= 3.0
