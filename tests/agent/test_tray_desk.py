"""The icon as a person uses it: a real screen, a real tray; agent and browser are doubles."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.agent.teacher_double import TeacherDouble, teacher_door
from tests.agent.tray_desk import TRAYER, Desk, desk
from tests.conftest import need
from tests.ports import free_port
from tests.waiting import LIMIT_S, calm_s, until

# Looked for and not imported: it would read the source of every module imported after it.
pytestmark = pytest.mark.skipif(find_spec("PySide6") is None, reason="needs PySide6")


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desk]:
    """A screen of a common laptop."""
    with desk(need, tmp_path) as found:
        yield found


@pytest.fixture
def opened(tmp_path: Path, desktop: Desk) -> Callable[[], list[str]]:
    """The addresses that a browser was asked for; it is a double, and writes them down."""
    words = tmp_path / "opened.txt"
    program = tmp_path / "microsoft-edge"
    program.write_text(f'#!/bin/sh\necho "$@" >> {words}\n')
    program.chmod(0o755)
    desktop.put_first(tmp_path)
    return lambda: words.read_text().splitlines() if words.exists() else []


def choose(desktop: Desk, entry: int, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Choose an entry of the icon's menu, counted from 1, by hand and keyboard.

    meanwhile: what happens while it is open.
    """
    x, y = until(desktop.icon, "the icon is in the tray")
    menu = ("search", "--onlyvisible", "--class", "lophoc-tray")
    before = desktop.xdo(*menu)
    desktop.xdo("mousemove", str(x), str(y), "click", "3")
    until(lambda: desktop.xdo(*menu) != before, "the menu is open")
    meanwhile()
    desktop.xdo("key", *["Down"] * entry, "Return")


def test_the_menus_first_entry_is_the_next_deed_and_the_page_follows(
    desktop: Desk, opened: Callable[[], list[str]]
) -> None:
    """One press starts the lesson, and its roll is in sight in a window of its own."""
    double = TeacherDouble()
    with teacher_door(double) as url:
        desktop.start(*TRAYER)
        desktop.tray(url, "--hidden")
        until(lambda: len(double.asked) > 1, "the view is shown")
        choose(desktop, 1)
        until(lambda: double.posted, "the lesson is started")
        until(opened, "the page is opened")
    assert double.posted == [("/api/v1/lesson/start", {})]
    assert opened() == [f"--app={url}/#t=c-1&only=1"]


def test_the_menus_deed_is_the_one_that_was_shown_as_it_opened(desktop: Desk) -> None:
    """The bell rings while it is open: what it said is asked for, and the agent refuses it."""
    double, meant = TeacherDouble(), {"lesson": "l1", "running": False}
    double.tell(meant=meant)

    def ring() -> None:
        count = len(double.asked)
        button = {"action": "end", "label": "Kết thúc tiết học", "enabled": True}
        double.tell(meant={"lesson": "l2", "running": True}, button=button)
        until(lambda: len(double.asked) > count, "the next view is shown")

    with teacher_door(double) as url:
        desktop.start(*TRAYER)
        desktop.tray(url, "--hidden")
        until(lambda: len(double.asked) > 1, "the view is shown")
        choose(desktop, 1, ring)
        until(lambda: double.posted, "it is asked for")
    assert double.posted == [("/api/v1/lesson/start", {"meant": meant})]


def test_the_icon_comes_within_five_seconds_of_a_late_tray(desktop: Desk) -> None:
    """And comes back after the tray was killed."""
    with teacher_door(TeacherDouble()) as url:
        tray = desktop.tray(url, "--hidden")
        host = desktop.start(*TRAYER)
        began_s = calm_s()
        until(desktop.icon, "the icon is in the tray")
        assert calm_s() - began_s <= 5.0
        host.kill()
        host.wait()
        until(lambda: desktop.icon() is None, "the tray is gone")
        desktop.start(*TRAYER)
        until(desktop.icon, "the icon is back")
        assert tray.poll() is None


def test_a_start_opens_the_page_and_a_second_one_asks_the_first(
    desktop: Desk, opened: Callable[[], list[str]]
) -> None:
    """One icon for one person, with a tray or without; hidden, nothing is opened."""
    with teacher_door(TeacherDouble()) as url:
        first = desktop.tray(url)
        until(lambda: len(opened()) == 1, "the page is opened")
        assert desktop.tray(url).wait(LIMIT_S) == 0
        until(lambda: len(opened()) == 2, "the page is opened again")
        assert first.poll() is None


def test_an_icon_without_agent_opens_the_page_when_it_comes(
    desktop: Desk, opened: Callable[[], list[str]]
) -> None:
    """The program starts before the agent, as at log-in, and lives through its restart."""
    port = free_port()
    tray = desktop.tray(f"http://127.0.0.1:{port}")
    for count in (1, 2):
        double = TeacherDouble()
        with teacher_door(double, port):
            until(lambda: len(opened()) == 1, "the page is opened once")
            until(lambda double=double: double.asked, f"the agent is found for the {count}. time")
    assert tray.poll() is None


def test_an_agent_elsewhere_is_refused_in_vietnamese() -> None:
    """It holds the door's key: it asks this computer only."""
    command = ["-m", "agent.tray", "--agent", "http://192.0.2.1:8765"]
    ended = subprocess.run(
        [sys.executable, *command],
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ended.returncode == 2
    assert "Không hỏi chương trình LopHoc ở http://192.0.2.1:8765." in ended.stderr


def test_what_needs_no_qt_is_there_before_it() -> None:
    """PySide6 reads, and keeps, the source of every module that is imported after it."""
    script = """
import sys
from importlib import import_module
from agent.tray.__main__ import BEFORE_QT
for name in BEFORE_QT:
    import_module(name)
import PySide6.QtWidgets
before = set(sys.modules)
import agent.tray.app
print(*sorted(set(sys.modules) - before))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={"LANG": "C.UTF-8", "PATH": "/usr/bin"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    qt = ("app", "single", "tray_icon")
    assert ended.stdout.split() == [f"agent.tray.{name}" for name in qt]
