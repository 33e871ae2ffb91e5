"""The list of repairs: open to look at, its buttons behind the gate, in a real browser too."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import FaultRecord
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.repairs import store as repairs
from controller.repairs.repair import Repair, RepairState
from controller.repairs.store import faults_of
from protocol.messages import Part
from tests.axe import violations
from tests.browser import LAPTOP, PHONE, Page
from tests.controller.people import HERE, READER
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    Served,
    a_face,
    a_live,
    a_store,
    agent,
    asked,
)
from tests.tiers import wide

OUTSIDE = "192.0.2.5"


def fault(event_id: str, part: Part, room: str = "6A1") -> FaultRecord:
    """A teacher pressed a picture."""
    place = SCHOOL.of_agent(f"may-{room.lower()}")
    return FaultRecord(
        place=place, event_id=event_id, room=room, part=part, at_ms=NOW_MS, received_ms=NOW_MS
    )


@contextlib.contextmanager
def a_room(folder: Path) -> Iterator[Store]:
    """A room with a board, a projector and a camera in the book; two reports wait."""
    lines = [
        Line(row=1, asset_tag="TS-1", type="board", maker="Samsung", model="WM75B", room="6A1",
             condition="good"),
        Line(row=2, asset_tag="TS-2", type="projector", maker="Epson", room="6A1"),
        Line(row=3, asset_tag="TS-3", type="camera", maker="EZVIZ", room="6A1", condition="good"),
    ]  # fmt: skip
    with a_store(folder, [agent("6A1")]) as opened:
        with opened.locked(SCHOOL) as db:
            register.bring_in(db, SCHOOL, lines, whole=True, now_ms=NOW_MS)
        opened.write(keep_batch, [fault("f1", Part.BOARD), fault("f2", Part.CAMERA)], NOW_MS)
        yield opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """The room's school."""
    with a_room(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same for all tests that change nothing."""
    with a_room(tmp_path_factory.mktemp("library")) as opened:
        yield opened


def ask(store: Store, path: str, host: str = HERE, **form: str) -> httpx.Response:
    """What the school's face answers; a form is posted."""
    if not form:
        return asked(store, path, host=host)
    told = {name: value for name, value in form.items() if name != "post"}
    return asked(store, path, method="POST", host=host, data=told)


def post(store: Store, path: str, host: str = HERE, **form: str) -> httpx.Response:
    """Press a button."""
    return ask(store, path, host, post="yes", **form)


def known(store: Store) -> list[Repair]:
    with store.view() as db:
        return repairs.repairs_of(db, SCHOOL)


def condition(store: Store, row: int) -> str:
    with store.view() as db:
        kept = register.line_by_row(db, SCHOOL, row)
        assert kept
        return lives.life_in(db, SCHOOL, kept).condition


def test_readers_see_what_is_broken_and_not_who_and_no_button(store: Store) -> None:
    """Names and notes are for those who may repair, in the API too."""
    post(store, "/repairs", row="3", note="vỡ ống kính")
    outside, inside = ask(store, "/repairs", READER).text, ask(store, "/repairs").text
    for text in (outside, inside):
        assert "bảng tương tác" in text.lower()
        assert "EZVIZ" in text
        assert "camera" in text.lower()
    assert ("may-6a1" in inside, "vỡ ống kính" in inside, "<form method" in inside) == (
        True,
        True,
        True,
    )
    assert ("may-6a1" in outside, "vỡ ống kính" in outside, "<form method" in outside) == (
        False,
    ) * 3
    told = ask(store, "/api/v1/repairs").json()
    assert [each["reported_by"] for each in told] == ["may-6a1", "may-6a1", "van-phong"]
    assert [each["line"] and each["line"]["row"] for each in told] == [None, 3, 3]
    assert [each["row"] for each in told[0]["candidates"]] == [1, 2]
    shut = ask(store, "/api/v1/repairs", READER).json()
    assert {each["reported_by"] + each["note"] for each in shut} == {""}
    assert not [move for each in shut for move in each["moves"] if "who" in move]


def test_the_figures_stand_on_the_page_and_in_the_api(store: Store) -> None:
    """How many, how long, how available; of what was done within the days that are asked for."""
    told = ask(store, "/api/v1/repairs/figures").json()
    assert (told["all"]["lines"], told["all"]["reported"], told["all"]["open"]) == (3, 2, 2)
    assert told["by_type"]["camera"]["open"] == 1
    assert told["by_model"] == {"Samsung WM75B": told["by_type"]["board"]}
    assert told["until"][:4] == "2026" > told["since"][:4]
    assert (told["all"]["done"], told["all"]["mean_hours"]) == (0, None)
    post(store, "/repairs/2/done", outcome="good")
    assert ask(store, "/api/v1/repairs/figures?days=1", READER).json()["all"]["done"] == 1
    assert ask(store, "/api/v1/repairs/figures?days=0").status_code == 422
    page = ask(store, "/repairs", READER).text
    assert "365 ngày qua" in page
    (row,) = re.findall(r'<tr><th scope="row"><bdi>Tất cả</bdi></th>(.*?)</tr>', page, re.DOTALL)
    assert [cell.split(">")[1] for cell in row.split("</td>")[:4]] == ["3", "2", "1", "1"]


@pytest.mark.parametrize(
    "path",
    ["/repairs", "/repairs/1/start", "/repairs/1/pick", "/repairs/1/done", "/repairs/1/undo"],
)
def test_nothing_is_changed_from_the_network_without_the_password(
    library: Store, path: str
) -> None:
    """The button leads to the password."""
    before = known(library)
    answer = post(library, path, OUTSIDE, row="1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/repairs")
    assert known(library) == before


def test_a_repair_is_picked_begun_done_and_taken_back(store: Store) -> None:
    """Each button answers with the list, where the repair stands."""
    assert post(store, "/repairs/1/pick", row="1").headers["location"] == "/repairs?#r1"
    assert condition(store, 1) == "broken"
    post(store, "/repairs/1/start")
    answer = post(store, "/repairs/1/done", outcome="awaiting_disposal")
    assert (answer.status_code, answer.headers["location"]) == (303, "/repairs?all=true#r1")
    assert (known(store)[0].state, condition(store, 1)) == (RepairState.DONE, "awaiting_disposal")
    assert [each.event_id for each in store.read(faults_of, SCHOOL)] == ["f2"]
    page = ask(store, "/repairs?all=true").text
    (move,) = re.findall(r'/repairs/1/undo"><input type="hidden" name="move" value="(\d+)"', page)
    post(store, "/repairs/1/undo", move=move)
    assert (known(store)[0].state, condition(store, 1)) == (RepairState.UNDER_REPAIR, "repair")
    again = post(store, "/repairs/1/undo", move=move)
    assert again.headers["location"] == "/repairs?trouble=moved_on#trouble"
    assert known(store)[0].state is RepairState.UNDER_REPAIR


def test_the_fault_leaves_the_rooms_screen_when_its_repair_is_done(store: Store) -> None:
    """The page of the room is told in the same breath."""

    async def done() -> list[str]:
        live = a_live(store)
        await live.load()
        way = httpx.ASGITransport(a_face(store, live), client=(HERE, 5))
        async with httpx.AsyncClient(transport=way, base_url="http://testserver") as web:
            before = (await web.get("/rooms/6A1")).text
            await web.post("/repairs/2/done", data={"outcome": "good"})
            return [before, (await web.get("/rooms/6A1")).text]

    before, after = asyncio.run(done())
    assert ('data-fault="f2"' in before, 'data-fault="f2"' in after) == (True, False)
    assert 'data-fault="f1"' in after


@pytest.mark.parametrize(
    ("path", "form", "trouble"),
    [
        ("/repairs/9/start", {}, "repair_unknown"),
        ("/repairs/1/pick", {"row": "99"}, "line_unknown"),
        ("/repairs/1/pick", {"row": "-1"}, "form_invalid"),
        ("/repairs/1/pick", {}, "form_invalid"),
        ("/repairs/1/done", {"outcome": "lost"}, "form_invalid"),
        ("/repairs/1/undo", {"move": "1"}, "nothing_to_undo"),
        ("/repairs/1/burn", {}, "form_invalid"),
        ("/repairs", {"row": "٣"}, "form_invalid"),
        ("/repairs", {"row": "1", "note": "x" * 5000}, "form_invalid"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    library: Store, path: str, form: dict[str, str], trouble: str
) -> None:
    """And nothing is changed."""
    before = known(library)
    answer = post(library, path, **form)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/repairs?trouble={trouble}#trouble",
    )
    assert 'role="alert"' in ask(library, answer.headers["location"]).text
    assert known(library) == before


def test_a_note_is_text_whatever_is_in_it(store: Store) -> None:
    """It cannot become part of the page."""
    post(store, "/repairs", row="1", note="<script>alert(1)</script>")
    page = ask(store, "/repairs").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert 'role="alert"' not in ask(store, "/repairs?trouble=<b>").text


@pytest.mark.parametrize("size", [PHONE, *wide((LAPTOP,))])
def test_the_list_can_be_used_by_everybody(page: Page, store: Store, size: tuple[int, int]) -> None:
    """No violation of WCAG 2.1 AA with all states shown, nothing wider than the window."""
    post(store, "/repairs/2/start")
    post(store, "/repairs", row="1", note="liệt cảm ứng ở mép trái " * 5)
    post(store, "/repairs/3/done", outcome="good")
    with Served(store) as served:
        page.open(f"{served.url}repairs?all=true&lang=vi&trouble=moved_on", *size)
        page.see("document.querySelectorAll('details').forEach((each) => each.open = true)")
        assert violations(page) == []
        assert page.see(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
        assert page.errors == []


def test_a_person_repairs_with_the_keyboard(page: Page, store: Store) -> None:
    """Which item, begun, done: by choosing and pressing Enter, without a script of ours."""
    with Served(store) as served:
        page.open(f"{served.url}repairs?lang=vi", *PHONE)
        for selector, shown in (
            ("#r1 [action$='/pick'] button", "#r1 small"),
            ("#r1 [action$='/start'] button", "#r1[data-state='under_repair']"),
            ("#r1 [action$='/done'] button", "#r1[data-state='done']"),
        ):
            page.see(f'document.querySelector("{selector}").focus()')
            page.press("Enter")
            page.wait(f'document.readyState === "complete" && document.querySelector("{shown}")')
    assert condition(store, 1) == "good"
