"""A room is counted on a phone without a network, and every scan arrives once."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import docx
import httpx
import pytest
from web_school import NOW_MS, SCHOOL, Served, a_store, wait_for

from controller.labels import Label, draw_labels
from controller.memory import register, stocktake
from controller.memory.store import Store
from controller.register.book import Line
from controller.stocktake.scan import Scan
from tests.axe import violations
from tests.browser import PHONE, UPRIGHT, Page, opened_tab, running_browser

BOOK = (
    Line(row=1, asset_tag="TB-001", type="board", maker="SMART", room="P203", serial="0012345"),
    Line(row=2, asset_tag="0007", type="projector", maker="Epson", room="P203"),
    Line(row=3, type="desk", room="P203"),
    Line(row=4, asset_tag="TB-004", type="tablet", room="P204"),
    Line(row=5, asset_tag="TB-005", type="fan", room="P10"),
    Line(row=6, asset_tag="TB-006", type="chair"),
)
KEPT = "Object.keys(localStorage).filter((each) => each.startsWith('lophoc/scan/'))"
WAITING = f"{KEPT}.filter((each) => !JSON.parse(localStorage[each]).sent).length"


class Phone(Page):
    """A tab of the stocktake."""

    ready = "document.querySelector('#st-line')"

    def offline(self, cut: bool) -> None:
        """Cut the network, or put it back."""
        self.call(
            "Network.emulateNetworkConditions",
            offline=cut,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    def type_in(self, selector: str, text: str) -> None:
        """Put a text into a field, as a person would."""
        self.click(selector)
        self.call("Input.insertText", text=text)

    def line(self, row: int) -> str:
        """What a row says of its state."""
        found: str = self.see(f"document.querySelector('[data-line=\"{row}\"] .st-word').innerText")
        return found.strip()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The debugging port of a running Chromium."""
    with running_browser(tmp_path_factory.mktemp("chromium")) as port:
        yield port


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a book and a stocktake that has begun."""
    with a_store(tmp_path) as opened:
        with opened.planning(SCHOOL) as db:
            register.bring_in(db, SCHOOL, BOOK, whole=True, now_ms=NOW_MS)
        with opened.planning(SCHOOL) as db:
            stocktake.begin(db, SCHOOL, (), who="lan", now_ms=NOW_MS)
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face."""
    with Served(store) as running:
        yield running


def scans(store: Store) -> list[Scan]:
    with store.looking() as db:
        return stocktake.scans_of(db, SCHOOL, 1)


def test_a_room_is_counted_without_a_network_and_arrives_once(
    browser: int, served: Served, store: Store, tmp_path: Path
) -> None:
    """The tab is closed and opened again; the minutes then say what was found."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1", *PHONE)
        page.wait("document.querySelector('#st-tally').textContent === '0/6'")
        text = page.see("document.body.innerText")
        for word in ("Đợt kiểm kê 1", "P203", "còn 3", "Sổ không ghi phòng", "Biên bản"):
            assert word in text
        asked = len(page.requests)
        page.offline(cut=True)
        page.click(".st-room[href$=P203]")
        page.wait("document.querySelector('h1').textContent.startsWith('P203')")
        page.click('[data-line="1"] .st-here')
        page.wait("document.querySelector('#st-tally').textContent === '1/3'")
        assert page.line(1) == "có ở đây"
        page.type_in("#st-tag", "lophoc 0007")
        page.press("Enter")
        page.wait("document.querySelector('#st-tally').textContent === '2/3'")
        page.type_in("#st-tag", "TB-004")
        page.press("Enter")
        page.wait("document.querySelector('#st-toast').innerText.includes('thuộc phòng P204')")
        page.click('[data-line="3"] .st-more')
        page.click('[data-line="3"] [value=broken]')
        page.type_in('[data-line="3"] [name=quality]', "40")
        page.shoot(tmp_path / "panel.png")
        page.click('[data-line="3"] form button:not([type])')
        page.wait("document.querySelector('#st-tally').textContent === '3/3'")
        assert page.line(3) == "có ở đây · hỏng · 40 %"
        page.wait("document.querySelector('#st-line').innerText.includes('Mất mạng: 4')")
        assert page.see(WAITING) == 4
        page.shoot(tmp_path / "offline.png")
        loads = [
            each for each in page.requests[asked:] if not each.endswith(("/scans", "icon.svg"))
        ]
        assert loads == []
        assert scans(store) == []
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.wait("document.querySelector('#st-line').innerText.includes('Đã gửi hết')")
        assert page.see("document.querySelector('#st-tally').textContent") == "3/3"
        assert (page.line(1), page.line(3)) == ("có ở đây", "có ở đây · hỏng · 40 %")
        page.see("dispatchEvent(new Event('online'))")
        page.click(".back a")
        page.wait("document.querySelector('#st-tally').textContent === '4/6'")
    assert sorted((each.line, each.room, each.found) for each in scans(store)) == [
        (1, "P203", True),
        (2, "P203", True),
        (3, "P203", True),
        (4, "P203", True),
    ]
    raw = httpx.get(f"{served.url}stocktake/1/minutes.docx", trust_env=False).content
    rows = [
        [cell.text for cell in row.cells][1:]
        for row in docx.Document(io.BytesIO(raw)).tables[0].rows
    ]
    assert ["TB-004", "Máy tính bảng", "P204", "1", "1", "0", "", "", "thấy ở phòng P203"] in rows
    assert ["", "Bàn", "P203", "1", "1", "0", "40", "hỏng", ""] in rows
    assert ["TB-005", "Quạt", "P10", "1", "0", "-1", "", "", "chưa kiểm"] in rows
