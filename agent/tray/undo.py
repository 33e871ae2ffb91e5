"""This file is the button that takes the last press back, with its seconds running out."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer

from agent.tray.view import UndoView
from agent.tray.widgets import KeyButton

_TICK_MS = 500


class UndoButton(KeyButton):
    """Is there for as long as something can be taken back."""

    def __init__(self, pressed: Callable[[], None]) -> None:
        super().__init__("", pressed)
        self._undo: UndoView | None = None
        self._until_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def show_undo(self, undo: UndoView | None) -> None:
        """Offer this from now on, or nothing."""
        self._undo = undo
        self._until_s = time.monotonic() + (undo.left_s if undo else 0)
        self._tick()

    def _tick(self) -> None:
        left_s = self._until_s - time.monotonic()
        if self._undo is None or left_s <= 0:
            self.hide()
            self._timer.stop()
            return
        self.show_text(f"{self._undo.label} ({left_s:.0f} s)", self._undo.label)
        self.show()
        self._timer.start()
