"""This file is the tray icon: the window's shortcut, on desktops that have a place for one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from agent.tray.appearance import state_of, tooltip
from agent.tray.icons import icon_of
from agent.tray.view import TeacherView
from agent.tray.window import Window
from protocol.language import Translate, translator

_RETRY_MS: Final = 2000
_REASON = QSystemTrayIcon.ActivationReason


class TrayIcon(QObject):
    """Makes the icon once a tray is there, and again after the tray was away.

    An icon that is made before its tray never registers (seen with StatusNotifierItem).
    """

    def __init__(self, window: Window, language: str) -> None:
        super().__init__(window)
        self._window = window
        self._say: Translate = translator(language)
        self._icon: QSystemTrayIcon | None = None
        self._menu = QMenu()
        self._act = QAction(self._menu)
        self._open, self._page = QAction(self._menu), QAction(self._menu)
        self._quit = QAction(self._menu)
        self._act.triggered.connect(window.start_action)
        self._open.triggered.connect(window.come)
        self._page.triggered.connect(window.open_page)
        self._quit.triggered.connect(window.leave)
        self._menu.addActions([self._act, self._open, self._page, self._quit])
        self._timer = QTimer(self)
        self._timer.setInterval(_RETRY_MS)
        self._timer.timeout.connect(self._look)
        window.changed.connect(self._show)

    def watch(self) -> None:
        """Look for a tray now, and every two seconds."""
        self._look()
        self._timer.start()

    def is_available(self) -> bool:
        """Whether the window can be brought back by the icon."""
        return self._icon is not None and QSystemTrayIcon.isSystemTrayAvailable()

    def _look(self) -> None:
        available = QSystemTrayIcon.isSystemTrayAvailable()
        if available and self._icon is None:
            self._make()
        elif not available and self._icon is not None:
            self._drop(self._icon)

    def _make(self) -> None:
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._on_activated)
        self._show(self._window.view if self._window.is_connected else None)
        self._icon.show()

    def _drop(self, icon: QSystemTrayIcon) -> None:
        self._icon = None
        icon.hide()
        icon.deleteLater()
        if self._window.isHidden():
            self._window.showMinimized()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in {_REASON.Trigger, _REASON.DoubleClick}:
            self._window.come()

    def _show(self, view: TeacherView | None) -> None:
        self._say = translator(view.language) if view else self._say
        self._act.setText(view.button.label if view else "")
        self._act.setVisible(bool(view and view.button.enabled))
        self._open.setText(self._window.word("open"))
        self._page.setText(self._window.word("open_page"))
        self._page.setVisible(view is not None)
        self._quit.setText(self._window.word("quit"))
        if self._icon is not None:
            running = bool(view and view.phase not in {"idle", "ended"})
            self._icon.setIcon(icon_of(state_of(view), running=running))
            self._icon.setToolTip(tooltip(view, self._say))
