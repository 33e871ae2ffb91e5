"""The list of what could not be taken: behind the password, with two buttons that work once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.attendance.store import marks_of
from controller.database.set_aside import Quarantined
from controller.database.store import Store
from controller.features import keep_batch
from controller.quarantine import store as quarantine
from protocol.messages import MAX_BYTES, AttendanceMarked, MessageFlaw, to_bytes
from protocol.model import AttendanceStatus, Method
from tests.axe import violations
from tests.browser import LAPTOP, PHONE, Page
from tests.controller.ears import arrival
from tests.controller.web_school import NOW_MS, SCHOOL, Served, a_face, a_live, a_store, agent
from tests.tiers import wide

OUTSIDE, HERE = "192.0.2.5", "127.0.0.1"
MARK = AttendanceMarked(
    boot="b1",
    at_ms=NOW_MS,
    id="e1",
    seq=1,
    room="6A1",
    student="hs-1",
    status=AttendanceStatus.PRESENT,
    method=Method.MANUAL,
)
TOPIC = arrival(SCHOOL.of_agent("may-6a1"), MARK).topic


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A mark that failed once, garbage of nobody's, and one that is too long."""
    news = (
        Quarantined(
            TOPIC, "may-6a1", MessageFlaw.NOT_APPLIED, "KeyError, fleet.py:7", to_bytes(MARK)
        ),
        Quarantined("x", "", MessageFlaw.MALFORMED, "", b"<script>alert(1)</script>"),
        Quarantined("y", "may-6a2", MessageFlaw.OVERSIZED, "", b"z" * (MAX_BYTES + 1)),
    )
    with a_store(tmp_path, [agent("6A1")]) as opened:
        opened.write(keep_batch, news, NOW_MS)
        yield opened


def ask(store: Store, method: str, path: str, host: str = HERE) -> httpx.Response:
    """What the school's face answers."""

    async def asked() -> httpx.Response:
        way = httpx.ASGITransport(a_face(store, a_live(store)), client=(host, 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            return await web.request(method, path)

    return asyncio.run(asked())


def numbers(store: Store) -> list[int]:
    """What is kept, by its numbers."""
    return [line.no for line in store.read(quarantine.lines)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/quarantine"),
        ("POST", "/quarantine/1/retry"),
        ("POST", "/quarantine/1/let-go"),
    ],
)
def test_nobody_outside_sees_or_changes_anything(store: Store, method: str, path: str) -> None:
    """What is kept may hold pupils' marks."""
    answer = ask(store, method, path, OUTSIDE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/quarantine")
    assert numbers(store) == [3, 2, 1]


def test_each_is_shown_with_its_reason_and_the_menu_counts(store: Store) -> None:
    """Hostile text is shown as text."""
    page = ask(store, "GET", "/quarantine").text
    assert "Tin viết đúng nhưng không lưu được." in page
    assert "KeyError, fleet.py:7" in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("/retry") == 2
    assert 'href="/quarantine"' in ask(store, "GET", "/").text
    for no in (1, 2, 3):
        ask(store, "POST", f"/quarantine/{no}/let-go")
    assert "Mọi tin đều đã được nhận." in ask(store, "GET", "/quarantine").text
    assert 'href="/quarantine"' not in ask(store, "GET", "/").text


def test_a_message_is_tried_again_and_what_cannot_be_stays(store: Store) -> None:
    """Pressed twice, the mark is there once."""
    assert ask(store, "POST", "/quarantine/1/retry").headers["location"] == "/quarantine"
    again = ask(store, "POST", "/quarantine/1/retry").headers["location"]
    assert again == "/quarantine?trouble=message_gone#trouble"
    assert [record.student for record in store.read(marks_of, SCHOOL)] == ["hs-1"]
    wrong = ask(store, "POST", "/quarantine/2/retry").headers["location"]
    assert wrong == "/quarantine?trouble=wrong_topic#trouble"
    cut = ask(store, "POST", "/quarantine/3/retry").headers["location"]
    assert cut == "/quarantine?trouble=message_cut#trouble"
    assert numbers(store) == [3, 2]
    assert 'role="alert"' in ask(store, "GET", cut).text


@pytest.mark.parametrize("size", [PHONE, *wide((LAPTOP,))])
def test_the_list_is_read_on_any_screen(store: Store, page: Page, size: tuple[int, int]) -> None:
    """Nothing sticks out, and nothing is out of reach of anybody."""
    with Served(store) as served:
        page.open(f"{served.url}quarantine?lang=vi&trouble=message_cut", *size)
        page.see("document.querySelectorAll('details').forEach((part) => part.open = true)")
        assert violations(page) == []
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        assert page.errors == []
