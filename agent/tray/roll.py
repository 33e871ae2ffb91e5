"""This file is the list for attendance: everyone is there, a tap makes the exception."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agent.tray.appearance import (
    appearance_of,
    letter_of,
    pupil_detail,
    pupil_spoken,
    pupil_state,
    pupil_text,
)
from agent.tray.presses import next_status
from agent.tray.view import PupilView, RollView
from agent.tray.widgets import KeyButton, RowButton, TextLabel, WrappingRow

_NAME_PX = 360
_MARK_PX = 200


class RollList(QWidget):
    """The pupils, and for the one that was tapped the row of marks. marked: student, status."""

    marked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._roll: RollView | None = None
        self._open = ""
        self._title, self._who = TextLabel("headline"), TextLabel()
        self._names, self._marks = WrappingRow(_NAME_PX), WrappingRow(_MARK_PX)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        for part in (self._title, self._who, self._marks, self._names):
            rows.addWidget(part)
        self.hide()

    def show_roll(self, roll: RollView | None) -> None:
        """Show this roll; the buttons stay where the pupils are the same."""
        before, self._roll = self._roll, roll
        self.setVisible(roll is not None)
        if roll is None:
            self._open = ""
            self._names.fill(())
            self._show_marks()
            return
        self._title.show_text(roll.title)
        if before is None or _students(before) != _students(roll):
            self._open = ""
            self._names.fill([self._name(line) for line in roll.lines])
        for key, line in zip(self._names.widgets(), roll.lines, strict=True):
            assert isinstance(key, RowButton)  # noqa: S101 - this file alone fills it
            look = appearance_of(pupil_state(line))
            key.show_text(pupil_text(line, roll.marks), pupil_spoken(line, roll.marks), look)
            key.setToolTip(pupil_detail(line))
        self._show_marks()

    def keys(self) -> list[QWidget]:
        """What Tab reaches here, in order."""
        return [*self._marks.widgets(), *self._names.widgets()]

    def _name(self, line: PupilView) -> RowButton:
        key = RowButton("", partial(self._tap, line.student))
        key.setMinimumHeight(48)
        return key

    def _line(self, student: str) -> PupilView | None:
        lines = self._roll.lines if self._roll else ()
        return next((line for line in lines if line.student == student), None)

    def _tap(self, student: str) -> None:
        line = self._line(student)
        if line is None or self._roll is None:
            return
        self._open = student
        status = next_status(line, self._roll.marks)
        if status != line.status:
            self.marked.emit(student, status)
        self._show_marks()

    def _choose(self, place: int) -> None:
        student, self._open = self._open, ""
        if self._roll is not None:
            self.marked.emit(student, self._roll.marks[place].status)
        self._show_marks()

    def _show_marks(self) -> None:
        line = self._line(self._open)
        if line is None or self._roll is None:
            self._who.show_text("")
            self._marks.hide()
            return
        self._who.show_text(f"{line.number}. {line.name}  {pupil_detail(line)}".strip())
        if not self._marks.widgets():
            self._marks.fill([self._mark(place) for place in range(len(self._roll.marks))])
        for key, mark in zip(self._marks.widgets(), self._roll.marks, strict=False):
            assert isinstance(key, KeyButton)  # noqa: S101 - this file alone fills it
            letter = letter_of(PupilView(student="", status=mark.status), self._roll.marks)
            key.show_text(f"{letter}  {mark.label}", mark.label)
            key.setChecked(mark.status == line.status)
        self._marks.show()

    def _mark(self, place: int) -> RowButton:
        key = RowButton("", partial(self._choose, place))
        key.setCheckable(True)
        key.setMinimumHeight(48)
        return key


def _students(roll: RollView) -> list[str]:
    return [line.student for line in roll.lines]
