"""These tests say what the equipment book's page shows, and what may be decided on it by whom."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from sqlalchemy import Connection

from controller.access.account import OFFICE
from controller.database.store import Store, StoreError
from controller.features import keep_batch
from controller.inventory.store import kpi_now
from controller.people.person import Role
from controller.reconcile.kpi import figure_of
from controller.reconcile.reconcile import DAY_MS, LineState, Reconciled
from controller.reconcile.standing import Desk
from controller.reconcile.store import figure_until, note_figure, reconciled
from controller.register import store as register
from controller.register.book import Fault
from controller.register.decisions import Deed
from controller.use.daily import keep_figures, note_today
from protocol.model import DeviceKind, Place, instant
from tests.controller.book_school import (
    DUPLICATE,
    EMPTY,
    HOSTILE,
    MISSING,
    MOVED,
    TAGLESS,
    UNSEEN,
    WELL,
    a_book,
    bring_in,
    line,
    now_ms,
    what_is_seen,
)
from tests.controller.dashboard.test_pages import Outline
from tests.controller.people import COOKIE, log_in, origin_of, set_password
from tests.controller.web_school import (
    SCHOOL,
    ZONE,
    Served,
    a_program,
    a_store,
    agent,
    device,
    numbered,
)
from tests.web import http_client

AWAY = {"x-forwarded-for": "192.0.2.7"}  # a stranger
STATE_OF = {
    DUPLICATE: LineState.DUPLICATE_SERIAL,
    TAGLESS: LineState.NO_ASSET_TAG,
    MISSING: LineState.MISSING,
    UNSEEN: LineState.NEVER_SEEN,
    MOVED: LineState.MOVED,
    WELL: LineState.OK,
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school that sees things and has no book."""
    with a_store(tmp_path, [agent("6A1"), *what_is_seen()]) as opened:
        yield opened


@pytest.fixture
def web(store: Store) -> Iterator[httpx.Client]:
    """A browser without JavaScript, of the office, in English."""
    cookies = {"lang": "en"}
    with (
        Served(store) as served,
        http_client(served.url, cookies=cookies) as client,
    ):
        yield client


