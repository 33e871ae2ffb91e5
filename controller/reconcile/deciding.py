"""This file turns what a person says of a finding into a decision; pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from controller.reconcile.reconcile import LineFinding, LineState, Reconciled, Stranger
from controller.register.book import Line
from controller.register.decisions import Decision, Deed, subject_of
from controller.register.merging import Kept, Origin
from protocol.errors import ActionError
from protocol.words import N_


def decision_on(
    reconciled: Reconciled,
    register: Sequence[Kept],
    subject: str,
    deed: Deed,
    *,
    row: int | None = None,
    who: str = "",
    now_ms: int = 0,
) -> tuple[Decision, Kept | None]:
    """The decision on something seen, or on a moved line (its row); and the line that it makes.

    row: the line that a match names. Raises ActionError where nothing is to be decided so.
    """
    if subject.isdecimal() and deed is Deed.ACCEPT:
        return _moved(_row_of(reconciled, int(subject)), who, now_ms), None
    seen = (*reconciled.strangers, *reconciled.presences)
    stranger = next((one for one in seen if one.observation.key == subject), None)
    if stranger is None:
        raise ActionError(
            "subject_unknown", N_("Nothing unregistered is known as {subject}."), subject=subject
        )
    decision = Decision(no=0, subject=subject, deed=deed, who=who, at_ms=now_ms)
    if deed is Deed.ACCEPT:
        made = _line_of(stranger, register, now_ms)
        return replace(decision, line=made.no), made
    if deed is Deed.MATCH:
        if row is None:
            raise ActionError("line_missing", N_("Which line is it? Give --line."))
        return replace(decision, line=_row_of(reconciled, row).line.no), None
    return decision, None


def _row_of(reconciled: Reconciled, row: int) -> LineFinding:
    finding = next(
        (candidate for candidate in reconciled.findings if candidate.line.data.row == row), None
    )
    if finding is None:
        raise ActionError("line_unknown", N_("The book has no line {row}."), row=row)
    return finding


def _moved(finding: LineFinding, who: str, now_ms: int) -> Decision:
    if LineState.MOVED not in finding.states:
        raise ActionError(
            "not_moved", N_("Line {row} was not seen in another room."), row=finding.line.data.row
        )
    return Decision(
        no=0,
        subject=subject_of(finding.line.no),
        deed=Deed.ACCEPT,
        line=finding.line.no,
        was=finding.line.data.room,
        becomes=finding.there,
        who=who,
        at_ms=now_ms,
    )


def _line_of(stranger: Stranger, register: Sequence[Kept], now_ms: int) -> Kept:
    """A line with what is known of the thing; the rest a person adds in the book."""
    observation = stranger.observation
    rows = [entry.data.row for entry in register if entry.removed_ms is None]
    line = Line(
        row=max(rows, default=0) + 1,
        asset_tag=observation.asset_tag,
        type=observation.type,
        serial=observation.serial,
        room=observation.room,
        condition=observation.condition,
    )
    return Kept(
        no=max((entry.no for entry in register), default=0) + 1,
        data=line,
        origin=Origin.ACCEPTED,
        device=observation.key,
        added_ms=now_ms,
        changed_ms=now_ms,
    )
