"""A room is counted on a phone without a network, and every scan arrives once."""

from __future__ import annotations

import io
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docx
import msgspec
import pytest
from PIL import Image

from controller.database.facts import set_fact
from controller.database.starts import Start, note_start
from controller.database.store import Store
from controller.register import store as register
from controller.register.book import Line
from controller.stocktake import store as stocktake
from controller.stocktake.count import Outcome, counted
from controller.stocktake.label_sheets import SHEETS
from controller.stocktake.labels import Label, draw_labels
from controller.stocktake.scan import Scan, scan_of
from tests.axe import violations
from tests.browser import PHONE, UPRIGHT, Page, Profile, opened_tab
from tests.conftest import need
from tests.controller.web_school import NOW_MS, SCHOOL, Served, a_store
from tests.tiers import wide
from tests.waiting import until
from tests.web import http_request

BOOK = (
    Line(row=1, asset_tag="TB-001", type="board", maker="SMART", room="P203", serial="0012345"),
    Line(row=2, asset_tag="0007", type="projector", maker="Epson", room="P203"),
    Line(row=3, type="desk", room="P203"),
    Line(row=4, asset_tag="TB-004", type="tablet", room="P204"),
    Line(row=5, asset_tag="TB-005", type="fan", room="P10"),
    Line(row=6, asset_tag="TB-006", type="chair"),
)
# What a browser withholds on plain http in a school's network.
PLAIN_HTTP = """delete Navigator.prototype.serviceWorker; delete Crypto.prototype.randomUUID;
    Object.defineProperty(globalThis, "isSecureContext", {value: false});"""
KEPT = "Object.keys(localStorage).filter((each) => each.startsWith('lophoc/scan/'))"
WAITING = f"{KEPT}.filter((each) => !JSON.parse(localStorage[each]).sent).length"


