"""This file puts the icon, what it is for, and its one instance together."""

from __future__ import annotations

import linecache
import os

from PySide6.QtWidgets import QApplication

from agent.tray.desk import TrayDesk
from agent.tray.single import be_first, path_of, raise_running
from agent.tray.tray_icon import TrayIcon
from protocol.language import preferred_language


def run(agent: str, lang: str, *, key_folder: str, is_hidden: bool) -> int:
    """Show the icon until it is left; 0 at once where one runs already: it opens the page.

    lang: the icon's language, "" for the agent's, and until that is heard the desktop's.
    """
    # An icon needs no OpenGL, which would take some megabytes.
    os.environ.setdefault("QT_XCB_GL_INTEGRATION", "none")
    path = path_of(agent, os.environ)
    if raise_running(path):
        return 0
    app = QApplication(["lophoc-tray"])
    app.setApplicationName("lophoc-tray")
    app.setDesktopFileName("lophoc-tray")
    app.setQuitOnLastWindowClosed(False)
    icon = TrayIcon(lang or preferred_language(os.environ), app.quit, app)
    desk = TrayDesk(agent, lang, icon, key_folder=key_folder, is_wanted=not is_hidden)
    icon.acted.connect(desk.act)
    icon.opened.connect(desk.come)
    be_first(path, desk.come, app)
    linecache.clearcache()  # PySide6 read the source of what was imported after it
    desk.open()
    return app.exec()
