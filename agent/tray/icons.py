"""This file draws the icon: a board on which the state's symbol stands."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from agent.tray.view import LOOKS

_PX: Final = 64
_RUNNING: Final = "#0b3d91"


def icon_of(state: str, *, running: bool) -> QIcon:
    """The icon of a state, framed while a lesson runs."""
    symbol, ink, ground = LOOKS[state]
    canvas = QPixmap(_PX, _PX)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(_RUNNING if running else ink), 6))
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(QRectF(4, 4, 56, 56), 12, 12)
    font = QFont()
    font.setPixelSize(42)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(ink))
    painter.drawText(QRectF(0, 0, 64, 62), Qt.AlignmentFlag.AlignCenter, symbol)
    painter.end()
    return QIcon(canvas)
