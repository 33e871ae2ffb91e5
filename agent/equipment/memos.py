"""This file keeps in the outbox's memos what the school said of the room's devices.

Which tablets its book names, which two devices are one, and what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from agent.equipment.devices import Devices, SchoolKind
from protocol.messages import PairAnswer
from protocol.shapes import json_decoder

_CONFIRMED: Final = "tablets"  # an older agent sees none
_PAIRED: Final = "pairs"
_KINDS: Final = "kinds"

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = json_decoder(frozenset[str])
_pairs = json_decoder(tuple[PairAnswer, ...])
_kinds = json_decoder(tuple[SchoolKind, ...])


def changes(before: Devices, after: Devices) -> dict[str, bytes | None]:
    """The memos that a step changes; None for one that goes."""
    memos: dict[str, bytes | None] = {}
    if before.confirmed != after.confirmed:
        memos[_CONFIRMED] = _encoder.encode(after.confirmed) if after.confirmed else None
    if before.paired != after.paired:
        memos[_PAIRED] = _encoder.encode(after.paired) if after.paired else None
    if before.kinds != after.kinds:
        memos[_KINDS] = _encoder.encode(after.kinds) if after.kinds else None
    return memos


def kinds_in(memos: Mapping[str, bytes]) -> tuple[SchoolKind, ...]:
    """What the school said that devices are. Raises msgspec.DecodeError where it is not ours."""
    return _kinds.decode(memos[_KINDS]) if _KINDS in memos else ()


def pairs_in(memos: Mapping[str, bytes]) -> tuple[PairAnswer, ...]:
    """The pairs that the school answered. Raises msgspec.DecodeError where it is not ours."""
    return _pairs.decode(memos[_PAIRED]) if _PAIRED in memos else ()


def confirmed_in(memos: Mapping[str, bytes]) -> frozenset[str]:
    """What the school said before a restart. Raises msgspec.DecodeError where it is not ours."""
    return _decoder.decode(memos[_CONFIRMED]) if _CONFIRMED in memos else frozenset()
