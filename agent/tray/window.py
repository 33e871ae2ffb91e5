"""This file is the teacher's window: one screen, one big button, no dialogs and no typing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from agent.tray.appearance import STALE, appearance_of, chip_text, word
from agent.tray.classes import CLASS_PX, ClassChoice
from agent.tray.client import AgentClient
from agent.tray.icons import fault_icon
from agent.tray.presses import ADDRESSES, Press, answer_press, press_of
from agent.tray.roll import RollList
from agent.tray.tools import Toolbar
from agent.tray.view import Question, TeacherView
from agent.tray.widgets import KeyButton, RowButton, TextLabel, UndoButton, WrappingRow
from protocol.clock import wall_ms
from protocol.formats import clock, phrase
from protocol.language import Translate, translator

_CHIP_PX: Final = 300


class Window(QWidget):
    """What the teacher sees. changed: a view, or None where the agent is away."""

    changed = Signal(object)
    leave = Signal()

    def __init__(self, client: AgentClient, language: str) -> None:
        super().__init__()
        self.view: TeacherView | None = None
        self.may_hide: Callable[[], bool] = lambda: False
        self._client = client
        self._say: Translate = translator(language)
        self._connected = False
        self._locked = ""
        self._updated_at = ""
        self._painted: dict[str, object] = {}
        self._build()
        self._connect_signals()
        self._paint()

    def _build(self) -> None:
        self._away, self._refusal = TextLabel(), TextLabel()
        self._headline, self._subline, self._why = TextLabel("headline"), TextLabel(), TextLabel()
        self._classes = ClassChoice()
        self._chips, self._gaps, self._notices = WrappingRow(_CHIP_PX), TextLabel(), TextLabel()
        self._rooms, self._questions = WrappingRow(CLASS_PX), WrappingRow(_CHIP_PX)
        self._faults, self._sent = WrappingRow(CLASS_PX), TextLabel()
        self._logbook, self._copy = TextLabel(), KeyButton("", self._copy_logbook)
        self._roll = RollList()
        self._undo = UndoButton(partial(self._send, Press("undo", {})))
        self._counts, self._big = TextLabel("counts"), KeyButton("", self._press_big)
        self._big.setObjectName("big")
        self._also = KeyButton("", self._press_also)
        self._logbook.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._tools = Toolbar(
            {
                "report_fault": self._toggle_faults,
                "other_class": self._paint_classes,
                "substitute": None,
                "room": self._toggle_rooms,
                "open_board": self._open_board,
                "camera": self._switch_camera,
                "scan": self._scan,
                "quit": self.leave.emit,
            }
        )
        self._lay_out()

    def _lay_out(self) -> None:
        page = QWidget()
        rows = QVBoxLayout(page)
        for part in (
            *(self._away, self._refusal, self._headline, self._subline, self._why),
            *(self._rooms, self._classes, self._questions, self._chips),
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

    def _connect_signals(self) -> None:
        self._client.updated.connect(self._on_view)
        self._client.away.connect(self._on_away)
        self._client.refused.connect(self._on_refused)
        self._client.opened.connect(QDesktopServices.openUrl)
        self._roll.marked.connect(self._mark)
        self._classes.changed.connect(self._paint_classes)

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
            self._classes.forget()
            self._tools.switch_off("other_class", "substitute")
        back = not self._connected
        self.view, self._connected = view, True
        self._say = translator(view.language)
        self._updated_at = clock(wall_ms(), None, self._say)
        self._undo.show_undo(view.undo)
        self._paint()
        if back:  # what was disabled has lost the keyboard
            self._big.setFocus()
        self.changed.emit(view)

    def _on_away(self, sentence: str) -> None:
        self._connected, self._locked = False, sentence
        self._paint()
        self.changed.emit(None)

    def _on_refused(self, sentence: str) -> None:
        self._refusal.show_text(sentence, appearance_of("warning"))

    def _send(self, press: Press) -> None:
        self._refusal.show_text("")
        self._client.press(press)

    def _press_big(self) -> None:
        if self.view is None or not self._connected:
            return
        substitute = self._tools.is_on("substitute")
        if press := press_of(self.view, self._classes.chosen, substitute=substitute):
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
            self._client.open_page(self.view.tablets.board)

    def open_page(self) -> None:
        """Show the same in a browser."""
        self._client.open_page()

    def _toggle_faults(self) -> None:
        self._faults.setVisible(self._tools.is_on("report_fault"))
        if self._faults.isVisible():
            first = self._faults.widgets()[0] if self._faults.widgets() else self._faults
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def _toggle_rooms(self) -> None:
        self._rooms.setVisible(self._tools.is_on("room"))

    def _copy_logbook(self) -> None:
        QGuiApplication.clipboard().setText(self._logbook.text())
        self._copy.show_text(f"✓ {self.word('copied')}")

    def _paint(self) -> None:
        self.setWindowTitle(f"{self.word('title')} · LopHoc")
        self._paint_away()
        self._tools.show_tools(self.view, self.word, connected=self._connected)
        self._big.setVisible(self.view is not None)
        view = self.view
        if view is None:
            return
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
        self._order()

    def _order(self) -> None:
        """Tab walks as the eye does, whatever was made first."""
        keys: list[QWidget] = [
            *(*self._rooms.widgets(), *self._classes.keys(), *self._questions.widgets()),
            *(self._copy, *self._roll.keys(), *self._tools.widgets(), *self._faults.widgets()),
            *(self._undo, self._big, self._also),
        ]
        for before, after in pairwise(keys):
            self.setTabOrder(before, after)

    def _paint_away(self) -> None:
        words = "" if self._connected else self._locked or self.word("no_agent")
        if words and self.view is not None:
            words += " " + phrase(STALE, self._say, time=self._updated_at)
        self._away.show_text(words, appearance_of("unknown"))

    def _paint_room(self, view: TeacherView) -> None:
        if self._is_new("rooms", (view.rooms, view.room)):
            rooms = [room for room in view.rooms if room != view.room or view.pick_room]
            keys = [RowButton(room, partial(self._room, room)) for room in rooms]
            self._rooms.fill(keys)
        self._rooms.setVisible(view.pick_room or self._tools.is_on("room"))

    def _room(self, room: str) -> None:
        self._tools.switch_off("room")
        self._send(Press("room", {"room": room}))

    def _paint_classes(self) -> None:
        view = self.view
        if view is None:
            return
        proposal = view.proposal if view.button.action == "start" else None
        self._why.show_text(proposal.why if proposal else "")
        self._classes.show_proposal(proposal, every=self._tools.is_on("other_class"))
        chosen = " + ".join(self._classes.chosen) if proposal else ""
        self._big.show_text(" · ".join(filter(None, (view.button.label, chosen))))

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
        self._faults.setVisible(self._tools.is_on("report_fault"))
        self._faults.setEnabled(self._connected)
        self._sent.show_text("\n".join(f"✓ {fault.sentence}" for fault in view.faults.sent))
        if self._is_new("logbook", (view.logbook, view.language)):
            self._logbook.show_text(view.logbook or "")
            self._copy.show_text(self.word("copy"))
        self._copy.setVisible(bool(view.logbook))

    def _question_widgets(self, question: Question) -> list[QWidget]:
        asks = _label(f"{question.name}: {question.question}", "warning")
        yes = RowButton(question.yes, partial(self._send, answer_press(question, yes=True)))
        no = RowButton(question.no, partial(self._send, answer_press(question, yes=False)))
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
