"""The icon's way to the agent's door, on a screen that nobody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("PySide6", reason="needs the extra [tray]")

from PySide6.QtCore import QCoreApplication

from agent.tray.client import AgentClient
from agent.tray.door import answer_from
from agent.tray.view import Press
from protocol.door_key import key_file
from tests.agent.teacher_double import TeacherDouble, teacher_door
from tests.waiting import until


@pytest.fixture(scope="module", autouse=True)
def application() -> Any:
    """Qt, without a screen."""
    return QCoreApplication.instance() or QCoreApplication(["lophoc-tray"])


def test_the_icon_finds_its_key_and_lets_a_browser_in(tmp_path: Path) -> None:
    """Shut out it says why; with the key it is in, presses, and says what was refused."""
    double, said, seen, opened, refused = TeacherDouble(), [], [], [], []  # type: ignore[var-annotated]
    double.key = "k-1"
    with teacher_door(double) as url:
        client = AgentClient(url, "vi", key_folder=str(tmp_path))
        client.away.connect(said.append)
        client.updated.connect(seen.append)
        client.opened.connect(opened.append)
        client.refused.connect(refused.append)
        client.open()
        until(lambda: QCoreApplication.processEvents() or said, "it is shut out")
        key_file(tmp_path, urlsplit(url).port or 0).write_text(double.key)
        until(lambda: QCoreApplication.processEvents() or seen, "it is in")
        client.open_page()
        until(lambda: QCoreApplication.processEvents() or opened, "a browser is let in")
        client.press(Press("lesson/start", {}))
        until(lambda: QCoreApplication.processEvents() or len(seen) > 1, "the next view came")
        double.refuse = {"code": "x", "message": "Muộn rồi.", "hint": ""}
        client.press(Press("roll/confirm", {}))
        until(lambda: QCoreApplication.processEvents() or refused, "it is refused")
    assert said[0] == "Cửa khóa. Xin mở lại."
    assert opened == [f"{url}/#t=c-1&only=1"]
    assert double.posted == [("/api/v1/lesson/start", {})]
    assert refused == ["Muộn rồi."]


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
