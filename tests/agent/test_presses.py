"""How many presses a lesson costs a teacher, counted by the browser before a true door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.lessons import meant
from agent.local.teacher import view
from protocol.messages import AttendanceMarked, RollConfirmed
from tests.agent.taught_room import TaughtRoom
from tests.agent.test_teacher_page import ROW, USABLE, TeacherPage
from tests.browser import Profile, opened_tab
from tests.waiting import until

# What a person does, and no script: a click, by mouse, finger or key, or a list's choice.
COUNTING = """window.presses = 0;
for (const kind of ["click", "change"])
    addEventListener(kind, ({isTrusted}) => { presses += isTrusted; }, true);"""
START, CONFIRM, END = "Bắt đầu tiết học", "Xác nhận điểm danh", "Kết thúc tiết học"
STATUSES = {"P": "absent_excused", "M": "late", "S": "left_early"}


@pytest.fixture
def page(browser: Profile) -> Iterator[TeacherPage]:
    """A fresh tab."""
    with opened_tab(browser, TeacherPage) as tab:
        yield tab


@pytest.fixture
def room(
    tmp_path: Path, page: TeacherPage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TaughtRoom]:
    """A room whose page is open and counts; its buttons rest for less than a second."""
    for module in (meant, view):
        monkeypatch.setattr(module, "SETTLE_S", 0.1)
    with TaughtRoom(tmp_path) as taught:
        page.open(taught.url)
        page.see(COUNTING)
        yield taught
        assert page.errors == []


def presses(page: TeacherPage) -> int:
    """How many there were since the last look."""
    count: int = page.see("presses")
    page.see("presses = 0")
    return count


def mark(page: TeacherPage, number: int, letter: str) -> int:
    """Mark a pupil by as few presses as there are; how many that was."""
    row = ROW.format(f"14000000{number:02}")
    page.click(f"{row} > button")
    if letter != "K":
        page.click(f'{row} .marks [data-key="{STATUSES[letter]}"]')
    page.says(f"{row} .letter", letter)
    return presses(page)


def corrections(room: TaughtRoom) -> list[tuple[str, str]]:
    """The records of single pupils: the last digit, and the mark."""
    marks = [one for one in room.said() if isinstance(one, AttendanceMarked)]
    return [(one.student[-1], str(one.status)) for one in marks]


def test_a_lesson_is_three_presses_a_mark_one_another_mark_two(
    page: TeacherPage, room: TaughtRoom
) -> None:
    """Nothing is asked in between, and each step is taken back by one."""
    page.big(START)
    page.wait(f"{USABLE} && document.querySelectorAll('.pupil').length === 42")
    assert presses(page) == 1
    counted = {letter: mark(page, at, letter) for at, letter in enumerate("KPMS", 2)}
    assert counted == {"K": 1, "P": 2, "M": 2, "S": 2}
    page.click("#undo")
    page.says("#counts", "42/39/3")  # the fifth pupil is absent again, as after the first tap
    assert presses(page) == 1
    page.big(CONFIRM)
    page.big(END)
    page.says("#headline", "Đã hết tiết")
    assert presses(page) == 2
    (roll,) = (one for one in room.said() if isinstance(one, RollConfirmed))
    away = {line.student[-2:]: line.status for line in roll.lines if line.status != "present"}
    absent = {"02": "absent_unexcused", "03": "absent_excused", "05": "absent_unexcused"}
    assert away == absent | {"04": "late"}


def test_a_lesson_of_before_is_confirmed_by_one_press_beside_the_running_one(
    page: TeacherPage, room: TaughtRoom
) -> None:
    """So that each of both lessons costs its three."""
    page.big(START)
    page.wait(f"{USABLE} && !document.getElementById('also').hidden")
    page.click("#also")
    page.says("#headline", "Đã hết tiết")
    room.minute = 8 * 60 + 6
    room.change(lambda classroom: classroom)
    page.big(START)
    page.wait(f"{USABLE} && document.querySelector('#owed button')")
    assert presses(page) == 3
    page.click("#owed button")
    page.wait("!document.querySelector('#owed button')")
    page.big(CONFIRM)
    page.big(END)
    page.says("#headline", "Đã hết tiết")
    assert presses(page) == 3
    periods = [one.period for one in room.said() if isinstance(one, RollConfirmed)]
    assert periods == [1, 2]


def test_corrections_are_one_press_each_to_take_back(page: TeacherPage, room: TaughtRoom) -> None:
    """By the true agent: each is a record, and none is gone from its log."""
    page.big(START)
    page.big(CONFIRM)
    page.wait(USABLE)
    presses(page)
    assert [mark(page, 3, "P"), mark(page, 2, "M")] == [2, 2]
    for counts in ("42/41/1", "42/42/0"):
        page.click("#undo")
        page.says("#counts", counts)
    page.wait("document.getElementById('undo').hidden")
    assert presses(page) == 2
    said = until(lambda: (now := corrections(room))[3:] and now, "all are told")
    assert said == [
        ("3", "absent_excused"),
        ("2", "late"),
        ("2", "present"),
        ("3", "present"),
    ]
