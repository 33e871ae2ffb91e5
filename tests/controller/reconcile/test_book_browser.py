"""These tests keep the equipment book through a real browser, in Vietnamese, at every size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.database.store import Store
from controller.register import store as register
from tests.axe import violations
from tests.browser import Page
from tests.controller.book_school import MOVED, a_book, bring_in, what_is_seen
from tests.controller.web_school import SCHOOL, Served, a_store, agent
from tests.tiers import wide

CSV = """SỔ THIẾT BỊ
STT;Mã tài sản;Tên thiết bị;Số hiệu lạ;Phòng;Năm sử dụng;Tình trạng
1;TS-001;Bảng tương tác;VS00001;6A3;2021;tốt
50;TS-900;Máy chiếu;X9-0001;6A4;hỏi lại;tốt
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school that sees things and has no book."""
    with a_store(tmp_path, [agent("6A1"), *what_is_seen()]) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face."""
    with Served(store) as running:
        yield running


def choose_file(page: Page, path: Path) -> None:
    """Choose a file in the page's form, as a person does in the browser's dialogue."""
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    asked = {"nodeId": root, "selector": "input[type=file]"}
    node = page.call("DOM.querySelector", **asked)["nodeId"]
    page.call("DOM.setFileInputFiles", files=[str(path)], nodeId=node)


def brought_to_trial(page: Page, served: Served, folder: Path) -> None:
    """Open the page that shows what would become of a file."""
    path = folder / "sổ thiết bị 2026.csv"
    path.write_text(CSV, "utf-8")
    page.open(f"{served.url}register/import?lang=vi")
    choose_file(page, path)
    page.click("form.upload button")
    page.wait("document.querySelector('form.keep')")


def test_a_book_is_brought_in_by_two_presses(
    page: Page, served: Served, store: Store, tmp_path: Path
) -> None:
    """File, look, explain a column, take in: the figure stands, and the device found its line."""
    page.open(f"{served.url}register?lang=vi")
    assert page.see("document.querySelector('.pct').innerText") == "không xác định"
    brought_to_trial(page, served, tmp_path)
    assert page.see("document.querySelector('.title').innerText").endswith("sổ thiết bị 2026.csv")
    page.see("document.querySelector('select[name=field-0]').value = 'serial'")
    page.click("form.asked button")
    page.wait("document.body?.innerText.includes('X9-0001')")
    with store.view() as db:
        assert register.lines_of(db, SCHOOL) == []
    page.click("form.keep button")
    page.wait("document.body?.innerText.includes('2 dòng: 2 mới')")
    page.click("a.button")
    page.wait("document.querySelector('.pct')?.innerText.includes('trên 2 thiết bị')")
    state = "document.querySelector('[data-row=\"50\"]').dataset.state"
    assert page.see(state) == "ok"
    assert page.errors == []


def test_decisions_are_made_and_undone_by_their_buttons(
    page: Page, served: Served, store: Store
) -> None:
    """Match to the candidate, accept the new room, undo both: all is as before."""
    bring_in(store, a_book())
    page.open(f"{served.url}register?lang=vi")
    case = '[data-subject="serial:x90001"]'
    page.click(f"{case} .match button")
    page.wait("document.querySelector('[role=status].note')")
    assert "ghép với một dòng" in page.see("document.querySelector('[role=status].note').innerText")
    assert not page.see(f"document.querySelector('{case}')")
    page.click(f'[data-moved="{MOVED}"] button')
    page.wait("!document.querySelector('[data-moved]')")
    for _ in range(2):
        before = page.see("document.querySelectorAll('.undone').length")
        page.click(".decisions li:not(.undone) button")
        page.wait(f"document.querySelectorAll('.undone').length === {before} + 1")
    assert page.see(f"Boolean(document.querySelector('{case}'))")
    assert page.see(f"Boolean(document.querySelector('[data-moved=\"{MOVED}\"]'))")
    assert page.errors == []


def test_enter_in_the_number_of_a_line_matches_and_does_not_accept(
    page: Page, served: Served, store: Store
) -> None:
    """What a person presses by habit does what stands beside the field."""
    bring_in(store, a_book())
    page.open(f"{served.url}register?lang=vi")
    page.see("document.querySelector('[data-subject=\"serial:x90001\"] [name=other]').focus()")
    page.call("Input.insertText", text="8")
    page.press("Enter")
    page.wait("document.querySelector('[role=status].note')")
    with store.view() as db:
        (told,) = register.decisions_of(db, SCHOOL)
    assert (told.deed, told.line) == ("match", 8)


def test_a_filter_is_kept_in_the_address(page: Page, served: Served, store: Store) -> None:
    """So that the page can be sent to somebody, or opened again."""
    bring_in(store, a_book())
    page.open(f"{served.url}register?lang=vi&state=never_seen")
    page.see("document.querySelector('select[name=type]').value = 'projector'")
    page.click(".filters button")
    page.wait("new URL(location).searchParams.get('type') === 'projector'")
    assert page.see("new URL(location).searchParams.get('state')") == "never_seen"
    shown = "[...document.querySelectorAll('tr[data-row]')].map((each) => each.dataset.row)"
    assert page.see(shown) == ["8"]


@pytest.mark.wide
@pytest.mark.parametrize("language", ["vi", *wide("en")])
def test_the_book_can_be_used_by_everybody_at_every_size(
    page: Page, served: Served, store: Store, tmp_path: Path, language: str
) -> None:
    """Empty, full, and a trial: no violation of WCAG 2.1 AA, no sideways scrolling."""

    def check(path: str) -> None:
        page.open(f"{served.url}{path}?lang={language}")
        for width, _ in page.at_each_size():
            assert violations(page) == []
            assert page.see("document.documentElement.scrollWidth") <= width

    check("register")
    bring_in(store, a_book())
    brought_to_trial(page, served, tmp_path)
    trial = page.see("location.pathname")[1:]
    check(trial)
    page.click("form.keep button")
    page.wait("document.querySelector('a.button')")
    check(trial)
    check("register")
    check("rooms/6A1")
