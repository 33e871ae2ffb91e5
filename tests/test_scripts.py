"""The pages' scripts: their pure parts, tested by Node's own test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.conftest import need
from tests.waiting import LIMIT_S

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.test.js"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_a_script_decides_holds(file: Path) -> None:
    """What a browser is not needed for; Node 18 or later."""
    node = need("node", "nodejs")
    ended = subprocess.run(
        [node, "--test", "--test-reporter=tap", file],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
