"""The pages of kits, measures, messages and errors, in a real browser: clean for who cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.kits.kits import RoomType
from controller.kits.store import keep_type
from controller.measures.series import BLOCK_MS, Measure, Point, Tier, begin_of
from controller.measures.store import UpMinutes, UpPart, add_uptimes, keep_blocks
from protocol.kit import KitTemplate
from protocol.model import DeviceKind
from tests.axe import violations
from tests.browser import PHONE, Page, Profile, opened_tab
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    Record,
    Served,
    a_store,
    agent,
    at_rest,
    device,
)

FILE = '[receivers.x]\nway = "telegram"\nto = "1"\n'


@pytest.fixture
def page(browser: Profile) -> Iterator[Page]:
    """A fresh tab."""
    with opened_tab(browser, Page) as tab:
        yield tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A room whose computer's disk fills, a type of rooms, and somebody who is told."""
    (tmp_path / "alerts.toml").write_text(FILE, "utf-8")
    records: list[Record] = [agent("6A1"), device("6A1", DeviceKind.HOST, sources=("host",))]
    filling = [Point(95 + n / 100, 95 + n / 100, 96 + n / 100) for n in range(40)]
    with a_store(tmp_path, records) as store:
        for tier in (Tier.RAW, Tier.HOURLY):
            for ago in (1, 2):
                begins_ms = begin_of(tier, NOW_MS) - ago * BLOCK_MS[tier]
                blocks = {("host-6a1-01", Measure.DISK): [*filling, None, filling[0]]}
                store.write(keep_blocks, SCHOOL, tier, begins_ms, blocks)
        up = {UpPart("2026-09-04", part, "X"): UpMinutes(9, 10) for part in ("room", "model")}
        store.write(add_uptimes, SCHOOL, up)
        store.write(keep_type, SCHOOL, RoomType(name="Phòng máy", kit=KitTemplate(computers=40)))
        with Served(store, clock=at_rest, folder=tmp_path) as running:
            yield running


@pytest.mark.wide(
    "tests/controller/dashboard/test_browser.py::test_every_screen_can_be_used_by_everybody"
)
def test_the_new_pages_have_no_barrier(page: Page, served: Served) -> None:
    """On a laptop and on a phone, without a line that leaves the window."""
    for path in ("kits", "devices/host-6a1-01/measures", "wear", "alerts", "nowhere"):
        page.open(f"{served.url}{path}")
        assert violations(page) == [], path
        page.size(*PHONE)
        assert violations(page) == [], path
        assert not page.see("document.documentElement.scrollWidth > innerWidth + 1"), path
