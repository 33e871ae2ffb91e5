"""This file holds each agent's records against their hashes, one by one. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from controller.attendance.correction import CorrectionRecord, chained
from controller.evidence.findings import Finding, Flaw
from controller.fleet.records import (
    AttendanceRecord,
    ChainRecord,
    ErasureProofRecord,
    RollRecord,
)
from controller.fleet.runs import said_at
from protocol.chain import BreakCause, breaks
from protocol.messages import (
    AttendanceMarked,
    Chained,
    ErasureProof,
    RollConfirmed,
    RollReopened,
)

EvidenceRecord = ChainRecord | CorrectionRecord
NOTHING: Final[Mapping[str, frozenset[str]]] = {}
_LEFT_OUT: Final = frozenset({"teacher", "proof"})
_FLAWS: Final[Mapping[BreakCause, Flaw]] = {
    BreakCause.CHANGED: Flaw.CHANGED,
    BreakCause.BEFORE_MISSING: Flaw.BEFORE_MISSING,
    BreakCause.FORKED: Flaw.FORKED,
}


class Excuses(NamedTuple):
    """Why a break of an agent's chain may be none.

    oldest: its first record here; what arrived before forgotten_before_ms was let go by its term.
    forks: the hashes behind which it signed for every branch.
    """

    oldest: ChainRecord
    forgotten_before_ms: int
    forks: frozenset[str]

    def cover(self, record: ChainRecord, why: BreakCause) -> bool:
        """Whether a pupil was erased in it, its predecessor let go, or both branches signed for."""
        match why:
            case BreakCause.CHANGED:
                return is_tombstone(record)
            case BreakCause.BEFORE_MISSING:
                is_first = record is self.oldest or record.at_ms < self.forgotten_before_ms
                return self.forgotten_before_ms > 0 and is_first
            case BreakCause.FORKED:
                return record.before in self.forks


def by_agent(log: Iterable[ChainRecord]) -> dict[str, list[ChainRecord]]:
    """The records of each agent, in the order of their names."""
    grouped = defaultdict[str, list[ChainRecord]](list)
    for record in log:
        grouped[record.place.agent].append(record)
    return dict(sorted(grouped.items()))


def chain_findings(
    log: Iterable[ChainRecord],
    forgotten_before_ms: int = 0,
    covered: Mapping[str, frozenset[str]] = NOTHING,
) -> list[Finding]:
    """Every break, agent by agent. A tombstone cannot be recomputed, but its links must hold.

    forgotten_before_ms: what arrived before was let go by its term. covered: the hashes that each
    agent signed for.
    """
    problems: list[Finding] = []
    for agent, records in by_agent(log).items():
        by_id = {record.event_id: record for record in records}
        signed = covered.get(agent, frozenset())
        excuses = Excuses(
            oldest=min(records, key=_by_arrival),
            forgotten_before_ms=forgotten_before_ms,
            forks=_signed_forks(records, signed),
        )
        # Of two that follow one record, what was signed for is not the one to be named.
        ordered = sorted(records, key=lambda record: record.hash not in signed)
        problems += [
            finding_of(by_id[chain_break.id], _FLAWS[chain_break.why])
            for chain_break in breaks(map(said_by, ordered))
            if not excuses.cover(by_id[chain_break.id], chain_break.why)
        ]
    return problems


def correction_findings(
    corrections: Sequence[CorrectionRecord], forgotten_before_ms: int = 0
) -> list[Finding]:
    """Every break of the school's own chain; before the oldest one its term may have let go."""
    ordered = sorted(corrections, key=lambda record: record.number)
    by_id = {record.event_id: record for record in ordered}
    found = [
        finding_of(by_id[chain_break.id], _FLAWS[chain_break.why])
        for chain_break in breaks(map(chained, ordered))
        if not _is_excused(by_id[chain_break.id], chain_break.why, ordered[0], forgotten_before_ms)
    ]
    unhashed = [finding_of(record, Flaw.UNHASHED) for record in ordered if not record.hash]
    return [*found, *unhashed]


