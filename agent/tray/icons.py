"""This file draws the icon: a board on which the state's symbol stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QPolygonF

from agent.tray.view import LOOKS

_PX: Final = 64
_RUNNING: Final = "#0b3d91"
Line = tuple[tuple[float, float], ...]
# Drawn, not written: for one letter the font's stand-ins would be looked for and kept in memory.
_LINES: Final[Mapping[str, tuple[Line, ...]]] = {
    "✕": (((21, 21), (43, 43)), ((43, 21), (21, 43))),
    "!": (((32, 17), (32, 35)), ((32, 46), (32, 46.1))),
    "?": (
        ((24, 25), (26, 19), (32, 16.5), (38, 19), (40, 24), (37, 29), (32, 32.5), (32, 37)),
        ((32, 47), (32, 47.1)),
    ),
    "✓": (((19, 33), (28, 42), (45, 22)),),
}


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
    ends, joins = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(QColor(ink), 7, Qt.PenStyle.SolidLine, ends, joins))
    for line in _LINES[symbol]:
        painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in line]))
    painter.end()
    return QIcon(canvas)
