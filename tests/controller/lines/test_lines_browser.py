"""The pages of lines and webhooks in a real browser, at each size: for everybody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from controller.areas.areas import SchoolFacts
from controller.features import keep_batch
from controller.webhooks.hook import HookPlace, Trouble, Untaken
from protocol.model import Place
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.lines.test_lines_pages import FULL, a_hook
from tests.controller.web_department import (
    DAY_MS,
    PROVINCE,
    ServedDepartment,
    a_department,
    hear,
    know,
)
from tests.controller.web_school import NOW_MS

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
    """Nine schools, of which most are heard; a webhook that has stopped."""
    with a_department(tmp_path) as store:
        codes = [f"S{n}" for n in range(9)]
        know(store, [SchoolFacts(code=code, name=f"THCS số {code}") for code in codes])
        for n, code in enumerate(codes[:7]):
            hear(store, code, ago_ms=n // 5 * 2 * DAY_MS)
            store.write(keep_batch, [replace(FULL, place=Place(PROVINCE, code))], NOW_MS)
        why = Untaken(Trouble.CERTIFICATE)
        a_hook(store, tmp_path, HookPlace().failed(NOW_MS - 2 * DAY_MS, 1.0, why))
        with ServedDepartment(store) as running:
            yield running


@pytest.mark.wide(
    "tests/controller/department/test_department_browser.py::test_every_page_can_be_used_by_everybody"
)
def test_everybody_can_use_the_pages_of_lines(page: Screen, served: ServedDepartment) -> None:
    """WCAG 2.1 AA by axe-core; nothing sticks out; no error in the console."""
    for path in ("lines", "schools/S1", "webhooks", "schools"):
        page.open(f"{served.url}{path}?lang=vi")
        for width, height in page.at_each_size():
            assert violations(page) == [], (path, width)
            assert page.see("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            if SHOTS:
                page.shoot(Path(SHOTS) / f"{path.replace('/', '-')}-{width}x{height}.png")
    assert not page.errors