class Phone(Page):
    """A tab of the stocktake."""

    ready = "document.querySelector('#st-line')"

    def offline(self, *, cut: bool) -> None:
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

    def on_plain_http(self) -> None:
        """Behave as where the context is not secure."""
        self.call("Page.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=PLAIN_HTTP)

    def tally(self, told: str) -> None:
        """Wait until the counter says so."""
        self.wait(f"document.querySelector('#st-tally')?.textContent === '{told}'")

    def sent(self) -> None:
        """Wait until the controller has all."""
        self.wait("document.querySelector('#st-line').innerText.includes('Đã gửi hết')")

    def give(self, selector: str, file: Path) -> None:
        """Give a file to a field for files."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", files=[str(file)], nodeId=node)

    def keeps(self, address: str) -> None:
        """Wait until the worker keeps the page of this address."""
        kept = f"caches.match('{address}').then(Boolean)"
        until(lambda: self.see(kept), f"{address} is kept")

    def errors_but_network(self) -> list[str]:
        """What went wrong on the page, but for requests that found no network."""
        return [each for each in self.errors if "ERR_INTERNET_DISCONNECTED" not in each]

    def line(self, row: int) -> str:
        """What a row says of its state."""
        found: str = self.see(f"document.querySelector('[data-line=\"{row}\"] .st-word').innerText")
        return found.strip()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a book and a stocktake that has begun."""
    with a_store(tmp_path) as opened:
        with opened.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, BOOK, whole=True, now_ms=NOW_MS)
        with opened.locked(SCHOOL) as db:
            stocktake.begin(db, SCHOOL, (), who="lan", now_ms=NOW_MS)
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face."""
    with Served(store) as running:
        yield running


def scans(store: Store) -> list[Scan]:
    with store.view() as db:
        return stocktake.scans_of(db, SCHOOL, 1)


def test_a_room_is_counted_without_a_network_and_arrives_once(
    browser: Profile, served: Served, store: Store, tmp_path: Path
) -> None:
    """The tab is closed and opened again; the minutes then say what was found."""
    with opened_tab(browser, Phone) as page:
        page.on_plain_http()
        page.open(f"{served.url}stocktake/1", *PHONE)
        page.tally("0/6")
        text = page.see("document.body.innerText")
        for word in ("Đợt kiểm kê 1", "P203", "còn 3", "Sổ không ghi phòng", "Biên bản"):
            assert word in text
        asked = len(page.requests)
        page.offline(cut=True)
        page.click(".st-room[href$=P203]")
        page.wait("document.querySelector('h1').textContent.startsWith('P203')")
        page.click('[data-line="1"] .st-here')
        page.tally("1/3")
        assert page.line(1) == "có ở đây"
        page.type_in("#st-tag", "lophoc 0007")
        page.press("Enter")
        page.tally("2/3")
        page.type_in("#st-tag", "TB-004")
        page.press("Enter")
        page.wait("document.querySelector('#st-toast').innerText.includes('thuộc phòng P204')")
        page.click('[data-line="3"] .st-more')
        page.click('[data-line="3"] [value=broken]')
        page.type_in('[data-line="3"] [name=quality]', "40")
        page.click('[data-line="3"] form button:not([type])')
        page.tally("3/3")
        assert page.line(3) == "có ở đây · hỏng · 40 %"
        page.wait("document.querySelector('#st-line').innerText.includes('Mất mạng: 4')")
        assert page.see(WAITING) == 4
        assert page.line(4) == "có ở đây, thuộc phòng P204"
        page.shoot(tmp_path / "offline.png")
        loads = [
            each for each in page.requests[asked:] if not each.endswith(("/scans", "icon.svg"))
        ]
        assert loads == []
        assert scans(store) == []
    with opened_tab(browser, Phone) as page:
        page.on_plain_http()
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.sent()
        page.tally("3/3")
        assert (page.line(1), page.line(3)) == ("có ở đây", "có ở đây · hỏng · 40 %")
        page.see("dispatchEvent(new Event('online'))")
        page.click(".back a")
        page.tally("4/6")
    assert sorted((each.line, each.room, each.found) for each in scans(store)) == [
        (1, "P203", True),
        (2, "P203", True),
        (3, "P203", True),
        (4, "P203", True),
    ]
    raw = http_request("GET", f"{served.url}stocktake/1/minutes.docx").content
    rows = [
        [cell.text for cell in row.cells][1:]
        for row in docx.Document(io.BytesIO(raw)).tables[0].rows
    ]
    assert ["TB-004", "Máy tính bảng", "P204", "1", "1", "0", "", "", "thấy ở phòng P203"] in rows
    assert ["", "Bàn", "P203", "1", "1", "0", "40", "hỏng", ""] in rows
    assert ["TB-005", "Quạt", "P10", "1", "0", "-1", "", "", "chưa kiểm"] in rows


def test_where_the_browser_allows_it_the_page_opens_without_a_server(
    browser: Profile, served: Served, store: Store
) -> None:
    """On https and localhost: counted, closed and opened again while nobody serves."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1", *PHONE)
        page.see("navigator.serviceWorker.ready.then(() => true)")
        page.wait("navigator.serviceWorker.controller")
        page.call("Page.reload")  # the first page that the worker sees and keeps
        page.keeps("/stocktake/1")
    served.stop()
    for row, told in ((1, "1/3"), (2, "2/3")):
        with opened_tab(browser, Phone) as page:
            page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
            page.click(f'[data-line="{row}"] .st-here')
            page.tally(told)
            page.wait(f"{WAITING} === {row}")
    served.start()
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake", *PHONE)  # what waits is sent from the list as well
        page.wait(f"{WAITING} === 0")
    assert sorted(each.line or 0 for each in scans(store)) == [1, 2]


