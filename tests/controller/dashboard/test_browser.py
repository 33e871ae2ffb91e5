"""These tests look at the screens through a real browser, spoken to over its DevTools protocol."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from controller.database.store import Store
from controller.fleet.fleet import Fleet
from controller.fleet.records import EventRecord, FaultRecord, RollRecord
from protocol.messages import (
    FaultReported,
    KitLine,
    LessonStarted,
    Part,
    RollConfirmed,
    RollLine,
)
from protocol.model import (
    NO_ROOM,
    AttendanceStatus,
    DeviceKind,
    DeviceMeasures,
    Method,
    Reason,
)
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.people import set_password
from tests.controller.web_school import (
    CRITICAL,
    NOW_MS,
    OK,
    SCHOOL,
    WARNING,
    ZONE,
    Served,
    a_full_room,
    a_morning,
    a_store,
    agent,
    at_rest,
    device,
    event,
    mark,
)
from tests.tiers import one_short, wide
from tests.waiting import until

BOARD, TABLET = DeviceKind.BOARD, DeviceKind.TABLET


class Screen(Page):
    """A screen, whose line tells its age."""

    ready = "document.querySelector('#age-words')"


@pytest.fixture
def page(browser: Profile) -> Iterator[Screen]:
    """A fresh tab."""
    with opened_tab(browser, Screen) as tab:
        yield tab


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A whole school on an ordinary morning."""
    with a_store(tmp_path, a_morning()) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """Its face, on a morning that does not go on by itself; what is wrong has held."""
    with Served(store, clock=at_rest) as running:
        running.judge(passing_s=HELD_S)
        yield running


HELD_S = 1200.0
AIR_PX = 8


UNLIKE = {"6A1", "6A2", "6A3", "6A4", "7A2", "7A3", "8A2", "9A1"}  # well, taught in, or in trouble
FRESH = "document.getElementById('age').dataset.age === 'fresh'"


def test_the_first_screen_opens_in_vietnamese_and_stays_on_this_host(
    page: Page, served: Served
) -> None:
    """Vietnamese words, nothing loaded from elsewhere, no error on the console."""
    page.open(served.url)
    page.wait("document.getElementById('age-words').textContent.startsWith('cập nhật')")
    assert page.see("document.documentElement.lang") == "vi"
    text = page.see("document.body.innerText")
    for word in ("Việc cần làm", "Mất kết nối", "Phòng đang học", "đang học", "bảng tương tác"):
        assert word in text
    host = served.url.split("//")[1]
    assert {url.split("//")[1].startswith(host) for url in page.requests} == {True}
    paths = [urlsplit(url).path for url in page.requests if not url.endswith("icon.svg")]
    assert sorted(paths) == sorted(["/", "/live", "/static/style.css", "/static/live.js"])
    assert page.errors == []


def test_a_page_that_hears_nothing_shows_no_sign_of_life(page: Page, served: Served) -> None:
    """The green dot belongs to the line alone: a page that stays as it is has the hour only."""
    dot = "getComputedStyle(document.querySelector('.age .dot')).display"
    page.open(f"{served.url}register")
    assert page.see(dot) == "none"
    assert page.see("document.getElementById('age-words').textContent").startswith("lúc ")
    page.open(served.url)
    page.wait(FRESH)
    assert page.see(dot) != "none"
    assert page.see("document.getElementById('age-news').textContent") == ""