@pytest.fixture
def book(store: Store, web: httpx.Client) -> httpx.Client:
    """The same with a book of every state."""
    bring_in(store, a_book())
    return web


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The same, shared by tests that change nothing."""
    folder = tmp_path_factory.mktemp("library")
    with a_store(folder, [agent("6A1"), *what_is_seen()]) as opened, Served(opened) as served:
        bring_in(opened, a_book())
        cookies = {"lang": "en"}
        with http_client(served.url, cookies=cookies) as client:
            yield Library(opened, client)


class Library(NamedTuple):
    """A school with a book, and a browser."""

    store: Store
    web: httpx.Client


def seen(web: httpx.Client, path: str = "/register") -> Outline:
    """A page that opens."""
    answer = web.get(path)
    assert answer.status_code == 200, answer.text
    return Outline(answer.text)


def rows(page: Outline) -> list[int]:
    """The lines that a page shows, in its order."""
    return [int(each["data-row"] or "0") for each in page.find("tr") if "data-row" in each]


def decided(web: httpx.Client, **form: str) -> Outline:
    """The page after a decision."""
    answer = web.post("/register/decisions", data=form)
    assert answer.status_code == 303
    return seen(web, answer.headers["location"])


def subjects(page: Outline) -> list[str | None]:
    """What the page says is not in the book."""
    return [each["data-subject"] for each in page.find("li") if "data-subject" in each]


def test_without_a_book_the_figure_is_not_determined(web: httpx.Client) -> None:
    """Never 100 %, and the page says how to begin."""
    page = seen(web)
    assert "not determined" in page.words
    assert not any("%" in word for word in page.words)
    assert page.find("a", href="/register/import")
    assert rows(page) == []


def test_the_figure_stands_with_its_parts_and_its_target(library: Library) -> None:
    """Three of ten count; the mark stands at 80, and words say what is missing."""
    book = library.web
    page = seen(book)
    assert "30 %" in page.words
    assert "3 of 10 items" in page.words
    assert "5 more items to the target of 80 %." in page.words
    assert page.find("line", x1="80", x2="80")
    assert page.find("rect", width="30.0", **{"class": "part"})
    told = [each["aria-label"] for each in page.find("svg", role="img")]
    assert told == ["Managed by digital record: 30 % (target 80 %)."]


def test_the_most_pressing_lines_stand_first(library: Library) -> None:
    """Duplicate serials before missing tags, what is in order last."""
    book = library.web
    page = seen(book)
    told = [each for each in page.find("tr") if "data-row" in each]
    shown = {int(each["data-row"] or 0): each["data-state"] for each in told}
    assert {row: shown[row] for row in STATE_OF} == STATE_OF
    assert list(dict.fromkeys(shown.values())) == list(LineState)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=moved", {MOVED}),
        ("state=never_seen", {2, UNSEEN, 8, EMPTY, 10}),  # also where another state comes first
        ("room=6A3", {MISSING}),
        ("type=projector", {TAGLESS, 8}),
        ("condition=broken", {10}),
        ("q=ts 006", {MOVED}),
        ("q=vs-00007", {WELL}),
        ("q=galaxy", {MOVED}),
        ("type=projector&q=epson&room=6A4", {8}),
        ("alone=unique_serial", {DUPLICATE}),
        ("q=nothing-has-this", set()),
    ],
)
def test_an_address_opens_the_lines_that_it_names(
    library: Library, query: str, expected: set[int]
) -> None:
    """LineState, type, room, condition, a part of a code, and what would raise the figure."""
    assert set(rows(seen(library.web, f"/register?{query}"))) == expected


def test_what_would_raise_the_figure_leads_to_its_lines(library: Library) -> None:
    """As many as it says, and no others."""
    book = library.web
    page = seen(book)
    links = [each["href"] or "" for each in page.find("a") if "alone=" in (each["href"] or "")]
    assert links[0] == "/register?alone=verify#lines"
    assert set(rows(seen(book, links[0].partition("#")[0]))) == {UNSEEN, 10}
    assert "scan or see: 2 items" in page.words
    assert "then 50 %" in page.words


def test_what_could_not_be_kept_of_a_line_is_said_on_it(store: Store, web: httpx.Client) -> None:
    """The cell's name, and why."""
    bring_in(store, [line(WELL, cost_vnd=None, errors=(Fault("cost_vnd", "cost_invalid"),))])
    text = " ".join(seen(web).words)
    assert "original cost (đồng): This is no amount of money in đồng." in text


def test_many_lines_come_in_pages(store: Store, web: httpx.Client) -> None:
    """Fifty at a time; a filter stays; a page behind the last is the last."""
    bring_in(store, [line(row) for row in range(201, 321)])
    assert rows(seen(web, "/register?type=board&page=2")) == list(range(251, 301))
    page = seen(web, "/register?type=board&page=99")
    assert rows(page) == list(range(301, 321))
    assert page.find("a", href="/register?type=board&page=2#lines", rel="prev")


@pytest.mark.parametrize(
    "path", ["/register?page=0", "/register?page=x", "/register?q=" + "x" * 300]
)
def test_an_impossible_address_is_refused(library: Library, path: str) -> None:
    """In the one shape."""
    assert library.web.get(path).status_code == 422


def test_hostile_text_is_shown_and_never_run(library: Library) -> None:
    """From the book, from a device, and from the address."""
    book = library.web
    query = httpx.QueryParams(q=HOSTILE, room=HOSTILE, type=HOSTILE)
    for path in ("/register", f"/register?{query}", "/rooms/6A1"):
        page = seen(book, path)
        assert all(each.get("src") == "/static/live.js" for each in page.find("script"))
        assert not any("onerror" in attributes for _, attributes in page.tags)
    assert any(HOSTILE in word for word in seen(book).words)


def test_something_unregistered_is_accepted_and_given_back(
    book: httpx.Client, store: Store
) -> None:
    """A line of its own; undone, it waits again. Who decided is kept."""
    page = decided(book, subject="serial:x90001", deed="accept")
    assert 11 in rows(page)
    assert "serial:x90001" not in subjects(page)
    with store.view() as db:
        (told,) = register.decisions_of(db, SCHOOL)
    assert told.who == OFFICE
    answer = book.post(f"/register/decisions/{told.no}/undo")
    assert answer.status_code == 303
    page = seen(book, answer.headers["location"])
    assert "Undone:" in page.words
    assert 11 not in rows(page)
    assert "serial:x90001" in subjects(page)


