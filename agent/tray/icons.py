"""This file draws the icon: a board on which the state's symbol stands."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from agent.tray.drawing import LINES, RUNNING
from agent.tray.view import LOOKS

_PX: Final = 64


def icon_of(state: str, *, running: bool) -> QIcon:
    """The icon of a state, framed while a lesson runs."""
    symbol, ink, ground = LOOKS[state]
    canvas = QPixmap(_PX, _PX)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(RUNNING if running else ink), 6))
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(QRectF(4, 4, 56, 56), 12, 12)
    ends, joins = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(QColor(ink), 7, Qt.PenStyle.SolidLine, ends, joins))
    for line in LINES[symbol]:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
    painter.end()
    return QIcon(canvas)
