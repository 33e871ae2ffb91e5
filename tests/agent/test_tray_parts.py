"""The window's parts by themselves, on a screen that nobody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("PySide6", reason="needs the extra [tray]")

from PySide6.QtWidgets import QApplication, QWidget

from agent.tray.classes import ClassChoice
from agent.tray.client import AgentClient
from agent.tray.tools import Toolbar
from agent.tray.view import Button, CameraView, ProposalView, ScanView, TeacherView, UndoView
from agent.tray.widgets import KeyButton, UndoButton
from protocol.door_key import key_file
from tests.agent.teacher_double import TeacherDouble, teacher_door
from tests.waiting import until

TOOLS = (
    "report_fault",
    "other_class",
    "substitute",
    "room",
    "open_board",
    "camera",
    "scan",
    "quit",
)
PROPOSAL = ProposalView(
    classes=("6A1",), why="", others=(("6A2",), ("6A3", "6A4")), all=("6A1", "6A2", "6A5")
)
IDLE = TeacherView(
    rev=1,
    phase="idle",
    button=Button("start", "Start", enabled=True),
    proposal=PROPOSAL,
    rooms=("P1", "P2"),
    camera=CameraView(off=True, label="Camera on"),
    scan=ScanView(possible=True, running=True, label="Stop", words="2 of 3"),
)


@pytest.fixture(scope="module", autouse=True)
def application() -> Any:
    """Qt, without a screen."""
    return QApplication.instance() or QApplication(["lophoc-tray", "-platform", "offscreen"])


def texts(keys: list[QWidget]) -> list[str]:
    """What is written on the buttons that are pressed down."""
    return [key.text() for key in keys if isinstance(key, KeyButton) and key.isChecked()]


def test_a_likely_class_is_chosen_by_one_tap_and_let_go_by_another() -> None:
    """Joint classes count as one choice."""
    choice, changes = ClassChoice(), list[tuple[str, ...]]()
    choice.changed.connect(lambda: changes.append(choice.chosen))
    choice.show_proposal(PROPOSAL, every=False)
    for _ in range(2):
        choice._likely.widgets()[1].click()  # type: ignore[attr-defined]
    assert changes == [("6A3", "6A4"), ()]


def test_any_classes_can_be_joined_one_by_one() -> None:
    """What is chosen is pressed down, in both rows."""
    choice = ClassChoice()
    choice.show_proposal(PROPOSAL, every=True)
    for place in (1, 2):
        choice._every.widgets()[place].click()  # type: ignore[attr-defined]
    assert choice.chosen == ("6A2", "6A5")
    assert texts(choice.keys()) == ["6A2", "6A5"]
    choice.forget()
    choice.show_proposal(PROPOSAL, every=True)
    assert texts(choice.keys()) == []


def test_the_same_proposal_again_leaves_its_buttons_alone() -> None:
    """The keyboard's focus stays where it is."""
    choice = ClassChoice()
    choice.show_proposal(PROPOSAL, every=True)
    before = choice.keys()
    choice.show_proposal(PROPOSAL, every=False)
    assert choice.keys() == before
    choice.show_proposal(None, every=False)
    assert choice.keys() == []


def test_the_tools_show_what_can_be_done_now() -> None:
    """Without an agent a teacher can only leave."""
    toolbar = Toolbar(dict.fromkeys(TOOLS))
    toolbar.show_tools(IDLE, str, connected=True)
    shown = {name for name, tool in toolbar._tools.items() if not tool.isHidden()}
    assert shown == {*TOOLS} - {"open_board"}
    assert (toolbar.is_on("camera"), toolbar.is_on("scan")) == (True, True)
    toolbar.switch_off("camera", "scan")
    assert not toolbar.is_on("camera")
    toolbar.show_tools(None, str, connected=False)
    assert [name for name, tool in toolbar._tools.items() if tool.isEnabled()] == ["quit"]


def test_an_undo_is_there_until_its_seconds_are_over() -> None:
    """And is pressed like any other button."""
    presses = list[int]()
    button = UndoButton(lambda: presses.append(1))
    button.show_undo(UndoView(what="start", label="Undo", left_s=9.6))
    assert (button.text(), button.isHidden()) == ("Undo (10 s)", False)
    button.click()
    assert presses == [1]
    button.show_undo(UndoView(what="start", label="Undo", left_s=0.0))
    assert button.isHidden()


def test_the_window_finds_its_key_and_lets_a_browser_in(tmp_path: Path) -> None:
    """Shut out it says why; with the key it is in, and a page's address stays the agent's."""
    double, said, seen, opened = TeacherDouble(), [], [], []  # type: ignore[var-annotated]
    double.key = "k-1"
    with teacher_door(double) as url:
        client = AgentClient(url, "vi", key_folder=str(tmp_path))
        client.away.connect(said.append)
        client.updated.connect(seen.append)
        client.opened.connect(lambda page: opened.append(page.toString()))
        client.open()
        until(lambda: QApplication.processEvents() or said, "it is shut out")
        key_file(tmp_path, urlsplit(url).port or 0).write_text(double.key)
        until(lambda: QApplication.processEvents() or seen, "it is in")
        client.open_page("//evil.example/board")
        until(lambda: QApplication.processEvents() or opened, "a browser is let in")
    assert said[0] == "Cửa khóa. Xin mở lại."
    assert opened == [f"{url}/#t=c-1&to=/evil.example/board"]
