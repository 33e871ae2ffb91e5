"""This file holds the register as it stands now, made anew when anything has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from controller.database.store import Store
from controller.feature import Program
from controller.reconcile.choosing import pressing_first
from controller.reconcile.deciding import decision_on
from controller.reconcile.kpi import Kpi, Raise, kpi_by, kpi_of, raises
from controller.reconcile.reconcile import LineFinding, LineState, Reconciled
from controller.reconcile.store import figure_until, mark_of, reconciled
from controller.register import store as register
from controller.register.decisions import Decision, Deed
from controller.sheets.names import room_key
from protocol.model import Place

MONTH: Final = timedelta(days=30)


class RegisterStanding(NamedTuple):
    """The register at a moment. findings: the most pressing first; decisions: the newest first.

    before: the figure of a month ago, and its day; None where none was kept then.
    """

    reconciled: Reconciled
    findings: Sequence[LineFinding]
    kpi: Kpi
    by_type: Mapping[str, Kpi]
    by_room: Mapping[str, Kpi]
    raises: Sequence[Raise]
    before: tuple[str, Kpi] | None
    decisions: Sequence[Decision]

    def pressing_in(self, room: str) -> list[LineFinding]:
        """The lines that are not in order and belong to the room, or were seen in it last."""
        key = room_key(room)
        return [
            finding
            for finding in self.findings
            if key
            and finding.state is not LineState.OK
            and key in (room_key(finding.home), room_key(finding.there))
        ]


@dataclass(slots=True)
class Desk:
    """One school's register, for whoever looks at it or decides about it; any thread may."""

    store: Store
    school: Place
    zone: tzinfo
    now_ms: Callable[[], int]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _mark: str = ""
    _standing: RegisterStanding | None = None

    def today(self) -> str:
        """The school's day (ISO)."""
        return datetime.fromtimestamp(self.now_ms() / 1000, self.zone).date().isoformat()

    def standing(self) -> RegisterStanding:
        """As it is now; quick while nothing has changed. Raises StoreError."""
        with self._lock, self.store.view() as db:  # two at once would do the work twice
            now_ms = self.now_ms()
            mark = mark_of(db, self.school, self.zone, now_ms)
            if self._standing is None or mark != self._mark:
                day = datetime.fromtimestamp(now_ms / 1000, self.zone) - MONTH
                self._standing = _standing(
                    reconciled(db, self.school, now_ms),
                    figure_until(db, self.school, f"{day:%Y-%m-%d}"),
                    register.decisions_of(db, self.school),
                )
                self._mark = mark
            return self._standing

    def decide(self, subject: str, deed: Deed, *, row: int | None, who: str) -> Decision:
        """Keep what a person decides, as controller.reconcile.deciding has it.

        Raises ActionError where nothing is to be decided so, StoreError.
        """
        reconciled = self.standing().reconciled
        with self.store.locked(self.school) as db:
            lines = register.lines_of(db, self.school)
            decision, made = decision_on(
                reconciled, lines, subject, deed, row=row, who=who, now_ms=self.now_ms()
            )
            return register.keep_decision(db, self.school, decision, made)

    def undo(self, number: int) -> bool:
        """Take a decision back; False where none stands under the number. Raises StoreError."""
        with self.store.locked(self.school) as db:
            return register.undo_decision(db, self.school, number, self.now_ms())


def _standing(
    reconciled: Reconciled, before: tuple[str, Kpi] | None, decisions: Sequence[Decision]
) -> RegisterStanding:
    spelled: dict[str, str] = {}
    for finding in reconciled.findings:
        spelled.setdefault(room_key(finding.home), finding.home)
    return RegisterStanding(
        reconciled=reconciled,
        findings=pressing_first(reconciled.findings),
        kpi=kpi_of(reconciled.findings),
        by_type=kpi_by(reconciled.findings, lambda finding: finding.line.data.type),
        by_room=kpi_by(reconciled.findings, lambda finding: spelled[room_key(finding.home)]),
        raises=raises(reconciled.findings),
        before=before,
        decisions=decisions[::-1],
    )


def desk_of(program: Program) -> Desk:
    """The program's register."""
    return Desk(program.store, program.school, program.zone, program.now_ms)
