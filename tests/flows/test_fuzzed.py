"""Ten slices of the fuzz: whatever is said or asked, the programs go on and break nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.fuzz.play import Estate, play

SEEDS = range(1, 11)
SLICE = 30  # messages, and requests


def test_whatever_arrives_breaks_nothing(tmp_path: Path) -> None:
    """One estate for all slices; each begins where chance has it in the long run's numbers."""
    with Estate(tmp_path).running() as estate:
        for seed in SEEDS:
            numbers = range(seed * 10_000, seed * 10_000 + SLICE)
            findings = asyncio.run(play(estate, seed, numbers, numbers))
            assert (findings.broken, findings.ended, findings.tracebacks) == ([], [], 0)
            assert findings.messages == findings.requests == SLICE
            assert findings.acks_s
