"""This file puts the icon, the agent's door and the browser together."""

from __future__ import annotations

import linecache
import os

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from agent.tray.browser import open_page
from agent.tray.client import AgentClient
from agent.tray.single import be_first, path_of, raise_running
from agent.tray.tray_icon import TrayIcon
from agent.tray.view import TrayView, press_of


def run(agent: str, *, key_folder: str, lang: str, language: str, hidden: bool) -> int:
    """Show the icon until it is left; 0 at once where one runs already: it opens the page."""
    # An icon needs no OpenGL, which would take some megabytes.
    os.environ.setdefault("QT_XCB_GL_INTEGRATION", "none")
    path = path_of(agent, os.environ)
    if raise_running(path):
        return 0
    app = QApplication(["lophoc-tray"])
    app.setApplicationName("lophoc-tray")
    app.setDesktopFileName("lophoc-tray")
    app.setQuitOnLastWindowClosed(False)
    door = AgentClient(agent, lang, key_folder=key_folder)
    icon = TrayIcon(language, app.quit, app)
    desk = _Desk(door, is_wanted=not hidden)
    door.updated.connect(icon.show_view)
    door.updated.connect(desk.take)
    door.away.connect(icon.show_away)
    door.away.connect(desk.lose)
    door.refused.connect(icon.tell)
    door.opened.connect(open_page)
    icon.acted.connect(desk.act)
    icon.opened.connect(desk.come)
    be_first(path, desk.come, app)
    linecache.clearcache()  # PySide6 read the source of what was imported after it
    door.open()
    return app.exec()


class _Desk(QObject):
    """What the teacher wants: the page, at once or when the agent is there; or the next deed."""

    def __init__(self, door: AgentClient, *, is_wanted: bool) -> None:
        super().__init__()
        self._door = door
        self._is_wanted = is_wanted
        self._view: TrayView | None = None

    def take(self, view: TrayView) -> None:
        """The agent is there."""
        self._view = view
        if self._is_wanted:
            self.come()

    def lose(self) -> None:
        """The agent is gone."""
        self._view = None

    def come(self) -> None:
        """Open the page; without an agent, once it is there."""
        self._is_wanted = self._view is None
        if self._view is not None:
            self._door.open_page()

    def act(self) -> None:
        """Do what the menu's first entry says, and show the page, where the rest is done."""
        if self._view and (press := press_of(self._view)):
            self._door.press(press)
        self.come()
