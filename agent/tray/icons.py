"""This file draws the window's pictures: the icon with its state, and the six faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from agent.tray.appearance import appearance_of

_INK: Final = "#1f2d3d"
_ICON_PX: Final = 64


def icon_of(state: str, *, running: bool) -> QIcon:
    """The icon: a board on which the state's symbol stands, framed while a lesson runs."""
    look = appearance_of(state)
    canvas = _canvas(_ICON_PX)
    painter = _painter(canvas, QColor("#0b3d91" if running else look.ink), 6)
    painter.setBrush(QColor(look.ground))
    painter.drawRoundedRect(QRectF(4, 4, 56, 56), 12, 12)
    font = QFont()
    font.setPixelSize(42)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor(look.ink))
    painter.drawText(QRectF(0, 0, 64, 62), Qt.AlignmentFlag.AlignCenter, look.symbol)
    painter.end()
    return QIcon(canvas)


def fault_icon(part: str) -> QIcon:
    """The picture of what is broken, drawn on a square of 64."""
    canvas = _canvas(_ICON_PX)
    painter = _painter(canvas, QColor(_INK), 4)
    _DRAWN.get(part, _other)(painter)
    painter.end()
    return QIcon(canvas)


def _canvas(size: int) -> QPixmap:
    canvas = QPixmap(size, size)
    canvas.fill(Qt.GlobalColor.transparent)
    return canvas


def _painter(canvas: QPixmap, ink: QColor, width: int) -> QPainter:
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    round_cap, round_join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, round_cap, round_join))
    return painter


def _board(painter: QPainter) -> None:
    painter.drawRect(QRectF(6, 10, 52, 34))
    painter.drawLine(QPointF(24, 58), QPointF(30, 44))
    painter.drawLine(QPointF(40, 58), QPointF(34, 44))
    painter.drawLine(QPointF(16, 34), QPointF(30, 20))


def _camera(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(6, 18, 52, 36), 6, 6)
    painter.drawEllipse(QPointF(32, 36), 11, 11)
    painter.drawLine(QPointF(22, 12), QPointF(42, 12))


def _tablet(painter: QPainter) -> None:
    painter.drawRoundedRect(QRectF(14, 4, 36, 56), 6, 6)
    painter.drawLine(QPointF(28, 52), QPointF(36, 52))
    painter.drawLine(QPointF(14, 44), QPointF(50, 44))


def _network(painter: QPainter) -> None:
    for radius in (12, 22, 32):
        box = QRectF(32 - radius, 50 - radius, 2 * radius, 2 * radius)
        painter.drawArc(box, 45 * 16, 90 * 16)
    painter.drawEllipse(QPointF(32, 50), 2, 2)


def _power(painter: QPainter) -> None:
    points = (36, 4), (16, 36), (32, 36), (26, 60), (48, 26), (32, 26), (36, 4)
    painter.drawPolyline([QPointF(x, y) for x, y in points])


def _other(painter: QPainter) -> None:
    painter.drawArc(QRectF(20, 8, 24, 24), -60 * 16, 240 * 16)
    painter.drawLine(QPointF(38, 30), QPointF(32, 42))
    painter.drawEllipse(QPointF(32, 55), 2, 2)


_DRAWN: Final[Mapping[str, Callable[[QPainter], None]]] = {
    "board": _board,
    "camera": _camera,
    "tablet": _tablet,
    "network": _network,
    "power": _power,
    "other": _other,
}
