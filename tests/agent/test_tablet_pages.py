"""These tests look at the tablets' page and the board through a real browser."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Self

import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from agent.server import LOCAL, serve
from agent.tablets import board
from tests.agent.school_double import answers
from tests.agent.tablet_room import HOST, Room, lesson_of, served
from tests.axe import violations
from tests.browser import LAPTOP, UPRIGHT, Page
from tests.ports import free_port
from tests.tiers import wide
from tests.waiting import LIMIT_S, eventually, until

PHONE = (360, 640)
WALL = (1920, 1080)


class Served:
    """A room whose tablets' page and board are open, on a loop of its own."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.service = room.service()
        self.url = self.board = ""
        self._ready: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LIMIT_S)

    @property
    def digits(self) -> str:
        """What the board shows."""
        code = self.service.checkins().code
        return code.digits(self.service.now_s()) if code else ""

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._end = asyncio.Event()
        port = free_port()
        app: ASGIApp = Starlette(routes=board.routes(self.service, lambda _request: "vi"))
        async with served(self.service) as self.url, asyncio.TaskGroup() as tasks:
            loopback = tasks.create_task(serve(app, HOST, port, LOCAL))
            self.board = f"http://{HOST}:{port}/board"
            await eventually(lambda: answers(port), "the board's door is open")
            self._ready.set_result(None)
            await self._end.wait()
            loopback.cancel()


@pytest.fixture
def room() -> Iterator[Served]:
    """A lesson of 42."""
    with Served(Room()) as running:
        yield running


def shoot(page: Page, name: str) -> None:
    """Keep a picture where LOPHOC_PICTURES says so, for people to look at."""
    if folder := os.environ.get("LOPHOC_PICTURES"):
        page.shoot(Path(folder) / f"{name}.png")


def shown(page: Page) -> str:
    """The sentence that says what came of it."""
    text: str = page.see("(document.querySelector('[role=alert]') || {}).textContent || ''")
    return text.strip("\u2713 ")


def type_code(page: Page, text: str) -> None:
    """Type into the one field."""
    page.click("input")
    page.call("Input.insertText", text=text)


@pytest.mark.parametrize("script", ["on", "off"])
def test_a_pupil_checks_in_with_a_code_and_one_touch(page: Page, room: Served, script: str) -> None:
    """With JavaScript or without: type four digits, touch a number, read one sentence."""
    page.open(room.url, *UPRIGHT)
    if script == "off":
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        page.open(room.url, *UPRIGHT)
        assert page.see("document.querySelector('iframe').getClientRects().length") == 1
    type_code(page, room.digits)
    page.click("button[value='0.7']")
    page.wait("document.querySelector('[role=alert]')")
    assert shown(page) == "Đã ghi nhận số 7."
    assert [student for student, _, _ in room.room.suggested] == ["10A1-07"]
    assert page.see("document.querySelector(\"button[value='0.7']\").className") == "t"
    shoot(page, f"tablet-in-script-{script}")


def test_the_enter_key_checks_nobody_in(page: Page, room: Served) -> None:
    """A form's first button answers to it: that one is nobody's, and the code stays typed."""
    page.open(room.url, *UPRIGHT)
    type_code(page, room.digits)
    page.press("Enter")
    page.wait("document.querySelector('[role=alert]')")
    assert shown(page) == "Bây giờ hãy chạm vào số của em."
    assert page.see("document.querySelector('input').value") == room.digits
    assert room.room.suggested == []


def test_a_scan_then_a_touch_is_all(page: Page, room: Served) -> None:
    """The tablet's camera opens the address in the QR code."""
    code = room.service.checkins().code
    assert code
    page.open(f"{room.url}/c/{code.token(room.service.now_s())}", *UPRIGHT)
    assert page.see("location.pathname") == "/"
    shoot(page, "tablet-scanned")
    page.click("button[value='0.12']")
    page.wait("document.querySelector('[role=alert]')")
    assert shown(page) == "Đã ghi nhận số 12."


