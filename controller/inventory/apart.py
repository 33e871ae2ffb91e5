"""This file has a big answer written by a process of its own, so that pages and ingest stay quick.

Only where the database is a server's: a file is read best by who has it open.
"""

from __future__ import annotations

import os
import subprocess
import sys
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from io import BufferedReader
from typing import Final, cast
from zoneinfo import ZoneInfo

import msgspec

from controller.database.store import Store
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm, Picture
from controller.inventory.exports.workbook import ExportError
from controller.inventory.feed import Feed, Fields, Format, Spell, written
from controller.inventory.paced import PacedStore
from controller.web.packing import packed
from protocol.model import Place
from protocol.process import module_command, module_environ
from protocol.shapes import from_json, from_msgpack

_PART: Final = 64 * 1024
_NICE: Final = 10  # whoever waits for a page comes first; with 19 a busy server never ends it
_WELL: Final = b"\n"


class PicturePart(msgspec.Struct, frozen=True, kw_only=True):
    """A picture without its store and zone, and how it is written."""

    form: ExportForm
    scope: Place
    chosen: Chosen
    school: Place
    name: str
    as_of_ms: int
    vietnamese: bool
    new_from: date | None
    lives: Mapping[str, int]


class PullPart(msgspec.Struct, frozen=True, kw_only=True):
    """A pull that was begun, and its feed without store and zone."""

    scope: Place
    school: Place
    areas: tuple[frozenset[str], ...]
    only: str
    now_ms: int
    chosen: Chosen
    spell: Spell
    limit: int
    format: Format


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written: one of the two. is_packed: as one gzip file."""

    database: str
    zone: str
    is_packed: bool = False
    picture: PicturePart | None = None
    pull: PullPart | None = None


class _Refused(msgspec.Struct, frozen=True):
    code: str
    message: str
    hint: str
    values: dict[str, str]


def order_of_picture(picture: Picture, form: ExportForm, *, is_packed: bool = False) -> Order:
    """An order for what the picture would write itself."""
    names = [name for name in PicturePart.__struct_fields__ if name != "form"]
    part = PicturePart(form=form, **{name: getattr(picture, name) for name in names})
    where = picture.store.named, str(picture.zone)
    return Order(database=where[0], zone=where[1], is_packed=is_packed, picture=part)


def order_of_pull(
    feed: Feed, spell: Spell, chosen: Chosen, limit: int, kind: Format, *, is_packed: bool = False
) -> Order:
    """An order for what the feed would pour itself."""
    part = PullPart(
        scope=feed.scope,
        school=feed.school,
        areas=feed.areas,
        only=feed.only,
        now_ms=feed.now_ms(),
        chosen=chosen,
        spell=spell,
        limit=limit,
        format=kind,
    )
    where = feed.store.named, str(feed.zone)
    return Order(database=where[0], zone=where[1], is_packed=is_packed, pull=part)


def written_apart(order: Order) -> ApartParts:
    """What a process of its own writes, in parts. Raises ExportError before the first, OSError."""
    child = subprocess.Popen(
        module_command("controller.inventory.apart"),
        env=module_environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdin, "a pipe"  # noqa: S101
    assert child.stdout, "a pipe"  # noqa: S101
    with child.stdin as given:
        given.write(msgspec.msgpack.encode(order))
    head = child.stdout.readline()
    if head != _WELL:
        _end(child)
        _refuse(head)
    return ApartParts(child)


class ApartParts(Iterator[bytes]):
    """What a process writes, which ends with them: also where nobody asked for the first."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child
        self._out = cast("BufferedReader", child.stdout)  # a part of it was read with the head
        self.close = weakref.finalize(self, _end, child)

    def __next__(self) -> bytes:
        if part := self._out.read1(_PART):
            return part
        code = self._child.wait()
        self.close()
        if code:  # a cut answer must not look like a whole one
            raise OSError(f"the process that wrote ended with {code}")
        raise StopIteration


def _end(child: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        child.kill()
    assert child.stdout, "a pipe"  # noqa: S101
    child.stdout.close()
    child.wait()


def _refuse(head: bytes) -> None:
    if not head:
        raise OSError("the process that writes did not begin")
    refused = from_json(head, _Refused)
    raise ExportError(refused.code, refused.message, refused.hint, **refused.values)


def answer(order: Order) -> Iterator[bytes]:
    """What is written, in the process of its own. Raises ExportError before the first part."""
    zone = ZoneInfo(order.zone)
    with _opened(order) as store:
        if (part := order.picture) is not None:
            names = [name for name in part.__struct_fields__ if name != "form"]
            fields = {name: getattr(part, name) for name in names}
            yield from Picture(store=store, zone=zone, **fields).written(part.form)
        elif (pull := order.pull) is not None:
            yield from written(_poured(store, zone, pull), pull.format)


def pulled(order: Order) -> Iterator[Fields]:
    """The items of a pull, one by one, in the process of its own."""
    assert order.pull, "an order of a pull"  # noqa: S101
    with _opened(order) as store:
        for items in _poured(store, ZoneInfo(order.zone), order.pull):
            yield from items


def _opened(order: Order) -> Store:
    """The database, for reading without haste."""
    part = order.picture or order.pull
    assert part, "something to write"  # noqa: S101
    return PacedStore(order.database, part.school.province)


def _poured(store: Store, zone: ZoneInfo, pull: PullPart) -> Iterator[list[Fields]]:
    feed = Feed(store, pull.scope, pull.school, zone, lambda: pull.now_ms, pull.areas, pull.only)
    return feed.pour(pull.spell, pull.chosen, pull.limit)


def main() -> None:
    """Read the order, and write."""
    os.nice(_NICE)
    order = from_msgpack(sys.stdin.buffer.read(), Order)
    out = sys.stdout.buffer
    parts = packed(answer(order)) if order.is_packed else answer(order)
    try:
        first = next(parts, b"")
    except ExportError as error:
        values = {name: str(value) for name, value in error.values.items()}
        told = _Refused(error.code, error.message, error.hint, values)
        out.write(msgspec.json.encode(told) + b"\n")
        return
    out.write(_WELL + first)
    for part in parts:
        out.write(part)
    out.flush()


if __name__ == "__main__":
    main()
