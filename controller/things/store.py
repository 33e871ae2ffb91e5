"""This file keeps photos and documents of the book's lines; they never leave the school by itself.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, func, select, update

from controller.database.reading import rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.things.paper import MAX_ALL_BYTES, MAX_PAPERS, Paper
from controller.things.tables import line_papers
from protocol.errors import ActionError
from protocol.model import Place
from protocol.words import N_

PAPERS: Final = Shape(Paper, line_papers)
_HEADS: Final = [column for column in line_papers.c if column.name != "content"]


def papers_of(db: Connection, place: Place, line: int) -> list[Paper]:
    """The papers of a line that are there, the oldest first."""
    query = select(*_HEADS).where(of(line_papers, place), line_papers.c.line == line)
    present = query.where(line_papers.c.removed_ms.is_(None)).order_by(line_papers.c.no)
    return PAPERS.records(rows_of(db, present))


def paper_at(db: Connection, place: Place, no: int) -> tuple[Paper, bytes] | None:
    """A paper and what it holds, also one that was taken away; None where there is none."""
    query = select(line_papers).where(of(line_papers, place), line_papers.c.no == no)
    rows = rows_of(db, query)
    return next(((PAPERS.record(row), bytes(row["content"])) for row in rows), None)


def keep_paper(db: Connection, place: Place, paper: Paper, content: bytes) -> int:
    """Keep a paper; returns its number. Raises ActionError where there are too many."""
    if len(papers_of(db, place, paper.line)) >= MAX_PAPERS:
        raise ActionError(
            "papers_full", N_("Photos and documents of a line: at most {n}."), n=MAX_PAPERS
        )
    size = select(func.coalesce(func.sum(line_papers.c.size), 0)).where(of(line_papers, place))
    if db.execute(size).scalar_one() + paper.size > MAX_ALL_BYTES:
        raise ActionError("papers_full", N_("There is no more room for photos and documents."))
    row = {**codes_of(place), **PAPERS.values(paper), "content": content}
    number = line_papers.insert().values(row).returning(line_papers.c.no)
    return int(db.execute(number).scalar_one())


def mark_paper(db: Connection, place: Place, no: int, removed_ms: int | None) -> Paper | None:
    """Take a paper away, or (None) bring it back; None where there is none."""
    found = paper_at(db, place, no)
    if found is not None:
        marked = update(line_papers).where(of(line_papers, place), line_papers.c.no == no)
        db.execute(marked.values(removed_ms=removed_ms))
    return found[0] if found else None
