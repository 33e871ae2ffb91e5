"""An officer's questions, walked in Chromium in Vietnamese by one: each within three clicks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.history.service import History
from controller.people.person import Role
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.equipment.a_province import tell
from tests.controller.people import COOKIE, log_in
from tests.controller.web_department import DAY_MS, NOW_MS, OWN, ServedDepartment, a_department
from tests.controller.web_school import a_program
from tests.tiers import wide

SHOTS = os.environ.get("LOPHOC_SHOTS", "")

MOST = 3
FIND = """
[...document.querySelectorAll('main a, main button, main summary, header a')].find(
  each => each.checkVisibility() && (each.closest('tr, li') || each).textContent
    .replace(/\\s+/g, ' ').includes(WORDS) && each.matches(LIKE))
"""
# What is asked, what is pressed (words of its line, and which kind of link), what is read then.
QUESTIONS: dict[str, tuple[tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "which schools are silent": (
        (("im lặng hơn 1 ngày", "a.count"),),
        ("Trường số 01", "Trường số 03", "im lặng hơn 3 tuần"),
    ),
    "which are worst, and why": (
        (("Trường số 03", "th a"),),
        ("Trường số 03", "Để tăng tỷ lệ này", "Không tìm thấy"),
    ),
    "where the missing boards are": (
        (("bảng tương tác", "td:nth-of-type(3) a.count"),),
        ("không tìm thấy", "bảng tương tác", "Phòng"),
    ),
    "which boards are used under an hour a week": (
        (("Sử dụng bảng", "header a"), ("dưới một giờ mỗi tuần", "a.count")),
        ("ít dùng", "0,3 giờ/tuần"),
    ),
    "what to buy next year, by type and area": (
        (("Hết niên hạn", "header a"), ("Theo khu vực", "nav a"), ("Mộc Châu", "th a")),
        ("Theo loại", "2027", "Kinh phí năm sau"),
    ),
    "which serial stands in two schools": (
        (("Trùng số sê-ri", "a.count"),),
        ("CHUNG", "Cũng có ở", "Trường số"),
    ),
    "what changed since last month": (
        (("Số thiết bị từ đó đến nay", "a"),),
        ("So với tháng trước", "+"),
    ),
    "what rests on old evidence": (
        (("", ".rests a.count"),),
        ("của trường im lặng hơn một ngày", "Lần thấy gần nhất"),
    ),
    "how areas have done over the days": (
        (("Lịch sử", "header a"),),
        ("Mộc Châu", "05/09", "06/09", "0 % đến dưới 50 %"),
    ),
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDepartment]:
    """The department of a made-up province."""
    with a_department(tmp_path_factory.mktemp("province")) as store:
        tell(store, 1)
        for number in range(2):
            night = a_program(
                store, scope=OWN, upstream="", now_ms=lambda n=number: NOW_MS + n * DAY_MS
            )
            night.service(History).keep_today()
        with ServedDepartment(store) as running:
            running.officer = log_in(a_program(store, scope=OWN, upstream=""), "sy", Role.OFFICER)
            yield running


@pytest.fixture
def page(browser: Profile, served: ServedDepartment) -> Iterator[Page]:
    """A fresh tab of somebody with the role of an officer."""
    with opened_tab(browser, Page) as tab:
        tab.open(f"{served.url}login")
        tab.see(f"document.cookie = '{COOKIE}={served.officer}; path=/'")
        yield tab
        tab.see(f"document.cookie = '{COOKIE}=; path=/; max-age=0'")


def look_at(page: Page, name: str) -> None:
    """A picture where somebody wants to look."""
    if SHOTS:
        page.shoot(Path(SHOTS) / f"{re.sub('[^a-z0-9]+', '-', name)}.png")


def press(page: Page, words: str, like: str) -> None:
    """Click the link of the line that says so, and wait for another page."""
    script = FIND.replace("WORDS", json.dumps(words)).replace("LIKE", json.dumps(like))
    here = page.see("location.href")
    found = page.see(f"(each => each ? (each.click(), true) : false)({script})")
    assert found, f"{words} {like}: {page.see('document.body.innerText')[:3000]}"
    page.wait(f"location.href !== {json.dumps(here)}")


def test_eight_questions_are_answered_within_three_clicks(
    page: Page, served: ServedDepartment
) -> None:
    """From the department's first page, without typing; nothing in the console."""
    for question, (clicks, answers) in QUESTIONS.items():
        assert len(clicks) <= MOST, question
        page.open(served.url)
        page.wait("location.pathname === '/schools'")
        for words, like in clicks:
            press(page, words, like)
        page.wait("document.querySelector('main h1')")
        text = page.see("document.querySelector('main').innerText")
        assert [word for word in answers if word.casefold() not in text.casefold()] == [], (
            question, page.see("location.href"), text[:1500],
        )  # fmt: skip
        look_at(page, question)
    assert page.errors == []


PATHS = (
    *("schools", "schools/S01", "items", "items?record=unmanaged&sort=-due", "forecast", "use"),
    *("exceptions?what=same_serial_in_two_schools", "items/one?school=S01&id=line:1"),
    *("forecast?by=area", "use?use=low", "lines", "reports", "inspections"),
    *("history", "history?figure=missing&by=school&sort=-change", "history?by=type&span=all"),
)


@pytest.mark.wide
@pytest.mark.parametrize("paths", [("schools", "items"), *wide((PATHS,))], ids=["two", "each"])
def test_every_list_can_be_used_by_everybody(
    page: Page, served: ServedDepartment, paths: tuple[str, ...]
) -> None:
    """WCAG 2.1 AA by axe-core at three sizes; nothing sticks out; searched by typing, by keys."""
    for path in paths:
        page.open(f"{served.url}{path}")
        for size in page.at_each_size():
            assert violations(page) == [], (path, size)
            assert page.see("document.documentElement.scrollWidth <= innerWidth"), (path, size)
            look_at(page, f"{path}-{size[0]}")
    page.open(f"{served.url}items")
    page.see("document.querySelector('main input[name=q]').focus()")
    page.see("document.querySelector('main input[name=q]').value = 'may chieu'")
    page.press("Enter")
    page.wait("location.search.includes('may')")
    page.wait("document.querySelector('tbody tr')")
    kinds = page.see("[...document.querySelectorAll('tbody th')].map(e => e.innerText)")
    assert kinds
    assert all("máy chiếu" in kind for kind in kinds)
    page.see("document.querySelector('thead th:nth-child(4) a').focus()")
    page.press("Enter")
    page.wait("location.search.includes('sort=serial')")
    assert page.see("document.querySelector('th[aria-sort]').innerText").startswith("Số sê-ri")
    assert page.errors == []
