"""The department's pages in a real browser: with twelve schools and with 1,200, at any size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.areas.areas import Area, Membership, SchoolFacts
from controller.database.store import Store
from controller.department.clocks import ClockHeard, keep_clocks
from controller.inventory.asset import Asset
from controller.reconcile.kpi import figure_of
from controller.reconcile.store import note_figure
from protocol.model import Place
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.web_department import (
    DAY_MS,
    MISSING,
    OWN,
    PROVINCE,
    ServedDepartment,
    a_department,
    fill,
    hear,
    know,
    line,
    stranger,
)
from tests.tiers import wide

COMMUNES = ("Tô Hiệu", "Chiềng Xôm", "Mường La", "Phù Yên", "Mộc Châu", "Sông Mã", "Sốp Cộp")
KINDS = ("Mầm non", "Tiểu học", "THCS", "THPT")
PATHS = ("/schools", "/schools/S0001", "/exceptions?what=same_serial_in_two_schools")


class Screen(Page):
    """A screen, whose line tells its age."""

    ready = "document.querySelector('#age-words')"


@pytest.fixture
def page(browser: Profile) -> Iterator[Screen]:
    """A fresh tab."""
    with opened_tab(browser, Screen) as tab:
        yield tab


def populate(store: Store, count: int, communes: int) -> None:
    """A province: most schools well, some silent, some never heard, some with trouble."""
    codes = [f"S{n:04}" for n in range(count)]
    areas = [Area(code=f"{n:05}", name=COMMUNES[n % 7] + f" {n // 7 or ''}", kind="xã")
             for n in range(communes)]  # fmt: skip
    know(
        store,
        [
            SchoolFacts(code=code, name=f"Trường {KINDS[n % 4]} {COMMUNES[n % 7]} số {n}")
            for n, code in enumerate(codes)
        ],
        areas,
        [Membership(school=each, area=areas[n % communes].code) for n, each in enumerate(codes)],
    )
    items: list[Asset] = []
    for n, code in enumerate(codes):
        if n % 9 == 8:
            continue
        hear(store, code, ago_ms=(0, 0, 0, 2, 0, 30)[n % 6] * DAY_MS, rooms=20, boards=15)
        items += [line(code, each, verified=each % 5 > n % 3 - 1) for each in range(1, 8)]
        items += [line(code, 8, state=MISSING, verified=False)] if n % 4 == 1 else []
        items += [line(code, 9, serial=f"SAME{n // 2}")] if n % 6 in {0, 1} else []
        items += [line(code, 10, year=None, lacks=("year",)), stranger(code, 1)]
    fill(store, items)  # all at once: which school each counts for is asked of all of them
    with store.locked(OWN) as db:
        then = figure_of(declared=12, complete=8, verified=7, managed=5)
        for code in codes[::2]:
            note_figure(db, Place(PROVINCE, code), "2026-07-30", then)
    store.write(keep_clocks, [ClockHeard(Place(PROVINCE, "S0001"), 3 * DAY_MS)])


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDepartment]:
    """A department of twelve schools."""
    folder: Path = tmp_path_factory.mktemp("twelve")
    with a_department(folder) as store:
        populate(store, 12, 4)
        with ServedDepartment(store) as served:
            yield served


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDepartment]:
    """A department of 1,200 schools in 160 communes."""
    with a_department(tmp_path_factory.mktemp("many")) as store:
        populate(store, 1200, 160)
        with ServedDepartment(store) as served:
            yield served


@pytest.mark.parametrize("path", [PATHS[0], *wide(*PATHS[1:])])
@pytest.mark.parametrize("language", ["vi", *wide("en")])
def test_every_page_can_be_used_by_everybody(
    page: Screen, twelve: ServedDepartment, path: str, language: str
) -> None:
    """WCAG 2.1 AA by axe-core; nothing sticks out; no error in the console."""
    mark = "&" if "?" in path else "?"
    page.open(f"{twelve.url.rstrip('/')}{path}{mark}lang={language}")
    for size in page.at_each_size():
        assert violations(page) == [], size
        assert page.see("document.documentElement.scrollWidth <= innerWidth"), size
    assert not page.errors


@pytest.mark.wide
def test_1200_schools_are_one_calm_page(page: Screen, many: ServedDepartment) -> None:
    """Fifty rows, eight areas, the others behind a click; found by typing; usable by everybody."""
    page.open(f"{many.url}schools")
    assert page.see("document.querySelectorAll('tr[data-school]').length") == 50
    assert page.see("document.querySelectorAll('tr[data-area]').length") == 160
    assert violations(page) == []
    page.see("document.querySelector('main input[name=q]').value = 'to hieu so 7'")
    page.click(".filters button")
    page.wait("location.search.includes('hieu')")
    page.wait("document.querySelector('tr[data-school]')")
    names = page.see(
        "[...document.querySelectorAll('tr[data-school] th bdi')].map(e => e.textContent)"
    )
    assert names
    assert all("Tô Hiệu số 7" in each for each in names)


def test_the_next_page_is_reached_by_its_link(page: Screen, many: ServedDepartment) -> None:
    """The second fifty are others than the first."""
    page.open(f"{many.url}schools")
    codes = "[...document.querySelectorAll('tr[data-school]')].map(e => e.dataset.school).join()"
    first = page.see(codes)
    page.click("a[rel=next]")
    page.wait("location.search.includes('page=2')")
    page.wait("document.readyState === 'complete' && document.querySelector('a[rel=prev]')")
    assert page.see(codes) != first
