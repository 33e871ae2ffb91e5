"""This file holds the attendance log against its hash chain, record by record. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from controller.fleet.records import AttendanceRecord, Logged, RollRecord
from protocol.chain import breaks
from protocol.messages import AttendanceMarked, Chained, RollConfirmed, RollReopened


class ChainFinding(NamedTuple):
    """A place where an agent's chain does not hold."""

    agent: str
    event_id: str
    why: str


def findings(log: Iterable[Logged]) -> list[ChainFinding]:
    """Every break, agent by agent. A tombstone cannot be recomputed, but its links must hold."""
    by_agent = defaultdict[str, list[Logged]](list)
    for record in log:
        by_agent[record.place.agent].append(record)
    problems = []
    for agent, records in sorted(by_agent.items()):
        erased = {record.event_id for record in records if record.erased}
        problems += [
            ChainFinding(agent, chain_break.id, chain_break.why)
            for chain_break in breaks(map(said_by, records))
            if not (chain_break.id in erased and chain_break.why == "changed")
        ]
    return problems


def said_by(record: Logged) -> Chained:
    """The message that the record was made of; what the wire alone adds is left out."""
    kind: type[Chained]
    match record:
        case AttendanceRecord():
            kind = AttendanceMarked
        case RollRecord():
            kind = RollReopened if record.reopened else RollConfirmed
    names = {*kind.__struct_fields__} & {*record.__struct_fields__}
    content = {name: getattr(record, name) for name in names}
    if record.told_ms is not None:
        content["at_ms"] = record.told_ms
    if isinstance(record, RollRecord) and record.told_day is not None and not record.reopened:
        content["day"] = record.told_day
    return kind(boot="", id=record.event_id, **content)
