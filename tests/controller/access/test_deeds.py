"""Every change leaves a line: who, what, which; each look at a pupil's record; no pupil in any."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from python_calamine import load_workbook

from controller.access.deeds import DEED_WORDS
from controller.access.store import LogFilter, access_log, note_access
from controller.database.store import Store, StoreError
from controller.people.person import Permission, Role
from controller.web.noting import deed_code
from controller.web.rules import needs
from controller.web.site import create_web
from protocol.model import DeviceKind
from tests.controller.access.who_may import TABLE
from tests.controller.people import COOKIE, ORIGIN, log_in, set_password
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    a_live,
    a_program,
    a_store,
    agent,
    asked,
    device,
    event,
    mark,
)

LAST = "/sessions/{no}/end"  # it ends the session by which all is done
CHANGES = sorted((one for one in TABLE if one[0] != "GET"), key=lambda one: (one[1] == LAST, one))
# What is not an account's deed: a guest's program stores copies, which /guests lists.
NOT_OURS = {"/api/v1/guest-copies/{file}"}
FORM = {
    "account": "an",
    "role": "teacher",
    "purpose": "GLPI",
    "days": "30",
    "may_school": "on",
    "student": "0007",
    "subject": "x",
    "deed": "keep",
    "rooms": "",
    "room": "6A1",
    "next": "/",
}
IDS = {
    "name": "an",
    "no": "1",
    "no:int": "1",
    "number": "1",
    "device_id:path": "board-6a1-01",
    "room:path": "6A1",
    "lesson": "toan-1",
    "agent": "may-6a1",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with one room, a board, a mark and a lesson of the class that addresses name."""
    lesson = event("e1", lesson="toan-1", day="2026-09-05", body=b'{"classes":["x"]}')
    records = [agent("6A1"), device("6A1", DeviceKind.BOARD), mark("m1"), lesson]
    with a_store(tmp_path, records) as opened:
        yield opened


def lines(store: Store, **chosen: Any) -> Sequence[Mapping[str, Any]]:
    """The log, the newest first."""
    return store.read(access_log, SCHOOL, LogFilter(**chosen))


def path_of(template: str) -> str:
    """An address that fits."""
    return re.sub(r"\{([^}]+)\}", lambda found: IDS.get(found[1], "x"), template)


def test_every_change_has_words() -> None:
    """A new one must be called something that a person understands."""
    codes = {deed_code(*address) for address in CHANGES if address[1] not in NOT_OURS}
    own_words = {"students"}  # noted as the pupil's being looked up
    assert codes - own_words - DEED_WORDS.keys() == set()


def test_every_change_that_was_made_leaves_one_line(store: Store) -> None:
    """Address by address: a line where it was done, none where it was refused."""
    done = set()
    for method, template in CHANGES:
        if template in NOT_OURS | {"/logout"}:
            continue
        before = len(lines(store))
        answer = asked(store, path_of(template), method=method, data=FORM)
        noted = lines(store)
        made = 0 if answer.status_code >= 400 else 1
        is_pupils = template.startswith("/students")  # its line stands before the look
        assert len(noted) - before == (1 if is_pupils else made), (method, template)
        if made:
            done.add(template)
            assert noted[0]["account"] == "van-phong"
            assert noted[0]["what"] in DEED_WORDS, (method, template)
    assert {
        "/accounts",
        "/accounts/{name}/invite",
        "/accounts/{name}/end",
        "/tokens",
        "/students",
        "/sessions/{no}/end",
        "/api/v1/devices/{device_id:path}",
        "/repairs",
        "/register/decisions",
        "/stocktake/{no}/rooms/{room:path}",
    } <= done
    assert "0007" not in str(lines(store))


def test_an_address_that_is_new_cannot_forget(store: Store) -> None:
    """It knows of no log, and leaves its line."""
    program = a_program(store, a_live(store))
    web = create_web(program, ("testserver",))

    @web.post("/planted/{no}/deed")
    @needs(Permission.BOOK)
    async def plant(no: int) -> str:
        return str(no)

    answer = sent(web, "POST", "/planted/7/deed", log_in(program, "co.hoa", Role.ADMIN))
    assert answer.status_code == 200
    (line,) = lines(store)
    assert (line["account"], line["what"], line["subject"]) == ("co.hoa", "planted deed", "no=7")


