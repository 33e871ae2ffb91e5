"""This file keeps stocktakes, the scans of each, and which labels were printed.

Every function works inside one transaction of the store's: `looking` to read, `planning` to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from controller.database.plan_version import bump_version
from controller.database.scope import codes_of, of
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.decisions import Rulings
from controller.register.life import Step, Why, life_of
from controller.register.merging import Kept as Line
from controller.sheets.names import tag_key
from controller.stocktake.count import Expected, Result, Stocktake, book_of, counted
from controller.stocktake.scan import Scan, reckoned
from controller.stocktake.tables import labels, scans, stocktakes
from protocol.model import Place

_SOME: Final = 500  # values a statement names
_to_json: Final = msgspec.json.Encoder().encode
_texts: Final = msgspec.json.Decoder(tuple[str, ...]).decode
_book: Final = msgspec.json.Decoder(tuple[Expected, ...]).decode
_HEAD: Final = tuple(each for each in stocktakes.c if each.name != "book")
_SCAN: Final = Scan.__struct_fields__


class Kept(NamedTuple):
    """What became of scans that came: the ids that count, and those that came after the end."""

    kept: tuple[str, ...]
    late: tuple[str, ...]


def begin(
    db: Connection, place: Place, rooms: Sequence[str], *, who: str, now_ms: int
) -> Stocktake | None:
    """Begin a stocktake of some rooms, or of all; None where the book has no line of them."""
    rulings = Rulings(register.decisions_of(db, place))
    standing = lives.standing_of(db, place)
    lines = [_as_it_fares(each, standing.get(each.no)) for each in register.lines_of(db, place)]
    newest = select(func.max(stocktakes.c.no)).where(of(stocktakes, place))
    take = Stocktake(
        no=(db.execute(newest).scalar() or 0) + 1,
        begun_ms=now_ms,
        begun_by=who,
        rooms=tuple(rooms),
        book=book_of(lines, rulings),
    )
    if not take.lines:
        return None
    row = msgspec.structs.asdict(take)
    row |= {"rooms": _to_json(take.rooms).decode(), "book": _to_json(take.book).decode()}
    db.execute(stocktakes.insert(), codes_of(place) | row)
    return take


def stocktakes_of(db: Connection, place: Place) -> list[Stocktake]:
    """Every stocktake without its list, the newest first."""
    query = select(*_HEAD).where(of(stocktakes, place)).order_by(stocktakes.c.no.desc())
    return [_stocktake(row) for row in db.execute(query).mappings()]


def stocktake_of(db: Connection, place: Place, no: int) -> Stocktake | None:
    """A stocktake and its list; None where there is none of this number."""
    query = select(stocktakes).where(of(stocktakes, place), stocktakes.c.no == no)
    row = db.execute(query).mappings().one_or_none()
    return None if row is None else _stocktake(row)


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
    told = {each.line.no: each for each in result.lines if each.condition}
    known = {each.no: each for each in register.lines_of(db, place) if each.no in told}
    steps = lives.steps_of(db, place, list(known))
    for no, each in told.items():
        if no in known:
            life = life_of(known[no], steps.get(no, ()))
            step = life.taken(
                each.condition,
                Why.STOCKTAKE,
                who=who,
                at_ms=each.told_ms,
                note=each.note,
                quality_pct=each.quality_pct,
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
) -> Kept:
    """Keep scans, each once. take: as it is in this transaction; after its end they are late.

    sent_ms: the phone's clock as it sent them.
    """
    late = take.finished_ms is not None
    fresh = [
        reckoned(each, sent_ms=sent_ms, begun_ms=take.begun_ms, now_ms=now_ms) for each in told
    ]
    for each in fresh:
        row = msgspec.structs.asdict(replace(each, who=who, late=late))
        _insert_new(db, scans, codes_of(place) | row | {"stocktake": take.no}, "id")
    bump_version(db, place, changed=bool(fresh))
    ids = [each.id for each in fresh]
    is_late: dict[str, bool] = {}
    for start in range(0, len(ids), _SOME):
        named = scans.c.id.in_(ids[start : start + _SOME])
        rows = db.execute(select(scans.c.id, scans.c.late).where(of(scans, place), named))
        is_late |= {id_: bool(late) for id_, late in rows}
    return Kept(
        kept=tuple(each for each in ids if not is_late[each]),
        late=tuple(each for each in ids if is_late[each]),
    )


def scans_of(db: Connection, place: Place, no: int | None = None) -> list[Scan]:
    """The scans of a stocktake, or of all, in the order of their time."""
    query = select(scans).where(of(scans, place)).order_by(scans.c.seen_ms, scans.c.id)
    if no is not None:
        query = query.where(scans.c.stocktake == no)
    return [Scan(**{name: row[name] for name in _SCAN}) for row in db.execute(query).mappings()]


def note_labels(db: Connection, place: Place, tags: Iterable[str], now_ms: int) -> None:
    """Remember that labels of these tags were printed."""
    for tag in tags:
        row = codes_of(place) | {"tag": tag_key(tag), "printed_ms": now_ms}
        _insert_new(db, labels, row, "tag")


def labelled(db: Connection, place: Place) -> frozenset[str]:
    """The tags of which a label was printed, as tags are compared."""
    return frozenset(db.execute(select(labels.c.tag).where(of(labels, place))).scalars())


def _as_it_fares(kept: Line, step: Step | None) -> Line:
    """The line with the condition that counts, whoever said so last."""
    if step is None:
        return kept
    return replace(kept, data=replace(kept.data, condition=step.condition))


def _stocktake(row: Mapping[Any, Any]) -> Stocktake:
    names = ("no", "begun_ms", "begun_by", "finished_ms", "finished_by")
    return Stocktake(
        **{name: row[name] for name in names},
        rooms=_texts(row["rooms"]),
        book=_book(row["book"]) if "book" in row else (),
    )


def _insert_new(db: Connection, table: Table, row: Mapping[str, Any], key: str) -> None:
    insert = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    keys = ["province", "school", key]
    db.execute(insert(table).values(row).on_conflict_do_nothing(index_elements=keys))
