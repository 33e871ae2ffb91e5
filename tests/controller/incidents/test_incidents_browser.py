"""These tests handle incidents in a real browser, in Vietnamese."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.model import DeviceKind, Reason
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.web_school import (
    CRITICAL,
    NOW_MS,
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

HELD_S = 1200.0
AIR_PX = 8
SOME = {"6A1", "6A2", "6A3", "6A4", "7A2", "7A3", "8A2", "9A1"}  # axe looks at each for long
FRESH = "document.getElementById('age').dataset.age === 'fresh'"


@pytest.fixture
def page(browser: Profile) -> Iterator[Page]:
    """A fresh tab."""
    with opened_tab(browser, Page) as tab:
        yield tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A school with a dead switch on its second floor, and some other trouble."""
    fell = {"online": False, "status": UNKNOWN, "since_ms": NOW_MS - 900_000}
    lost = {"reasons": (Reason("agent_lost"),), **fell}
    records: list[Record] = [
        *(each for each in a_morning(tablets=2) if getattr(each, "room", "") in SOME),
        *(agent(f"P20{number}", **lost) for number in range(1, 9)),
    ]
    with a_store(tmp_path, records) as store, Served(store, clock=at_rest) as running:
        running.judge(passing_s=HELD_S)
        yield running


def text(page: Page, place: str) -> str:
    """The words of a part of the page."""
    return str(page.see(f"document.querySelector('{place}').innerText"))


def test_an_incident_is_taken_put_off_and_taken_back(page: Page, served: Served) -> None:
    """On the first screen, by its buttons; another tab's page follows without a reload."""
    page.open(served.url)
    page.wait(FRESH)
    group = "document.querySelector('#work [data-scope=group]')"
    assert "Mất kết nối cùng lúc: 8 phòng" in text(page, "#work [data-scope=group]")
    assert page.see("document.querySelectorAll('#tasks > li').length") <= 6
    page.see(f"{group}.querySelector('[id^=take]').click()")
    page.wait(f"{group} && {group}.innerText.includes('đang xử lý')")
    page.see(f"{group}.querySelector('[id^=undo]').click()")
    page.wait(f"{group} && !{group}.innerText.includes('đang xử lý')")
    page.see(f"{group}.querySelector('[id^=snooze]').click()")
    page.wait(f"document.querySelector('#work') && !{group}")
    page.wait("document.querySelector('#rest').innerText.includes('1 việc đang hoãn')")
    page.open(f"{served.url}incidents?view=snoozed")
    assert "hoãn đến" in text(page, "[data-scope=group]")
    page.see("document.querySelector('[id^=undo]').click()")
    page.wait("location.search === '' && document.querySelector('[data-scope=group]')")
    assert page.errors == []


def test_a_new_cause_is_seen_without_a_reload(page: Page, served: Served) -> None:
    """The list alone is fetched anew; the count follows, and the place of the keyboard stays."""
    page.open(served.url)
    page.wait(FRESH)
    page.see("window.mark = 1; document.querySelector('#work [id^=take]').focus()")
    focused = page.see("document.activeElement.id")
    before = int(page.see("document.getElementById('needs').textContent"))
    served.tell(device("6A1", DeviceKind.BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    served.judge(passing_s=HELD_S)
    page.wait(f"document.getElementById('needs').textContent === '{before + 1}'")
    assert page.see("[window.mark, document.activeElement.id]") == [1, focused]
    assert page.errors == []


@pytest.mark.wide
@pytest.mark.parametrize("path", ["", *wide("incidents", "incidents?view=closed", "rooms/8A2")])
def test_incidents_can_be_used_by_everybody(page: Page, served: Served, path: str) -> None:
    """No violation of WCAG, nothing sticks out, at any size."""
    page.open(f"{served.url}{path}")
    for width, _ in page.at_each_size():
        assert page.see("document.documentElement.scrollWidth") <= width
        assert violations(page) == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_first_screen_is_in_view_with_six_causes(
    page: Page, served: Served, language: str
) -> None:
    """On the common laptop the list of work ends above the fold."""
    page.open(f"{served.url}?lang={language}")
    assert page.see("document.querySelectorAll('#tasks > li').length") == 6
    bottom = page.see("document.querySelector('#tasks').getBoundingClientRect().bottom")
    assert bottom <= 768 - AIR_PX