@pytest.mark.parametrize("form", [{"line": "8"}, {"line": "4", "other": "8"}])
def test_something_unregistered_is_matched_to_a_line(
    book: httpx.Client, form: dict[str, str]
) -> None:
    """To a candidate, or to the line whose number is written: that one wins."""
    page = seen(book)
    assert page.find("input", type="radio", name="line", value="8")
    page = decided(book, subject="serial:x90001", deed="match", **form)
    assert "Decided:" in page.words
    assert "serial:x90001" not in subjects(page)
    assert 8 in rows(seen(book, "/register?state=ok"))


def test_something_ignored_is_no_longer_put_forward(book: httpx.Client) -> None:
    """It is no line either."""
    before = rows(seen(book))
    page = decided(book, subject="serial:x90001", deed="ignore")
    assert "serial:x90001" not in subjects(page)
    assert rows(page) == before


def test_a_moved_line_gets_its_new_room(book: httpx.Client) -> None:
    """It belongs there from now on; undone, it is moved again."""
    page = decided(book, subject=str(MOVED), deed="accept", back="state=moved")
    assert rows(page) == []
    assert MOVED in rows(seen(book, "/register?room=6A2&state=ok"))
    undone = book.post("/register/decisions/1/undo", data={"back": "state=moved"})
    assert rows(seen(book, undone.headers["location"])) == [MOVED]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"subject": "serial:x90001", "deed": "match"}, "line_missing"),
        ({"subject": "serial:x90001", "deed": "match", "other": "999"}, "line_unknown"),
        ({"subject": "serial:x90001", "deed": "match", "other": "٣"}, "line_missing"),
        ({"subject": "serial:gone", "deed": "accept"}, "subject_unknown"),
        ({"subject": str(WELL), "deed": "accept"}, "not_moved"),
        ({"subject": "serial:x90001", "deed": "steal"}, "form"),
        ({"deed": "accept"}, "form"),
        ({}, "form"),
    ],
)
def test_what_cannot_be_decided_is_said_so(
    library: Library, form: dict[str, str], code: str
) -> None:
    """In a sentence, and nothing is kept."""
    store, book = library
    page = decided(book, **form)
    assert page.find("p", role="alert")
    assert f"failed={code}" in book.post("/register/decisions", data=form).headers["location"]
    with store.view() as db:
        assert register.decisions_of(db, SCHOOL) == []


@pytest.mark.parametrize("no", ["1", "0", "-1", "99999999999999999999"])
def test_a_decision_that_does_not_stand_cannot_be_taken_back(library: Library, no: str) -> None:
    """The page says so."""
    location = library.web.post(f"/register/decisions/{no}/undo").headers["location"]
    assert "failed=undone" in location


def test_the_way_back_stays_on_this_page(library: Library) -> None:
    """Whatever the form says of it: only the filters come back."""
    book = library.web
    form = {"subject": "x", "deed": "accept", "back": "https://evil.example/?q=1&state=moved&x=2"}
    location = book.post("/register/decisions", data=form).headers["location"]
    assert location == "/register?state=moved&failed=subject_unknown#decide"


def test_a_reader_sees_the_book_and_changes_nothing(book: httpx.Client, store: Store) -> None:
    """No button; a form that comes all the same is refused, and a stranger's leads to the login."""
    program = a_program(store, now_ms=now_ms)
    reader = {"cookie": f"{COOKIE}={log_in(program, 'reader', Role.READ_ONLY)}"} | origin_of(book)
    page = seen(book, "/register")
    assert page.find("form", action="/register/decisions")
    outline = Outline(book.get("/register", headers=reader).text)
    assert not outline.find("form", action="/register/decisions")
    assert outline.find("a", href="/sessions")
    assert book.get("/register", headers=AWAY).headers["location"] == "/login?next=/register"
    form = {"subject": "serial:x90001", "deed": "accept"}
    for path in ("/register/decisions", "/register/decisions/1/undo"):
        assert book.post(path, data=form, headers=reader).status_code == 403
        answer = book.post(path, data=form, headers=AWAY)
        assert answer.headers["location"] == "/login?next=/register"
    assert "serial:x90001" in subjects(seen(book))


