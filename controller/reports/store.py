"""This file keeps packs as figures, never changed, and the department's template.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

import hashlib
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, func, select

from controller.database.reading import row_of, rows_of
from controller.database.scope import in_province
from controller.reports.report import Pack
from controller.reports.tables import report_packs, report_templates
from protocol.shapes import json_decoder

_pack: Final = json_decoder(Pack)


class PackHead(NamedTuple):
    """A pack without its figures. digest: SHA-256 of them."""

    no: int
    day: str
    kind: str
    made_ms: int
    who: str
    digest: str


class KeptTemplate(NamedTuple):
    """The department's own workbook. name: as the file was called."""

    name: str
    who: str
    at_ms: int
    raw: bytes


def keep_pack(db: Connection, province: str, pack: Pack, who: str) -> int:
    """Keep a pack under the next number."""
    newest = select(func.max(report_packs.c.no)).where(in_province(report_packs, province))
    no = (db.execute(newest).scalar() or 0) + 1
    figures = msgspec.json.encode(pack).decode()
    row = {
        "province": province,
        "no": no,
        "day": pack.day,
        "kind": pack.period.kind.value,
        "made_ms": pack.made_ms,
        "who": who,
        "digest": hashlib.sha256(figures.encode()).hexdigest(),
        "figures": figures,
    }
    db.execute(report_packs.insert(), row)
    return int(no)


def packs_of(db: Connection, province: str) -> list[PackHead]:
    """Every pack, the newest first."""
    columns = [report_packs.c[name] for name in PackHead._fields]
    query = select(*columns).where(in_province(report_packs, province))
    rows = rows_of(db, query.order_by(report_packs.c.no.desc()))
    return [PackHead(**row) for row in rows]


def pack_of(db: Connection, province: str, no: int) -> Pack | None:
    """The figures of a pack, as they were kept; None where there is none."""
    numbered = report_packs.c.no == no
    query = select(report_packs.c.figures).where(in_province(report_packs, province), numbered)
    row = row_of(db, query)
    return _pack.decode(row["figures"]) if row else None


def keep_template(db: Connection, province: str, template: KeptTemplate) -> None:
    """Put a template in the place of the one before."""
    forget_template(db, province)
    db.execute(report_templates.insert(), {"province": province, **template._asdict()})


def forget_template(db: Connection, province: str) -> None:
    """From now on the layout is ours."""
    db.execute(delete(report_templates).where(in_province(report_templates, province)))


def template_of(db: Connection, province: str) -> KeptTemplate | None:
    """The department's template; None where it has none."""
    row = row_of(db, select(report_templates).where(in_province(report_templates, province)))
    return KeptTemplate(row["name"], row["who"], row["at_ms"], row["raw"]) if row else None