def _is_excused(
    record: CorrectionRecord, why: BreakCause, oldest: CorrectionRecord, forgotten_before_ms: int
) -> bool:
    if why is BreakCause.CHANGED:
        return record.erased
    return why is BreakCause.BEFORE_MISSING and forgotten_before_ms > 0 and record is oldest


def _signed_forks(records: Iterable[ChainRecord], covered: frozenset[str]) -> frozenset[str]:
    """The hashes behind which the agent signed for every branch: put back, or set up anew."""
    unsigned = {record.before for record in records if record.hash not in covered}
    return frozenset(record.before for record in records if record.before not in unsigned)


def order_findings(log: Iterable[ChainRecord]) -> list[Finding]:
    """Records that would be read before the one that they follow: their numbers were changed."""
    problems: list[Finding] = []
    for records in by_agent(log).values():
        by_hash = {record.hash: record for record in records if record.hash}
        problems += [
            finding_of(record, Flaw.MOVED)
            for record in records
            if (before := by_hash.get(record.before))
            and before.run
            and said_at(record) <= said_at(before)
        ]
    return problems


def unhashed_findings(log: Iterable[ChainRecord]) -> list[Finding]:
    """Records without a hash, made after their agent had begun to give its records one."""
    problems: list[Finding] = []
    for records in by_agent(log).values():
        begun_ms = min((record.at_ms for record in records if record.hash), default=None)
        problems += [
            finding_of(record, Flaw.UNHASHED)
            for record in records
            if begun_ms is not None and not record.hash and record.at_ms > begun_ms
        ]
    return problems


def finding_of(record: EvidenceRecord, why: Flaw) -> Finding:
    """What is wrong, with all that the record says of where it belongs."""
    finding = Finding(record.place.agent, why, record.event_id, record.room)
    match record:
        case AttendanceRecord():
            code = record.class_code or ""
            return finding._replace(lesson=record.lesson or "", day=record.day, classes=code)
        case RollRecord():
            classes = "+".join(record.classes)
            place = finding._replace(lesson=record.lesson, day=record.day, classes=classes)
            return place._replace(period=record.period)
        case CorrectionRecord():
            code = record.class_code
            return finding._replace(lesson=record.lesson, day=record.day, classes=code)
        case ErasureProofRecord():
            return finding


def is_tombstone(record: EvidenceRecord) -> bool:
    """Whether a pupil was erased in it."""
    return bool(getattr(record, "erased", False))


def said_by(record: EvidenceRecord) -> Chained:
    """The message that the record was made of; what the wire alone adds is left out.

    Of a record that no agent can have said, with a day that is none, something with another hash.
    """
    if isinstance(record, CorrectionRecord):
        return chained(record)
    try:
        return _said_by(record)
    except ValueError:
        return Chained(boot="", at_ms=0, id=record.event_id, before=record.before, hash=record.hash)


def _said_by(record: ChainRecord) -> Chained:
    kind: type[Chained]
    match record:
        case AttendanceRecord():
            kind = AttendanceMarked
        case RollRecord():
            kind = RollReopened if record.reopened else RollConfirmed
        case ErasureProofRecord():
            kind = ErasureProof
    names = {*kind.__struct_fields__} & {*record.__struct_fields__}
    content = {name: getattr(record, name) for name in names}
    for name in _LEFT_OUT & {*content}:  # of the message, where the school did not ask
        if content[name] is None:
            del content[name]
    if isinstance(record, ErasureProofRecord):
        content["left"] = record.left_files
    if record.told_ms is not None:
        content["at_ms"] = record.told_ms
    if isinstance(record, RollRecord) and record.told_day is not None and not record.reopened:
        content["day"] = record.told_day
    return kind(boot="", id=record.event_id, **content)


def _by_arrival(record: ChainRecord) -> tuple[int, int]:
    return record.received_ms, record.at_ms
