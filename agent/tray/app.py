"""This file puts the icon, what it is for, and its one instance together."""

from __future__ import annotations

import linecache
import os

from PySide6.QtWidgets import QApplication

from agent.tray.desk import TrayDesk
from agent.tray.single import be_first, path_of, raise_running
from agent.tray.tray_icon import TrayIcon


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
    icon = TrayIcon(language, app.quit, app)
    desk = TrayDesk(agent, lang, icon, key_folder=key_folder, is_wanted=not hidden)
    icon.acted.connect(desk.act)
    icon.opened.connect(desk.come)
    be_first(path, desk.come, app)
    linecache.clearcache()  # PySide6 read the source of what was imported after it
    desk.open()
    return app.exec()
