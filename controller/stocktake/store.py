"""This file keeps stocktakes, the scans of each, and which labels were printed.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, func, literal, select, update

from controller.database.plan_version import bump_version
from controller.database.reading import bunches, rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.database.writing import insert_new
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.decisions import Rulings
from controller.register.life import Step, Why, life_of
from controller.register.merging import Kept as Line
from controller.sheets.names import tag_key
from controller.stocktake.count import Result, Stocktake, book_of, counted
from controller.stocktake.scan import Scan, reckoned
from controller.stocktake.tables import labels, scans, stocktakes
from protocol.model import Place

_KEY: Final = ("province", "school")
_HEAD: Final = (
    *(column for column in stocktakes.c if column.name != "book"),
    literal("[]").label("book"),
)
STOCKTAKES: Final = Shape(Stocktake, stocktakes)
SCANS: Final = Shape(Scan, scans)


class ScanReceipt(NamedTuple):
    """What became of scans that came: the ids that count, and those that came after the end."""

    kept: tuple[str, ...]
    late: tuple[str, ...]


def begin(
    db: Connection,
    place: Place,
    rooms: Sequence[str],
    *,
    who: str,
    now_ms: int,
    title: str = "",
    only: Sequence[int] = (),
) -> Stocktake | None:
    """Begin a stocktake of some rooms, or of all; None where the book has no line of them.

    title: what it is for. only: about these lines alone, by their numbers.
    """
    rulings = Rulings(register.decisions_of(db, place))
    standing = lives.standing_of(db, place)
    lines = [_as_it_fares(line, standing.get(line.no)) for line in register.lines_of(db, place)]
    newest = select(func.max(stocktakes.c.no)).where(of(stocktakes, place))
    take = Stocktake(
        no=(db.execute(newest).scalar() or 0) + 1,
        begun_ms=now_ms,
        begun_by=who,
        rooms=tuple(rooms),
        book=book_of(lines, rulings),
        title=title,
        only=tuple(only),
    )
    if not take.lines:
        return None
    db.execute(stocktakes.insert(), codes_of(place) | STOCKTAKES.values(take))
    return take


def stocktakes_of(db: Connection, place: Place) -> list[Stocktake]:
    """Every stocktake without its list, the newest first."""
    query = select(*_HEAD).where(of(stocktakes, place)).order_by(stocktakes.c.no.desc())
    return STOCKTAKES.records(rows_of(db, query))


def stocktake_of(db: Connection, place: Place, no: int) -> Stocktake | None:
    """A stocktake and its list; None where there is none of this number."""
    query = select(stocktakes).where(of(stocktakes, place), stocktakes.c.no == no)
    return next(iter(STOCKTAKES.records(rows_of(db, query))), None)


def finish(db: Connection, place: Place, no: int, *, who: str, now_ms: int) -> bool:
    """End a stocktake; False where it has ended, or there is none.

    What it tells of conditions becomes a step of each line's life.
    """
    open_one = (stocktakes.c.no == no) & stocktakes.c.finished_ms.is_(None)
    statement = update(stocktakes).where(of(stocktakes, place), open_one)
    if not db.execute(statement.values(finished_ms=now_ms, finished_by=who)).rowcount:
        return False
    take = stocktake_of(db, place, no)
    if take is not None:
        _tell_lives(db, place, counted(take, scans_of(db, place, no)), who)
    return bump_version(db, place, changed=True)


def _tell_lives(db: Connection, place: Place, result: Result, who: str) -> None:
    by_no = {line.line.no: line for line in result.lines if line.condition}
    current = {line.no: line for line in register.lines_of(db, place) if line.no in by_no}
    steps = lives.steps_of(db, place, list(current))
    for no, line in by_no.items():
        if no in current:
            life = life_of(current[no], steps.get(no, ()))
            step = life.taken(
                line.condition,
                Why.STOCKTAKE,
                who=who,
                at_ms=line.told_ms,
                note=line.note,
                quality_pct=line.quality_pct,
            )
            lives.keep_steps(db, place, step)


def keep_scans(
    db: Connection,
    place: Place,
    take: Stocktake,
    told: Iterable[Scan],
    *,
    sent_ms: int,
    who: str,
    now_ms: int,
) -> ScanReceipt:
    """Keep scans, each once. take: as it is in this transaction; after its end they are late.

    sent_ms: the phone's clock as it sent them.
    """
    late = take.finished_ms is not None
    fresh = [
        reckoned(scan, sent_ms=sent_ms, begun_ms=take.begun_ms, now_ms=now_ms) for scan in told
    ]
    for scan in fresh:
        row = SCANS.values(replace(scan, who=who, late=late)) | {"stocktake": take.no}
        insert_new(db, scans, codes_of(place) | row, *_KEY, "id")
    bump_version(db, place, changed=bool(fresh))
    ids = [scan.id for scan in fresh]
    is_late: dict[str, bool] = {}
    for some in bunches(ids):
        named = scans.c.id.in_(some)
        rows = db.execute(select(scans.c.id, scans.c.late).where(of(scans, place), named))
        is_late |= {id_: bool(late) for id_, late in rows}
    return ScanReceipt(
        kept=tuple(line for line in ids if not is_late[line]),
        late=tuple(line for line in ids if is_late[line]),
    )


def scans_of(db: Connection, place: Place, no: int | None = None) -> list[Scan]:
    """The scans of a stocktake, or of all, in the order of their time."""
    query = select(scans).where(of(scans, place)).order_by(scans.c.seen_ms, scans.c.id)
    if no is not None:
        query = query.where(scans.c.stocktake == no)
    return SCANS.records(rows_of(db, query))


def note_labels(db: Connection, place: Place, tags: Iterable[str], now_ms: int) -> None:
    """Remember that labels of these tags were printed."""
    for tag in tags:
        row = codes_of(place) | {"tag": tag_key(tag), "printed_ms": now_ms}
        insert_new(db, labels, row, *_KEY, "tag")


def labelled(db: Connection, place: Place) -> frozenset[str]:
    """The tags of which a label was printed, as tags are compared."""
    return frozenset(db.execute(select(labels.c.tag).where(of(labels, place))).scalars())


def _as_it_fares(kept: Line, step: Step | None) -> Line:
    """The line with the condition that counts, whoever said so last."""
    if step is None:
        return kept
    return replace(kept, data=replace(kept.data, condition=step.condition))
