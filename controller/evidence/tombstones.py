"""This file holds tombstones against the erasures that put them, and these against proofs. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from controller.attendance.correction import CorrectionRecord
from controller.evidence.chains import EvidenceRecord, finding_of, is_tombstone
from controller.evidence.findings import Finding, Flaw
from controller.fleet.records import (
    AttendanceRecord,
    ChainRecord,
    ErasureProofRecord,
    RollRecord,
)
from controller.fleet.runs import said_at
from protocol.messages import ERASED


class AskedErasure(NamedTuple):
    """An erasure that a person asked for. agents: who had to prove it; is_closed: all of them did.

    records: in how many records it put a tombstone at once.
    """

    erasure: str
    at_ms: int
    agents: frozenset[str]
    is_closed: bool
    records: int = 0


def tombstone_findings(
    log: Sequence[EvidenceRecord], asked: Sequence[AskedErasure], *, has_older: bool
) -> list[Finding]:
    """Tombstones that no erasure explains, and erasures whose proof is not there any more.

    has_older: pupils were erased before erasures were listed.
    """
    proofs = defaultdict[tuple[str, str], list[ErasureProofRecord]](list)
    for record in log:
        if isinstance(record, ErasureProofRecord):
            proofs[record.place.agent, record.erasure].append(record)
    unasked = [
        finding_of(record, Flaw.ERASED_UNASKED)
        for record in log
        if not _is_whole(record)
        or (is_tombstone(record) and not has_older and not _is_asked(record, asked, proofs))
    ]
    return [*unasked, *_unproven(asked, proofs)]


def _is_whole(record: EvidenceRecord) -> bool:
    """Whether it says itself a tombstone just where a pupil was erased in it."""
    match record:
        case AttendanceRecord() | CorrectionRecord():
            return record.erased == (record.student == ERASED)
        case RollRecord():
            return bool(record.erased) == any(line.student == ERASED for line in record.lines)
        case _:
            return True


def _is_asked(
    record: EvidenceRecord,
    asked: Iterable[AskedErasure],
    proofs: Mapping[tuple[str, str], Sequence[ErasureProofRecord]],
) -> bool:
    """Whether the record was there when somebody was erased, or came from an agent that owed it.

    Two computers of one identity give a proof each.
    """
    agent = record.place.agent
    for erasure in asked:
        given = proofs.get((agent, erasure.erasure), ())
        is_owed = agent in erasure.agents and not given
        if is_owed or record.received_ms <= erasure.at_ms:
            return True
        if isinstance(record, CorrectionRecord):
            continue
        if any(_was_said_by(record, proof) for proof in given):
            return True
    return False


def _was_said_by(record: ChainRecord, proof: ErasureProofRecord) -> bool:
    """Whether its agent had said it when it erased; where that was not kept, by the clock."""
    if record.run and proof.run:
        return said_at(record) <= said_at(proof)
    return record.at_ms <= proof.at_ms


def _unproven(
    asked: Iterable[AskedErasure], proofs: Mapping[tuple[str, str], Sequence[ErasureProofRecord]]
) -> list[Finding]:
    return [
        Finding(agent, Flaw.ERASURE_UNPROVEN)
        for erasure in asked
        if erasure.is_closed
        for agent in sorted(erasure.agents)
        if (agent, erasure.erasure) not in proofs
    ]
