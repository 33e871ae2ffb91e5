"""This file chains the attendance log: each record holds the hash of the one before it.

A record that was changed, taken out or put in later breaks the chain (as in RFC 9162, 2.1, but
a plain list: one agent writes, one school reads). Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec.structs import fields, replace

from protocol.messages import Chained

ROOT: Final = ""  # what stands before the first record

# What the outbox gives only when the record is sent, and the hash itself.
_LEFT_OUT: Final = frozenset({"v", "boot", "seq", "age_s", "hash"})

_canonical = msgspec.json.Encoder(order="deterministic")
_Record = TypeVar("_Record", bound=Chained)


class BreakCause(StrEnum):
    """Why a chain does not hold at a record."""

    CHANGED = "changed"
    BEFORE_MISSING = "before_missing"
    FORKED = "forked"  # another record follows the same one


class Break(NamedTuple):
    """A place where the chain does not hold: the record's id, and why."""

    id: str
    why: BreakCause


def link_record(record: _Record, before: str) -> _Record:
    """The record, linked to the hash of the one before it."""
    linked = replace(record, before=before)
    return replace(linked, hash=hash_of(linked))


def hash_of(record: Chained) -> str:
    """SHA-256 of all that a record says, of what came before, and of what kind it is.

    Fields at their default are left out, so that a later schema's new ones change no old hash.
    """
    content = {name: value for name, value in _content(record).items() if name not in _LEFT_OUT}
    return hashlib.sha256(_canonical.encode(content)).hexdigest()


def breaks(records: Iterable[Chained]) -> list[Break]:
    """Where one agent's chain does not hold: changed, missing, or two after one.

    Takes the records in any order; those of schema 1 and 2, which have no hash, are passed over.
    """
    linked = [record for record in records if record.hash]
    hashes = {ROOT, *(record.hash for record in linked)}
    followed: set[str] = set()
    result = []
    for record in linked:
        if hash_of(record) != record.hash:
            result.append(Break(record.id, BreakCause.CHANGED))
        elif record.before not in hashes:
            result.append(Break(record.id, BreakCause.BEFORE_MISSING))
        elif record.before in followed:
            result.append(Break(record.id, BreakCause.FORKED))
        followed.add(record.before)
    return result


def _content(struct: msgspec.Struct) -> dict[str, Any]:
    content = {
        name: _plain(value)
        for name, default in _defaults(type(struct))
        if (value := getattr(struct, name)) != default
    }
    return {"kind": struct.__struct_config__.tag, **content}


@cache
def _defaults(kind: type[msgspec.Struct]) -> Sequence[tuple[str, Any]]:
    """Each field with its default; msgspec reads the annotations anew whenever it is asked."""
    return tuple((field.name, field.default) for field in fields(kind))


def _plain(value: Any) -> Any:
    match value:
        case msgspec.Struct():
            return _content(value)
        case tuple():
            return [_plain(item) for item in value]
        case _:
            return value
