"""This file holds a message as it lies in the outbox, ready to send."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

TOLD_AGE_S: Final = 60


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


def aged(payload: bytes, age_s: int) -> bytes:
    """An event that waited says for how long, at its end: its sender's clock may be wrong."""
    if age_s < TOLD_AGE_S or not payload.endswith(b"}"):
        return payload
    return b'%b,"age_s":%d}' % (payload[:-1], age_s)
