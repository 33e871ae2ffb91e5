"""This file is the choice of classes: what is proposed beside, or any others, also several."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from agent.tray.presses import toggle_class
from agent.tray.view import ProposalView
from agent.tray.widgets import KeyButton, RowButton, WrappingRow

CLASS_PX: Final = 170
_MOST_PROPOSED: Final = 5


class ClassChoice(QWidget):
    """The classes that the teacher chose instead of the proposed ones. changed: chose anew."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.chosen: tuple[str, ...] = ()
        self._proposal = ProposalView()
        self._likely, self._every = WrappingRow(CLASS_PX), WrappingRow(CLASS_PX)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(self._likely)
        rows.addWidget(self._every)
        self.hide()

    def forget(self) -> None:
        """Choose nothing."""
        self.chosen = ()

    def show_proposal(self, proposal: ProposalView | None, *, every: bool) -> None:
        """Show what may be chosen; every: also the classes that are not likely."""
        fresh = proposal or ProposalView()
        if fresh != self._proposal:
            self._proposal = fresh
            self._likely.fill([self._likely_key(classes) for classes in self._likely_classes()])
            self._every.fill([self._every_key(code) for code in fresh.all])
        self.setVisible(proposal is not None)
        self._every.setVisible(every)
        self._check()

    def keys(self) -> list[QWidget]:
        """What Tab reaches here, in order."""
        return [*self._likely.widgets(), *self._every.widgets()]

    def _likely_classes(self) -> tuple[tuple[str, ...], ...]:
        return self._proposal.others[:_MOST_PROPOSED]

    def _likely_key(self, classes: tuple[str, ...]) -> RowButton:
        key = RowButton(" + ".join(classes), lambda: self._choose(classes))
        key.setCheckable(True)
        return key

    def _every_key(self, code: str) -> RowButton:
        key = RowButton(code, lambda: self._choose(toggle_class(self.chosen, code)))
        key.setCheckable(True)
        return key

    def _choose(self, classes: tuple[str, ...]) -> None:
        self.chosen = () if classes == self.chosen else classes
        self._check()
        self.changed.emit()

    def _check(self) -> None:
        chosen = [classes == self.chosen for classes in self._likely_classes()]
        chosen += [code in self.chosen for code in self._proposal.all]
        for key, checked in zip(self.keys(), chosen, strict=True):
            assert isinstance(key, KeyButton)  # noqa: S101 - this file alone fills it
            key.setChecked(checked)
