"""These tests say what the search, the lists and the pages of single things show, and to whom."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from controller.database.store import Store
from controller.people.person import Role
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import keep_lists
from controller.web.site import create_web
from protocol.model import DeviceKind
from protocol.plan import Pupil
from tests.controller.book_school import HOSTILE, a_book, bring_in, what_is_seen
from tests.controller.dashboard.test_pages import Outline
from tests.controller.people import COOKIE, ORIGIN, log_in
from tests.controller.web_school import (
    SCHOOL,
    a_face,
    a_live,
    a_morning,
    a_program,
    a_store,
    asked_of,
    device,
)

LONG = "Máy " + "ảnh " * 2500  # 10 KB
RIGHT_TO_LEFT = "\u202eetnok\u202c bảng"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Thirty rooms, a book of every state, a class with a pupil, and names that are hostile."""
    odd = [
        device("9A6", DeviceKind.CAMERA, 90, name=LONG, serial="LONG-1"),
        device("9A6", DeviceKind.BOARD, 91, name=RIGHT_TO_LEFT, serial="RTL-1"),
        device("9A6", DeviceKind.PRINTER, 92, name=HOSTILE, serial="SCRIPT-1"),
    ]
    records = [*a_morning(tablets=40), *what_is_seen(), *odd]
    with a_store(tmp_path_factory.mktemp("things"), records) as opened:
        bring_in(opened, a_book())
        pupils = (Pupil(student="0007", name="Nguyễn Thị Bí Mật", number=1),)
        lists = Lists(classes=(SchoolClass(code="7A2", room="7A2", pupils=pupils),))
        with opened.locked(SCHOOL) as db:
            keep_lists(db, SCHOOL, lists, day="2026-09-05")
        yield opened


@pytest.fixture(scope="module")
def face(school: Store) -> FastAPI:
    """Its face, of the office."""
    live = a_live(school)
    asyncio.run(live.load())
    return a_face(school, live)


def asked(face: FastAPI, path: str) -> httpx.Response:
    """What it answers."""
    return asked_of(face, path)


def groups(text: str) -> dict[str, int]:
    """What a search found, by kind."""
    return {
        each["data-group"] or "": int(each["data-total"] or "0")
        for each in Outline(text).find("section")
        if "data-group" in each
    }


def search(face: FastAPI, words: str) -> dict[str, int]:
    """The same, for these words."""
    return groups(asked(face, f"/search?q={quote(words)}").text)


def test_everything_is_found_without_marks(face: FastAPI) -> None:
    """By kind in either language, by room, tag, serial and class; each a link that opens."""
    assert search(face, "may chieu")["devices"] == search(face, "projector")["devices"] == 32
    assert search(face, "may chieu")["lines"] == 2
    assert search(face, "ts-002") == {"lines": 1}
    assert search(face, "X9-0001") == search(face, "x90001") == {"devices": 1}
    assert search(face, "lop 7a2")["classes"] == 1
    assert search(face, "phong 7a2")["rooms"] == 1
    assert search(face, "") == search(face, "không-có-gì-như-thế") == {}
    for words in ("7a2", "ts-006", HOSTILE, RIGHT_TO_LEFT, LONG[:190]):
        text = asked(face, f"/search?q={quote(words)}").text
        assert "<script>alert" not in text
        links = re.findall(
            r'<li[^>]*><a href="(/(?:rooms|devices|register|attendance)/[^"]+)', text
        )
        assert links, words
        assert {asked(face, link).status_code for link in links} == {200}


def test_a_pupil_is_never_found(face: FastAPI) -> None:
    """Neither by name nor by number, nor written on any page of a search."""
    for words in ("bi mat", "Nguyễn Thị Bí Mật", "0007"):
        text = asked(face, f"/search?q={quote(words)}").text
        assert "classes" not in groups(text)
        assert text.count("Thị Bí Mật") == words.count("Bí Mật")  # as it was asked


def test_an_export_is_exactly_what_is_on_the_screen(face: FastAPI) -> None:
    """More than a thousand rows, with the filter and in the order of the address."""
    for query in ("", "?kind=tablet", "?kind=tablet&sort=-room", "?q=viewsonic+6a1&sort=status"):
        page = asked(face, f"/devices{query}").text
        total = int(re.findall(r'data-total="devices" data-count="(\d+)"', page)[0])
        link = "format=csv" if not query else f"{query[1:]}&format=csv"
        file = asked(face, f"/devices?{link}").content.decode("utf-8-sig")
        rows = [*csv.reader(io.StringIO(file))]
        assert len(rows) == total + 1
        shown = re.findall(r'data-device="([^"]+)"', page)
        assert [row[-1] for row in rows[1 : len(shown) + 1]] == shown
    assert len(asked(face, "/devices?format=csv").text.splitlines()) > 1300
    assert "/devices?kind=tablet&amp;format=csv" in asked(face, "/?kind=tablet").text
    assert asked(face, "/devices?sort=nonsense").status_code == 422
    assert asked(face, "/devices?romo=6A1").status_code == 422


def test_a_devices_page_says_what_it_is_and_which_line(face: FastAPI) -> None:
    """A line of the book leads to its device, and back."""
    page = asked(face, "/devices/tablet-6a2-06?lang=en").text
    assert "What it is known by" in page
    link = re.findall(r'href="(/register/lines/\d+)"', page)[0]
    line = asked(face, f"{link}?lang=en").text
    assert "TS-006" in line
    assert 'href="/devices/tablet-6a2-06"' in line
    assert asked(face, "/devices/none").status_code == 404
    assert asked(face, "/register/lines/999").status_code == 404


def test_text_of_devices_is_text(face: FastAPI) -> None:
    """A name that is a script, turns letters round or is 10 KB long stands there as it is."""
    for name in ("printer-9a6-92", "board-9a6-91", "camera-9a6-90"):
        page = asked(face, f"/devices/{name}").text
        assert "<script>alert" not in page
        assert re.search(r"<h1><bdi>[^<]+</bdi></h1>", page)


@pytest.fixture(scope="module")
def web(school: Store) -> FastAPI:
    """What strangers and teachers meet."""
    live = a_live(school)
    asyncio.run(live.load())
    program = a_program(school, live)
    face = create_web(program, ("testserver",))
    face.state.cookie = log_in(program, "an", Role.TEACHER, classes=("7A2",), rooms=("6A1",))
    return face


def test_who_has_own_rooms_finds_these_alone(web: FastAPI) -> None:
    """No other room's devices, no line of the book, no other class."""
    headers = {**ORIGIN, "cookie": f"{COOKIE}={web.state.cookie}"}

    def told(path: str) -> str:
        return asked_of(web, path, headers=headers).text

    assert groups(told("/search?q=may+chieu")) == {"devices": 2}
    assert groups(told("/search?q=7a2")) == {"classes": 1}
    assert "6A2" not in told("/devices?format=csv")
    assert "TS-006" not in told("/devices/tablet-6a1-01")
    assert asked_of(web, "/devices/board-6a2-01", headers=headers).status_code == 404
