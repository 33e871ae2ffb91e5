"""Where no test may be left out, a skipped one is a failed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LIMIT_S

ROOT = Path(__file__).parents[2]
SKIPPING = """
import pytest
def test_in_its_body():
    pytest.skip("needs the package cowsay")
@pytest.mark.skip(reason="asleep")
def test_by_its_mark():
    pass
@pytest.mark.xfail
def test_known_to_fail():
    assert False
"""


@pytest.mark.parametrize(("forbidden", "code"), [("1", 1), ("", 0)])
def test_a_skipped_test_fails_only_where_skips_are_forbidden(
    forbidden: str, code: int, tmp_path: Path
) -> None:
    """And it is named, with what is absent."""
    (tmp_path / "test_skipping.py").write_text(SKIPPING)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [*command, f"--rootdir={tmp_path}", "-c", os.devnull, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "LOPHOC_NO_SKIPS": forbidden},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == code, ended.stdout
    assert ("needs the package cowsay" in ended.stdout) == bool(forbidden)
    assert ("1 failed, 1 xfailed, 1 error" in ended.stdout) == bool(forbidden)