def test_the_office_decides_after_its_password(book: httpx.Client, store: Store) -> None:
    """And the account stands beside the decision."""
    store.write(set_password, "một mật khẩu dài")
    told = {"password": "một mật khẩu dài", "next": "/register"}
    entered = book.post("/login", data=told, headers=AWAY)
    assert entered.headers["location"] == "/register"
    cookie = {"cookie": f"{COOKIE}={entered.cookies[COOKIE]}"}
    form = {"subject": "serial:x90001", "deed": "ignore"}
    answer = book.post("/register/decisions", data=form, headers=AWAY | origin_of(book) | cookie)
    assert "decided=1" in answer.headers["location"]
    with store.view() as db:
        (decision,) = register.decisions_of(db, SCHOOL)
    assert decision.who == OFFICE


def test_another_sites_page_decides_nothing(library: Library) -> None:
    """Although the office is logged in in that browser."""
    book = library.web
    form = {"subject": "serial:x90001", "deed": "accept"}
    for origin in ("https://evil.example", "null"):
        headers = {"origin": origin}
        assert book.post("/register/decisions", data=form, headers=headers).status_code == 403
        files = {"file": ("so.csv", b"x")}
        assert book.post("/register/import", files=files, headers=headers).status_code == 403


def test_a_month_ago_stands_beside_today_and_deleted_lines_show(
    store: Store, web: httpx.Client
) -> None:
    """The figure rises as lines are taken out: the page says that they were."""
    then = f"{instant(now_ms() - 31 * DAY_MS).astimezone(ZONE):%Y-%m-%d}"
    with store.locked(SCHOOL) as db:
        kpi = figure_of(declared=12, complete=6, verified=6, managed=3)
        note_figure(db, SCHOOL, then, kpi)
    bring_in(store, a_book())
    text = " ".join(seen(web).words)
    assert f"On {then[8:]}/{then[5:7]}/{then[:4]} it was 25 % of 12 items." in text
    assert "That is up by 5 points." in text
    assert "2 items were taken out of the book." in text
    bring_in(store, [], whole=True)
    assert "12 items were taken out of the book." in " ".join(seen(web).words)


def test_a_room_shows_its_lines_that_are_not_in_order(library: Library) -> None:
    """Those that belong there or were seen there, and nothing of other rooms."""
    book = library.web
    page = seen(book, "/rooms/6A1")
    lines = {int(each["data-row"] or 0) for each in page.find("li") if "data-row" in each}
    assert lines == {DUPLICATE, TAGLESS, MOVED, 10}
    assert page.find("a", href="/register?room=6A1#lines")


def test_every_page_leads_to_the_book(web: httpx.Client) -> None:
    """From its head."""
    for path in ("/", "/attendance", "/register/import"):
        assert seen(web, path).find("a", href="/register")


def test_the_figure_of_the_day_is_kept_as_the_page_shows_it(
    book: httpx.Client, store: Store
) -> None:
    """Once or often: the last stands. An empty register is noted only if there was another."""
    day = f"{instant(now_ms()).astimezone(ZONE):%Y-%m-%d}"
    other = Place("79", "00999")
    for _ in range(2):
        note_today(store, SCHOOL, ZONE, now_ms())
        note_today(store, other, ZONE, now_ms())
    shown = book.get("/api/v1/kpi").json()["kpi"]
    with store.view() as db:
        told, nothing = (figure_until(db, each, day) for each in (SCHOOL, other))
        assert (
            kpi_now(db, SCHOOL, now_ms()).digital_managed_pct
            == shown["digital_managed_pct"]
            == 30.0
        )
    assert nothing is None
    assert told is not None
    assert told[0] == day
    assert {name: getattr(told[1], name) for name in shown} == shown
    bring_in(store, [], whole=True)
    note_today(store, SCHOOL, ZONE, now_ms())
    with store.view() as db:
        gone = figure_until(db, SCHOOL, day)
    assert gone is not None
    assert gone[1].declared == 0
    assert gone[1].digital_managed_pct is None


