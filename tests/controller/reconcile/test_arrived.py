"""What a clock that ran ahead has dated in the future counts as of its coming; nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.reconcile.evidence import Observation, SeenBy, arrived
from controller.reconcile.reconcile import DAY_MS, LineFinding, LineState
from controller.reconcile.store import reconciled
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.register.life import Why, life_of
from controller.stocktake import store as stocktake
from controller.stocktake.scan import Scan
from protocol.model import Place
from tests.controller.fresh import fresh_store

HERE = Place("79", "00123")
NOW = 1_788_567_000_000
WEEK_MS = 7 * DAY_MS
BOARD = Line(row=1, asset_tag="TB-001", type="board", room="P203", serial="0012345", year=2024)


@given(st.lists(st.integers(0, 99)), st.integers(0, 99))
def test_no_evidence_is_later_than_now_and_none_is_left_out(times: list[int], now: int) -> None:
    """What was dated before stays as it was."""
    seen = [Observation(at_ms=at_ms, by=SeenBy.AGENT, device=f"d{at_ms}") for at_ms in times]
    found = [(one.at_ms, one.device) for one in arrived(seen, now)]
    assert found == [(min(at_ms, now), f"d{at_ms}") for at_ms in times]


def finding(folder: Path, as_of_ms: int, now_ms: int | None = None) -> LineFinding:
    """The board as it stands: it was scanned, and is broken, by a server a week ahead of NOW."""
    ahead_ms = NOW + WEEK_MS
    with fresh_store(folder) as store, store.locked(HERE) as db:
        register.bring_in(db, HERE, [BOARD], whole=True, now_ms=NOW - 30 * DAY_MS)
        take = stocktake.begin(db, HERE, (), who="lan", now_ms=ahead_ms)
        assert take
        scan = Scan(id="scan-0001", room="P203", asset_tag="TB-001", at_ms=ahead_ms)
        stocktake.keep_scans(db, HERE, take, [scan], sent_ms=ahead_ms, who="an", now_ms=ahead_ms)
        (kept,) = register.lines_of(db, HERE)
        step = life_of(kept).taken("broken", Why.STOCKTAKE, who="an", at_ms=ahead_ms)
        lives.keep_steps(db, HERE, step)
        return reconciled(db, HERE, as_of_ms, (), now_ms).findings[0]


@pytest.mark.parametrize("past", [False, True])
def test_a_stocktake_of_a_clock_a_week_ahead_was_made_today(tmp_path: Path, *, past: bool) -> None:
    """Of a moment before, it was not made yet."""
    asked = (NOW - DAY_MS, NOW) if past else (NOW, None)
    found = finding(tmp_path, *asked)
    told = (found.state, found.verified_ms, found.seen_ms, found.condition)
    never = (LineState.NEVER_SEEN, 0, None, "")
    assert told == (never if past else (LineState.OK, NOW, NOW, "broken"))
