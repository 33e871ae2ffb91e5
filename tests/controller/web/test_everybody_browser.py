"""Every page of a school, as it is with something on it, can be used by everybody (WCAG 2.2 AA).

By sight at each size, by keyboard alone, at twice the size, and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.database.store import Store
from controller.kits.kits import RoomType
from controller.kits.store import keep_type
from controller.measures.series import BLOCK_MS, Measure, Point, Tier, begin_of
from controller.measures.store import UpMinutes, UpPart, add_uptimes, keep_blocks
from protocol.kit import KitTemplate
from protocol.model import DeviceKind, Reason
from tests.axe import WCAG_22, violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.book_school import a_book, bring_in
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    UNKNOWN,
    Record,
    Served,
    a_morning,
    a_store,
    agent,
    at_rest,
    device,
)
from tests.tiers import wide

SOME = {"6A1", "6A4", "7A3", "8A2"}
RECEIVERS = '[receivers.x]\nway = "telegram"\nto = "1"\n'
PAGES = [
    "",
    *wide(
        "incidents",
        "incidents?view=closed",
        "search",
        "search?q=may",
        "search?q=khong-co-gi",
        "devices",
        "devices?status=unknown",
        "devices?q=khong-co-gi",
        "devices/host-6a1-01",
        "devices/host-6a1-01/measures",
        "rooms",
        "rooms/6A1",
        "rooms/7A3",
        "agents/may-6a1",
        "register",
        "register/lines/1",
        "register/new",
        "repairs",
        "kits",
        "wear",
        "alerts",
        "alerts?change=thay-minh",
        "settings",
        "attendance",
        "nowhere",
    ),
]
ZOOMED = ((683, 384), (320, 640))  # a laptop's window at twice the size, and at four times
A4_PX = 718  # between the margins
# What Tab should come to: a group of radio buttons is one stop.
STOPS = """[...document.querySelectorAll(`a[href], button, select, textarea, summary,
    input:not([type=hidden], [type=radio]), [tabindex="0"]`)]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)"""
TO_HERE = """(() => {
    const one = document.activeElement;
    if (!one || one === document.body) return "";
    const style = getComputedStyle(one);
    const again = one.hasAttribute("data-reached");
    one.setAttribute("data-reached", "");
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return [again ? "again" : "new", seen ? "" : one.outerHTML.slice(0, 200)];
})()"""


@pytest.fixture
def page(browser: Profile) -> Iterator[Page]:
    """A fresh tab."""
    with opened_tab(browser, Page) as tab:
        yield tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A school with a book, causes, measures, types of rooms and people who are told."""
    (tmp_path / "alerts.toml").write_text(RECEIVERS, "utf-8")
    told = '{"thay-minh": {"way": "ntfy", "url": "https://ntfy.example.vn/x"}}'
    (tmp_path / "alerts.json").write_text(told, "utf-8")
    fell = {"online": False, "status": UNKNOWN, "since_ms": NOW_MS - 900_000}
    lost = {"reasons": (Reason("agent_lost"),), **fell}
    records: list[Record] = [
        *(each for each in a_morning(tablets=2) if getattr(each, "room", "") in SOME),
        *(agent(f"P20{number}", **lost) for number in range(1, 5)),
        device("6A1", DeviceKind.HOST, sources=("host",)),
    ]
    with a_store(tmp_path, records) as store:
        _fill(store)
        with Served(store, clock=at_rest, folder=tmp_path) as running:
            running.judge(passing_s=1200.0)
            yield running


def _fill(store: Store) -> None:
    bring_in(store, a_book())
    filling = [Point(95 + n / 100, 95 + n / 100, 96 + n / 100) for n in range(40)]
    for tier in (Tier.RAW, Tier.HOURLY):
        begins_ms = begin_of(tier, NOW_MS) - BLOCK_MS[tier]
        store.write(keep_blocks, SCHOOL, tier, begins_ms, {("host-6a1-01", Measure.DISK): filling})
    up = {UpPart("2026-09-04", part, "X"): UpMinutes(9, 10) for part in ("room", "model")}
    store.write(add_uptimes, SCHOOL, up)
    store.write(keep_type, SCHOOL, RoomType(name="Phòng máy", kit=KitTemplate(computers=40)))


@pytest.mark.wide
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_barrier(page: Page, served: Served, path: str) -> None:
    """At each size nothing is wrong and nothing sticks out; at twice the size nothing is lost."""
    page.open(f"{served.url}{path}")
    found = []
    for size in page.at_each_size():
        found += [(size, one) for one in violations(page, WCAG_22)]
    assert found == []
    for width, height in (*ZOOMED, (1366, 768)):
        page.size(width, height)
        assert page.see("document.documentElement.scrollWidth") <= width, width
    assert page.errors == [] or path == "nowhere"


@pytest.mark.wide
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_used_by_keyboard_alone(page: Page, served: Served, path: str) -> None:
    """Tab comes to everything that can be pressed, is seen where it is, and goes on."""
    page.open(f"{served.url}{path}")
    count = page.see(f"{STOPS}.length")
    unseen = []
    for _ in range(4 * count + 20):  # a field of a time is several stops
        page.press("Tab")
        here = page.see(TO_HERE)
        if here and here[1]:
            unseen.append(here[1])
        if not page.see(f"{STOPS}.some((one) => !one.hasAttribute('data-reached'))"):
            break
    missed = f"{STOPS}.filter((one) => !one.hasAttribute('data-reached'))"
    assert page.see(f"{missed}.map((one) => one.outerHTML.slice(0, 200))") == []
    assert unseen == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_on_paper(page: Page, served: Served, path: str) -> None:
    """Nothing is cut off at the side, no button and no menu is printed."""
    page.open(f"{served.url}{path}", A4_PX, 1000)
    page.call("Emulation.setEmulatedMedia", media="print")
    cut = """[...document.querySelectorAll('main *')].filter((one) =>
        one.scrollWidth > one.clientWidth + 1 && one.clientWidth
        && !["visible", "clip"].includes(getComputedStyle(one).overflowX)
        && one.closest(".hush, select, input, textarea") === null)"""
    assert page.see(f"{cut}.map((one) => one.outerHTML.slice(0, 200))") == []
    shown = "[...document.querySelectorAll('button, nav, .bar form, .bar details')]"
    seen = f"{shown}.filter((one) => one.checkVisibility()).map((one) => one.outerHTML)"
    assert page.see(seen) == []


SMALL = """[...document.querySelectorAll(".bar :is(a, summary, input)")]
    .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
    .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24))
    .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)"""


def test_what_the_bar_and_its_menu_offer_is_easily_hit(page: Page, served: Served) -> None:
    """Each is at least 24 by 24 (WCAG 2.2, 2.5.8), the menu open, and does not stick out."""
    page.open(served.url)
    page.wait("document.querySelector('#age').dataset.age === 'fresh'")
    page.see("document.querySelector('.tools').open = true")
    for size in page.at_each_size():
        assert page.see(SMALL) == [], size
        assert page.see("document.documentElement.scrollWidth") <= size[0]
