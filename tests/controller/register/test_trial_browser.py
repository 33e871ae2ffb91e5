"""A maths teacher brings a book, class lists and a timetable in: at every size, and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Line
from tests.axe import violations
from tests.browser import Page
from tests.controller.book_school import a_book, bring_in, what_is_seen
from tests.controller.web_school import SCHOOL, Served, a_store, agent
from tests.tiers import wide

HEAD: Final = ("STT", "Mã tài sản", "Tên thiết bị", "Số hiệu lạ", "Năm sử dụng", "SL", "Giá")
LISTS: Final = (
    "STT;Lớp;Mã học sinh;Họ và tên\n1;10A1;HS1;Lò Thị Ánh\n2;10A1;HS2;Vũ An\n3;10A1;HS2;Hà My\n"
)
LESSONS: Final = "Thứ,Tiết,Phòng,Lớp,Môn\n2,1,P203,10A1,Toán\nT9,1,P203,10A1,Văn\n"


SHEETS: Final = "[...document.querySelectorAll('.asked th label')].map((each) => each.innerText)"


class Trial(NamedTuple):
    """A file for one of the pages: where it is chosen, its name, and what the trial page shows."""

    home: str
    name: str
    seen: str


TRIALS: Final = (
    Trial("register/import", "sổ thiết bị 2026.xlsx", "form.asked"),
    Trial("lists/import", "danh sách.csv", "h1"),
    Trial("schedule/import", "tkb.csv", "h1"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school that has a book."""
    with a_store(tmp_path, [agent("6A1"), *what_is_seen()]) as opened:
        bring_in(opened, a_book())
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face."""
    with Served(store) as running:
        yield running


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A book of rooms as sheets, with a summary, groups, totals and all that is asked about."""
    with xlsxwriter.Workbook(tmp_path / TRIALS[0].name) as book:
        for room in ("Phòng 6A1", "Phòng 6A2", "Kho"):
            sheet = book.add_worksheet(room)
            rows = [("SỔ THIẾT BỊ NĂM 2026",), ("Đơn vị tính: 1.000 đồng",), HEAD]
            rows += [("I", "Thiết bị dùng chung")]
            rows += [(1, f"TS-{room[-1]}1", "Bảng tương tác", "X9-0001", 2021, 1, 45_000)]
            rows += [(2, "", "Bàn học sinh", "", 2020, 24, 1_200), (3, "", "Máy chiếu", "", "hỏi")]
            rows += [("", "", "Tổng cộng", "", "", 26, 46_200)]
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
        total = book.add_worksheet("Tổng hợp")
        for at, row in enumerate([HEAD, ("", "", "Bảng tương tác", "", "", 3, 135_000)]):
            total.write_row(at, 0, row)
    (tmp_path / TRIALS[1].name).write_text(LISTS, "utf-8")
    (tmp_path / TRIALS[2].name).write_text(LESSONS, "utf-8")
    return tmp_path


def brought_to_trial(page: Page, served: Served, trial: Trial, path: Path, language: str) -> None:
    """Choose the file and wait until it is read."""
    page.open(f"{served.url}{trial.home}?lang={language}")
    choose_file(page, path)
    page.click("form.upload button")
    page.wait(f"/import\\/./.test(location.pathname) && document.querySelector('{trial.seen}')")
    page.wait("document.querySelector('[data-follow=reading]') === null")


def choose_file(page: Page, path: Path) -> None:
    """Choose a file in the page's form, as a person does in the browser's dialogue."""
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    asked = {"nodeId": root, "selector": "input[type=file]"}
    node = page.call("DOM.querySelector", **asked)["nodeId"]
    page.call("DOM.setFileInputFiles", files=[str(path)], nodeId=node)


@pytest.mark.wide
@pytest.mark.parametrize(
    "trial", [TRIALS[0], *wide(*((one,) for one in TRIALS[1:]))], ids=lambda trial: trial.home
)
def test_everybody_can_use_a_trial_at_every_size(
    page: Page, served: Served, files: Path, trial: Trial
) -> None:
    """No violation of WCAG 2.1 AA and no sideways scrolling, in both languages."""
    for language in ("vi", "en"):
        brought_to_trial(page, served, trial, files / trial.name, language)
        for width, _ in page.at_each_size():
            assert violations(page) == []
            assert page.see("document.documentElement.scrollWidth") <= width
    assert page.errors == []


def present(store: Store) -> list[Line]:
    """The lines that count."""
    kept = store.read(register.lines_of, SCHOOL)
    return [each.data for each in kept if each.removed_ms is None]


def tab_to(page: Page, selector: str) -> None:
    """Go on by the Tab key until the element has the focus."""
    for _ in range(120):
        if page.see(f"Boolean(document.activeElement?.matches({selector!r}))"):
            return
        page.press("Tab")
    raise AssertionError(f"no Tab leads to {selector}")


def test_a_book_is_brought_in_and_taken_back_by_keyboard_alone(
    page: Page, served: Served, store: Store, files: Path
) -> None:
    """Look, read again without a sheet, keep, undo: Tab, blank and Enter do it all."""
    trial = TRIALS[0]
    page.open(f"{served.url}{trial.home}?lang=vi")
    choose_file(page, files / trial.name)
    tab_to(page, "form.upload button")
    page.press("Enter")
    page.wait("document.querySelector('form.asked')")
    tab_to(page, "input[name=sheet-2]")
    page.press(" ")
    page.see("window.mark = 1")
    tab_to(page, "form.asked button")
    page.press("Enter")
    page.wait("!window.mark && document.querySelector('input[name=sheet-2]')?.checked === false")
    assert page.see(SHEETS) == ["Phòng 6A1", "Phòng 6A2", "Kho", "Tổng hợp"]
    before = present(store)
    tab_to(page, "form.keep button")
    page.press("Enter")
    page.wait("document.querySelector('a.button[href=\"/register\"]')")
    tab_to(page, 'a.button[href="/register"]')
    page.press("Enter")
    page.wait("location.pathname === '/register'")
    assert len(present(store)) > len(before)
    page.open(f"{served.url}register/imports?lang=vi")
    tab_to(page, "form[action$=undo] button")
    page.press("Enter")
    page.wait("document.body?.innerText.includes('Đã hoàn tác')")
    assert present(store) == before
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
