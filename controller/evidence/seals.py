"""This file holds heads against the seals that a department kept of them. Pure.

The department writes them into a file, and who examines the school brings it: the school's own
machine is not asked for what would speak against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

import msgspec

from controller.evidence.findings import Finding, Flaw
from controller.fleet.dating import DAY_MS, local_day
from controller.fleet.records import ChainHeadRecord
from protocol.heads import seal_of


class KeptSeal(msgspec.Struct, frozen=True, kw_only=True):
    """How far an agent's log went, as the department heard it: see protocol.upward.LogSeal."""

    agent: str
    key: str
    links: int
    at_ms: int
    heard_ms: int
    seal: str


class KeptSeals(msgspec.Struct, frozen=True, kw_only=True):
    """The file: of which school, and what was heard of it."""

    province: str
    school: str
    seals: tuple[KeptSeal, ...]


def seal_findings(
    kept: Iterable[KeptSeal],
    heads: Sequence[ChainHeadRecord],
    *,
    forgotten_before_ms: int,
    zone: tzinfo,
) -> list[Finding]:
    """What the department heard of and the school has not; what it has is held by its heads.

    forgotten_before_ms: what arrived before was let go by its term.
    """
    rooms = {head.place.agent: head.room for head in heads}
    here = {(head.place.agent, head.key, seal_of(head.head, head.signature)) for head in heads}
    forgotten_ms = forgotten_before_ms + DAY_MS if forgotten_before_ms else 0
    return [
        Finding(
            seal.agent,
            Flaw.SEAL_MISSING,
            seal.seal,
            rooms.get(seal.agent, ""),
            day=local_day(seal.at_ms, zone),
        )
        for seal in kept
        if (seal.agent, seal.key, seal.seal) not in here and seal.at_ms >= forgotten_ms
    ]
