"""This file puts the window, the icon and the agent's door together."""

from __future__ import annotations

import os

from PySide6.QtWidgets import QApplication, QStyleFactory

from agent.tray.client import AgentClient
from agent.tray.icons import icon_of
from agent.tray.single import be_first, path_of, raise_running
from agent.tray.tray_icon import TrayIcon
from agent.tray.widgets import STYLE
from agent.tray.window import Window

FONT_PT = 14


def run(agent: str, *, key_folder: str, lang: str, language: str, hidden: bool) -> int:
    """Show the window until it is left; 0 at once where another runs already."""
    # Buttons need no OpenGL, which would take some megabytes.
    os.environ.setdefault("QT_XCB_GL_INTEGRATION", "none")
    app = QApplication(["lophoc-tray"])
    path = path_of(agent, os.environ)
    if raise_running(path):
        return 0
    app.setApplicationName("lophoc-tray")
    app.setDesktopFileName("lophoc-tray")
    app.setQuitOnLastWindowClosed(False)
    app.setStyle(QStyleFactory.create("Fusion"))
    font = app.font()
    font.setPointSize(max(FONT_PT, font.pointSize()))
    app.setFont(font)
    app.setStyleSheet(STYLE)
    app.setWindowIcon(icon_of("ok", running=False))
    door = AgentClient(agent, lang, app, key_folder=key_folder)
    window = Window(door, language)
    shortcut = TrayIcon(window, language)
    window.may_hide = shortcut.is_available
    be_first(path, window.come, app)
    window.leave.connect(app.quit)
    screen = app.primaryScreen().availableGeometry()
    window.resize(min(1280, screen.width()), min(720, screen.height() - 40))
    shortcut.watch()
    if hidden and shortcut.is_available():
        window.hide()
    else:
        window.show()
    door.open()
    return app.exec()
