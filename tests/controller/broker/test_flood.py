"""One agent's flood at the real controller takes nothing from anybody else."""

from __future__ import annotations

import pytest

from controller.broker.brokerage import Brokerage
from tests.flooding import measured
from tests.tiers import wide


@pytest.mark.parametrize("events", [1_000, *wide(4_000, 20_000)])
def test_anothers_ack_beside_thousands_of_events_at_once(
    monkeypatch: pytest.MonkeyPatch, events: int
) -> None:
    """Who does not flood gets every ack and is never cut off; `make bench` tells how soon."""
    cut_off = set()
    end_lines = Brokerage.cut_off

    def note(brokerage: Brokerage, user: str) -> None:
        cut_off.add(user)
        end_lines(brokerage, user)

    monkeypatch.setattr(Brokerage, "cut_off", note)
    waits = measured(events)
    assert len(waits.beside) > 10
    assert cut_off <= {"flood"}