def test_a_photo_of_a_label_is_kept_and_read_later(
    browser: Profile, served: Served, store: Store, tmp_path: Path
) -> None:
    """Taken in its room without a network; one without a code asks for the tag."""
    need("pdftoppm", "poppler-utils")
    labels = [Label("0007", "Máy chiếu", "P203")]
    with (tmp_path / "label.pdf").open("wb") as file:
        draw_labels(file, labels, SHEETS["3x8"], school="A")
    crop = ("-r", "150", "-x", "0", "-y", "0", "-W", "420", "-H", "230", "-png", "-singlefile")
    subprocess.run(["pdftoppm", *crop, "label.pdf", "label"], cwd=tmp_path, check=True)
    blank = tmp_path / "blank.png"
    Image.new("L", (300, 200), 255).save(blank)
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.offline(cut=True)
        page.give("#st-photo", tmp_path / "label.png")
        page.wait("document.querySelector('#st-toast').innerText.includes('Ảnh đã được giữ')")
        page.offline(cut=False)
        page.see("dispatchEvent(new Event('online'))")
        page.tally("1/3")
        page.sent()
        assert page.line(2) == "có ở đây"
        page.give("#st-photo", blank)
        page.wait("document.querySelector('#st-toast').innerText.includes('Không đọc được mã')")
        assert page.errors_but_network() == []
    assert [(each.line, each.room) for each in scans(store)] == [(2, "P203")]


def test_what_a_thumb_did_is_taken_back_said_otherwise_or_added(
    browser: Profile, served: Served, store: Store
) -> None:
    """Undo, not found, a thing that the book lacks; opened anew the page says the same."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.click('[data-line="1"] .st-here')
        page.tally("1/3")
        page.click("#st-toast button")
        page.tally("0/3")
        page.click('[data-line="2"] .st-more')
        page.click('[data-line="2"] .st-absent')
        page.tally("1/3")
        assert page.line(2) == "không tìm thấy"
        page.click(".st-extra summary")
        page.see("document.querySelector('.st-extra select').value = 'quạt'")
        page.type_in(".st-extra [name=note]", "của phụ huynh")
        page.click(".st-extra form button")
        page.wait("document.querySelector('#st-extras').innerText.includes('quạt · của phụ huynh')")
        page.type_in("#st-tag", "LẠ-01")
        page.press("Enter")
        page.wait("document.querySelector('#st-toast').innerText.includes('không có trong sổ')")
        page.sent()
        told = page.see("document.querySelector('#st-count').innerText")
        page.call("Page.reload")
        page.wait("!document.querySelector('#st-toast:not([hidden])')")
        page.tally("1/3")
        again = page.see("document.querySelector('#st-count').innerText")
        assert [each for each in again.splitlines() if each not in told.splitlines()] == []
        page.click("#st-extras button[aria-label*='LẠ-01']")
        page.wait("document.querySelectorAll('#st-extras li').length === 1")
        page.sent()
    with store.view() as db:
        take = stocktake.stocktake_of(db, SCHOOL, 1)
    assert take is not None
    result = counted(take, scans(store))
    assert [each.line.row for each in result.lines if each.outcome is Outcome.MISSING] == [2]
    assert result.count(Outcome.UNCOUNTED) == 5
    assert [(each.scan.type, each.scan.note) for each in result.surplus] == [
        ("fan", "của phụ huynh")
    ]


def test_what_comes_after_the_end_is_told(browser: Profile, served: Served, store: Store) -> None:
    """The office ended it while the phone was away; the password may have run out, too."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.call("Network.setExtraHTTPHeaders", headers={"X-Forwarded-For": "192.0.2.5"})
        page.click('[data-line="1"] .st-here')
        page.wait("document.querySelector('#st-line a[href^=\"/login?next=%2Fstocktake\"]')")
        with store.locked(SCHOOL) as db:
            stocktake.finish(db, SCHOOL, 1, who="lan", now_ms=NOW_MS + 1)
        page.call("Network.setExtraHTTPHeaders", headers={})
        page.see("dispatchEvent(new Event('online'))")
        page.wait("document.querySelector('#st-line').innerText.includes('sau khi kết thúc')")
        page.tally("0/3")
        assert page.see("document.querySelectorAll('#st-count button').length") == 0


