"""This file keeps repairs: a teacher's report opens one, in the transaction that keeps the report.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection, func, select, update

from controller.database.changes import of_kind
from controller.database.plan_version import bump_version, lock_plan
from controller.database.reading import bunches, row_of, rows_of
from controller.database.scope import codes_of, of, within
from controller.database.shape import Shape
from controller.database.writing import Writing, insert_into, write
from controller.fleet.records import FaultRecord
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.decisions import Rulings
from controller.register.life import LineLife, Said, Step, Why, life_of
from controller.register.merging import Kept
from controller.register.tables import register as lines
from controller.register.vocabulary import Condition
from controller.repairs.figures import RepairFigures, repair_figures
from controller.repairs.repair import (
    TYPES_OF_PART,
    Move,
    Repair,
    RepairDeed,
    RepairState,
    candidates,
    part_of,
)
from controller.repairs.tables import faults, repair_moves, repairs
from protocol.messages import Part
from protocol.model import Place

FAULTS = Shape(FaultRecord, faults)
REPAIRS = Shape(Repair, repairs)
MOVES = Shape(Move, repair_moves)


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep a batch's faults once each, and open a repair for each that is new."""
    reported = of_kind(changes, FaultRecord)
    write(db, faults, [*map(FAULTS.row, reported)], Writing.INSERT_NEW)
    open_reported(db, reported, now_ms)


def faults_of(
    db: Connection, scope: Place, *, everything: bool = False, done_since_ms: int | None = None
) -> list[FaultRecord]:
    """What teachers say is broken and nobody has dealt with; or everything, the newest last.

    done_since_ms: what was dealt with since then, too.
    """
    query = select(faults).where(within(faults, scope)).order_by(faults.c.no)
    if done_since_ms is not None:
        query = query.where(faults.c.done_ms.is_(None) | (faults.c.done_ms >= done_since_ms))
    elif not everything:
        query = query.where(faults.c.done_ms.is_(None))
    return FAULTS.records(rows_of(db, query))


def waiting_fault(db: Connection, scope: Place, event_id: str) -> FaultRecord | None:
    """The fault by its id, while nobody has dealt with it."""
    query = select(faults).where(
        within(faults, scope), faults.c.event_id == event_id, faults.c.done_ms.is_(None)
    )
    row = row_of(db, query)
    return FAULTS.record(row) if row else None


def set_done(db: Connection, scope: Place, event_id: str, done_ms: int | None) -> None:
    """Keep when a fault was dealt with; None: it waits again."""
    own = update(faults).where(within(faults, scope), faults.c.event_id == event_id)
    db.execute(own.values(done_ms=done_ms))


def open_reported(db: Connection, faults: Iterable[FaultRecord], now_ms: int) -> None:
    """Open a repair for each fault that has none; the same event twice opens one."""
    for fault in faults:
        if fault.done_ms is not None:
            continue
        place = Place(fault.place.province, fault.place.school)
        lock_plan(db, place)  # no person picks or mends between the reading and the writing
        repair = Repair(
            event_id=fault.event_id,
            room=fault.room,
            part=fault.part.value,
            who=fault.place.agent,
            reported_ms=fault.at_ms,
            opened_ms=now_ms,
        )
        number = _insert(db, place, repair)
        fitting = _candidates(db, place, repair) if number is not None else ()
        if number is not None and len(fitting) == 1:
            numbered = replace(repair, no=number)
            note_pick(db, place, numbered, fitting[0], Said("", now_ms), why=Why.FAULT)


def open_by_person(
    db: Connection, place: Place, line: Kept, stamp: Said, *, note: str = ""
) -> Repair:
    """Open a repair that a person asks for, of a line. Raises ActionError."""
    repair = Repair(
        room=line.data.room,
        part=part_of(line.data.type).value,
        note=note,
        who=stamp.who,
        reported_ms=stamp.at_ms,
        opened_ms=stamp.at_ms,
    )
    opened = replace(repair, no=_insert(db, place, repair) or 0)
    note_pick(db, place, opened, line, stamp, why=Why.PERSON)
    return repair_at(db, place, opened.no) or opened


def note_pick(
    db: Connection, place: Place, repair: Repair, line: Kept, stamp: Said, *, why: Why
) -> None:
    """Keep which line a repair is about; in use, it counts as broken, or as under repair.

    A fault's word stays the fault's, whoever says which line it was. Raises ActionError.
    """
    move = repair.moved(RepairDeed.PICK, *stamp, line=line.no)
    life = lives.life_in(db, place, line)
    under = repair.state is RepairState.UNDER_REPAIR
    becomes = Condition.REPAIR if under else Condition.BROKEN
    if life.condition in {"", Condition.GOOD} or (under and life.condition == Condition.BROKEN):
        why = Why.PERSON if under else why
        steps = life.taken(becomes, why, who=stamp.who, at_ms=stamp.at_ms, repair=repair.no)
        move = replace(move, step=lives.keep_steps(db, place, steps)[-1].no)
    keep_move(db, place, move)


