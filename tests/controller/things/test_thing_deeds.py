"""These tests say what is changed from the pages of devices and lines, and that it comes back."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from controller.database.store import Store
from controller.register.store import lines_of
from tests.controller.book_school import (
    HOSTILE,
    MOVED,
    TAGLESS,
    a_book,
    bring_in,
    what_is_seen,
)
from tests.controller.people import READER
from tests.controller.web_school import SCHOOL, a_face, a_live, a_store, agent, asked_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school with a book of every state."""
    rooms = [agent(room) for room in ("6A1", "6A2", "6A3", "6A4")]
    with a_store(tmp_path, [*rooms, *what_is_seen()]) as opened:
        bring_in(opened, a_book())
        yield opened


@pytest.fixture
def face(store: Store) -> FastAPI:
    """Its face, in English."""
    live = a_live(store)
    asyncio.run(live.load())
    return a_face(store, live)


def sent(face: FastAPI, path: str, **form: str) -> httpx.Response:
    """What a press is answered."""
    return asked_of(face, path, "POST", data=form)


def page(face: FastAPI, path: str) -> str:
    """A page in English."""
    return asked_of(face, path, headers={"cookie": "lang=en"}).text


def book(store: Store) -> dict[int, tuple[str, str, bool]]:
    """Tag, room and whether it counts, of each line by its number in the book."""
    with store.view() as db:
        return {
            one.data.row: (one.data.asset_tag, one.data.room, one.removed_ms is None)
            for one in lines_of(db, SCHOOL)
        }


def undone(face: FastAPI, answer: httpx.Response) -> None:
    """Press Undo where the answer leads."""
    assert answer.status_code == 303, answer.text
    there = page(face, answer.headers["location"].partition("#")[0])
    link = re.findall(r'action="(/register/imports/\d+/undo)"', there)[0]
    assert sent(face, link).status_code == 303


def test_a_line_is_corrected_and_that_is_taken_back(store: Store, face: FastAPI) -> None:
    """What is wrong stands beside its field, and nothing is kept then."""
    before = book(store)
    wrong = sent(face, "/register/lines/1", year="xx", asset_tag="TS-900")
    assert wrong.status_code == 422
    assert 'id="fault-year"' in wrong.text
    assert 'value="TS-900"' in wrong.text
    assert book(store) == before
    assert sent(face, "/register/lines/1", asset_tag="ts-002").status_code == 422
    done = sent(face, "/register/lines/1", asset_tag="TS-900", room="phòng 305")
    assert book(store)[1] == ("TS-900", "P305", True)
    undone(face, done)
    assert book(store) == before


def test_a_warranty_is_written_shown_and_filtered(face: FastAPI) -> None:
    """On the line's page, in the list of lines, in its file, and for programs alike."""
    assert "over since" not in page(face, "/register/lines/1")
    pressed = sent(face, "/register/lines/1", warranty_months="24", warranty_until="31/12/2025")
    assert pressed.status_code == 303
    sent(face, "/register/lines/2", warranty_months="2 năm")
    text = page(face, "/register/lines/1")
    assert "over since 2025-12-31 (24 months)" in text.replace("31/12/2025", "2025-12-31")
    assert 'name="warranty_until" value="2025-12-31" type="date"' in text
    lines = {
        asked: re.findall(r'<tr data-row="(\d+)"', page(face, f"/register?warranty={asked}"))
        for asked in ("2025", "over", "valid", "unknown", "2023")
    }
    assert lines["2025"] == ["1"]
    assert sorted(lines["over"]) == ["1", "2"], lines
    assert (lines["valid"], len(lines["unknown"])) == ([], 8)
    told = asked_of(face, "/api/v1/register?warranty=2025").json()["items"]
    assert [(one["warranty_months"], one["warranty_end"]) for one in told] == [(24, "2025-12-31")]
    table = asked_of(face, "/register?warranty=over&format=csv").text
    assert ("2025" in table, "2023" in table) == (True, True)
    assert asked_of(face, "/register?warranty=soon").status_code == 422
    refused = sent(face, "/register/lines/1", warranty_until="24 tháng")
    assert refused.status_code == 422
    assert 'id="fault-warranty_until"' in refused.text