@pytest.mark.parametrize("size", [PHONE, *wide((UPRIGHT,))], ids=["phone", "tablet"])
@pytest.mark.parametrize("way", ["stocktake/1", *wide("stocktake", "stocktake/1/rooms/P203")])
def test_everybody_can_use_it(
    browser: Profile, served: Served, way: str, size: tuple[int, int], tmp_path: Path
) -> None:
    """WCAG AA by axe-core; nothing wider than the screen; thumbs hit what they mean."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}{way}", *size)
        if "rooms" in way:
            page.click('[data-line="1"] .st-here')
            page.click('[data-line="2"] .st-more')
            page.type_in("#st-tag", "LẠ-01")
            page.press("Enter")
            page.tally("1/3")
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth <= innerWidth")
        small = page.see(
            """[...document.querySelectorAll("main button, main .st-room, main select, .st-button")]
            .filter((each) => each.getClientRects().length)
            .filter((each) => each.getBoundingClientRect().height < 44)
            .map((each) => each.outerHTML)"""
        )
        assert small == []
        page.shoot(tmp_path / "screen.png")


def test_a_page_from_before_a_copy_says_to_be_opened_anew(
    browser: Profile, served: Served, store: Store
) -> None:
    """It mixes nothing of another stocktake of its number in; what the phone kept stays."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.sent()
        with store.locked(SCHOOL) as db:  # as where yesterday's copy was put back
            set_fact(db, "starts", "[]")
            note_start(db, Start("again", 0, 0, 0))
        page.see("dispatchEvent(new Event('online'))")
        page.wait("document.querySelector('#st-line').innerText.includes('khôi phục')")
        page.click('#st-line a[href="/stocktake/1/rooms/P203"]')
        page.sent()


def test_what_another_phone_counted_appears(browser: Profile, served: Served, store: Store) -> None:
    """When the person comes back to the page; an open form stays open."""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.click('[data-line="2"] .st-more')
        page.type_in('[data-line="2"] [name=note]', "xước")
        with store.locked(SCHOOL) as db:
            take = stocktake.stocktake_of(db, SCHOOL, 1)
            assert take is not None
            other = Scan(id="other-phone-1", room="P203", line=1, at_ms=1)
            stocktake.keep_scans(db, SCHOOL, take, [other], sent_ms=2, who="b", now_ms=NOW_MS + 9)
        page.see("dispatchEvent(new Event('online'))")
        page.tally("1/3")
        assert page.line(1) == "có ở đây"
        assert page.see("document.querySelector('[data-line=\"2\"] [name=note]').value") == "xước"
        with store.locked(SCHOOL) as db:
            stocktake.finish(db, SCHOOL, 1, who="lan", now_ms=NOW_MS + 10)
        page.see("dispatchEvent(new Event('online'))")
        page.wait("document.querySelector('#st-count').innerText.includes('đã kết thúc')")


CAMERA = """
    globalThis.BarcodeDetector = class {
        async detect() { return [{ rawValue: "LOPHOC TB-001" }, { rawValue: "LOPHOC 0007" }]; }
    };
    const canvas = document.createElement("canvas");
    navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
"""


def test_labels_are_scanned_live_where_the_browser_can(
    browser: Profile, served: Served, store: Store
) -> None:
    """Each code counts once while it is held before the camera; a second press stops it."""
    with opened_tab(browser, Phone) as page:
        page.call("Page.enable")
        page.call("Page.addScriptToEvaluateOnNewDocument", source=CAMERA)
        page.open(f"{served.url}stocktake/1/rooms/P203", *PHONE)
        page.click("#st-scan")
        page.tally("2/3")
        page.wait("document.querySelector('#st-scan').textContent === 'Dừng quét'")
        assert violations(page) == []
        page.click("#st-scan")
        page.wait("document.querySelector('#st-video').hidden")
        page.sent()
    assert sorted(each.line or 0 for each in scans(store)) == [1, 2]