def test_every_number_is_on_the_screen_and_can_be_touched(page: Page, room: Served) -> None:
    """At 800 x 1280 nothing scrolls; on a small one nothing scrolls sideways."""
    for name, size in (("tablet", UPRIGHT), ("small", PHONE)):
        page.open(room.url, *size)
        shoot(page, f"tablet-{name}")
        boxes = page.see(
            """Array.from(document.querySelectorAll("button:not(.h)")).map(function (each) {
            var box = each.getBoundingClientRect(); return [box.right, box.width, box.height]})"""
        )
        assert len(boxes) == 42
        assert max(right for right, _, _ in boxes) <= size[0]
        assert min(min(width, height) for _, width, height in boxes) >= 44
        assert page.see("document.documentElement.scrollWidth") <= size[0]
        if size == UPRIGHT:
            assert page.see("document.documentElement.scrollHeight") <= size[1]
    sizes = page.see(
        "Array.from(document.querySelectorAll('h1,p,label,button,input'))"
        ".map(each => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert min(sizes) >= 22


def test_the_page_hears_of_others_and_of_the_lesson(page: Page, room: Served) -> None:
    """Numbers taken elsewhere get their tick without a reload; the end of the lesson shows."""
    page.open(room.url, *UPRIGHT)
    room.room.lesson = lesson_of("10A1", code="l2", seated={"10A1-05": ""})
    page.open(room.url, *UPRIGHT)
    page.wait("document.querySelector(\"button[value='0.5']\").className === 't'")
    ticked = "getComputedStyle(document.querySelector(\"button[value='0.5']\"), ':after').content"
    assert "\u2713" in page.see(ticked)  # not by colour alone
    room.room.lesson = None
    page.open(room.url, *UPRIGHT)
    assert "Tiết học đã kết thúc." in page.see("document.body.innerText")
    assert page.errors == []


@pytest.mark.parametrize("state", ["open", *wide("taken", "refused", "joint", "before")])
def test_everybody_can_use_the_tablets_page(page: Page, state: str) -> None:
    """axe-core finds nothing against WCAG 2.1 A and AA, whatever the page shows."""
    lesson = {"before": None, "joint": lesson_of("10A1", "10A2")}.get(state, lesson_of("10A1"))
    with Served(Room(lesson=lesson)) as room:
        page.open(room.url, *UPRIGHT)
        if state in {"taken", "refused"}:
            type_code(page, room.digits if state == "taken" else "0000")
            page.click("button[value='0.7']")
            page.wait("document.querySelector('[role=alert]')")
        shoot(page, f"tablet-{state}")
        assert violations(page) == []
        assert page.see("document.documentElement.lang") == "vi"
        host = room.url
        assert {url.startswith(host) for url in page.requests if "://" in url} == {True}


@pytest.mark.parametrize("size", [LAPTOP, WALL])
def test_the_board_shows_what_eyes_and_cameras_need(
    page: Page, room: Served, size: tuple[int, int]
) -> None:
    """QR and digits large enough for 8 m, the count, the next code by itself; no name."""
    page.open(room.board, *size)
    shoot(page, f"board-{size[0]}")
    assert page.see("document.querySelector('.code').textContent") == room.digits
    assert page.see("document.querySelector('.in').textContent") == "0/42"
    width, height = size
    assert page.see("document.documentElement.scrollHeight") <= height
    assert page.see("document.documentElement.scrollWidth") <= width
    digits = "document.querySelector('.code').getBoundingClientRect()"
    assert page.see(f"{digits}.height") >= height / 4
    assert page.see(f"{digits}.right") <= width
    code = "document.querySelector('.qr svg').getBoundingClientRect()"
    assert page.see(f"{code}.width") >= width * 0.4
    assert violations(page) == []
    before = room.digits
    room.room.now_s += 15
    assert room.digits != before
    page.wait(f"document.querySelector('.code').textContent === '{room.digits}'")
    room.room.lesson = None
    page.wait("document.querySelector('h1')")
    assert page.see("document.querySelector('h1').textContent") == "Đã hết tiết"
    shoot(page, f"board-over-{size[0]}")
    assert violations(page) == []
    assert page.errors == []


def test_the_boards_code_is_read_by_a_reader(page: Page, room: Served, tmp_path: Path) -> None:
    """What a tablet's camera would read of the real picture opens the page."""
    cv2 = pytest.importorskip("cv2")
    zxingcpp = pytest.importorskip("zxingcpp")
    began_s = room.service.now_s()
    page.open(room.board, *LAPTOP)

    def read() -> list[str]:
        page.shoot(tmp_path / "board.png")
        return [it.text for it in zxingcpp.read_barcodes(cv2.imread(str(tmp_path / "board.png")))]

    (found,) = until(read, "the picture is there, and read")
    code = room.service.checkins().code
    assert code
    shown = {f"{room.url}/c/{code.token(at_s)}" for at_s in (began_s, room.service.now_s())}
    assert found in shown
    page.open(found, *UPRIGHT)
    until(lambda: page.see("location.pathname") == "/")
    assert page.see("document.querySelectorAll('input').length") == 0