def test_a_line_is_written_and_retired(store: Store, face: FastAPI) -> None:
    """A new line has a page at once; one that left says so."""
    before = book(store)
    assert sent(face, "/register/new", asset_tag="").status_code == 422
    made = sent(face, "/register/new", type="camera", asset_tag="TS-77", name=HOSTILE)
    assert book(store)[11] == ("TS-77", "", True)
    assert "<script>alert" not in page(face, made.headers["location"])
    undone(face, made)
    gone = sent(face, "/register/lines/7/retire")
    assert book(store)[7][2] is False
    assert "left the book" in page(face, "/register/lines/7")
    undone(face, gone)
    assert {row: told for row, told in book(store).items() if row in before} == before


def test_how_a_line_fares_is_said_and_taken_back(face: FastAPI) -> None:
    """With a note; what it is already is refused in words."""
    done = sent(face, "/register/lines/7/condition", condition="broken", note="rơi")
    assert "broken" in page(face, "/register/lines/7")
    assert "rơi" in page(face, "/register/lines/7")
    assert sent(face, "/register/lines/7/condition", condition="broken").status_code == 422
    undone(face, done)
    assert "Condition: in good repair" in page(face, "/register/lines/7")


@pytest.mark.parametrize(
    ("form", "rows"),
    [
        ({"deed": "room", "room": "p 401", "line-1": "yes", "line-7": "yes"}, {1, 7}),
        ({"deed": "room", "room": "P401", "all": "yes", "back": "q=may+chieu"}, {TAGLESS, 8}),
        ({"deed": "retire", "all": "yes", "back": "room=6A4&sort=-row"}, {8}),
        ({"deed": "condition", "condition": "lost", "line-7": "yes"}, set()),
    ],
    ids=["ticked", "found", "filtered", "condition"],
)
def test_many_lines_are_changed_by_one_press_and_one_undo(
    store: Store, face: FastAPI, form: dict[str, str], rows: set[int]
) -> None:
    """Those ticked, or all that the filter chooses, and no others."""
    before = book(store)
    done = sent(face, "/register/lines", **form)
    after = book(store)
    assert {row for row in before if after[row] != before[row]} == rows
    undone(face, done)
    assert book(store) == before


def test_other_deeds_of_many_lines(face: FastAPI) -> None:
    """Labels and a stocktake are one press away; nothing chosen is said; a guess is refused."""
    labels = sent(face, "/register/lines", **{"deed": "labels", "line-1": "y", "line-2": "y"})
    assert labels.headers["location"] == "/register/labels?lines=1%2C2"
    printed = page(face, labels.headers["location"])
    assert printed.count("<svg") == 2
    assert "TS-001" in printed
    assert page(face, "/register/labels?room=6A2").count("<svg") == 3
    assert "no asset tag" in page(face, "/register/labels?state=no_asset_tag")
    take = sent(face, "/register/lines", **{"deed": "stocktake", "line-1": "yes"})
    assert take.headers["location"] == "/stocktake/1"
    assert sent(face, "/register/lines", deed="retire").status_code == 422
    assert sent(face, "/register/lines", **{"deed": "burn", "line-1": "yes"}).status_code == 422
    assert sent(face, "/register/lines/1/condition", condition="burnt").status_code == 422


def test_the_list_of_lines_is_sorted_searched_and_taken_out_as_it_stands(face: FastAPI) -> None:
    """By any column, without marks, as a file of the same rows in the same order."""
    shown = page(face, "/register?q=bang+tuong+tac&sort=-row")
    rows = re.findall(r'<tr data-row="(\d+)"', shown)
    assert rows == ["10", "4", "2", "1"]
    file = page(face, "/register?q=bang+tuong+tac&sort=-row&format=csv").splitlines()
    assert [line.partition(",")[0] for line in file[1:]] == rows
    assert asked_of(face, "/register?sort=nonsense").status_code == 422


def test_a_device_is_decided_about_on_its_own_page(store: Store, face: FastAPI) -> None:
    """Accepted, matched, moved; each leads back to the device and can be taken back there."""
    here = "/devices/projector-6a4-20"
    assert "Accept into the book" in page(face, here)
    done = sent(face, "/register/decisions", subject="serial:x90001", deed="accept", at=here)
    assert done.headers["location"] == f"{here}?decided=1"
    shown = page(face, here)
    assert re.search(r'href="/register/lines/11"', shown)
    assert sent(face, "/register/decisions/1/undo", at=here).headers["location"].startswith(here)
    assert "Accept into the book" in page(face, here)
    moved = "/devices/tablet-6a2-06"
    assert "Accept room 6A2" in page(face, moved)
    sent(face, "/register/decisions", subject=str(MOVED), deed="accept", at=moved)
    assert "Accept room 6A2" not in page(face, moved)
    away = sent(
        face, "/register/decisions", subject="x", deed="accept", at="//evil.example/devices/"
    )
    assert away.headers["location"].startswith("/register?")