def test_a_change_appears_without_a_reload(page: Page, served: Served) -> None:
    """Tile, work, counts and table follow a broken board, and its repair."""
    page.open(served.url)
    page.see("window.mark = 1")
    page.wait(FRESH)
    served.tell(device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    tile = "document.querySelector('[data-room=\"6A1\"].tile')"
    row = "document.querySelector('[data-device=\"board-6a1-01\"]')"
    page.wait(f"{tile}.dataset.status === 'critical'")
    page.wait(f"{row}.dataset.status === 'critical'")
    served.judge(passing_s=HELD_S)
    page.wait("document.getElementById('needs').textContent === '6'")
    page.wait("document.querySelector('[data-count=working]').textContent === '1.261'")
    assert page.see("document.querySelectorAll('#tasks li').length") == 6
    assert "6A1" in page.see("document.querySelector('#tasks').textContent")
    served.tell(device("6A1", BOARD, status=OK))
    page.wait(f"{tile}.dataset.status === 'ok'")
    served.judge(passing_s=HELD_S)
    page.wait("document.getElementById('needs').textContent === '5'")
    assert page.see("window.mark") == 1
    assert page.errors == []


def test_what_the_script_writes_is_what_the_server_would(page: Page, served: Served) -> None:
    """After changes, the live page and a fresh one show the same tiles, counts and work."""
    page.open(served.url)
    page.wait(FRESH)
    served.tell(
        device("6A1", BOARD, status=CRITICAL, reasons=(Reason("temperature_high", 1234.5, 92.0),)),
        agent(
            "6A2",
            lesson="van-2",
            status=WARNING,
            reasons=(Reason("kit_missing", "camera"), Reason("internet_unreachable")),
            kit=(
                KitLine(kind=DeviceKind.CAMERA, wanted=2, here=0),
                KitLine(name="GeoGebra", wanted=1, here=0),
            ),
        ),
        device(
            "6A1",
            DeviceKind.CAMERA,
            status=WARNING,
            reasons=(Reason("picture_blurred"),),
            measures=DeviceMeasures(power="on", picture="blurred", filter_hours=1500),
        ),
        device("6A1", TABLET, 1, reasons=(Reason("sleeping"),)),
        *(
            device("6A5", TABLET, n, status=CRITICAL, reasons=(Reason("battery_low", 7.0),))
            for n in (1, 2, 3)
        ),
    )
    parts = [".tile", "#counts", "#tasks", "#rest", "#rows .state", "#rows .why", "#rows .facts"]
    parts += ['.tile [title]:not([title=""])']
    seen = f"""JSON.stringify({parts}.map((each) => [...document.querySelectorAll(each)].map(
        (found) => found.innerText.replace(/\\s+/g, ' ') + (found.title || ''))))
    """
    served.judge(passing_s=HELD_S)
    page.wait("document.getElementById('needs').textContent === '9'")
    page.wait("document.querySelector('#rest').textContent.includes('3')")
    live = page.see(seen)
    page.open(served.url)
    assert page.see(seen) == live


def test_what_is_heard_while_the_page_is_asked_anew_stays(page: Page, served: Served) -> None:
    """An answer written before a change takes nothing back that the line has told since."""
    page.open(served.url)
    page.wait(FRESH)
    page.see("""(() => { const real = window.fetch;
        window.fetch = async (...request) => {
            const answer = await real(...request), text = await answer.text();
            await new Promise((release) => { window.release = release; });
            window.fetch = real;
            return new Response(text);
        }; })()""")
    row = "document.querySelector('[data-device=\"board-6a1-01\"]')"
    tile = "document.querySelector('[data-room=\"6A1\"].tile')"
    served.tell(device("6A1", DeviceKind.AUDIO))  # a new row: the page is asked for anew
    page.wait("window.release")
    served.tell(device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    for shown in (row, tile):
        page.wait(f"{shown}.dataset.status === 'critical'")
    page.see(f"{row}.id = 'before'; window.release()")
    page.wait("!document.querySelector('#before')")
    assert page.see(f"[{row}.dataset.status, {tile}.dataset.status]") == ["critical", "critical"]


def test_a_lost_server_is_told_within_ten_seconds_and_found_again(
    page: Page, served: Served
) -> None:
    """The page says so, comes back by itself, and shows what it missed; no reload."""
    page.open(served.url)
    page.see("window.mark = 1")
    page.wait(FRESH)
    served.stop()
    page.wait("document.getElementById('age').dataset.age === 'lost'", limit_s=10)
    served.tell_store(device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    served.start()
    page.wait(FRESH)
    page.wait("document.querySelector('[data-room=\"6A1\"].tile').dataset.status === 'critical'")
    page.wait("document.querySelector('[data-device=\"board-6a1-01\"]').dataset.status !== 'ok'")
    assert page.see("window.mark") == 1


def test_a_silent_server_is_told_too(page: Page, served: Served) -> None:
    """A line that is open but says nothing for ten seconds is not called fresh."""
    page.open(served.url)
    page.wait(FRESH)
    page.call(
        "Network.emulateNetworkConditions",
        offline=True,
        latency=0,
        downloadThroughput=0,
        uploadThroughput=0,
    )
    page.see("""(() => { const real = performance.now.bind(performance);
        performance.now = () => real() + 20000; })()""")
    page.wait("document.getElementById('age').dataset.age === 'lost'")
    page.see(
        "(() => { const real = performance.now.bind(performance);"
        " performance.now = () => real() + 100000; })()"
    )
    page.wait("document.getElementById('age').dataset.age === 'old'")


def test_a_rooms_screen_follows_its_room(page: Page, served: Served) -> None:
    """Devices, status, events and the roll change where the room is open."""
    page.open(f"{served.url}rooms/6A1")
    page.wait(FRESH)
    served.tell(
        device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)),
        event("e77"),
    )
    page.wait("document.querySelector('.title .state').dataset.status === 'critical'")
    page.wait("document.querySelector('.events').textContent.includes('Tiết học bắt đầu')")
    served.tell(mark("m5", day="2026-09-05"))
    page.wait("document.getElementById('marked').textContent === '1'")
    served.tell(device("6A1", TABLET, 99, name="bảng thứ 99"))
    page.wait("document.querySelector('#rows').textContent.includes('bảng thứ 99')")
    assert page.errors == []


LINE_LATER = """{
  const Real = WebSocket;
  window.WebSocket = class {
    constructor(...given) {
      if (window.mayConnect) return new Real(...given);
      setTimeout(() => this.onclose());
    }
    close() {}
  };
}"""


@pytest.mark.parametrize("path", ["rooms/6A1", ""])
def test_what_comes_before_the_line_is_there_is_shown(
    page: Page, served: Served, path: str
) -> None:
    """Neither the page as it was written nor a change on the line would tell of it."""
    page.call("Page.enable")
    page.call("Page.addScriptToEvaluateOnNewDocument", source=LINE_LATER)
    page.open(f"{served.url}{path}")
    served.tell(device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    until(lambda: "6A1" in {one.key.room for one in served.live.rooms() if one.status is CRITICAL})
    page.see("window.mayConnect = true")
    page.wait(
        "document.querySelector('[data-device=\"board-6a1-01\"]').dataset.status === 'critical'"
    )
    assert page.errors == []


def test_a_rooms_kit_is_followed_in_vietnamese(page: Page, served: Served) -> None:
    """What is missing stands on the tile and on the room's screen, and goes when it comes."""
    page.open(served.url)
    page.wait(FRESH)
    lacking = "document.querySelector('[data-room=\"6A1\"] .lacking')"
    assert page.see(f"{lacking}.hidden") is True
    served.tell(*a_full_room())
    page.wait(f"{lacking}.textContent === 'thiếu 1'")
    assert page.see(f"{lacking}.title") == "camera 1/2"
    tablets = "document.querySelector('[data-room=\"6A1\"] .tablets').title"
    assert page.see(tablets) == "máy tính bảng: 40/40 (2 đang ngủ)"
    page.open(f"{served.url}rooms/6A1")
    page.wait(FRESH)
    kit = page.see("document.querySelector('.kit').innerText.replace(/\\s+/g, ' ')")
    assert kit.startswith("Bộ thiết bị của phòng thiếu 1 máy tính 1/1 bảng tương tác 1/1")
    assert "camera 1/2" in kit
    assert "LibreOffice đang chạy GeoGebra đã cài, chưa chạy" in kit
    whole = (KitLine(kind=DeviceKind.CAMERA, wanted=2, here=2),)
    served.tell(agent("6A1", kit=whole), device("6A1", DeviceKind.CAMERA, 2))
    page.wait("document.querySelector('.kit .sum').textContent === 'đủ'")
    assert page.see("document.querySelector('.kit .state').dataset.status") == "ok"
    assert page.errors == []


def test_what_a_projector_tells_changes_without_a_reload(page: Page, served: Served) -> None:
    """Its lamp's hours, its input, and nothing once it tells nothing."""
    page.open(f"{served.url}rooms/6A1")
    page.see("window.mark = 1")
    page.wait(FRESH)
    facts = "document.querySelector('[data-device=\"projector-6a1-01\"] .facts').textContent"
    told = DeviceMeasures(power="warming", input="HDMI 2", lamp_hours=1204)
    served.tell(device("6A1", DeviceKind.PROJECTOR, measures=told))
    page.wait(f"{facts} === 'đang khởi động · HDMI 2 · bóng đèn 1.204 giờ'")
    served.tell(device("6A1", DeviceKind.PROJECTOR))
    page.wait(f"{facts} === ''")
    assert page.see("window.mark") == 1
    assert page.errors == []


def test_the_first_room_appears_in_an_empty_school(page: Page, tmp_path: Path) -> None:
    """The friendly sentence gives way to a tile, without a reload."""
    with a_store(tmp_path) as empty, Served(empty) as served:
        page.open(served.url)
        page.wait("document.querySelector('.empty')")
        page.wait(FRESH)
        served.tell(agent("7A2"), device("7A2", BOARD))
        page.wait("document.querySelector('[data-room=\"7A2\"].tile')")
        page.wait("document.querySelector('[data-device=\"board-7a2-01\"]')")
        assert page.see("document.querySelector('[data-count=rooms]').textContent") == "1"
        assert page.errors == []


def test_a_filter_and_the_scroll_survive_what_comes_and_goes(page: Page, served: Served) -> None:
    """A device that joins the filtered table appears; what was chosen stays chosen."""
    page.open(f"{served.url}?status=critical", 1366, 500)
    page.wait(FRESH)
    page.see("scrollTo(0, 200)")
    page.see("document.querySelector('select[name=kind]').value = 'board'")
    served.tell(device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    page.wait("document.querySelector('[data-device=\"board-6a1-01\"]')")
    assert page.see("document.querySelector('select[name=kind]').value") == "board"
    assert page.see("Math.round(scrollY)") == 200


def test_a_filter_by_room_holds_however_the_address_writes_it(page: Page, served: Served) -> None:
    """P.203 is room 203: its devices change in their rows, and come, without a reload."""
    served.tell(agent("203"), device("203", BOARD))
    page.open(f"{served.url}?room=P.203")
    page.wait(FRESH)
    row = "document.querySelector('[data-device=\"board-203-01\"]')"
    page.wait(f"{row} && document.querySelectorAll('#rows tr').length === 1")
    page.see(f"{row}.id = 'same'")
    served.tell(device("203", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
    page.wait(f"{row}.dataset.status === 'critical'")
    assert page.see(f"{row}.id") == "same"
    served.tell(device("6A1", BOARD, 7), device("P203", TABLET))
    page.wait("document.querySelector('[data-device=\"tablet-p203-01\"]')")
    assert page.see("document.querySelectorAll('#rows tr').length") == 2
    assert page.errors == []


@pytest.mark.parametrize("language", ["vi", *wide("en")])
@pytest.mark.parametrize("path", ["", *wide("rooms/7A3", "rooms/6A1", "rooms/%3F")])
def test_nothing_sticks_out_at_any_size(
    page: Page, served: Served, language: str, path: str
) -> None:
    """No sideways scrolling, no tile whose words overflow it."""
    served.tell(*a_full_room(), agent(NO_ROOM, kit=a_full_room()[0].kit, lesson="toan-1"))
    until(lambda: len(served.live.rooms()) == 31)
    page.open(f"{served.url}{path}?lang={language}")
    wide = "[...document.querySelectorAll('.tile a')].filter((a) => a.scrollWidth > a.clientWidth)"
    for width, _ in page.at_each_size():
        assert page.see("document.documentElement.scrollWidth") <= width
        assert page.see(f"{wide}.map((a) => a.innerText)") == []


@pytest.mark.parametrize("language", ["vi", "en"])
def test_thirty_rooms_are_seen_without_scrolling(page: Page, served: Served, language: str) -> None:
    """On the common laptop the whole school is one glance, with some air; the bar is one line."""
    page.open(f"{served.url}?lang={language}")
    bottoms = "[...document.querySelectorAll('.tile')].map((t) => t.getBoundingClientRect().bottom)"
    assert page.see(f"Math.max(...{bottoms})") <= 768 - AIR_PX
    assert page.see(f"{bottoms}.length") == 30
    assert page.see("document.querySelector('.bar').offsetHeight") < 50


def test_what_is_old_has_no_colours(page: Page, served: Served) -> None:
    """A page that lost its server is grey, and does not say that all is well."""
    page.open(served.url)
    page.wait(FRESH)
    colours = "getComputedStyle(document.querySelector('main')).filter"
    assert page.see(colours) == "none"
    served.stop()
    page.wait(f"{colours} === 'grayscale(1)'")
    assert page.see("document.getElementById('age').dataset.age") != "fresh"
    served.start()
    page.wait(f"{FRESH} && {colours} === 'none'")


def test_a_room_is_reached_by_keyboard_alone(page: Page, served: Served) -> None:
    """Tab walks past the causes to the tiles, Enter opens one."""
    page.open(served.url)
    for _ in range(60):
        page.press("Tab")
        if page.see("document.activeElement.closest('.tile') !== null"):
            break
    page.press("Enter")
    page.wait("location.pathname === '/rooms/6A1'")


def test_the_key_of_the_search_leads_to_its_box(page: Page, served: Served) -> None:
    """From anywhere but a field, unless it was switched off; Enter shows what was found."""
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))"
    page.open(f"{served.url}search")
    page.see(press)
    assert page.see("document.activeElement.id") == "seek"
    page.see("document.activeElement.value = 'may chieu 6a1'")
    page.press("Enter")
    page.wait("document.querySelector('[data-group=devices] li a')?.textContent === 'projector 1'")
    page.click("#slash")
    page.open(f"{served.url}rooms/6A1")
    page.see(press)
    assert page.see("document.activeElement.id") != "seek"
    assert page.errors == []


@pytest.mark.wide
def test_ten_thousand_devices_open_in_four_requests(page: Page, tmp_path: Path) -> None:
    """Page, style, script and line: no more than 32 KB of them all, whatever the school's size."""
    with a_store(tmp_path, a_morning(rooms=230)) as store, Served(store, clock=at_rest) as served:
        served.judge(passing_s=HELD_S)
        page.open(served.url)
        page.wait(FRESH)
        # A line that a starved machine cut and began anew is the same one.
        asked = {url for url in page.requests if not url.endswith("icon.svg")}
        parts = (
            "[performance.getEntriesByType('navigation'), performance.getEntriesByType('resource')]"
        )
        sizes = page.see(f"{parts}.flat().map((part) => part.transferSize)")
        assert len(asked) == 4, asked
        assert sum(sizes) <= 32 * 1024, sizes


@pytest.mark.wide
def test_ten_tabs_of_one_browser_are_all_live(browser: Profile, served: Served) -> None:
    """Unlike event streams, sockets are not rationed to six a host."""
    with contextlib.ExitStack() as tabs:
        pages = [tabs.enter_context(opened_tab(browser, Screen)) for _ in range(10)]
        for tab in pages:
            tab.open(f"{served.url}rooms/6A1")
        until(lambda: served.live.browsers == 10)
        served.tell(device("6A1", BOARD, status=CRITICAL, reasons=(Reason("unplugged"),)))
        for tab in pages:
            tab.wait("document.querySelector('.title .state').dataset.status === 'critical'")
    until(lambda: served.live.browsers == 0)


@pytest.mark.parametrize("path", ["", *wide("?lang=en", "rooms/7A3", "rooms/6A1", "rooms/none")])
def test_every_screen_can_be_used_by_everybody(page: Page, tmp_path: Path, path: str) -> None:
    """No violation of WCAG 2.1 AA, on the laptop, the upright tablet and the phone.

    Each tile is looked at for long: of thirty rooms those that differ are enough.
    """
    told = [each for each in a_morning(tablets=13) if getattr(each, "room", "") in UNLIKE]
    with a_store(tmp_path, told) as store, Served(store) as served:
        served.tell(*a_full_room())
        page.open(f"{served.url}{path}")
        for size in page.at_each_size():
            assert violations(page) == [], size


def test_a_running_lesson_and_a_fault_are_seen_without_a_reload(page: Page, served: Served) -> None:
    """Class and figures on the tile, the fault in the list of work; dealt with, it goes."""
    page.open(f"{served.url}?lang=vi")
    page.wait(FRESH)
    today = "2026-09-05"
    place = {"boot": "b1", "room": "6A1", "lesson": "l1", "at_ms": NOW_MS}
    lines = tuple(
        RollLine(student=f"s{n}", class_code="6A1", status=status, method=Method.MANUAL)
        for n, status in enumerate((AttendanceStatus.PRESENT, AttendanceStatus.ABSENT_EXCUSED))
    )
    fleet = Fleet(SCHOOL, ZONE)
    said = (
        LessonStarted(id="x1", seq=1, classes=("6A1",), period=1, subject="Toán", **place),
        RollConfirmed(id="x2", seq=2, day=today, classes=("6A1",), lines=lines, **place),
        FaultReported(id="x3", seq=3, part=Part.BOARD, **place),
    )
    told = [each for one in said for each in fleet.hear("may-6a1", one, place["at_ms"])]
    kept = [each for each in told if isinstance(each, EventRecord | RollRecord | FaultRecord)]
    served.tell(agent("6A1", lesson="l1"), *kept)
    tile = "document.querySelector('[data-room=\"6A1\"].tile')"
    page.wait(f"{tile}.querySelector('.lesson').textContent === '6A1 2/1/1'")
    assert page.see(f"{tile}.querySelector('.lesson').title") == "6A1 · Toán · tiết 1 · 2/1/1"
    assert page.see(f"{tile}.querySelector('.broken').textContent") == "hỏng: bảng"
    served.judge()
    page.wait("document.querySelector('#work').innerText.includes('Thầy/cô báo hỏng.')")
    seen = page.see(f"{tile}.innerText.replace(/\\s+/g, ' ')")
    page.open(served.url)
    assert page.see(f"{tile}.innerText.replace(/\\s+/g, ' ')") == seen
    page.open(f"{served.url}rooms/6A1")
    assert "thầy/cô dạy ở phòng này" in page.see("document.querySelector('.faults').innerText")
    page.see("document.querySelector('.faults button').click()")
    page.wait("document.readyState === 'complete' && !document.querySelector('.faults')")
    assert page.see("location.pathname") == "/rooms/6A1"
    page.wait("document.querySelector('.events').textContent.includes('Đã xử lý: bảng.')")


@pytest.mark.parametrize(
    "path",
    one_short(
        ["attendance", "login", "attendance/6A1", "looks", "devices", "rooms", "search?q=bang"], 2
    ),
)
def test_the_offices_pages_fit_any_screen(page: Page, served: Served, path: str) -> None:
    """Nothing sticks out, nothing is refused."""
    page.open(f"{served.url}{path}")
    for width, _ in page.at_each_size():
        assert page.see("document.documentElement.scrollWidth") <= width
    assert page.errors == []


def test_the_office_enters_by_its_password_in_a_browser(
    page: Page, served: Served, store: Store
) -> None:
    """The form is taken, and leads on to where the person wanted to go."""
    store.write(set_password, "một mật khẩu dài")
    page.open(f"{served.url}login?next=/attendance/6A1")
    page.see("document.querySelector('[name=password]').value = 'một mật khẩu dài'")
    page.see("document.querySelector('main form button').click()")
    page.wait("location.pathname === '/attendance/6A1' && document.querySelector('.sheet')")


FOOT = """[...document.querySelectorAll('.tile .lesson')].filter((one) => !one.hidden)
    .map((one) => [one.textContent, one.scrollWidth > one.clientWidth])"""
ROLL = "10A12 45/44/1"


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_roll_is_never_cut_for_the_hour_beside_it(
    page: Page, served: Served, language: str
) -> None:
    """At each size the class and its figures are whole; words of a count are, too."""
    page.open(f"{served.url}?lang={language}")
    page.wait(FRESH)
    page.see(
        f"document.querySelectorAll('.tile .lesson').forEach((one) => {{ one.hidden = false;"
        f" one.textContent = '{ROLL}'; }})"
    )
    cut = """[...document.querySelectorAll('.counts span')]
        .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""
    for size in page.at_each_size():
        assert page.see(FOOT) == [[ROLL, False]] * 30, size
        assert page.see(cut) == [], size
