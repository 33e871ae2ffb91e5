"""Slices of the fuzz: whatever is said or asked, the programs go on and break nowhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fuzz.play import Estate, play
from tests.tiers import wide

SLICE = 30  # messages, and requests


@pytest.mark.parametrize("slices", [2, *wide(10)])
def test_whatever_arrives_breaks_nothing(tmp_path: Path, slices: int) -> None:
    """One estate for all slices; each begins where chance has it in the long run's numbers."""
    with Estate(tmp_path).running() as estate:
        for seed in range(1, slices + 1):
            numbers = range(seed * 10_000, seed * 10_000 + SLICE)
            findings = asyncio.run(play(estate, seed, numbers, numbers))
            assert (findings.broken, findings.ended, findings.tracebacks) == ([], [], 0)
            assert findings.messages == findings.requests == SLICE
            assert findings.acks_s
