"""One agent's flood at the real controller takes nothing from anybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controller.broker.brokerage import Brokerage
from tests.flooding import measured

if TYPE_CHECKING:
    import pytest

EVENTS = 20_000


def test_anothers_ack_beside_twenty_thousand_events_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who does not flood gets every ack and is never cut off; `make bench` tells how soon."""
    cut_off = set()
    end_lines = Brokerage.cut_off

    def note(brokerage: Brokerage, user: str) -> None:
        cut_off.add(user)
        end_lines(brokerage, user)

    monkeypatch.setattr(Brokerage, "cut_off", note)
    waits = measured(EVENTS)
    assert len(waits.beside) > 10
    assert cut_off <= {"flood"}
