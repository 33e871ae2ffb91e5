"""What an icon is for, at the agent's door; the desktop is a double that draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import pytest

from agent.tray.desk import TrayDesk
from agent.tray.view import TrayView
from protocol.door_client import answer_from
from protocol.door_key import key_file
from tests.agent.teacher_double import TeacherDouble, teacher_door
from tests.waiting import until


class ScreenDouble:
    """A desktop in the test's own thread: it keeps what it is to show."""

    def __init__(self) -> None:
        self.deeds: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.views: list[TrayView] = []
        self.away: list[str] = []
        self.told: list[str] = []
        self.pages: list[str] = []

    def post(self, deed: Callable[[], None]) -> None:
        """From the door's threads."""
        self.deeds.put(deed)

    def show(self, view: TrayView | None, sentence: str = "") -> None:
        """As an icon would."""
        if view is None:
            self.away.append(sentence)
        else:
            self.views.append(view)

    def tell(self, sentence: str = "") -> None:
        """As a balloon would."""
        self.told.append(sentence)

    def open_page(self, url: str) -> None:
        """As a browser would."""
        self.pages.append(url)

    def wait(self, seen: Callable[[], object], what: str) -> None:
        """Do what is posted until something is seen."""

        def look() -> object:
            while not self.deeds.empty():
                self.deeds.get()()
            return seen()

        until(look, what)


def test_the_icon_finds_its_key_and_lets_a_browser_in(tmp_path: Path) -> None:
    """Shut out it says why; with the key it is in, presses, and says what was refused."""
    double, screen = TeacherDouble(), ScreenDouble()
    double.key = "k-1"
    with teacher_door(double) as url:
        desk = TrayDesk(url, "vi", screen, key_folder=str(tmp_path), is_wanted=True)
        desk.come()
        assert screen.told == [""], "what is shown is said: nobody is there"
        desk.open()
        screen.wait(lambda: screen.away, "it is shut out")
        assert not screen.pages
        key_file(tmp_path, urlsplit(url).port or 0).write_text(double.key)
        screen.wait(lambda: screen.pages, "the page that was wanted is opened once it is in")
        desk.act()
        screen.wait(lambda: len(screen.views) > 1, "the next view came")
        screen.wait(lambda: len(screen.pages) > 1, "the page follows the deed")
        double.refuse = {"code": "x", "message": "Muộn rồi.", "hint": ""}
        desk.act()
        screen.wait(lambda: "Muộn rồi." in screen.told, "it is refused")
    assert screen.away[0] == "Cửa khóa. Xin mở lại."
    assert screen.pages[0] == f"{url}/#t=c-1&only=1"
    assert double.posted == [("/api/v1/lesson/start", {})]


@pytest.mark.parametrize(
    ("got", "status"),
    [
        (b"", 0),
        (b"SSH-2.0\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", 0),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", 200),
        (b"HTTP/1.0 404 No\r\n\r\n", 404),
    ],
    ids=["nothing", "other", "cut", "whole", "unmeasured"],
)
def test_an_answer_that_is_cut_short_is_none(got: bytes, status: int) -> None:
    """Half a view is no view."""
    assert answer_from(got).status == status