def test_a_device_is_taken_out_and_brought_back(face: FastAPI) -> None:
    """By one press each; who only reads has no button."""
    here = "/devices/projector-6a4-20"
    reader = asked_of(face, here, host=READER).text
    assert 'method="post"' not in reader
    done = sent(face, f"{here}/remove")
    assert asked_of(face, here).status_code == 404
    assert f'action="{here}/restore"' in page(face, done.headers["location"])
    assert sent(face, f"{here}/restore").headers["location"] == here
    assert asked_of(face, here).status_code == 200
    assert sent(face, "/devices/none/remove").status_code == 404
    assert sent(face, f"{here}/restore").status_code == 404


OWN, NEW = "projector 20", "Máy chiếu phòng giáo viên <b>"
SHOWN = (  # where a device's name is shown, for people and programs
    "/devices", "/devices?format=csv", "/devices/projector-6a4-20", "/rooms/6A4",
    "/agents/may-6a4", "/search?q=X9-0001", "/devices/projector-6a4-20/measures",
    "/api/v1/devices", "/api/v1/inventory",
)  # fmt: skip


def test_a_device_is_called_as_a_person_says_everywhere_and_that_is_undone(face: FastAPI) -> None:
    """Nobody sees its own name any more, but where its page says that it calls itself so."""
    here = "/devices/projector-6a4-20"
    assert [path for path in SHOWN if OWN not in html.unescape(page(face, path))] == []
    done = sent(face, f"{here}/name", name=f" {NEW}\u202e")
    for path in SHOWN:
        text = page(face, path)
        assert NEW in html.unescape(text), path
        assert (OWN in text) == (path == here), path
        assert path.startswith("/api") or "csv" in path or "viên <b>" not in text
    assert page(face, here).count(OWN) == 2  # as its own name, and behind the empty field
    assert "1" in re.findall(r'data-total="(\d+)"', page(face, "/search?q=may+chieu+phong+giao"))
    undo = page(face, done.headers["location"])
    assert f'action="{here}/name" class="note"' in undo
    assert sent(face, f"{here}/name", name="", **{"is": "Tên khác"}).status_code == 422
    assert sent(face, f"{here}/name", name="", **{"is": NEW}).status_code == 303
    assert OWN in page(face, "/rooms/6A4")
    assert sent(face, f"{here}/name", name="ả" * 81).status_code == 422
    assert sent(face, "/devices/none/name", name="x").status_code == 404
    assert f"{here}/name" not in asked_of(face, here, host=READER).text


def test_a_program_gives_a_name(face: FastAPI) -> None:
    """By its address; an empty name takes it back."""
    here = "/api/v1/devices/projector-6a4-20"
    named = asked_of(face, here, "PATCH", json={"name": NEW})
    assert (named.status_code, named.json()["name"]) == (200, NEW)
    assert named.json()["given_name"] == NEW
    assert asked_of(face, here, "PATCH", json={"name": "ả" * 81}).status_code == 422
    assert asked_of(face, here, "PATCH", json={"title": NEW}).status_code == 422
    assert asked_of(face, "/api/v1/devices/none", "PATCH", json={"name": ""}).status_code == 404
    back = asked_of(face, here, "PATCH", json={"name": ""}).json()
    assert (back["name"], back["given_name"]) == (OWN, "")


def test_ticked_devices_are_taken_out_together_and_come_back(face: FastAPI) -> None:
    """By one press each; what is not ticked stays, and no other deed does anything."""
    every = boxes(page(face, "/devices"))
    ticked = dict.fromkeys(every[:2], "yes")
    assert len(every) > 2
    assert sent(face, "/devices", deed="keep", **ticked).headers["location"] == "/devices"
    assert boxes(page(face, "/devices")) == every
    there = sent(face, "/devices", deed="remove", **ticked).headers["location"]
    shown = page(face, there)
    assert "2 devices were taken out of the list." in shown
    assert boxes(shown) == every[2:]
    hidden = re.findall(r'<input type="hidden" name="(device-[^"]+)"', shown)
    assert hidden == every[:2]
    sent(face, "/devices", deed="restore", **dict.fromkeys(hidden, "yes"))
    assert boxes(page(face, "/devices")) == every
    reader = asked_of(face, "/devices", host=READER).text
    assert boxes(reader) == []


def boxes(text: str) -> list[str]:
    """The names of a list's boxes."""
    return re.findall(r'<input type="checkbox" form="bulk" name="([^"]+)"', text)