def test_a_phone_counts_as_the_controller_does(
    browser: Profile, served: Served, store: Store
) -> None:
    """The same scans, made up by lot, come to the same on both sides."""
    lot = random.Random(20)
    with store.view() as db:
        take = stocktake.stocktake_of(db, SCHOOL, 1)
    assert take is not None
    cases = [[_by_lot(lot, number) for number in range(lot.randrange(1, 12))] for _ in range(150)]
    script = """import("/static/stocktake-count.js").then(({ Count }) => { const cases = %s;
        const told = JSON.parse(document.getElementById("st-data").textContent);
        return cases.map((scans) => {
            const count = new Count(told);
            count.learn(scans.map((each) => {
                const line = !each.line && each.tag ? count.lineFor(each.tag, each.room) : null;
                return line ? { ...each, line: line.no } : each;
            }));
            return [Object.fromEntries(count.about.map((line) => [line.no,
                [count.outcome(line), line.rooms.map((each) => each || "")]])),
                [...count.extras.values()].map((each) => each.id).sort()];
        });
    })"""
    with opened_tab(browser, Phone) as page:
        page.open(f"{served.url}stocktake/1", *PHONE)
        phone = page.see(script % json.dumps(cases))
    for case, (lines, extras) in zip(cases, phone, strict=True):
        scanned = [
            msgspec.structs.replace(scan_of(json.dumps(each).encode()), seen_ms=number)
            for number, each in enumerate(case)
        ]
        told = counted(take, scanned)
        assert lines == {
            str(each.line.no): [each.outcome.value, list(each.rooms)] for each in told.lines
        }, case
        assert extras == sorted(each.scan.id for each in told.surplus), case


def _by_lot(lot: random.Random, number: int) -> dict[str, object]:
    """A scan as a phone makes them."""
    told: dict[str, object] = {"id": f"scan-{number:04}", "at_ms": number}
    told["room"] = lot.choice(["P203", "P204", "P10", "Kho", ""])
    match lot.randrange(6):
        case 0:
            told["cancels"] = f"scan-{lot.randrange(12):04}"
        case 1:
            told["type"] = "quạt"
        case 2:
            told["tag"] = lot.choice(["tb-001", "LẠ 1", "lạ1", "0012345", "7", "0007"])
        case _:
            told["line"] = lot.randrange(1, 7)
            told["found"] = lot.random() < 0.7
    return told


def test_a_whole_school_is_on_the_page(browser: Profile, served: Served, store: Store) -> None:
    """1,360 lines: small on the way, and quick under the thumb."""
    lines = [
        Line(row=no, asset_tag=f"TB-{no:05}", type="tablet", maker="Samsung", room=f"P{no % 34}")
        for no in range(1, 1361)
    ]
    with store.locked(SCHOOL) as db:
        register.bring_in(db, SCHOOL, lines, whole=True, now_ms=NOW_MS)
        stocktake.begin(db, SCHOOL, (), who="lan", now_ms=NOW_MS)
    url = f"{served.url}stocktake/2"
    raw = http_request("GET", url)
    packed = int(raw.headers.get("content-length", 0))
    assert len(raw.content) < 200_000
    assert 0 < packed < 40_000
    with opened_tab(browser, Phone) as page:
        page.open(url, *PHONE)
        page.tally("0/1.360")
        page.click(".st-room[href$=P7]")
        page.tally("0/40")
        took = page.see(
            """(() => { const began = performance.now();
            for (const each of document.querySelectorAll(".st-here")) each.click();
            return performance.now() - began; })()"""
        )
        page.tally("40/40")
        page.sent()
        assert took < 8000
        print(f"{took / 40:.1f} ms a tap")  # noqa: T201 - a figure for the report
    with store.view() as db:
        assert len(stocktake.scans_of(db, SCHOOL, 2)) == 40
