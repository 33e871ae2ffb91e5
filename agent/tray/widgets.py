"""This file holds the window's small parts: buttons, labels, rows that wrap, and their style."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from agent.tray.appearance import APPEARANCES, Appearance
from agent.tray.view import UndoView

_TICK_MS: Final = 500

_BASE: Final = """
QWidget { background: #ffffff; color: #111111; }
QPushButton { background: #eef2f7; border: 2px solid #5a6b7d; border-radius: 8px;
              padding: 6px 12px; min-height: 32px; }
QPushButton:checked { background: #0b3d91; color: #ffffff; }
QPushButton:focus { border: 3px solid #0b3d91; }
QPushButton:disabled { background: #e6e6e6; color: #595959; border-color: #a0a0a0; }
QPushButton#big { background: #14632a; color: #ffffff; font-size: 24pt; font-weight: bold;
                  min-height: 84px; border-color: #14632a; }
QPushButton#big:focus { border: 4px solid #111111; }
QPushButton#big:disabled { background: #e6e6e6; color: #595959; border-color: #a0a0a0; }
QLabel#headline { font-size: 24pt; font-weight: bold; }
QLabel#counts { font-size: 24pt; font-weight: bold; }
"""
_LOOK: Final = """
*[look="{symbol}"]:enabled {{ color: {ink}; background: {ground}; border-color: {ink}; }}
QLabel[look="{symbol}"] {{ color: {ink}; background: {ground}; padding: 6px 10px; }}
QPushButton[look="{symbol}"] {{ text-align: left; }}
"""
STYLE: Final = _BASE + "".join(_LOOK.format(**look._asdict()) for look in APPEARANCES.values())


class TextLabel(QLabel):
    """A text that wraps, is plain, and is not there while it is empty."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.hide()

    def show_text(self, text: str, look: Appearance | None = None) -> None:
        """Show the text; with a look, on that look's ground."""
        self.setText(text)
        self.setAccessibleName(text)
        if look is not None:
            _paint(self, look)
        self.setVisible(bool(text))


class KeyButton(QPushButton):
    """A button that is reached by Tab and pressed by Space or Enter."""

    def __init__(self, text: str = "", pressed: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.show_text(text)
        self.setAutoDefault(True)
        if pressed is not None:
            self.clicked.connect(lambda: pressed())  # noqa: PLW0108 - drops Qt's `checked`

    def show_text(self, text: str, spoken: str = "", look: Appearance | None = None) -> None:
        """Show the text as it is: an ampersand in it marks no key."""
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(spoken or text)
        if look is not None:
            _paint(self, look)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter presses, wherever the button stands."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Come into sight when reached by a key."""
        super().focusInEvent(event)
        if event.reason() in {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}:
            scroll_into_view(self)


class WrappingRow(QWidget):
    """Widgets of one width in as many columns as there is room for; arrow keys walk among them."""

    def __init__(self, width_px: int) -> None:
        super().__init__()
        self._width_px = width_px
        self._columns = 1
        self._widgets: list[QWidget] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hide()

    def fill(self, widgets: Sequence[QWidget]) -> None:
        """Show these instead of what is there."""
        for old in self._widgets:
            self._grid.removeWidget(old)
            old.deleteLater()
        self._widgets = list(widgets)
        self._place()
        self.setVisible(bool(widgets))

    def widgets(self) -> Sequence[QWidget]:
        """What is shown, in order."""
        return self._widgets

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Wrap anew."""
        super().resizeEvent(event)
        self._place()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its rows; the width is given."""
        return QSize(self._width_px, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """No wider than one column."""
        return QSize(min(self._width_px, 200), super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Walk by the arrow keys."""
        keys = Qt.Key
        steps = {keys.Key_Left: -1, keys.Key_Right: 1}
        steps |= {keys.Key_Up: -self._columns, keys.Key_Down: self._columns}
        focused = next((i for i, widget in enumerate(self._widgets) if widget.hasFocus()), None)
        step = steps.get(Qt.Key(event.key()))
        if focused is None or step is None:
            super().keyPressEvent(event)
        elif 0 <= focused + step < len(self._widgets):
            self._widgets[focused + step].setFocus(Qt.FocusReason.OtherFocusReason)
            scroll_into_view(self._widgets[focused + step])

    def _place(self) -> None:
        self._columns = max(1, self.width() // self._width_px)
        for place, widget in enumerate(self._widgets):
            self._grid.addWidget(widget, *divmod(place, self._columns))


class RowButton(KeyButton):
    """A button in a wrapping row: arrow keys are the row's."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the arrows to the row."""
        arrows = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}
        if event.key() in arrows:
            event.ignore()
        else:
            super().keyPressEvent(event)


class UndoButton(KeyButton):
    """Is there for as long as the last press can be taken back, its seconds running out."""

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


def scroll_into_view(widget: QWidget) -> None:
    """Scroll to the widget, if it stands in something that scrolls."""
    above = widget.parentWidget()
    while above is not None and not isinstance(above, QScrollArea):
        above = above.parentWidget()
    if isinstance(above, QScrollArea):
        above.ensureWidgetVisible(widget)


def _paint(widget: QWidget, look: Appearance) -> None:
    """Give the widget its look's colours; one style for all costs less memory than one each."""
    if widget.property("look") != look.symbol:
        widget.setProperty("look", look.symbol)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.updateGeometry()
