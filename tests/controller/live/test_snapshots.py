"""A snapshot is written once for many pages, and no page misses what came after it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel

from controller.live import subscription
from controller.live.rooms import RoomKey
from controller.live.snapshots import FOLLOWED, FRESH_S, KEPT, Snapshots
from controller.live.subscription import News, NewsKind, Present, Subscription, View


class Figure(BaseModel):
    """Anything that changes."""

    value: int


def news(value: int) -> News:
    return News(NewsKind.ROOM, [RoomKey("", "6A1")], lambda: Figure(value=value))


def seen(present: Present) -> int:
    """What a page knows that was given this."""
    last = present.since[-1].text if present.since else "{" + present.fields + "}"
    return int(json.loads(last)["value"])


@given(
    st.lists(
        st.sampled_from(["change", "many", "ask", "open", "wait"]) | st.floats(0, 2 * FRESH_S),
        max_size=60,
    )
)
@example(["ask", "change", "open", "ask"])
@example(["ask", "change", "ask", "many", "ask", "wait", "change", "ask"])
def test_a_page_knows_the_present_whatever_snapshot_it_gets(steps: list[str | float]) -> None:
    """Held against the value itself; looked at anew only when the last is old or was outrun."""
    now_s, value, looks = 0.0, 0, list[float]()
    snapshots = Snapshots(lambda: now_s)

    def look() -> Mapping[str, int]:
        looks.append(now_s)
        return {"value": value}

    for step in steps:
        match step:
            case "change" | "many":
                count = 1 if step == "change" else FOLLOWED + 1
                fresh = [news(value + number) for number in range(1, count + 1)]
                value += count
                snapshots.follow(fresh)
                looks = looks if step == "change" else []
            case "ask":
                before = len(looks)
                assert seen(snapshots.present(("", View.ALL), look, value)) == value
                is_fresh = before and looks[before - 1] > now_s - FRESH_S
                assert is_fresh or len(looks) == before + 1
            case "open":  # a page that was written just now sees no moment before
                fresh_page = snapshots.present(("", View.ALL), look, value, value)
                assert json.loads("{" + fresh_page.fields + "}")["value"] == value
            case "wait":
                now_s += FRESH_S
            case float():
                now_s += step


def test_many_pages_cost_one_look() -> None:
    """A school's screens all come back at once after a restart."""
    looks = list[int]()
    snapshots = Snapshots(lambda: 0.0)
    for _ in range(300):
        snapshots.present(("", View.ALL), lambda: looks.append(1) or {})  # type: ignore[func-returns-value]
    assert len(looks) == 1


def test_only_so_many_are_kept() -> None:
    """Whoever makes rooms up does not fill the memory."""
    snapshots = Snapshots(lambda: 0.0)
    for number in range(5 * KEPT):
        snapshots.present((f"room {number}", View.ALL), dict)
    assert len(snapshots._written) <= KEPT


def test_a_page_that_asks_all_the_time_gets_a_snapshot_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line that asked without a pause took most of a core."""
    monkeypatch.setattr(subscription, "SNAPSHOT_S", 0.05)
    looks = list[float]()

    async def play() -> None:
        loop = asyncio.get_running_loop()

        def present() -> Present:
            looks.append(loop.time())
            return Present("")

        async with Subscription(set(), "", View.ALL, present, dict) as feed:
            for _ in range(5):
                feed.ask()
                await anext(feed)

    asyncio.run(play())
    pauses = [after - before for before, after in itertools.pairwise(looks)]
    assert len(pauses) == 4
    assert min(pauses) >= 0.049
