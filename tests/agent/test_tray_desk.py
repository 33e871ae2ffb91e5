"""The tray app as a person uses it: a real screen, a real tray, a finger; the agent is a double."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agent.teacher_double import TeacherDouble, teacher_door
from tests.agent.tray_desk import TRAYER, Desk, desk
from tests.conftest import need
from tests.ports import free_port
from tests.waiting import LIMIT_S, calm_s, until

pytest.importorskip("PySide6")


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desk]:
    """A screen of a common laptop."""
    with desk(need, tmp_path) as found:
        yield found


def shown(double: TeacherDouble) -> Callable[[], bool]:
    """Whether the window has asked again after what it was told last."""
    seen = len(double.asked)
    return lambda: len(double.asked) > seen


def found(double: TeacherDouble) -> Callable[[], bool]:
    """Whether the window has been told a first time, and asked again."""
    return lambda: len(double.asked) > 1


def press_until(desktop: Desk, window: str, double: TeacherDouble, path: str) -> None:
    """One press of the big button; wait until the agent has been told."""
    desktop.big(window)
    until(lambda: double.posted and double.posted[-1][0] == path, f"posted {path}")


def close(desktop: Desk, window: str) -> tuple[str, ...]:
    """Close the window as its title bar does, until it is out of sight; gives how to look."""
    seen = ("search", "--onlyvisible", "--name", "LopHoc")

    def gone() -> bool:
        if window not in desktop.xdo(*seen).split():
            return True
        desktop.shut(window)
        return False

    until(gone, "the window is out of sight")
    return seen


def test_a_whole_lesson_is_three_presses_of_one_button(desktop: Desk) -> None:
    """Start, confirm, end: no typing, no dialog, and exactly what the agent is asked."""
    double = TeacherDouble()
    with teacher_door(double) as url:
        window = desktop.window(desktop.tray(url).pid, "Lớp học")
        until(lambda: len(double.asked) > 1, "the view is shown")
        for path in ("lesson/start", "roll/confirm", "lesson/end"):
            asked = shown(double)
            press_until(desktop, window, double, f"/api/v1/{path}")
            until(asked, "the next view is shown")
    paths = [path.removeprefix("/api/v1/") for path, _ in double.posted]
    assert paths == ["lesson/start", "roll/confirm", "lesson/end"]
    assert [body for _, body in double.posted] == [{}, {}, {}]


def test_the_icon_comes_within_five_seconds_of_a_late_tray(desktop: Desk) -> None:
    """And comes back after the tray was killed; the window lives on."""
    with teacher_door(TeacherDouble()) as url:
        tray = desktop.tray(url)
        desktop.window(tray.pid)
        assert desktop.icon() is None
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


def test_a_closed_window_comes_back_by_its_icon(desktop: Desk) -> None:
    """Closing hides it where the icon is; a click on the icon shows it."""
    with teacher_door(TeacherDouble()) as url:
        tray = desktop.tray(url)
        window = desktop.window(tray.pid)
        desktop.start(*TRAYER)
        x, y = until(desktop.icon, "the icon is in the tray")
        seen = close(desktop, window)
        desktop.xdo("mousemove", str(x), str(y), "click", "1")
        until(lambda: desktop.xdo(*seen), "the window is back")
        assert tray.poll() is None


def test_a_second_start_raises_the_first_and_ends(desktop: Desk) -> None:
    """One window for one person."""
    with teacher_door(TeacherDouble()) as url:
        first = desktop.tray(url)
        desktop.window(first.pid)
        assert desktop.tray(url).wait(LIMIT_S) == 0
        assert first.poll() is None


def test_a_window_without_agent_finds_it_when_it_comes(desktop: Desk) -> None:
    """The program starts before the agent, as at log-in, and lives through its restart."""
    port = free_port()
    tray = desktop.tray(f"http://127.0.0.1:{port}")
    window = desktop.window(tray.pid, "Lớp học")
    for _ in range(2):
        double = TeacherDouble()
        with teacher_door(double, port):
            until(found(double), "the agent is found")
            press_until(desktop, window, double, "/api/v1/lesson/start")
    assert tray.poll() is None


def test_enter_alone_starts_the_lesson(desktop: Desk) -> None:
    """The big button has the keyboard from the beginning: Enter starts the lesson."""
    double = TeacherDouble("en")
    with teacher_door(double) as url:
        window = desktop.window(desktop.tray(url, "--lang", "en").pid, "Classroom")
        until(lambda: len(double.asked) > 1, "the view is shown")
        desktop.xdo("windowfocus", "--sync", window)
        desktop.xdo("key", "Return")
        until(lambda: double.posted, "Enter started the lesson")
        until(lambda: double.view()["roll"], "the roll is there")
    assert ("/api/v1/lesson/start", {}) in double.posted
    assert double.asked[0] == "en"


def test_one_tap_on_a_name_is_absent_and_the_row_of_marks_changes_it(desktop: Desk) -> None:
    """By the keyboard: Tab from the big button goes round to the first name."""
    double = TeacherDouble()
    with teacher_door(double) as url:
        window = desktop.window(desktop.tray(url).pid, "Lớp học")
        until(found(double), "the view is shown")
        press_until(desktop, window, double, "/api/v1/lesson/start")
        until(lambda: len(double.asked) > 2, "the roll is shown")
        mark = {"student": "1400000001", "status": "absent_unexcused"}

        def first_name() -> bool:
            desktop.xdo("windowfocus", "--sync", window, "key", "Tab", "key", "space")
            return ("/api/v1/roll/mark", mark) in double.posted

        until(first_name, "the first name was tapped")


def test_a_window_without_tray_is_not_lost_when_it_is_closed(desktop: Desk) -> None:
    """It steps aside, and a second start brings it back."""
    with teacher_door(TeacherDouble()) as url:
        tray = desktop.tray(url)
        window = desktop.window(tray.pid)
        seen = close(desktop, window)
        assert tray.poll() is None
        assert desktop.tray(url).wait(LIMIT_S) == 0
        until(lambda: window in desktop.xdo(*seen).split(), "the window is back")


def test_an_agent_elsewhere_is_refused_in_vietnamese() -> None:
    """The window holds names: it asks this computer only."""
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
