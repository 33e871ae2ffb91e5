"""This file is the icon and its menu: the next deed, the page, and the way out."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QAction, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from agent.tray.browser import open_page
from agent.tray.drawing import pixels_of
from agent.tray.view import OPEN, QUIT, TrayView, deed_words, tooltip
from protocol.language import Translate, translator

_RETRY_MS: Final = 2000
_PX: Final = 64


class TrayIcon(QObject):
    """Makes the icon once a tray is there, and again after the tray was away.

    An icon that is made before its tray never registers (seen with StatusNotifierItem).
    """

    acted = Signal(object)
    opened = Signal()
    _posted = Signal(object)

    def __init__(self, language: str, leave: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._posted.connect(self._do)
        self._say: Translate = translator(language)
        self._view: TrayView | None = None
        self._shown: TrayView | None = None  # by the menu, which an open one keeps
        self._sentence = ""
        self._icon: QSystemTrayIcon | None = None
        self._menu = QMenu()
        self._act, self._open, self._quit = (QAction(self._menu) for _ in range(3))
        self._act.triggered.connect(lambda: self.acted.emit(self._shown))
        self._open.triggered.connect(self.opened)
        self._quit.triggered.connect(leave)
        self._menu.addActions([self._act, self._open, self._quit])
        self._menu.aboutToShow.connect(self._paint)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look)
        self._timer.start(_RETRY_MS)
        self._paint()
        self._look()

    def post(self, deed: Callable[[], None]) -> None:
        """From any thread: have this done in Qt's own."""
        self._posted.emit(deed)

    def show(self, view: TrayView | None, sentence: str = "") -> None:
        """Show this; without a view that nothing is known, and why, if anybody said it."""
        self._view, self._sentence = view, sentence
        if view is not None:
            self._say = translator(view.language)
        self._paint()

    def open_page(self, url: str) -> None:
        """Have a browser show it."""
        open_page(url)

    def tell(self, sentence: str = "") -> None:
        """Say why a press did nothing; without a sentence, what is shown."""
        if self._icon is not None:
            shown = tooltip(self._view, self._sentence, self._say)
            self._icon.showMessage("LopHoc", sentence or shown)

    def _do(self, deed: Callable[[], None]) -> None:
        deed()

    def _look(self) -> None:
        available = QSystemTrayIcon.isSystemTrayAvailable()
        if available and self._icon is None:
            self._icon = QSystemTrayIcon(self)
            self._icon.setContextMenu(self._menu)
            self._icon.activated.connect(self._on_activated)
            self._paint()
            self._icon.show()
        elif not available and self._icon is not None:
            self._icon.hide()
            self._icon.deleteLater()
            self._icon = None

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self.opened.emit()

    def _paint(self) -> None:
        view, deed = self._view, deed_words(self._view, self._say)
        if not self._menu.isVisible():  # nothing changes under the finger
            self._shown = view
            self._act.setText(deed)
            self._act.setVisible(bool(deed))
            self._open.setText(self._say(OPEN))
            self._quit.setText(self._say(QUIT))
        if self._icon is not None:
            running = view is not None and view.is_running
            self._icon.setIcon(_icon(view.state if view else "unknown", running=running))
            self._icon.setToolTip(tooltip(view, self._sentence, self._say))


@cache
def _icon(state: str, *, running: bool) -> QIcon:
    pixels = pixels_of(state, running=running, side=_PX)
    image = QImage(pixels, _PX, _PX, QImage.Format.Format_ARGB32)  # blue first in memory
    return QIcon(QPixmap.fromImage(image))
