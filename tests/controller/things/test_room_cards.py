"""The cards that hang beside rooms' computers: one a room, with the words of its own screen."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from tests.controller.book_school import HOSTILE
from tests.controller.web_school import a_face, a_live, a_store, agent, asked_of

ROOMS = ["P203", "P9", "P10", HOSTILE]
CARD = Path(__file__).parents[3] / "docs" / "the-phong.md"


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Of four rooms, and a computer that knows of none."""
    with a_store(tmp_path_factory.mktemp("cards"), [agent(room) for room in [*ROOMS, ""]]) as store:
        live = a_live(store)
        asyncio.run(live.load())
        yield a_face(store, live)


def cards(face: FastAPI, query: str = "") -> list[str]:
    """The text of each card."""
    answer = asked_of(face, f"/room-cards{query}{'&' if query else '?'}lang=vi")
    assert answer.status_code == 200
    return re.findall(r"<section>(.*?)</section>", answer.text, re.DOTALL)


def test_every_room_gets_one_as_people_sort_them(face: FastAPI) -> None:
    """None for a computer without a room; what a room is called is text."""
    found = cards(face)
    assert len(found) == len(ROOMS)
    names = [re.findall(r"<h2><bdi>(.*?)</bdi>", card)[0].split()[-1] for card in found]
    assert [name for name in names if name in ROOMS] == ["P9", "P10", "P203"]
    assert "<script>alert" not in "".join(found)


@pytest.mark.parametrize("written", ["P203", "p203", "Phòng P203", " 203 "])
def test_one_room_is_found_however_it_is_written(face: FastAPI, written: str) -> None:
    """As everywhere; a room that is not there is said to be not."""
    assert len(cards(face, f"?room={quote(written)}")) == 1
    assert "P999" in asked_of(face, "/room-cards?room=P999").text
    assert cards(face, "?room=P999") == []


def test_the_card_says_what_the_handbook_says(face: FastAPI) -> None:
    """The buttons of the handbook's card, in its order."""
    (card,) = cards(face, "?room=P203")
    told = re.findall(r"\*\*([^*]+)\*\*", CARD.read_text("utf-8"))
    buttons = [word for word in told if f"<b>{word}</b>" in card]
    assert len(buttons) >= 6
    assert buttons == re.findall(r"<b>([^<]+)</b>", card)


def test_rooms_lead_to_their_cards(face: FastAPI) -> None:
    """From the list."""
    assert 'href="/room-cards"' in asked_of(face, "/rooms").text
