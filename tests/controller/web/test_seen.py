"""What an old page's button does after the server's data was put back: nothing, and it says so."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from controller.database.numbered import numbers_given
from controller.database.starts import Start, note_start
from controller.database.store import Store
from controller.repairs import store as repairs
from tests.controller.repairs.test_repair_pages import a_room, ask, post
from tests.controller.web_school import SCHOOL, a_store, asked

_FORM = re.compile(r'<form\b[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)


def start(store: Store, name: str) -> None:
    """Serve as a start of this name."""
    store.write(lambda db: note_start(db, Start(name, 0, 0, numbers_given(db))))


def mark_on(page: str, action: str) -> str:
    """What the form of this address says of the history."""
    hidden = dict(_FORM.findall(page))[action]
    found = re.search(r'name="_seen" value="([^"]+)"', hidden)
    assert found, hidden
    return found[1]


def notes(store: Store) -> list[str]:
    """The repairs that stand."""
    with store.view() as db:
        return [f"{each.no} {each.note} {each.state}" for each in repairs.repairs_of(db, SCHOOL)]


def press(store: Store, action: str, mark: str) -> httpx.Response:
    """Press the button of a page of this mark."""
    return post(store, action, _seen=mark)


def test_an_old_pages_button_touches_nothing_of_another_history(tmp_path: Path) -> None:
    """The third repair of the page is gone, another has its number: it is not begun."""
    file = tmp_path / "lophoc.db"
    with a_room(tmp_path) as store:
        start(store, "first")
        old = mark_on(ask(store, "/repairs").text, "/repairs/1/start")
    kept = file.read_bytes()
    with a_store(tmp_path) as store:
        post(store, "/repairs", row="3", note="của hôm qua")
        lost = mark_on(ask(store, "/repairs").text, "/repairs/3/start")
    file.write_bytes(kept)
    with a_store(tmp_path) as store:
        start(store, "second")
        post(store, "/repairs", row="3", note="của hôm nay")
        before = notes(store)
        assert before[2].startswith("3 của hôm nay")
        answer = press(store, "/repairs/3/start", lost)
        assert (answer.status_code, "khôi phục" in answer.text) == (409, True)
        assert notes(store) == before
        assert press(store, "/repairs/1/start", old).status_code == 303
        assert notes(store) != before


def test_a_restart_alone_breaks_no_open_page(tmp_path: Path) -> None:
    """The button of the page of before does what it says."""
    with a_room(tmp_path) as store:
        start(store, "first")
        mark = mark_on(ask(store, "/repairs").text, "/repairs/1/start")
        start(store, "second")
        before = notes(store)
        assert press(store, "/repairs/1/start", mark).status_code == 303
        assert notes(store) != before


def test_each_form_says_what_its_page_showed(tmp_path: Path) -> None:
    """Those that bring a file say it in their address, which is read before the file is."""
    with a_room(tmp_path) as store:
        start(store, "first")
        for path in ("/repairs", "/register/lines/1", "/register/import", "/accounts"):
            forms = [*_FORM.finditer(ask(store, path).text)]
            assert forms, path
            assert all("_seen=" in form[1] or 'name="_seen"' in (form[2] or "") for form in forms)
        answer = asked(
            store,
            "/register/lines/1/papers?_seen=other.7",
            method="POST",
            files={"file": ("a.png", b"x")},
        )
        assert answer.status_code == 409
