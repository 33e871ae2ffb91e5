"""These tests say what a computer's page shows, and how the list of repairs is asked for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from controller.fleet.records import Record
from controller.register.life import Said
from controller.register.store import line_by_row
from controller.repairs.store import open_by_person
from tests.controller.book_school import a_book, bring_in, what_is_seen
from tests.controller.people import READER
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    a_face,
    a_live,
    a_store,
    agent,
    asked_of,
    event,
)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """A school with a book and two repairs, in English."""
    records: list[Record] = [agent("6A1"), agent("6A2"), *what_is_seen(), event("e1")]
    with a_store(tmp_path_factory.mktemp("agents"), records) as store:
        bring_in(store, a_book())
        with store.locked(SCHOOL) as db:
            for row, note in ((7, "ống kính vỡ"), (8, "bóng đèn")):
                line = line_by_row(db, SCHOOL, row)
                assert line
                open_by_person(db, SCHOOL, line, Said("an", NOW_MS + row), note=note)
        live = a_live(store)
        asyncio.run(live.load())
        yield a_face(store, live)


def page(face: FastAPI, path: str, host: str = "127.0.0.1") -> str:
    """A page in English."""
    return asked_of(face, path, host=host, headers={"cookie": "lang=en"}).text


def shown(face: FastAPI, query: str, host: str = "127.0.0.1") -> list[str]:
    """The repairs on the page, by their numbers."""
    return re.findall(r'data-repair="(\d+)"', page(face, f"/repairs{query}", host))


def test_repairs_are_filtered_sorted_and_taken_out_as_they_stand(face: FastAPI) -> None:
    """By room, state and words; a note is searched by who may read it alone."""
    assert shown(face, "") == ["1", "2"]
    assert shown(face, "?sort=-reported") == ["2", "1"]
    assert shown(face, "?room=6a4") == ["2"]
    assert shown(face, "?q=may+chieu") == shown(face, "?q=projector") == ["2"]
    assert shown(face, "?q=vo") == ["1"]
    assert shown(face, "?q=vo", READER) == []
    assert shown(face, "?state=done") == []
    file = page(face, "/repairs?sort=-reported&format=csv").splitlines()
    assert [line.partition(",")[0].strip('"') for line in file[1:]] == ["2", "1"]
    assert "bóng đèn" in file[1]
    assert "bóng đèn" not in page(face, "/repairs?format=csv", READER)
    assert asked_of(face, "/repairs?sort=x").status_code == 422


def test_a_computers_page_says_what_it_sees_and_told(face: FastAPI) -> None:
    """Each of its devices is a link; who only reads has no button."""
    told = page(face, "/agents/may-6a1")
    links = re.findall(r'href="(/devices/[^"]+)"', told)
    assert len(links) == 2
    assert {asked_of(face, link).status_code for link in links} == {200}
    assert "A lesson began." in told
    assert 'action="/enrolment/revoke"' in told or "not joined by a code yet" in told
    assert "<form method" not in page(face, "/agents/may-6a1", READER)
    assert asked_of(face, "/agents/none").status_code == 404
    room = page(face, "/rooms/6A1")
    for link in ("/agents/may-6a1", "/devices?room=6A1", "/register?room=6A1"):
        assert f'href="{link}' in room
