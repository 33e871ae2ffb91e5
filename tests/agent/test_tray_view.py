"""What the teacher's icon makes of the agent's view, without a screen."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tray.browser import BROWSERS, command_of
from agent.tray.view import (
    LOOKS,
    TrayView,
    code_from,
    deed_words,
    press_of,
    refusal_from,
    tooltip,
    view_from,
)
from protocol.words import translator
from tests.agent.teacher_double import TeacherDouble

URL = "http://127.0.0.1:8765/#t=c-1&only=1"


def view(**parts: Any) -> TrayView:
    told = view_from(json.dumps({**TeacherDouble().view(), **parts}).encode())
    assert told is not None
    return told


def luminance(colour: str) -> float:
    """WCAG 2.1, relative luminance."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_first_entry_says_the_next_deed_and_asks_for_it() -> None:
    """With the class, subject and period that the agent shows; meant for what was shown."""
    say = translator("vi")
    told = view(meant={"lesson": "", "running": False})
    assert deed_words(told, say) == "Bắt đầu tiết học: 10A1 · Toán · Tiết 1 · 07:15-08:00"
    assert press_of(told) == ("lesson/start", {"meant": {"lesson": "", "running": False}})
    assert press_of(view()) == ("lesson/start", {})


@pytest.mark.parametrize(
    ("action", "path"), [("confirm", "roll/confirm"), ("end", "lesson/end"), ("dance", None)]
)
def test_a_later_deed_is_asked_for_and_an_unknown_one_left_alone(
    action: str, path: str | None
) -> None:
    """A newer agent's action is left to its page."""
    told = view(button={"action": action, "label": "X", "enabled": True})
    press = press_of(told)
    assert (press and press.path) == path
    assert bool(deed_words(told, str)) == (path is not None)
    off = view(button={"action": action, "label": "X", "enabled": False})
    assert (press_of(off), deed_words(off, str)) == (None, "")


def test_without_a_class_the_entry_leads_to_the_choice_and_starts_nothing() -> None:
    """Said once, by the entry alone."""
    told = view(proposal={"classes": []}, subline="Chọn lớp")
    assert deed_words(told, translator("vi")) == "Thầy/cô chọn lớp"
    assert press_of(told) is None


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (("ok", "ok"), "ok"),
        (("ok", "absent"), "ok"),
        (("warning", "ok"), "warning"),
        (("warning", "critical"), "critical"),
        (("ok", "never heard of"), "unknown"),
        ((), "ok"),
    ],
)
def test_the_icon_shows_the_worst(states: tuple[str, ...], worst: str) -> None:
    """What a room does not have counts for nothing."""
    chips = [{"state": state, "label": "a", "words": "b"} for state in states]
    assert view(chips=chips).state == worst


@pytest.mark.parametrize("state", LOOKS)
def test_every_state_has_a_symbol_of_its_own_and_is_readable(state: str) -> None:
    """Contrast of at least 4.5, WCAG 2.1, 1.4.3."""
    symbol, ink, ground = LOOKS[state]
    assert (luminance(ground) + 0.05) / (luminance(ink) + 0.05) >= 4.5
    assert [look[0] for look in LOOKS.values()].count(symbol) == 1


def test_the_tooltip_tells_the_lesson_and_the_room_or_why_nothing_is_known() -> None:
    """In the language that is spoken."""
    say = translator("vi")
    assert tooltip(view(), "", say).splitlines()[:2] == [
        "Sẵn sàng · P203",
        "10A1 · Toán · Tiết 1 · 07:15-08:00",
    ]
    assert "Camera: bị che" in tooltip(view(), "", say)
    assert tooltip(None, "", say).startswith("Chưa thấy chương trình LopHoc")
    assert tooltip(None, "Cửa khóa.", say) == "Cửa khóa."


@given(st.binary(max_size=200))
def test_what_is_no_view_is_none(body: bytes) -> None:
    """Whatever answers on the port."""
    assert view_from(body) is None
    assert refusal_from(body) == code_from(body) == ""


@pytest.mark.parametrize(
    "wrong",
    [{"rev": "1"}, {"headline": 7}, {"headline": "\ud800"}, {"chips": [7]}, {"button": [1]}],
)
def test_a_field_of_another_kind_makes_no_view(wrong: dict[str, Any]) -> None:
    """It is shown whole or not at all."""
    assert view_from(json.dumps({**TeacherDouble().view(), **wrong}).encode()) is None


def test_a_refusal_is_said_with_its_hint() -> None:
    """The agent's own words."""
    body = b'{"error": {"code": "x", "message": "Too late.", "hint": "Start again."}}'
    assert refusal_from(body) == "Too late. Start again."


@pytest.mark.parametrize(
    ("installed", "command"),
    [
        ({"chromium", "firefox", "xdg-open"}, ["/b/chromium", f"--app={URL}"]),
        ({"microsoft-edge", "chromium"}, ["/b/microsoft-edge", f"--app={URL}"]),
        ({"firefox", "xdg-open"}, ["/b/firefox", "--new-window", URL]),
        ({"xdg-open"}, ["/b/xdg-open", URL]),
        (set(), []),
    ],
    ids=["chromium", "edge", "firefox", "default", "none"],
)
def test_the_page_is_opened_by_what_is_installed(installed: set[str], command: list[str]) -> None:
    """A window of its own where a browser has one."""
    assert installed <= BROWSERS.keys()
    assert command_of(URL, lambda name: f"/b/{name}" if name in installed else None) == command


def test_the_icon_loads_nothing_that_it_never_uses() -> None:
    """It stays all day beside the agent: each of these would take its part of the memory."""
    pytest.importorskip("PySide6")
    heavy = {"msgspec", "decimal", "uuid", "hashlib", "ssl", "asyncio", "email", "http", "sqlite3"}
    code = "import sys, agent.tray.__main__, agent.tray.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert heavy.isdisjoint(loaded.stdout.split())