def sent(web: FastAPI, method: str, path: str, cookie: str) -> httpx.Response:
    """What a browser in which somebody is logged in is answered."""
    headers = {"cookie": f"{COOKIE}={cookie}", **ORIGIN}

    async def answered() -> httpx.Response:
        way = httpx.ASGITransport(web, client=("192.0.2.5", 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(answered())


def test_each_look_at_a_pupils_record_leaves_a_line(store: Store) -> None:
    """Whatever needs the right to see marks alone, and may be read."""
    looks = [path for (method, path), (needed, _) in TABLE.items()
             if method == "GET" and needed == {"marks"}]  # fmt: skip
    assert looks
    for template in looks:
        before = len(lines(store))
        assert asked(store, path_of(template)).status_code == 200
        assert len(lines(store)) == before + 1, template


def test_a_line_that_the_disk_does_not_take_hinders_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done is done, and the program's log says that the line is missing."""

    def full(*_: object, **__: object) -> None:
        raise StoreError("disk_full", "The disk is full.")

    monkeypatch.setattr("controller.access.gate.note_access", full)
    answer = asked(store, "/accounts", method="POST", data=FORM)
    assert answer.status_code == 303
    assert "a deed is not noted: deed=accounts" in caplog.text


def test_who_logs_in_leaves_a_line_and_who_guesses_does_not(store: Store) -> None:
    """Else strangers could fill the log."""
    store.write(set_password, "một mật khẩu dài")
    asked(store, "/login", method="POST", host="192.0.2.5", data={"password": "guess guess"})
    assert lines(store) == []
    right = {"account": " Van-Phong ", "password": "một mật khẩu dài"}
    asked(store, "/login", method="POST", host="192.0.2.5", data=right)
    assert [(line["account"], line["what"]) for line in lines(store)] == [("van-phong", "login")]


def test_the_log_is_filtered_and_paged(store: Store) -> None:
    """By account, by deed, by day; the page says it in words, and with the person's name."""
    named = {"account": "an", "role": "teacher", "name": "Cô An"}
    asked(store, "/accounts", method="POST", data=named)
    asked(store, "/attendance/6A1")
    assert [line["what"] for line in lines(store, what="accounts")] == ["accounts"]
    assert len(lines(store, account="van-phong")) == 2
    assert lines(store, since_ms=NOW_MS + 1) == lines(store, until_ms=NOW_MS) == []
    page = asked(store, "/looks?what=sheet&from=2026-09-05&to=2026-09-05&lang=en").text
    table = page[page.index("<tbody>") :]
    assert "looked at a class&#39;s sheet" in table
    assert "changed an account" not in table
    assert "No line fits." in asked(store, "/looks?from=2026-09-06&lang=en").text


def test_the_log_is_written_as_files_with_names(store: Store) -> None:
    """As CSV and for Excel; that it was written is a line, too."""
    office = {"account": "van-phong", "role": "school_admin", "name": "=Cô Hoa"}
    asked(store, "/accounts", method="POST", data=office)
    text = asked(store, "/looks.csv?lang=en").content.decode("utf-8-sig")
    assert text.splitlines()[0] == "When,Account,Name,Deed,Details"
    assert "van-phong,'=Cô Hoa,changed an account,account=van-phong role=school_admin" in text
    book = load_workbook(io.BytesIO(asked(store, "/looks.xlsx?lang=en").content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == ["When", "Account", "Name", "Deed", "Details"]
    assert [row[3] for row in rows[1:]] == [
        "wrote this log for Excel",
        "wrote this log as CSV",
        "changed an account",
    ]


def test_a_command_is_called_by_its_words(store: Store) -> None:
    """The server did it, and by whom it was run there."""
    store.write(note_access, SCHOOL, ("command:root", 0), "roster import", "", now_ms=NOW_MS)
    page = asked(store, "/looks").text
    assert "máy chủ (root)" in page
    assert "lophoc-controller roster import" in page


def test_others_see_their_own_lines_alone(store: Store) -> None:
    """Whatever account they ask for."""
    program = a_program(store, a_live(store))
    web = create_web(program, ("testserver",))
    teacher = log_in(program, "an", Role.TEACHER, classes=("6A1",), name="An")
    sent(web, "GET", "/attendance/6A1", teacher)
    asked(store, "/accounts", method="POST", data={"account": "binh", "role": "teacher"})
    for path in ("/looks?account=van-phong", "/looks.csv?account=van-phong"):
        answer = sent(web, "GET", path, teacher)
        assert answer.status_code == 200
        assert "binh" not in answer.text
        assert "6A1" in answer.text