def test_the_register_is_compared_anew_only_when_something_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision, its undoing, a new line, a device, another hour; not by being looked at."""
    bring_in(store, a_book())
    clock = [now_ms() // 3_600_000 * 3_600_000]
    told: list[int] = []

    def counted_reconciled(db: Connection, place: Place, as_of_ms: int) -> Reconciled:
        told.append(as_of_ms)
        return reconciled(db, place, as_of_ms + 3_600_000)

    monkeypatch.setattr("controller.reconcile.standing.reconciled", counted_reconciled)
    desk = Desk(store, SCHOOL, ZONE, lambda: clock[0])
    changes: list[Callable[[], object]] = [
        lambda: desk.decide("serial:x90001", Deed.IGNORE, row=None, who="an"),
        lambda: desk.undo(1),
        lambda: bring_in(store, [line(50)]),
        lambda: store.write(
            keep_batch, numbered([device("6A1", DeviceKind.CAMERA, 9)], 99), now_ms()
        ),
        lambda: clock.append(clock.pop() + 3_600_000),
    ]
    assert desk.standing() is desk.standing()
    for count, change in enumerate(changes, start=1):
        assert len(told) == count
        change()
        assert desk.standing() is desk.standing()
        assert len(told) == count + 1


def test_programs_get_the_lines_page_by_page(library: Library) -> None:
    """In the book's order, each once, with what reconcile says of it."""
    book = library.web
    items, answer = list[dict[str, Any]](), dict[str, Any]({"next": ""})
    while answer["next"] is not None:
        asked = {"limit": "3", "cursor": answer["next"]}
        answer = book.get("/api/v1/register", params=asked).json()
        items += answer["items"]
    assert [each["row"] for each in items] == list(range(1, 11))
    by_row = {each["row"]: each for each in items}
    assert {row: by_row[row]["state"] for row in STATE_OF} == STATE_OF
    assert by_row[MOVED]["detail"]["from"] == "6A1"
    assert by_row[MOVED]["detail"]["to"] == "6A2"
    assert by_row[WELL]["serial"] == "VS00007"
    only = book.get("/api/v1/register", params={"state": "missing"}).json()["items"]
    assert [each["row"] for each in only] == [MISSING]
    assert book.get("/api/v1/register", params={"state": "nonsense"}).status_code == 422
    assert book.get("/api/v1/register", params={"cursor": "x"}).status_code == 422


def test_programs_get_the_figure_with_its_parts(book: httpx.Client, store: Store) -> None:
    """By type, by room, what would raise it, and that of a month ago."""
    told = book.get("/api/v1/kpi").json()
    assert told["kpi"] == {
        "declared": 10,
        "complete_digital_record": 5,
        "verified_within_365d": 5,
        "complete_and_verified": 3,
        "digital_managed_pct": 30.0,
        "target_pct": 80,
        "meets_target": False,
    }
    assert sum(each["declared"] for each in told["by_type"].values()) == 10
    assert sum(each["declared"] for each in told["by_room"].values()) == 10
    assert told["raises"][0] == {"what": "verify", "lines": 2, "pct": 50.0}
    assert told["last_month"] is None
    bring_in(store, [], whole=True)
    nothing = book.get("/api/v1/kpi").json()
    assert nothing["kpi"]["digital_managed_pct"] is None
    assert nothing["by_type"] == {}


def test_programs_get_what_is_not_in_the_book(library: Library) -> None:
    """With the lines that it may be."""
    book = library.web
    first = book.get("/api/v1/unregistered", params={"limit": 1}).json()
    assert len(first["items"]) == 1
    rest = book.get("/api/v1/unregistered", params={"cursor": first["next"]}).json()
    assert rest["next"] is None
    (projector,) = [each for each in rest["items"] if each["type"] == "projector"]
    assert projector["subject"] == "serial:x90001"
    assert projector["candidates"] == [8]


def test_a_figure_that_could_not_be_kept_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The database refused: that is logged, and the next try comes soon."""
    tries: list[int] = []
    done = threading.Event()

    def note(*_: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StoreError("store_refused", "The disk is full.")
        done.set()

    monkeypatch.setattr("controller.use.daily.note_today", note)
    monkeypatch.setattr("controller.use.daily.TRY_AGAIN_S", 0.0)

    async def keep() -> None:
        task = asyncio.create_task(keep_figures(store, SCHOOL, ZONE, now_ms))
        assert await asyncio.to_thread(done.wait, 15)
        task.cancel()

    asyncio.run(keep())
    assert len(tries) == 2
    assert "figures put off" in caplog.text
