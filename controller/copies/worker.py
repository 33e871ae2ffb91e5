"""This file is the process that makes copies for the running controller, at low priority.

It is one of its own because a database's file that is closed in the controller's process would
lose the locks of all its handles there; it also keeps the work off the loop.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import Any

import msgspec
from msgspec import Struct, structs

from controller.config import ControllerConfig
from controller.copies.content import COPIES
from controller.copies.copying import make_copy
from controller.copies.job import Deed
from controller.copies.rehearsal import rehearse
from controller.copies.standing import keep_place, trouble_of
from protocol.errors import LopHocError
from protocol.shapes import from_json


class Order(Struct, frozen=True):
    """What a worker is to do; it stands on its standard input, where other users cannot read it."""

    config: ControllerConfig
    place: str
    deed: Deed
    now_ms: int


def line_of(order: Order) -> bytes:
    """The order as it is handed over."""
    return msgspec.json.encode(order, enc_hook=str)


def order_from(line: bytes) -> Order:
    """The order that was handed over. Raises msgspec.DecodeError."""
    return from_json(line, Order, dec_hook=_path)


def carry_out(order: Order) -> None:
    """Do it; what goes wrong is kept in the standing. Raises OSError where not even that can be."""
    if order.deed is Deed.REHEARSE:
        rehearse(order.config, order.place, order.now_ms)
        return
    try:
        make_copy(order.config, order.place, order.now_ms, full=order.deed is Deed.FULL)
    except (LopHocError, OSError, sqlite3.Error) as error:
        note_trouble(order.config, order.place, error)


def note_trouble(config: ControllerConfig, place: str, error: Exception) -> None:
    """Remember why no copy could be made in the place. Raises OSError."""
    trouble = trouble_of(error)
    keep_place(config.data / COPIES, place, lambda known: structs.replace(known, trouble=trouble))


def _path(kind: type, value: Any) -> Any:
    return kind(value)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    carry_out(order_from(sys.stdin.buffer.read()))