def keep_move(db: Connection, place: Place, move: Move) -> None:
    """Keep a move."""
    db.execute(repair_moves.insert().values(codes_of(place) | MOVES.values(move)))
    bump_version(db, place, changed=True)


def repairs_of(
    db: Connection, place: Place, numbers: Collection[int] | None = None
) -> list[Repair]:
    """These repairs, or all of the school, with their moves, by their number."""
    query = select(repairs).where(of(repairs, place)).order_by(repairs.c.no)
    moves = select(repair_moves).where(of(repair_moves, place)).order_by(repair_moves.c.no)
    if numbers is not None:
        query = query.where(repairs.c.no.in_(numbers))
        moves = moves.where(repair_moves.c.repair.in_(numbers))
    moves_by_repair: dict[int, list[Move]] = defaultdict(list)
    for move in MOVES.records(rows_of(db, moves)):
        moves_by_repair[move.repair].append(move)
    return [
        REPAIRS.record(row, moves=tuple(moves_by_repair[row["no"]])) for row in rows_of(db, query)
    ]


def count_open(db: Connection, place: Place) -> int:
    """How many repairs nobody has ended."""
    back = repair_moves.alias()
    is_back = select(back.c.no).where(of(back, place), back.c.undoes == repair_moves.c.no)
    ended = select(repair_moves.c.no).where(
        of(repair_moves, place),
        repair_moves.c.repair == repairs.c.no,
        repair_moves.c.deed == RepairDeed.DONE.value,
        ~is_back.exists(),
    )
    query = select(func.count()).select_from(repairs).where(of(repairs, place), ~ended.exists())
    return int(db.execute(query).scalar_one())


def repair_at(db: Connection, place: Place, number: int) -> Repair | None:
    """The repair of this number."""
    return next(iter(repairs_of(db, place, [number])), None)


def figures_of(db: Connection, place: Place, since_ms: int, until_ms: int) -> RepairFigures:
    """The figures of the school's repairs in a term."""
    return repair_figures(
        repairs_of(db, place),
        register.lines_of(db, place),
        lives.steps_of(db, place),
        since_ms=since_ms,
        until_ms=until_ms,
    )


def repair_of_event(db: Connection, place: Place, event_id: str) -> Repair | None:
    """The repair that a fault opened."""
    query = select(repairs.c.no).where(of(repairs, place), repairs.c.event_id == event_id)
    number = db.execute(query).scalar_one_or_none()
    return None if number is None else repair_at(db, place, number)


def numbers_about(db: Connection, place: Place, line: int) -> set[int]:
    """The repairs that ever were about a line of the register."""
    query = select(repair_moves.c.repair).where(
        of(repair_moves, place), repair_moves.c.line == line
    )
    return set(db.execute(query).scalars())


def candidates_of(
    db: Connection, place: Place, undecided: Iterable[Repair]
) -> dict[int, tuple[Kept, ...]]:
    """The lines that each repair may be about, by the repair's number."""
    return {repair.no: _candidates(db, place, repair) for repair in undecided}


def line_in(db: Connection, place: Place, number: int) -> Kept | None:
    """A line by the register's own number, also one that left."""
    return next(iter(register.lines_where(db, place, lines.c.no == number)), None)


def lines_in_repair(db: Connection, place: Place, records: Iterable[Repair]) -> dict[int, Kept]:
    """The lines that repairs are about, by the register's own number."""
    numbers = sorted({repair.line for repair in records if repair.line is not None})
    return {
        line.no: line
        for some in bunches(numbers)
        for line in register.lines_where(db, place, lines.c.no.in_(some))
    }


def newest_step(db: Connection, place: Place, line: int) -> Step | None:
    """The step that counts of a line."""
    return LineLife(line, lives.steps_of(db, place, [line]).get(line, ())).newest


def _candidates(db: Connection, place: Place, repair: Repair) -> tuple[Kept, ...]:
    kinds = TYPES_OF_PART[Part(repair.part)] if repair.part in set(Part) else frozenset()
    if not kinds:
        return ()
    fitting = register.lines_where(
        db, place, lines.c.type.in_(sorted(kinds)) & lines.c.removed_ms.is_(None)
    )
    rulings = Rulings(register.decisions_of(db, place))
    steps = lives.steps_of(db, place, [line.no for line in fitting])
    conditions = {line.no: life_of(line, steps.get(line.no, ())).condition for line in fitting}
    return candidates(fitting, repair.part, repair.room, rulings=rulings, conditions=conditions)


def _insert(db: Connection, place: Place, repair: Repair) -> int | None:
    """Keep a repair; returns its number, None where its event opened one before."""
    new = insert_into(db, repairs).values(codes_of(place) | REPAIRS.values(repair))
    once = new.on_conflict_do_nothing(index_elements=["event_id"])
    return db.execute(once.returning(repairs.c.no)).scalar_one_or_none()
