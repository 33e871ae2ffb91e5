"""These tests say what the screens show as they leave the server, before any script runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

import controller
from controller.dashboard.words import RoomWords
from controller.database.store import Store
from controller.live.rooms import FAULT_REPORTED
from controller.web.words import language_of
from protocol.health import ReasonCode
from protocol.messages import HostMeasures, KitLine, LineMeasures
from protocol.model import NO_ROOM, DeviceKind, DeviceMeasures, Identity, Place, Reason, Status
from tests.controller.web_school import (
    NAME,
    NOW_MS,
    SCHOOL,
    UNKNOWN,
    ZONE,
    Record,
    Served,
    a_face,
    a_full_room,
    a_live,
    a_morning,
    a_store,
    agent,
    at_rest,
    changes_something,
    device,
    event,
    mark,
)
from tests.waiting import until
from tests.web import http_client, http_request

BOARD, TABLET = DeviceKind.BOARD, DeviceKind.TABLET
_CODE = (
    r"\{% macro room_address.*?endmacro %\}|\{% block live %\}.*?\{% endblock %\}"
    r"|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}"
)
_TAGS = r"<pre[^>]*>.*?</pre>|<[^>]*>"
_NAMES = {
    *("Android", "iPad", "iPhone", "LopHoc", "CSV", "XLSX", "DOCX", "Excel", "GLPI", "Snipe"),
    *("https", "tcp", "udp"),
}
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"
TEMPLATES = sorted(Path(controller.__file__ or "").parent.glob("*/templates/*.html"))


class Outline(HTMLParser):
    """What a page is made of: its tags with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if data.strip():
            self.words.append(data.strip())

    def find(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of all tags that have these."""
        return [
            found
            for name, found in self.tags
            if name == tag and attributes.items() <= {k: v or "" for k, v in found.items()}.items()
        ]


def records() -> list[Record]:
    """A whole school on an ordinary morning."""
    lost = event("e2", "7A2", kind="device_vanished", body=b'{"device_id":"d","name":"bang"}')
    return [*a_morning(), event("e1", "7A2"), lost, mark("m1")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with the school."""
    with a_store(tmp_path, records()) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The school's face for all tests that only read."""
    folder = tmp_path_factory.mktemp("library")
    with a_store(folder, records()) as opened, Served(opened, clock=at_rest) as running:
        running.judge(passing_s=1200)
        yield running


@pytest.fixture
def served(store: Store) -> Iterator[Served]:
    """The school's face, English words as they are in the code."""
    with Served(store, clock=at_rest) as running:
        yield running


@pytest.fixture
def web(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A browser without JavaScript whose user has chosen English."""
    cookies = {"lang": "en"}
    name = "served" if changes_something(request) else "library"
    with http_client(request.getfixturevalue(name).url, cookies=cookies) as client:
        yield client


def outline(web: httpx.Client, path: str) -> Outline:
    """A page that opens."""
    answer = web.get(path)
    assert answer.status_code == 200
    return Outline(answer.text)


def test_the_first_screen_shows_every_room_and_what_needs_doing(web: httpx.Client) -> None:
    """Thirty tiles, five grouped lines of work, fifty rows, four counts."""
    page = outline(web, "/")
    assert len(page.find("li", **{"class": "tile"})) == 30
    assert len(page.find("tr")) == 51
    assert "tablet (12)" in page.words
    assert "Switched off or left the network." in page.words
    assert [page.words.count(figure) for figure in ("19", "30", "1,262", "1,320")] == [1, 1, 1, 1]
    assert NAME in page.words


def test_a_status_is_told_by_shape_and_word_as_well_as_colour(web: httpx.Client) -> None:
    """Every tile has the symbol and the word of its status."""
    text = web.get("/").text
    words = {"ok": "working", "warning": "needs a look", "critical": "needs repair"}
    tiles = re.findall(r'<li class="tile".*?</li>', text, re.DOTALL)
    for tile in tiles:
        status = re.search(r'data-status="(\w+)"', tile)
        assert status is not None
        assert f'href="#s-{status[1]}"' in tile
        assert words.get(status[1], "unknown") in tile
    assert {"7A3", "8A2"} <= {re.search(r'data-room="(\w+)"', tile)[1] for tile in tiles}  # type: ignore[index]


def test_the_table_is_walked_page_by_page_without_a_script(web: httpx.Client) -> None:
    """Following "next" passes every tablet that is off, once, and keeps the filter."""
    path = "/?status=unknown&kind=tablet"
    seen: list[str | None] = []
    while True:
        page = outline(web, path)
        seen += [found["data-device"] for found in page.find("tr") if "data-device" in found]
        following = page.find("a", rel="next")
        if not following:
            break
        path = str(following[0]["href"])
        assert "status=unknown" in path
    assert len(seen) == len(set(seen)) == 52


def test_a_filter_that_fits_nothing_says_so(web: httpx.Client) -> None:
    """An empty table is explained."""
    assert "No device fits." in outline(web, "/?room=6A1&status=critical").words


def test_a_page_that_cannot_be_gone_on_from_explains_itself(web: httpx.Client) -> None:
    """A broken cursor gives a page for people, not JSON."""
    answer = web.get("/?cursor=nonsense")
    assert answer.status_code == 422
    assert "cursor is no place to go on from." in answer.text


def test_a_room_shows_its_devices_its_computer_and_its_log(web: httpx.Client) -> None:
    """All 44 devices, the worst first, reasons as sentences, events as sentences."""
    page = outline(web, "/rooms/7A2")
    rows = [found["data-device"] for found in page.find("tr") if "data-device" in found]
    assert len(rows) == 44
    assert rows[0] == "tablet-7a2-01"
    assert page.find("div", id="room")[0]["data-room"] == "7A2"
    assert {"may-7a2", "A lesson began.", "bang went away."} <= set(page.words)
    assert [word for word in page.words if re.match(r"\d+ %", word)] == ["12 %", "48 %", "61 %"]


@pytest.mark.parametrize("address", ["/rooms/203", "/rooms/P203", "/rooms/ph%C3%B2ng%20203"])
def test_a_room_that_is_written_in_two_ways_has_one_page(
    web: httpx.Client, served: Served, address: str
) -> None:
    """Both agents' devices and events, and all under the name of its tile."""
    served.tell(
        agent("203"),
        device("P203", BOARD, device_id="board-p203"),
        event("e203", room="P203", kind="lesson_ended", body=b"{}"),
    )
    until(lambda: len(served.live.rooms()) == 31)
    page = outline(web, address)
    rows = [
        (row["data-device"], row["data-room"]) for row in page.find("tr") if "data-device" in row
    ]
    assert (page.find("div", id="room")[0]["data-room"], rows) == ("203", [("board-p203", "203")])
    assert "The lesson ended." in page.words
    listed = outline(web, "/?room=Ph%C3%B2ng 203")
    assert "board-p203" in [row.get("data-device") for row in listed.find("tr")]
    (option,) = listed.find("option", value="203")
    assert "selected" in option


def text_of(web: httpx.Client, path: str) -> str:
    """A page's words in a row."""
    return " ".join(" ".join(outline(web, path).words).split())


def test_a_room_shows_its_kit_and_what_is_missing(web: httpx.Client, served: Served) -> None:
    """Kinds with how many of how many, programs with how they are, and the sum."""
    served.tell(*a_full_room())
    until(lambda: served.live.rooms()[0].kit)
    text = text_of(web, "/rooms/6A1")
    assert (
        "The room's kit missing 1 computer 1/1 interactive board 1/1 camera 1/2 tablet 40/3" in text
    )
    assert "LibreOffice running GeoGebra installed, not running" in text
    full = (KitLine(kind=BOARD, wanted=1, here=1),)
    served.tell(agent("6A1", kit=full))
    until(lambda: served.live.rooms()[0].kit == full)
    assert "The room's kit complete" in text_of(web, "/rooms/6A1")
    assert "The room's kit" not in text_of(web, "/rooms/6A2")


def test_a_kit_of_which_nobody_tells_now_is_not_called_complete(
    web: httpx.Client, served: Served
) -> None:
    """What a lost computer told last is shown as that, without a tick."""
    full = (KitLine(kind=BOARD, wanted=1, here=1),)
    served.tell(agent("6A1", kit=full, online=False, status=UNKNOWN))
    until(lambda: served.live.rooms()[0].kit)
    page = outline(web, "/rooms/6A1")
    assert "as it was last told: the room's computer is not connected" in page.words
    assert page.find("p", **{"class": "state"})[0]["data-status"] == "unknown"


def test_a_tile_says_what_is_missing_and_who_sleeps(web: httpx.Client, served: Served) -> None:
    """The count in the tile, the names on hovering; a room that lacks nothing shows nothing."""
    served.tell(*a_full_room())
    until(lambda: served.live.rooms()[0].kit)
    page = outline(web, "/")
    marks = page.find("span", **{"class": "lacking"})
    assert [marks[0]["title"], "hidden" in marks[0]] == ["camera 1/2", False]
    assert {"hidden" in each for each in marks[1:]} == {True}
    tablets = page.find("span", **{"class": "part tablets"})
    assert tablets[0]["title"] == "tablet: 40/40 (2 asleep)"
    assert tablets[1]["title"] == "tablet: 40/40"


def test_a_room_shows_its_line_and_what_devices_tell(web: httpx.Client, served: Served) -> None:
    """Only what was told: no domain names, no outage."""
    served.tell(*a_full_room())
    until(lambda: served.live.rooms()[0].kit)
    text = text_of(web, "/rooms/6A1")
    assert (
        "network reached school's server reached internet out of reach round trip 12.3 ms" in text
    )
    assert "battery wear 31 % Wi-Fi signal good (-64 dBm)" in text
    assert "switched on · HDMI 1 · lamp 1,204 h · filter 80 h" in text
    assert "192.0.2.30:4352" in text
    assert "by its serial number" in text
    assert "domain names" not in text
    assert "server out of reach for" not in text


def test_a_reason_of_what_works_is_told_quietly(web: httpx.Client, served: Served) -> None:
    """It stands with the agent, and is no line of work."""
    served.tell(*a_full_room())
    until(lambda: served.live.rooms()[0].kit)
    said = "The internet is out of reach; lessons go on without it."
    assert said in outline(web, "/rooms/6A1").words
    assert said not in outline(web, "/").words


def test_what_has_no_room_yet_is_called_so_everywhere(web: httpx.Client, served: Served) -> None:
    """Tile, line of work, filter, row, title; its page opens."""
    reasons = (Reason("room_unknown"),)
    served.tell(
        agent(NO_ROOM, status=Status.WARNING, reasons=reasons, roaming=True),
        device(NO_ROOM, BOARD, device_id="a-first-row"),
    )
    until(lambda: len(served.live.rooms()) == 31)
    served.judge(passing_s=600)
    page = outline(web, "/")
    assert NO_ROOM not in page.words
    assert page.words.count("No room yet") == 4
    address = page.find("a", id=f"tile-00123-{NO_ROOM}")[0]["href"]
    assert page.find("li", **{"class": "tile"})[-1]["data-room"] == NO_ROOM
    assert page.find("option", value=NO_ROOM)
    room = outline(web, str(address))
    assert "No room yet" in room.words
    assert "carried from room to room" in room.words
    assert "a-first-row" in [found.get("data-device") for found in room.find("tr")]


@pytest.mark.parametrize(
    ("dbm", "word"), [(-40, "strong"), (-60, "good"), (-70, "fair"), (-78, "weak"), (-95, "weak")]
)
def test_a_signal_is_told_in_a_word_and_its_figure(dbm: float, word: str) -> None:
    """It is called weak from where it is a warning."""
    words = RoomWords("en", str, ZONE)
    told = words.measures(HostMeasures(wifi_signal_dbm=dbm))
    assert told == [("Wi-Fi signal", f"{word} ({dbm} dBm)")]


def test_an_outage_is_told_in_minutes() -> None:
    """None of nothing tried; no outage of no minutes."""
    words = RoomWords("en", str, ZONE)
    assert words.line(LineMeasures()) == []
    assert words.line(LineMeasures(outage_min=0)) == []
    assert words.line(LineMeasures(controller=False, outage_min=7.4)) == [
        ("school's server", "out of reach"),
        ("server out of reach for", "7 minutes"),
    ]


@pytest.mark.parametrize(
    ("measures", "reasons", "said"),
    [
        (None, (), ""),
        (DeviceMeasures(), (), ""),
        (DeviceMeasures(power="unknown"), (), ""),
        (DeviceMeasures(power="standby-of-the-future"), (), ""),
        (DeviceMeasures(power="cooling", lamp_hours=0), (), "cooling down"),
        (DeviceMeasures(picture="blurred"), (), "blurred picture"),
        (DeviceMeasures(picture="blurred"), (Reason("picture_blurred"),), ""),
        (DeviceMeasures(picture="ok"), (), "good picture"),
    ],
)
def test_a_device_is_told_of_by_what_it_told(
    measures: DeviceMeasures | None, reasons: tuple[Reason, ...], said: str
) -> None:
    """What is not known is not told; what a reason says is not said twice."""
    words = RoomWords("en", str, ZONE)
    assert words.facts(device("6A1", BOARD, measures=measures, reasons=reasons)) == said


def test_every_identity_has_its_words() -> None:
    """And what an older agent does not tell has none."""
    words = RoomWords("en", str, ZONE)
    assert len({words.identity(each) for each in Identity}) == len(Identity)
    assert words.identity(None) == ""


def test_a_room_that_does_not_exist_is_a_friendly_404(web: httpx.Client) -> None:
    """People get a page."""
    answer = web.get("/rooms/99Z")
    assert (answer.status_code, "There is no such room." in answer.text) == (404, True)


def test_an_empty_school_is_told_how_to_connect_the_first_room(tmp_path: Path) -> None:
    """No rooms: a friendly sentence and a command, no empty table."""
    with a_store(tmp_path) as empty, Served(empty) as served:
        page = Outline(http_request("GET", f"{served.url}?lang=en").text)
    assert "No classroom is connected yet" in page.words
    assert "lophoc-agent run --province 79 --school 00123 --room 7A2" in page.words
    assert not page.find("table")


def test_hostile_names_are_text(web: httpx.Client, served: Served) -> None:
    """A device's name is never markup, on either screen, nor in the room's address."""
    room = 'A"><img src=x>/1'
    served.tell(
        replace(agent("6A1"), room=room, place=SCHOOL.of_agent("may-x")),
        replace(device("6A1", BOARD, name=HOSTILE, vendor=HOSTILE), room=room),
        event("e9", room, body=b'{"name":"<b>x</b>"}', kind="device_appeared"),
    )
    answer = web.get("/")
    assert "img src=x" not in re.sub(r"&lt;img src=x", "", answer.text)
    address = Outline(answer.text).find("a", id=f"tile-00123-{room}")[0]["href"]
    text = web.get(str(address)).text
    assert HOSTILE in Outline(text).words
    assert "<script>alert" not in text
    assert "<b>x" not in text


@pytest.mark.parametrize("path", ["/", "/rooms/7A2"])
def test_nothing_on_a_page_runs_or_loads_from_elsewhere(web: httpx.Client, path: str) -> None:
    """No inline script, style or handler; every address is this server's own."""
    page = outline(web, path)
    assert all("src" in found for found in page.find("script"))
    assert not page.find("style")
    for _, attributes in page.tags:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href", "action"):
            value = attributes.get(name) or "/"
            assert value.startswith(("/", "#", "?"))
            assert not value.startswith("//")


def test_the_first_load_is_small(web: httpx.Client) -> None:
    """At most 60 KB and four requests for 30 rooms and 1,320 devices."""
    page = web.get("/")
    loads = ["/"] + [
        str(found.get("href") or found.get("src"))
        for tag, found in Outline(page.text).tags
        if tag in {"link", "script", "img"}
    ]
    assert len(loads) <= 4
    sizes = []
    for address in loads:
        with web.stream("GET", address) as answer:
            sizes.append(sum(len(part) for part in answer.iter_raw()))
    assert sum(sizes) <= 60_000


def test_the_pages_harden_the_browser(web: httpx.Client) -> None:
    """Strict policy, no sniffing, no referrer, no framing."""
    headers = web.get("/").headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("asked", "remembered", "chosen"),
    [("", "", "vi"), ("en", "vi", "en"), ("", "en", "en"), ("vi", "en", "vi"), ("xx", "yy", "vi")],
)
def test_the_language_is_asked_for_remembered_or_the_schools(
    asked: str, remembered: str, chosen: str
) -> None:
    """In that order; what is not known is passed over."""
    assert language_of(asked, remembered, "vi") == chosen


def test_a_language_once_asked_for_is_remembered(served: Served) -> None:
    """The choice outlives the address, and keeps the filter."""
    with http_client(served.url) as browser:
        assert browser.get("/").headers["content-language"] == "vi"
        page = Outline(browser.get("/?status=ok").text)
        assert page.find("a", hreflang="en")[0]["href"] == "?status=ok&lang=en"
        assert browser.get("/?lang=en").headers["content-language"] == "en"
        assert browser.get("/rooms/7A2").headers["content-language"] == "en"


def test_times_are_those_of_the_schools_clock() -> None:
    """dd/mm/yyyy HH:MM in Vietnam; the hour alone for today."""
    words = RoomWords("en", str, ZONE)
    assert words.when(NOW_MS) == "05/09/2026 07:10"
    assert words.since(NOW_MS, NOW_MS) == "since 07:10"
    assert words.since(NOW_MS - 86_400_000, NOW_MS) == "since 04/09"
    assert words.since(0, NOW_MS) == "since 01/01/1970"


def test_the_script_is_given_every_word_it_may_need() -> None:
    """Each status, kind and reason has its text; values are filled in by the page."""
    words = RoomWords("en", str, ZONE).for_script()
    assert set(words["status"]) == set(Status)
    assert set(words["kind"]) == set(DeviceKind)
    assert set(words["reason"]) == {*ReasonCode, FAULT_REPORTED}
    assert "{value}" in words["reason"]["disk_low"]


def test_a_kind_of_event_from_a_newer_program_is_shown_as_it_is() -> None:
    """Nothing is hidden, nothing breaks."""
    words = RoomWords("en", str, ZONE)
    assert words.event(event("e1", kind="roof_leaked")) == "roof_leaked"
    health = event("e2", kind="health_changed", body=b'{"status":"critical"}')
    assert words.event(health) == "The room's computer: needs repair."


def test_a_department_tells_two_rooms_of_one_name_apart(tmp_path: Path) -> None:
    """Where many schools are in scope, addresses name the school."""
    there = Place("79", "00456", "may-6a1")
    records = [
        agent("6A1"),
        device("6A1", BOARD),
        agent("6A1", place=there),
        device("6A1", BOARD, 7, place=there),
    ]
    with a_store(tmp_path, records) as store, Served(store, scope=Place("79")) as served:
        page = Outline(http_request("GET", served.url).text)
        tiles = [page.find("a", id=f"tile-{code}-6A1")[0] for code in ("00123", "00456")]
        links = [str(tile["href"]) for tile in tiles]
        texts = [http_request("GET", served.url.rstrip("/") + link).text for link in links]
    assert "board-6a1-01" in texts[0]
    assert "board-6a1-07" not in texts[0]
    assert "board-6a1-07" in texts[1]


def test_every_text_of_the_templates_is_marked_for_the_catalogue() -> None:
    """A word between tags that is not passed through _() would stay English."""
    assert len(TEMPLATES) > 20
    for template in TEMPLATES:
        text = re.sub(_CODE, " ", template.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(_TAGS, " ", text, flags=re.DOTALL)
        left = set(re.findall(r"[^\W\d_]{3,}", text)) - _NAMES
        assert not left, template.name


def test_the_face_can_be_built_twice_over_one_store(store: Store) -> None:
    """Building opens nothing and keeps nothing."""
    live = a_live(store)
    assert a_face(store, live) is not a_face(store, live)
