"""How a simulated computer lives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.health import Limits, judge
from protocol.model import Status
from simulators.machine import machine_of, measures_of


@given(st.integers(), st.floats(0, 1e9))
def test_measures_are_always_possible(seed: int, uptime_s: float) -> None:
    """Shares lie between 0 and 100 per cent, free space is never negative."""
    measures = measures_of(machine_of("P101", seed), uptime_s)
    shares = (measures.cpu_percent, measures.memory_used_percent, measures.disk_used_percent)
    assert all(share is not None and 0 <= share <= 100 for share in shares)
    assert measures.disk_free_mb is not None
    assert measures.disk_free_mb >= 0


def test_most_computers_are_well_and_some_are_not() -> None:
    """A school with nothing to mend would show nothing."""
    statuses = [
        judge(measures_of(machine_of(f"P{number}", 1), 0), Limits()).status for number in range(100)
    ]
    assert statuses.count(Status.OK) > 70
    assert statuses.count(Status.WARNING) > 5
