"""Short seeds: what is stored is what was said, through kills, cuts, floods and poison."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.flows.programs import BIN
from tests.tiers import wide
from tests.waiting import LIMIT_S

PLAY = [
    *(str(BIN / "lophoc-sim"), "ledger"),
    *("--light", "true", "--events", "45", "--faults", "2", "--gap", "0.2", "--pace", "0.01"),
]


def played(folder: Path) -> list[dict[str, object]]:
    """What is written down of each seed."""
    lines = (folder / "results.jsonl").read_bytes().splitlines()
    return [msgspec.json.decode(line) for line in lines]


@pytest.mark.parametrize("seeds", [1, *wide(10)])
def test_seeds_lose_double_and_change_nothing(tmp_path: Path, seeds: int) -> None:
    """Played again, what is written down is not played anew."""
    play = [*PLAY, "--seeds", str(seeds), "--together", str(seeds), "--data", str(tmp_path)]
    done = subprocess.run(play, capture_output=True, text=True, timeout=3 * LIMIT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    results = played(tmp_path)
    assert [each["seed"] for each in results] == [*range(1, seeds + 1)]
    assert sum(int(str(each["events"])) for each in results) > 20 * seeds
    assert all(each["faults"] for each in results)
    again = subprocess.run(play, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert played(tmp_path) == results
    assert again.stdout.splitlines()[0] == done.stdout.splitlines()[-3]
