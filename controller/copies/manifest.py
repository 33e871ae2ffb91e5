"""This file says what a copy promises: of whom, from when, which rows, and the whole's hash."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from controller.copies.names import CopyName

MEMBER: Final = "manifest.json"
DATABASE: Final = "lophoc.db"
CHANGED: Final = "changed-pages"
DUMP: Final = "database.dump"  # PostgreSQL's own format
FILES: Final = "files/"
SETTINGS: Final = "settings/"
Count = Annotated[int, Meta(ge=0)]


class CopiedHead(Struct, frozen=True, kw_only=True):
    """How far an agent said that its attendance log goes, as it was told; no pupil is named.

    links, head, at_ms, key, signature: see protocol.messages.ChainHead. received_ms: when.
    """

    province: str
    school: str
    agent: str
    room: str
    head: str
    key: str
    links: int
    signature: str
    at_ms: int
    received_ms: int


class Manifest(Struct, frozen=True, kw_only=True):
    """What stands first in a copy.

    made_ms: by the guarded clock. page_bytes, pages: of the whole SQLite database, 0 for a
    server's. digest: of all its pages. rows: by table. key: the hash of the wrapped key before it.
    heads: the ends of the rooms' attendance logs; None in a copy of before they stood here.
    corrections: the end of the school's own, as a head that nobody signed.
    """

    version: str
    province: str
    school: str
    number: Count
    copy: str
    step: Count
    made_ms: int
    key: str
    page_bytes: Annotated[int, Meta(ge=0, le=65536)] = 0
    pages: Count = 0
    digest: str = ""
    rows: dict[str, int] = {}
    heads: tuple[CopiedHead, ...] | None = None
    corrections: tuple[CopiedHead, ...] = ()

    @property
    def name(self) -> CopyName:
        """What its file is called."""
        return CopyName(self.number, self.copy, self.step)
