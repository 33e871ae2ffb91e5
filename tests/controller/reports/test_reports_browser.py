"""The pages of report packs in a real browser, in Vietnamese, at each size: for everybody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.areas.areas import Area, Membership, SchoolFacts
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.web_department import ServedDepartment, a_department, fill, hear, know, line

SHOTS = os.environ.get("LOPHOC_SHOTS", "")


class Screen(Page):
    """A screen, whose line tells its age."""

    ready = "document.querySelector('#age-words')"


@pytest.fixture
def page(browser: Profile) -> Iterator[Screen]:
    """A fresh tab."""
    with opened_tab(browser, Screen) as tab:
        yield tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedDepartment]:
    """Nine schools in nine communes, most of which have told their books."""
    with a_department(tmp_path) as store:
        codes = [f"S{n}" for n in range(9)]
        know(
            store,
            [SchoolFacts(code=code, name=f"THCS số {code}") for code in codes],
            [Area(code=f"{n:05}", name=f"Chiềng Xôm {n}", kind="xã") for n in range(9)],
            [Membership(school=code, area=f"{n:05}") for n, code in enumerate(codes)],
        )
        for n, code in enumerate(codes[:7]):
            fill(store, [line(code, each, verified=each > n) for each in range(1, 7)])
            hear(store, code)
        with ServedDepartment(store) as running:
            yield running


def looked_at(page: Screen, name: str) -> None:
    """Usable by everybody at each size; a picture where somebody wants to look."""
    for width, height in page.at_each_size():
        assert violations(page) == [], width
        assert page.see("document.documentElement.scrollWidth <= innerWidth"), width
        if SHOTS:
            page.shoot(Path(SHOTS) / f"{name}-{width}x{height}.png")
    assert not page.errors


def test_an_officer_makes_a_pack_and_compares_it(page: Screen, served: ServedDepartment) -> None:
    """Two clicks to a pack, two more to what has changed."""
    page.open(f"{served.url}reports?lang=vi")
    looked_at(page, "reports")
    for number in (1, 2):
        page.open(f"{served.url}reports")
        page.click("form.filters button")
        page.wait(f"location.pathname === '/reports/{number}'")
    assert page.see("document.querySelectorAll('.area-map li').length") == 9
    looked_at(page, "report-pack")
    page.open(f"{served.url}reports/2?before=1")
    looked_at(page, "report-compared")
