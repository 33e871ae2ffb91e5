"""This file keeps in the outbox's memos which tablets of the room the school's book names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from agent.equipment.devices import Devices

_CONFIRMED: Final = "tablets"  # an older agent sees none

_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(frozenset[str])


def changes(before: Devices, after: Devices) -> dict[str, bytes | None]:
    """The memos that a step changes; None for one that goes."""
    if before.confirmed == after.confirmed:
        return {}
    return {_CONFIRMED: _encoder.encode(after.confirmed) if after.confirmed else None}


def confirmed_in(memos: Mapping[str, bytes]) -> frozenset[str]:
    """What the school said before a restart. Raises msgspec.DecodeError where it is not ours."""
    return _decoder.decode(memos[_CONFIRMED]) if _CONFIRMED in memos else frozenset()
