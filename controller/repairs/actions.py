"""This file does what is done with repairs: each deed moves the repair, its line and its fault.

Every function works inside one transaction of the store's `locked`, which it keeps whole. It
returns what live screens need to hear. ActionError says why a deed cannot be done.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection

from controller.database.plan_version import lock_plan
from controller.fleet.fleet import Change
from controller.fleet.records import EventRecord, FaultRecord
from controller.fleet.store import keep
from controller.register import life_store as lives
from controller.register.life import LineLife, Said, Why
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.repairs import store as repairs
from controller.repairs.repair import Move, Repair, RepairDeed, RepairOutcome, RepairState
from protocol.errors import ActionError
from protocol.model import Place
from protocol.words import N_

_BROKEN: Final = frozenset({Condition.BROKEN, Condition.REPAIR})


def pick(db: Connection, place: Place, number: int, line: Kept, stamp: Said) -> list[Change]:
    """Say which line a repair is about; a line that was picked before fares as it did."""
    repair = _known(db, place, number)
    repair.moved(RepairDeed.PICK, *stamp, line=line.no)
    if repair.line is not None:
        undo(db, place, number, stamp)
        repair = _known(db, place, number)
    why = Why.FAULT if repair.event_id else Why.PERSON
    repairs.note_pick(db, place, repair, line, stamp, why=why)
    return []


def start(db: Connection, place: Place, number: int, stamp: Said) -> list[Change]:
    """Say that somebody is at it."""
    repair = _known(db, place, number)
    move = repair.moved(RepairDeed.START, *stamp)
    _keep_move(db, place, repair, move, Condition.REPAIR)
    return []


def finish(
    db: Connection,
    place: Place,
    number: int,
    outcome: RepairOutcome,
    stamp: Said,
    *,
    note: str = "",
) -> list[Change]:
    """Say how it ended; the fault that opened it is dealt with.

    A line that another open repair is about does not work again yet.
    """
    repair = _known(db, place, number)
    move = repair.moved(RepairDeed.DONE, *stamp, outcome=outcome.value, note=note)
    waits = outcome is RepairOutcome.GOOD and _others_open(db, place, repair)
    _keep_move(db, place, repair, move, None if waits else Condition(outcome.value))
    return _close_fault(db, place, repair, stamp.at_ms)


def undo(db: Connection, place: Place, number: int, stamp: Said) -> list[Change]:
    """Take the newest move back, and what it made of the line where nobody spoke since."""
    repair = _known(db, place, number)
    repairs.keep_move(db, place, repair.undone(*stamp))
    newest = repair.standing[-1]
    _step_back(db, place, repair, newest, stamp)
    return _reopen_fault(db, place, repair) if newest.deed is RepairDeed.DONE else []


def handle_fault(db: Connection, scope: Place, event_id: str, now_ms: int) -> list[Change]:
    """A person dealt with it, its repair is done. Empty if there is none that waits."""
    fault = repairs.waiting_fault(db, scope, event_id)
    return handled(db, fault, now_ms) if fault else []


def handled(db: Connection, fault: FaultRecord, now_ms: int, who: str = "") -> list[Change]:
    """A fault is dealt with: its repair is done, and a line that it made broken works again."""
    place = Place(fault.place.province, fault.place.school)
    lock_plan(db, place)
    repair = repairs.repair_of_event(db, place, fault.event_id)
    if repair is None:
        return _close_fault(db, place, Repair(event_id=fault.event_id), now_ms)
    if repair.state is not RepairState.DONE:
        move = repair.moved(RepairDeed.DONE, who, now_ms, outcome=RepairOutcome.GOOD.value)
        step = repairs.newest_step(db, place, repair.line) if repair.line is not None else None
        ours = step is not None and step.repair is not None and step.condition in _BROKEN
        good = ours and not _others_open(db, place, repair)
        _keep_move(db, place, repair, move, Condition.GOOD if good else None)
    return _close_fault(db, place, repair, now_ms)


def _known(db: Connection, place: Place, number: int) -> Repair:
    repair = repairs.repair_at(db, place, number)
    if repair is None:
        raise ActionError("repair_unknown", N_("No repair has the number {no}."), no=number)
    return repair


def _keep_move(
    db: Connection, place: Place, repair: Repair, move: Move, becomes: Condition | None
) -> None:
    """Keep a move, and what it makes of the line where that can follow."""
    line = repairs.line_in(db, place, repair.line) if becomes and repair.line is not None else None
    life = lives.life_in(db, place, line) if line else None
    if becomes and life and becomes in life.may_become():
        steps = life.taken(becomes, Why.PERSON, who=move.who, at_ms=move.at_ms, repair=repair.no)
        move = replace(move, step=lives.keep_steps(db, place, steps)[-1].no)
    repairs.keep_move(db, place, move)


def _step_back(db: Connection, place: Place, repair: Repair, move: Move, stamp: Said) -> None:
    """Take back what a move made of the line, unless something was said of the line since."""
    line = repairs.line_in(db, place, repair.line) if repair.line is not None else None
    if line is None or move.step is None:
        return
    life: LineLife = lives.life_in(db, place, line)
    if life.newest and life.newest.no == move.step:
        lives.keep_steps(db, place, [life.undone(*stamp)])


def _others_open(db: Connection, place: Place, repair: Repair) -> bool:
    """Whether another open repair is about the same line."""
    if repair.line is None:
        return False
    numbers = repairs.numbers_about(db, place, repair.line) - {repair.no}
    siblings = repairs.repairs_of(db, place, numbers) if numbers else []
    return any(
        sibling.line == repair.line and sibling.state is not RepairState.DONE
        for sibling in siblings
    )


def _close_fault(db: Connection, place: Place, repair: Repair, now_ms: int) -> list[Change]:
    fault = repairs.waiting_fault(db, place, repair.event_id or "")
    if fault is None:
        return []
    done = replace(fault, done_ms=now_ms)
    repairs.set_done(db, place, fault.event_id, now_ms)
    event = EventRecord(
        place=done.place,
        event_id=f"{done.event_id}.handled",
        kind="fault_handled",
        room=done.room,
        at_ms=now_ms,
        received_ms=now_ms,
        body=msgspec.json.encode({"part": done.part}),
    )
    keep(db, [event], now_ms)
    return [done, event]


def _reopen_fault(db: Connection, place: Place, repair: Repair) -> list[Change]:
    event_id = repair.event_id or ""
    repairs.set_done(db, place, event_id, None)
    fault = repairs.waiting_fault(db, place, event_id)
    return [fault] if fault else []
