"""This file says of a school's attendance all that does not hold. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from controller.attendance.correction import CorrectionRecord, end_of
from controller.evidence.chains import (
    EvidenceRecord,
    chain_findings,
    correction_findings,
    is_tombstone,
    order_findings,
    unhashed_findings,
)
from controller.evidence.days import day_findings
from controller.evidence.findings import Finding, Flaw
from controller.evidence.heads import Heads, IsSigned, held_against
from controller.evidence.seals import KeptSeals, seal_findings
from controller.evidence.tombstones import AskedErasure, tombstone_findings
from controller.evidence.totals import lesson_findings
from controller.fleet.dating import DAY_MS, local_day
from controller.fleet.records import ChainHeadRecord, ChainRecord, ErasureProofRecord, LessonRecord


class Compared(NamedTuple):
    """What copies have and the log has not. read: those that could be read; unread: the others."""

    findings: Sequence[Finding] = ()
    read: Sequence[str] = ()
    unread: Sequence[str] = ()


NO_COPIES: Final = Compared()


class SealedHeads(NamedTuple):
    """What encrypted copies say. carrying: how many carry heads. unread: those not to be opened.

    uncompared: places, and files that were named, of which no copy could be compared.
    """

    heads: frozenset[ChainHeadRecord] = frozenset()
    carrying: int = 0
    unread: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()


NOT_LOOKED: Final = SealedHeads()


class Evidence(NamedTuple):
    """What a school has of its attendance, and what it is held against.

    corrections: what the school itself corrected of the log's marks.
    unreadable: rows that hold what no record can. asked: the erasures that persons asked for;
    has_older_erasures: some are older than their list. forgotten_before_ms: what arrived before was
    let go by its term. emptied: tables that have lost every row. heads: what agents told of their
    logs' ends, and the end that the school has noted of its corrections.
    """

    log: Sequence[ChainRecord] = ()
    corrections: Sequence[CorrectionRecord] = ()
    unreadable: Sequence[Finding] = ()
    lessons: Sequence[LessonRecord] = ()
    asked: Sequence[AskedErasure] = ()
    has_older_erasures: bool = False
    forgotten_before_ms: int = 0
    emptied: Sequence[str] = ()
    heads: Sequence[ChainHeadRecord] = ()

    @property
    def records(self) -> list[EvidenceRecord]:
        """The rooms' log and the school's corrections."""
        return [*self.log, *self.corrections]


class Verdict(NamedTuple):
    """What does not hold, and how much was looked at.

    erased: records with an erased pupil. unhashed: records of before there were hashes. signed:
    records that their computer signed for; keys: the keys of each room, the oldest first. copies:
    the daily copies that it was compared with; copies_unread: those that could not be read.
    encrypted_copies: how many of them told the heads that they carry; sealed_copies: places of
    those that could not, without their key. seals: of the department's, how many it was compared
    with; None where there was no file.
    """

    findings: Sequence[Finding]
    records: int
    erased: int
    unhashed: int
    signed: int
    keys: Mapping[str, Sequence[str]]
    copies: Sequence[str] = ()
    copies_unread: Sequence[str] = ()
    encrypted_copies: int = 0
    seals: int | None = None
    sealed_copies: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verdict_on(
    evidence: Evidence,
    zone: tzinfo,
    is_signed: IsSigned,
    compared: Compared = NO_COPIES,
    *,
    seals: KeptSeals | None = None,
    sealed: SealedHeads = NOT_LOOKED,
) -> Verdict:
    """Everything that does not hold, by agent and day. compared: with the daily copies.

    seals: what the department kept. sealed: what encrypted copies carry.
    """
    log, before_ms = evidence.log, evidence.forgotten_before_ms
    heads = _held(evidence, evidence.heads, is_signed, zone)
    findings = [
        *compared.findings,
        *evidence.unreadable,
        *heads.findings,
        *_sealed_findings(evidence, zone, is_signed, sealed),
        *_seal_findings(evidence, zone, seals),
        *chain_findings(log, before_ms, heads.covered),
        *order_findings(log),
        *unhashed_findings(log),
        *correction_findings(evidence.corrections, before_ms),
        *day_findings(log, zone),
        *tombstone_findings(
            evidence.records, evidence.asked, has_older=evidence.has_older_erasures
        ),
        *_lesson_findings(evidence, zone),
        *_emptied_findings(evidence),
    ]
    return Verdict(
        sorted(set(findings), key=_place_of),
        records=len(evidence.records),
        erased=sum(map(is_tombstone, evidence.records)),
        unhashed=sum(not record.hash for record in log),
        signed=sum(record.hash in heads.covered.get(record.place.agent, ()) for record in log),
        keys=heads.keys,
        copies=compared.read,
        copies_unread=[*compared.unread, *sealed.unread],
        encrypted_copies=sealed.carrying,
        sealed_copies=sealed.uncompared,
        seals=len(seals.seals) if seals else None,
    )


def _held(
    evidence: Evidence, heads: Sequence[ChainHeadRecord], is_signed: IsSigned, zone: tzinfo
) -> Heads:
    return held_against(
        evidence.log,
        heads,
        is_signed,
        corrections=evidence.corrections,
        forgotten_before_ms=evidence.forgotten_before_ms,
        zone=zone,
    )


def _sealed_findings(
    evidence: Evidence, zone: tzinfo, is_signed: IsSigned, sealed: SealedHeads
) -> list[Finding]:
    """What only encrypted copies know of; heads that are here speak for themselves."""
    here = {(head.place, head.key, head.head) for head in evidence.heads}
    gone = [head for head in sealed.heads if (head.place, head.key, head.head) not in here]
    missing = {Flaw.HEAD_MISSING, Flaw.CORRECTION_MISSING}
    return [
        finding._replace(why=Flaw.COPIED_HEAD_MISSING) if finding.why in missing else finding
        for finding in _held(evidence, gone, is_signed, zone).findings
    ]


def _seal_findings(evidence: Evidence, zone: tzinfo, seals: KeptSeals | None) -> list[Finding]:
    before_ms = evidence.forgotten_before_ms
    kept = seals.seals if seals else ()
    heads = [*evidence.heads, *map(end_of, evidence.corrections)]
    return seal_findings(kept, heads, forgotten_before_ms=before_ms, zone=zone)


def _lesson_findings(evidence: Evidence, zone: tzinfo) -> list[Finding]:
    before_ms = evidence.forgotten_before_ms
    forgotten_until = local_day(before_ms + DAY_MS, zone) if before_ms else ""
    log = [record for record in evidence.log if not isinstance(record, ErasureProofRecord)]
    return lesson_findings(evidence.lessons, [*log, *evidence.corrections], forgotten_until)


def _emptied_findings(evidence: Evidence) -> list[Finding]:
    """Tables that are empty though nothing was let go by its term."""
    if evidence.forgotten_before_ms:
        return []
    return [Finding("", Flaw.EMPTIED, event_id=table) for table in evidence.emptied]


def _place_of(finding: Finding) -> tuple[str, str, int, str, str]:
    return finding.agent, finding.day, finding.period or 0, finding.why, finding.event_id
