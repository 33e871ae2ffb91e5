"""This file holds the log against heads that were told: what was cut off or remade is missed. Pure.

A head is the hash of a record, and by it of all the records before: whoever kept one knows
whether they are still there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import NamedTuple

from controller.attendance.correction import CorrectionRecord
from controller.evidence.chains import by_agent
from controller.evidence.findings import Finding, Flaw
from controller.fleet.dating import DAY_MS, local_day
from controller.fleet.records import ChainHeadRecord, ChainRecord
from protocol.topics import CONTROLLER

IsSigned = Callable[[ChainHeadRecord], bool]


class Heads(NamedTuple):
    """What the heads say. covered: hashes of records that a signed head stands on, by agent.

    keys: the keys that signed, by room, the oldest first.
    """

    findings: Sequence[Finding]
    covered: Mapping[str, frozenset[str]]
    keys: Mapping[str, tuple[str, ...]]


def held_against(
    log: Iterable[ChainRecord],
    told: Iterable[ChainHeadRecord],
    is_signed: IsSigned,
    *,
    corrections: Iterable[CorrectionRecord] = (),
    forgotten_before_ms: int,
    zone: tzinfo,
) -> Heads:
    """The log against the heads that agents told, and the corrections against the school's own.

    forgotten_before_ms: what arrived before was let go by its term.
    """
    before = {
        agent: {record.hash: record.before for record in records if record.hash}
        for agent, records in by_agent(log).items()
    }
    before[CONTROLLER] = {one.hash: one.before for one in corrections}
    findings: list[Finding] = []
    covered = defaultdict[str, set[str]](set)
    keys = defaultdict[str, dict[str, None]](dict)
    for head in sorted(told, key=lambda each: each.received_ms):
        links = before.get(head.place.agent, {})
        if why := _flaw_of(head, links, is_signed, forgotten_before_ms):
            day = local_day(head.at_ms, zone)
            agent = head.place.agent
            findings.append(Finding(agent, why, head.head, head.room, day=day))
        elif head.key:
            keys[head.room][head.key] = None
            _cover(covered[head.place.agent], head.head, links)
    return Heads(
        findings,
        {agent: frozenset(hashes) for agent, hashes in covered.items()},
        {room: tuple(names) for room, names in sorted(keys.items())},
    )


def _flaw_of(
    head: ChainHeadRecord, links: Mapping[str, str], is_signed: IsSigned, forgotten_before_ms: int
) -> Flaw | None:
    if head.key and not is_signed(head):
        return Flaw.HEAD_FORGED
    made_ms = min(head.at_ms, head.received_ms)
    is_forgotten = forgotten_before_ms > 0 and made_ms < forgotten_before_ms + DAY_MS
    if head.head in links or is_forgotten:
        return None
    return Flaw.CORRECTION_MISSING if head.place.agent == CONTROLLER else Flaw.HEAD_MISSING


def _cover(covered: set[str], head: str, links: Mapping[str, str]) -> None:
    """Note the record that has this hash, and all before it."""
    while head in links and head not in covered:
        covered.add(head)
        head = links[head]
