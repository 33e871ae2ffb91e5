"""What the teacher's window makes of the agent's view, without a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tray import appearance
from agent.tray.presses import answer_press, next_status, patience, press_of, toggle_class
from agent.tray.view import (
    Chip,
    MarkView,
    PupilView,
    Question,
    TeacherView,
    refusal_from,
    view_from,
)
from protocol.words import translator
from tests.agent.teacher_double import TeacherDouble
from tests.waiting import LIMIT_S

MARKS = (MarkView(status="present"), MarkView(status="absent_unexcused", letter="K", label="Vắng"))


def view(**parts: Any) -> TeacherView:
    told = view_from(json.dumps({**TeacherDouble().view(), **parts}).encode())
    assert told is not None
    return told


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_what_a_newer_agent_says_besides_is_passed_over() -> None:
    """And what an older one does not say has a quiet default."""
    body = {**TeacherDouble().view(), "weather": {"rain": True}}
    told = view_from(json.dumps(body).encode())
    assert told is not None
    assert told.button.label == "Bắt đầu tiết học"
    assert view_from(b'{"rev": 1, "phase": "idle"}') == TeacherView(rev=1, phase="idle")


@given(st.binary(max_size=200))
def test_what_is_no_view_is_none(body: bytes) -> None:
    """Whatever answers on the port."""
    assert view_from(body) is None
    assert refusal_from(body) == ""


def test_a_refusal_is_said_with_its_hint() -> None:
    """The agent's own words."""
    body = b'{"error": {"code": "x", "message": "Too late.", "hint": "Start again."}}'
    assert refusal_from(body) == "Too late. Start again."


@pytest.mark.parametrize("state", appearance.APPEARANCES)
def test_every_state_has_a_symbol_of_its_own_and_is_readable(state: str) -> None:
    """Contrast of at least 4.5, WCAG 2.1, 1.4.3."""
    look = appearance.appearance_of(state)
    light, dark = luminance(look.ground), luminance(look.ink)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
    assert [each.symbol for each in appearance.APPEARANCES.values()].count(look.symbol) == 1
    assert appearance.chip_text(Chip(state=state, label="Bảng", words="ở đây")).endswith(
        "Bảng: ở đây"
    )


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (("ok", "ok"), "ok"),
        (("ok", "absent"), "ok"),
        (("warning", "ok"), "warning"),
        (("warning", "critical"), "critical"),
        (("ok", "unknown"), "unknown"),
        ((), "ok"),
    ],
)
def test_the_icon_shows_the_worst(states: tuple[str, ...], worst: str) -> None:
    """What a room does not have counts for nothing."""
    assert appearance.state_of(view(chips=[{"state": each} for each in states])) == worst


@pytest.mark.parametrize(
    ("action", "chosen", "substitute", "path", "body"),
    [
        ("start", (), False, "lesson/start", {}),
        ("start", ("10A2",), False, "lesson/start", {"classes": ["10A2"], "substitute": False}),
        ("start", (), True, "lesson/start", {"classes": ["10A1"], "substitute": True}),
        ("confirm", ("10A2",), True, "roll/confirm", {}),
        ("end", (), False, "lesson/end", {}),
    ],
)
def test_the_big_button_asks_for_one_thing(
    action: str, chosen: tuple[str, ...], substitute: object, path: str, body: dict[str, Any]
) -> None:
    """The class that was chosen matters at the start alone."""
    now = view(button={"action": action, "label": "", "enabled": True})
    assert press_of(now, chosen, substitute=bool(substitute)) == (path, body)


@pytest.mark.parametrize("button", [{"action": "start"}, {"action": "dance", "enabled": True}])
def test_a_button_that_is_off_or_unknown_asks_for_nothing(button: dict[str, Any]) -> None:
    """A newer agent's action is left to a newer window."""
    assert press_of(view(button=button)) is None


