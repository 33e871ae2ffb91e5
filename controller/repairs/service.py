"""This file reads repairs for the screens and the API, and does what is asked for with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from controller.feature import Program
from controller.fleet.fleet import Change
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.life import Said, Step
from controller.register.merging import Kept
from controller.repairs import actions as mending
from controller.repairs import store as repairs
from controller.repairs.figures import RepairFigures
from controller.repairs.repair import Repair, RepairOutcome, RepairState
from protocol.errors import ActionError
from protocol.model import Place
from protocol.words import N_

MAX_DIGITS: Final = 12
MAX_NOTE: Final = 300
MAX_DONE: Final = 200  # on the list of everything
DEEDS: Final = ("pick", "start", "done", "undo")
TROUBLES: Final[Mapping[str, str]] = {
    "repair_unknown": N_("There is no such repair."),
    "repair_done": N_("This repair is done already."),
    "repair_started": N_("Somebody is at this repair already."),
    "line_picked": N_("The repair is about this line already."),
    "line_unknown": N_("The book has no such line."),
    "moved_on": N_("Somebody did something with this repair meanwhile; look again."),
    "nothing_to_undo": N_("There is nothing to undo."),
    "form_invalid": N_("The form was not understood; try again."),
}


class Shown(NamedTuple):
    """A repair, the line that it is about (or those that it may be), and how that line fared."""

    repair: Repair
    kept: Kept | None
    maybe: tuple[Kept, ...]
    steps: tuple[Step, ...]


class Repairing:
    """The school's repairs."""

    def __init__(self, program: Program) -> None:
        self._store = program.store
        self._scope = program.school

    def shown(self, *, everything: bool) -> list[Shown]:
        """The repairs that wait, the oldest first; with everything, behind them what is done."""
        with self._store.view() as db:
            records = repairs.repairs_of(db, self._scope)
            waiting = [repair for repair in records if repair.state is not RepairState.DONE]
            done = [repair for repair in records if repair.state is RepairState.DONE]
            chosen = [*waiting, *done[: -MAX_DONE - 1 : -1]] if everything else waiting
            return shown_of(db, self._scope, chosen)

    def figures(self, since_ms: int, until_ms: int) -> RepairFigures:
        """The figures of a term. Raises StoreError."""
        return self._store.read(repairs.figures_of, self._scope, since_ms, until_ms)

    def do(self, number: int, deed: str, form: Mapping[str, str], stamp: Said) -> list[Change]:
        """Do one of DEEDS as a form asks for it. Raises ActionError, and then nothing is done."""
        scope = self._scope
        with self._store.locked(scope) as db:
            match deed:
                case "pick":
                    return mending.pick(db, scope, number, _line(db, scope, form), stamp)
                case "start":
                    return mending.start(db, scope, number, stamp)
                case "done":
                    outcome, note = _outcome(form), form.get("note", "").strip()[:MAX_NOTE]
                    return mending.finish(db, scope, number, outcome, stamp, note=note)
                case _:
                    _judge_newest(db, scope, number, form)
                    return mending.undo(db, scope, number, stamp)

    def open(self, form: Mapping[str, str], stamp: Said) -> Repair:
        """Open a repair of a line. Raises ActionError."""
        with self._store.locked(self._scope) as db:
            line, note = _line(db, self._scope, form), form.get("note", "").strip()[:MAX_NOTE]
            return repairs.open_by_person(db, self._scope, line, stamp, note=note)


def shown_of(db: Connection, scope: Place, records: list[Repair]) -> list[Shown]:
    """Repairs as they are shown; of those that ended nobody asks which line it was."""
    lines = repairs.lines_in_repair(db, scope, records)
    steps = lives.steps_of(db, scope, lines.keys())
    undecided = [
        repair for repair in records if repair.line is None and repair.state is not RepairState.DONE
    ]
    maybe = repairs.candidates_of(db, scope, undecided)
    return [
        Shown(
            repair,
            lines.get(repair.line or 0),
            maybe.get(repair.no, ()),
            tuple(steps.get(repair.line or 0, ())),
        )
        for repair in records
    ]


def _line(db: Connection, scope: Place, form: Mapping[str, str]) -> Kept:
    line = register.line_by_row(db, scope, _number(form, "row"))
    if line is None:
        raise ActionError("line_unknown", TROUBLES["line_unknown"])
    return line


def _outcome(form: Mapping[str, Any]) -> RepairOutcome:
    outcome = form.get("outcome", RepairOutcome.GOOD.value)
    if outcome not in set(RepairOutcome):
        raise ActionError("form_invalid", TROUBLES["form_invalid"])
    return RepairOutcome(outcome)


def _judge_newest(db: Connection, scope: Place, number: int, form: Mapping[str, str]) -> None:
    """What is taken back is what the person saw: a second press takes nothing more back."""
    repair = repairs.repair_at(db, scope, number)
    if repair and repair.standing and repair.standing[-1].no != _number(form, "move"):
        raise ActionError("moved_on", TROUBLES["moved_on"])


def _number(form: Mapping[str, str], name: str) -> int:
    text = form.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS):
        raise ActionError("form_invalid", TROUBLES["form_invalid"])
    return int(text)
