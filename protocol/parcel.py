"""This file holds a message as it lies in the outbox, ready to send."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Lane(IntEnum):
    """What a parcel is: states go first, and under pressure telemetry is dropped before records."""

    STATE = 0
    TELEMETRY = 1
    RECORD = 2


class Parcel(NamedTuple):
    """One message, ready to send; `no` is its place in the outbox."""

    no: int
    lane: Lane
    topic: str
    payload: bytes