@pytest.mark.parametrize(
    ("status", "after"),
    [("present", "absent_unexcused"), ("absent_unexcused", "absent_unexcused"), ("late", "late")],
)
def test_one_tap_makes_absent_and_takes_no_mark_away(status: str, after: str) -> None:
    """A second tap on the same name opens the marks, no more."""
    assert next_status(PupilView(student="1", status=status), MARKS) == after


def test_a_pupil_is_told_by_mark_number_and_name() -> None:
    """And to a screen reader in words; the repr keeps the name to itself."""
    line = PupilView(student="1", number=7, name="An", status="absent_unexcused", words="Máy 07")
    assert appearance.pupil_text(line, MARKS) == "K   7. An"
    assert appearance.pupil_spoken(line, MARKS) == "7. An, Vắng, Máy 07"
    assert "An" not in repr(line)


def test_no_is_an_answer() -> None:
    """The kind is then another."""
    question = Question(device_id="d1", kind="board")
    assert answer_press(question, yes=True) == ("devices/d1/kind", {"kind": "board"})
    assert answer_press(question, yes=False) == ("devices/d1/kind", {"kind": "other"})
    whose = Question(device_id="d1", kind="claim")
    assert answer_press(whose, yes=True) == ("devices/d1/claim", {"ours": True})
    assert answer_press(whose, yes=False) == ("devices/d1/claim", {"ours": False})


def test_joint_classes_are_chosen_one_by_one() -> None:
    """A second tap takes one back."""
    assert toggle_class(toggle_class((), "10A1"), "10A2") == ("10A1", "10A2")
    assert toggle_class(("10A1", "10A2"), "10A1") == ("10A2",)


def test_the_wait_for_the_agent_grows_calmly() -> None:
    """From half a second to five."""
    waits = patience()
    assert [waits.next_s() for _ in range(1000)] == [0.5, 1, 2, 4, *[5] * 996]


def test_the_agents_words_come_first() -> None:
    """Our own are for what it does not say."""
    say = translator("vi")
    assert appearance.word(view(labels={"copy": "Sao chép"}), "copy", say) == "Sao chép"
    assert appearance.word(None, "copy", say) == "Chép"
    assert "Camera: bị che" in appearance.tooltip(view(), say)
    assert appearance.tooltip(None, say).startswith("Chưa thấy chương trình LopHoc")


def test_the_window_loads_nothing_that_it_never_uses() -> None:
    """It stays all day beside the agent: each of these would take its part of the 60 MiB."""
    pytest.importorskip("PySide6")
    heavy = {"msgspec", "decimal", "uuid", "hashlib", "ssl", "asyncio", "email", "http", "sqlite3"}
    code = "import sys, agent.tray.__main__, agent.tray.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert heavy.isdisjoint(loaded.stdout.split())


@pytest.mark.parametrize(
    "wrong",
    [
        {"rev": True},
        {"headline": 7},
        {"headline": "\ud800"},
        {"chips": {}},
        {"button": []},
        {"rooms": [1]},
        {"labels": {"quit": 1}},
        {"faults": {"parts": [{"label": "no part"}]}},
        {"undo": {"left_s": "10"}},
    ],
)
def test_a_field_of_another_kind_makes_no_view(wrong: dict[str, Any]) -> None:
    """Whatever answers on the port is shown whole or not at all."""
    assert view_from(json.dumps({**TeacherDouble().view(), **wrong}).encode()) is None


def test_qt_gives_back_what_it_borrows() -> None:
    """A binding that loses a reference to None in every call ends the window after some hours."""
    script = (
        "import sys; from PySide6.QtWidgets import QApplication, QLabel; app = QApplication([]);"
        "label = QLabel('a'); before = sys.getrefcount(None);"
        "[(label.setText('b'), label.hide()) for _ in range(500)];"
        "print(abs(sys.getrefcount(None) - before))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    assert int(told.stdout) < 100
