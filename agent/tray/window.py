"""This file is the teacher's window: one screen, one big button, no dialogs and no typing."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from agent.tray.appearance import (
    ADDRESSES,
    STALE,
    Press,
    answer,
    appearance_of,
    chip_text,
    press_of,
    toggle_class,
    word,
)
from agent.tray.client import AgentClient
from agent.tray.icons import fault_icon
from agent.tray.roll import RollList
from agent.tray.view import Question, TeacherView
from agent.tray.widgets import KeyButton, RowButton, TextLabel, WrappingRow
from protocol.formats import clock, phrase
from protocol.language import Translate, translator

_CLASS_PX: Final = 170
_TOOL_PX: Final = 240
_CHIP_PX: Final = 300


class Window(QWidget):
    """What the teacher sees. changed: a view, or None where the agent is away."""

    changed = Signal(object)
    leave = Signal()

    def __init__(self, door: AgentClient, language: str) -> None:
        super().__init__()
        self.view: TeacherView | None = None
        self.may_hide: Callable[[], bool] = lambda: False
        self._door = door
        self._say: Translate = translator(language)
        self._connected = False
        self._updated_at = ""
        self._chosen: tuple[str, ...] = ()
        self._painted: dict[str, object] = {}
        self._undo_until_s = 0.0
        self._build()
        self._connect_signals()
        self._paint()

    def _build(self) -> None:
        self._away, self._refusal = TextLabel(), TextLabel()
        self._headline, self._subline, self._why = TextLabel("headline"), TextLabel(), TextLabel()
        self._classes, self._every_class = WrappingRow(_CLASS_PX), WrappingRow(_CLASS_PX)
        self._chips, self._gaps, self._notices = WrappingRow(_CHIP_PX), TextLabel(), TextLabel()
        self._rooms, self._questions = WrappingRow(_CLASS_PX), WrappingRow(_CHIP_PX)
        self._tools, self._faults = WrappingRow(_TOOL_PX), WrappingRow(_CLASS_PX)
        self._sent, self._logbook, self._copy = (
            TextLabel(),
            TextLabel(),
            KeyButton("", self._copy_logbook),
        )
        self._roll = RollList()
        self._undo = KeyButton("", partial(self._send, Press("undo", {})))
        self._counts, self._big = TextLabel("counts"), KeyButton("", self._press_big)
        self._big.setObjectName("big")
        self._also = KeyButton("", self._press_also)
        self._logbook.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._build_tools()
        page = QWidget()
        rows = QVBoxLayout(page)
        for part in (
            *(self._away, self._refusal, self._headline, self._subline, self._why),
            *(self._rooms, self._classes, self._every_class, self._questions, self._chips),
            *(self._gaps, self._notices, self._logbook, self._copy, self._roll),
            *(self._tools, self._faults, self._sent),
        ):
            rows.addWidget(part)
        rows.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        foot = QHBoxLayout()
        self._counts.setWordWrap(False)
        foot.addWidget(self._counts)
        foot.addWidget(self._big, 1)
        foot.addWidget(self._also)
        whole = QVBoxLayout(self)
        whole.addWidget(scroll, 1)
        whole.addWidget(self._undo)
        whole.addLayout(foot)

    def _build_tools(self) -> None:
        self._tool = {
            "report_fault": RowButton("", self._toggle_faults),
            "other_class": RowButton("", self._toggle_classes),
            "substitute": RowButton(""),
            "room": RowButton("", self._toggle_rooms),
            "open_board": RowButton("", self._open_board),
            "camera": RowButton("", self._switch_camera),
            "scan": RowButton("", self._scan),
            "quit": RowButton("", self.leave.emit),
        }
        for name in ("report_fault", "other_class", "substitute", "room", "camera", "scan"):
            self._tool[name].setCheckable(True)
        self._tools.fill(list(self._tool.values()))

    def _connect_signals(self) -> None:
        self._door.updated.connect(self._on_view)
        self._door.away.connect(self._on_away)
        self._door.refused.connect(self._on_refused)
        self._roll.marked.connect(self._mark)
        self._clock = QTimer(self)
        self._clock.setInterval(500)
        self._clock.timeout.connect(self._tick)

    def start_action(self) -> None:
        """Do what the big button would do."""
        self._press_big()

    def word(self, name: str) -> str:
        """A word in the language that is spoken now."""
        return word(self.view, name, self._say)

    @property
    def is_connected(self) -> bool:
        """Whether the agent answers."""
        return self._connected

    def _on_view(self, view: TeacherView) -> None:
        if self.view is None or view.phase != self.view.phase:
            self._chosen = ()
            self._tool["other_class"].setChecked(False)
            self._tool["substitute"].setChecked(False)
        back = not self._connected
        self.view, self._connected = view, True
        self._say = translator(view.language)
        self._updated_at = clock(time.time_ns() // 1_000_000, None, self._say)
        self._undo_until_s = time.monotonic() + (view.undo.left_s if view.undo else 0)
        self._paint()
        if back:  # what was disabled has lost the keyboard
            self._big.setFocus()
        self.changed.emit(view)

    def _on_away(self) -> None:
        self._connected = False
        self._paint()
        self.changed.emit(None)

    def _on_refused(self, sentence: str) -> None:
        self._refusal.show_text(sentence, appearance_of("warning"))

    def _send(self, press: Press) -> None:
        self._refusal.show_text("")
        self._door.press(press)

    def _press_big(self) -> None:
        substitute = self._tool["substitute"].isChecked()
        press = press_of(self.view, self._chosen, substitute=substitute) if self.view else None
        if press is not None and self._connected:
            self._send(press)

    def _press_also(self) -> None:
        also = self.view.also if self.view else None
        if also is not None and self._connected:
            self._send(Press(ADDRESSES[also.action], {}))

    def _mark(self, student: str, status: str) -> None:
        self._send(Press("roll/mark", {"student": student, "status": status}))

    def _switch_camera(self) -> None:
        if self.view and self.view.camera:
            self._send(Press("camera", {"off": not self.view.camera.off}))

    def _scan(self) -> None:
        if self.view and self.view.scan:
            self._send(Press("scan", {"on": not self.view.scan.running}))

    def _open_board(self) -> None:
        if self.view and self.view.tablets:
            QDesktopServices.openUrl(self._door.url(self.view.tablets.board))

    def _toggle_faults(self) -> None:
        self._faults.setVisible(self._tool["report_fault"].isChecked())
        if self._faults.isVisible():
            first = self._faults.widgets()[0] if self._faults.widgets() else self._faults
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def _toggle_classes(self) -> None:
        self._every_class.setVisible(self._tool["other_class"].isChecked())

    def _toggle_rooms(self) -> None:
        self._rooms.setVisible(self._tool["room"].isChecked())

    def _copy_logbook(self) -> None:
        QGuiApplication.clipboard().setText(self._logbook.text())
        self._copy.show_text(f"✓ {self.word('copied')}")

    def _choose(self, classes: tuple[str, ...]) -> None:
        self._chosen = () if classes == self._chosen else classes
        self._paint_classes()

    def _toggle(self, code: str) -> None:
        self._chosen = toggle_class(self._chosen, code)
        self._paint_classes()

    def _tick(self) -> None:
        left_s = self._undo_until_s - time.monotonic()
        undo = self.view.undo if self.view else None
        if undo is None or left_s <= 0:
            self._undo.hide()
            self._clock.stop()
            return
        self._undo.show_text(f"{undo.label} ({left_s:.0f} s)", undo.label)
        self._undo.show()
        self._clock.start()

    def _paint(self) -> None:
        self.setWindowTitle(f"{self.word('title')} · LopHoc")
        self._paint_away()
        self._paint_tools()
        self._big.setVisible(self.view is not None)
        view = self.view
        if view is None:
            return
        self._big.show_text(view.button.label)
        self._big.setEnabled(self._connected and view.button.enabled)
        self._also.setVisible(view.also is not None and view.also.action in ADDRESSES)
        self._also.show_text(view.also.label if view.also else "")
        self._also.setEnabled(self._connected)
        self._headline.show_text(" · ".join(filter(None, (view.headline, view.room))))
        self._subline.show_text(view.subline)
        self._paint_room(view)
        self._paint_classes()
        self._paint_lists(view)
        self._roll.show_roll(view.roll)
        self._roll.setEnabled(self._connected)
        self._counts.show_text(view.roll.text if view.roll else "")
        self._counts.setAccessibleName(f"{self.word('counts')}: {self._counts.text()}")
        self._tick()
        self._order()

    def _order(self) -> None:
        """Tab walks as the eye does, whatever was made first."""
        wraps = (self._rooms, self._classes, self._every_class, self._questions)
        keys: list[QWidget] = [widget for wrap in wraps for widget in wrap.widgets()]
        keys += [self._copy, *self._roll.keys(), *self._tools.widgets(), *self._faults.widgets()]
        for before, after in pairwise([*keys, self._undo, self._big, self._also]):
            self.setTabOrder(before, after)

    def _paint_away(self) -> None:
        words = "" if self._connected else self.word("no_agent")
        if words and self.view is not None:
            words += " " + phrase(STALE, self._say, time=self._updated_at)
        self._away.show_text(words, appearance_of("unknown"))

    def _paint_tools(self) -> None:
        view, tool = self.view, self._tool
        for name in ("report_fault", "other_class", "substitute", "room", "open_board", "quit"):
            tool[name].show_text(self.word(name))
        free = view is not None and view.button.action == "start"
        tool["other_class"].setVisible(bool(free and view and view.proposal))
        tool["substitute"].setVisible(bool(free and view and view.proposal))
        tool["room"].setVisible(bool(view and len(view.rooms) > 1 and not view.pick_room))
        tool["report_fault"].setVisible(view is not None)
        tool["open_board"].setVisible(bool(view and view.tablets))
        camera, scan = view.camera if view else None, view.scan if view else None
        tool["camera"].setVisible(camera is not None)
        if camera:
            state = self.word("camera_off" if camera.off else "camera_on")
            tool["camera"].show_text(f"{state}\n{camera.label}")
            tool["camera"].setChecked(camera.off)
        tool["scan"].setVisible(bool(scan and scan.possible))
        if scan:
            tool["scan"].show_text("\n".join(filter(None, (scan.label, scan.words))))
            tool["scan"].setChecked(scan.running)
        for name, key in tool.items():
            key.setEnabled(self._connected or name == "quit")

    def _paint_room(self, view: TeacherView) -> None:
        if self._is_new("rooms", (view.rooms, view.room)):
            rooms = [room for room in view.rooms if room != view.room or view.pick_room]
            keys = [RowButton(room, partial(self._room, room)) for room in rooms]
            self._rooms.fill(keys)
        self._rooms.setVisible(view.pick_room or self._tool["room"].isChecked())

    def _room(self, room: str) -> None:
        self._tool["room"].setChecked(False)
        self._send(Press("room", {"room": room}))

    def _paint_classes(self) -> None:
        view = self.view
        proposal = view.proposal if view and view.button.action == "start" else None
        self._why.show_text(proposal.why if proposal else "")
        if self._is_new("classes", proposal):
            proposals = proposal.others[:5] if proposal else ()
            every = proposal.all if proposal else ()
            self._classes.fill([self._class_key(classes) for classes in proposals])
            self._every_class.fill([self._one_class_key(code) for code in every])
        for key, classes in zip(
            self._classes.widgets(), proposal.others[:5] if proposal else (), strict=True
        ):
            _check(key, checked=classes == self._chosen)
        for key, code in zip(
            self._every_class.widgets(), proposal.all if proposal else (), strict=True
        ):
            _check(key, checked=code in self._chosen)
        self._every_class.setVisible(bool(proposal) and self._tool["other_class"].isChecked())
        if proposal and self._chosen:
            self._big.show_text(f"{view.button.label if view else ''} · {' + '.join(self._chosen)}")
        elif view:
            self._big.show_text(view.button.label)

    def _class_key(self, classes: tuple[str, ...]) -> RowButton:
        key = RowButton(" + ".join(classes), lambda: self._choose(classes))
        key.setCheckable(True)
        return key

    def _one_class_key(self, code: str) -> RowButton:
        key = RowButton(code, lambda: self._toggle(code))
        key.setCheckable(True)
        return key

    def _paint_lists(self, view: TeacherView) -> None:
        if self._is_new("chips", view.chips):
            self._chips.fill([_label(chip_text(chip), chip.state) for chip in view.chips])
        gaps = view.gaps
        words = f"{gaps.sentence} {gaps.todo}" if gaps else ""
        self._gaps.show_text(words, appearance_of("critical"))
        self._notices.show_text(
            "\n".join(notice.sentence for notice in view.notices), appearance_of("warning")
        )
        if self._is_new("questions", view.questions):
            self._questions.fill(
                [part for question in view.questions for part in self._question_widgets(question)]
            )
        if self._is_new("faults", view.faults.parts):
            keys = [self._fault(part.part, part.label) for part in view.faults.parts]
            self._faults.fill(keys)
        self._faults.setVisible(self._tool["report_fault"].isChecked())
        self._faults.setEnabled(self._connected)
        self._sent.show_text("\n".join(f"✓ {fault.sentence}" for fault in view.faults.sent))
        if self._is_new("logbook", (view.logbook, view.language)):
            self._logbook.show_text(view.logbook or "")
            self._copy.show_text(self.word("copy"))
        self._copy.setVisible(bool(view.logbook))

    def _question_widgets(self, question: Question) -> list[QWidget]:
        asks = _label(f"{question.name}: {question.question}", "warning")
        yes = RowButton(question.yes, partial(self._send, answer(question, yes=True)))
        no = RowButton(question.no, partial(self._send, answer(question, yes=False)))
        return [asks, yes, no]

    def _fault(self, part: str, label: str) -> RowButton:
        key = RowButton(label, partial(self._send, Press("fault", {"part": part})))
        key.setIcon(fault_icon(part))
        key.setIconSize(QSize(48, 48))
        key.setMinimumHeight(72)
        return key

    def _is_new(self, name: str, value: object) -> bool:
        """Whether this part is another than what is shown; so focus stays where nothing changed."""
        if name in self._painted and self._painted[name] == value:
            return False
        self._painted[name] = value
        return True

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Hide where the icon brings it back; else only step aside."""
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication) and app.isSavingSession():
            event.accept()
            return
        event.ignore()
        if self.may_hide():
            self.hide()
        else:
            if self.isMinimized():  # it is closed by hand, so it is seen: it was not taken down
                self.showNormal()
            self.showMinimized()

    def come(self) -> None:
        """Come to the front."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()


def _label(text: str, state: str) -> TextLabel:
    words = TextLabel()
    words.show_text(text, appearance_of(state))
    return words


def _check(key: QWidget, *, checked: bool) -> None:
    if isinstance(key, KeyButton):
        key.setChecked(checked)
