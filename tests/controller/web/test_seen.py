"""What an old page's button does after the server's data was put back: nothing, and it says so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from controller.database.numbered import numbers_given
from controller.database.starts import Start, note_start
from controller.database.store import Store
from controller.openapi import app
from controller.register import store as register
from controller.repairs import store as repairs
from controller.stocktake import store as stocktake
from controller.web.rules import addresses_of
from tests.controller.repairs.test_repair_pages import a_room, ask, post
from tests.controller.web.test_openapi import example_of
from tests.controller.web_department import OWN, a_department, a_department_face
from tests.controller.web_school import NOW_MS, SCHOOL, a_live, a_store, asked, asked_of

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


_HISTORY, _IF = "X-LopHoc-History", "X-LopHoc-If-History"
_DEEDS = [
    pytest.param(method, each.path, id=f"{method} {each.path}")
    for each in addresses_of(app().routes)
    for method in each.methods
    if each.is_held
    and each.path.startswith("/api/v1/")
    and method in {"POST", "PUT", "PATCH", "DELETE"}
]


@pytest.mark.parametrize(("method", "path"), _DEEDS)
def test_a_program_may_say_of_which_history_its_numbers_are(
    tmp_path: Path, method: str, path: str
) -> None:
    """Each deed refuses another history before it looks at anything; who says none is not asked."""
    address, other = example_of(path), {_IF: "other.7"}
    (tmp_path / "school").mkdir()
    with a_room(tmp_path / "school") as store, a_department(tmp_path) as above:
        department = a_department_face(above, a_live(above, scope=OWN))
        answers = [
            asked(store, address, method=method, headers=other),
            asked_of(department, address, method, headers=other),
        ]
        unasked = asked(store, address, method=method).status_code
    told = [answer for answer in answers if answer.status_code != 404]  # not of this level
    assert told, "it is of no level"
    assert [answer.status_code for answer in told] == [412] * len(told)
    assert all(answer.json()["code"] == "history_of_before" for answer in told)
    assert unasked != 412


def test_each_good_answer_to_a_program_says_its_history(tmp_path: Path) -> None:
    """Also one that is the same as before; what is no good answer tells of none."""
    lists = [
        each.path
        for each in addresses_of(app().routes)
        if each.path.startswith("/api/v1/") and "{" not in each.path and "GET" in each.methods
    ]
    with a_room(tmp_path) as store:
        start(store, "first")
        answers = [asked(store, path) for path in lists]
        good = [answer for answer in answers if answer.status_code == 200]
        assert len(good) > 10
        mark = good[0].headers[_HISTORY]
        assert {answer.headers.get(_HISTORY, "")[:6] for answer in good} == {"first."}
        bad = [answer for answer in answers if answer.status_code >= 400]
        assert {answer.headers.get(_HISTORY) for answer in bad} == {None}
        headers = {"If-None-Match": good[0].headers["ETag"], _IF: mark}
        same = asked(store, good[0].request.url.path, headers=headers)
        assert (same.status_code, same.headers.get(_HISTORY, "")[:6]) == (304, "first.")


def test_a_phone_counts_on_where_the_copy_knows_its_stocktake(tmp_path: Path) -> None:
    """What it kept reaches the stocktake that it counted, whatever was put back, and no other."""
    file = tmp_path / "lophoc.db"
    with a_room(tmp_path) as store:
        start(store, "first")
        begin(store, NOW_MS)
    kept = file.read_bytes()
    with a_store(tmp_path) as store:
        begin(store, NOW_MS + 1)
        lost = asked(store, "/api/v1/stocktakes/2").headers[_HISTORY]
    file.write_bytes(kept)
    with a_store(tmp_path) as store:
        start(store, "second")
        begin(store, NOW_MS + 2)
        assert scan(store, 1, begun_ms=NOW_MS).json()["kept"] == ["scan-0001"]
        assert scan(store, 2, begun_ms=NOW_MS + 1).json()["code"] == "stocktake_other"
        stands = asked(store, "/stocktake/2/standing", headers={_IF: lost})
        assert (stands.status_code, stands.json()["code"]) == (412, "history_of_before")
        assert scan(store, 2, begun_ms=NOW_MS + 2, headers={_IF: lost}).status_code == 412
        with store.view() as db:
            assert [each.id for each in stocktake.scans_of(db, SCHOOL)] == ["scan-0001"]


def begin(store: Store, at_ms: int) -> None:
    """A stocktake of all rooms begins."""
    with store.locked(SCHOOL) as db:
        assert register.lines_of(db, SCHOOL)
        assert stocktake.begin(db, SCHOOL, (), who="lan", now_ms=at_ms)


def scan(
    store: Store, no: int, *, begun_ms: int, headers: dict[str, str] | None = None
) -> httpx.Response:
    """A phone tells what it counted in the stocktake that began then."""
    one = {"id": "scan-0001", "room": "P203", "line": 1, "at_ms": 5}
    batch = json.dumps({"begun_ms": begun_ms, "sent_ms": 6, "scans": [one]})
    path = f"/api/v1/stocktakes/{no}/scans"
    return asked(store, path, method="POST", content=batch, headers=headers)
