"""This file holds the list against what is stored: what is lost, doubled or wrong. Pure.

What a fault may take by the rules is excused by name and counted, and never more than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from simulators.ledger.deeds import DEVICE, ListedDeed, Outcome
from simulators.ledger.stored import StoredRow


class Trouble(StrEnum):
    """How what is stored differs from the list."""

    LOST = "lost"
    DOUBLED = "doubled"
    WRONG = "wrong"


class Excuse(StrEnum):
    """Why the rules let a row go or differ.

    put_back: acknowledged after the copy was made that was put back, and held by no agent. damaged:
    overwritten on the disk, in no copy and held by no agent. swapped_out: it was in an agent's
    folder that was put back or damaged. made_way: a full disk took it from an agent's archive.
    """

    PUT_BACK = "put_back"
    DAMAGED = "damaged"
    SWAPPED_OUT = "swapped_out"
    MADE_WAY = "made_way"


class Difference(NamedTuple):
    """One deed or row that is not as the list has it."""

    trouble: Trouble
    id: str
    detail: str


class Verdict(NamedTuple):
    """What differs, and how much was excused by which name."""

    differences: list[Difference]
    excused: Counter[str]


def judge(
    listed: Sequence[ListedDeed], rows: Sequence[StoredRow], excuses: Mapping[str, Excuse]
) -> Verdict:
    """Hold every deed of played agents against the rows; other agents' rows are passed over."""
    agents = {one.agent for one in listed}
    found: dict[str, list[StoredRow]] = {}
    faults = Counter(row.id for row in rows if row.kind == "fault")
    for row in rows:
        if row.agent in agents and row.kind != "fault":
            found.setdefault(row.id, []).append(row)
    differences = [
        difference
        for one in listed
        if one.deed.kind != DEVICE
        for difference in _differences(one, found.pop(one.deed.id, []), faults)
    ]
    differences += [Difference(Trouble.WRONG, name, "nobody said it") for name in found]
    differences += _torn(listed, {row.id for row in rows})
    excused = Counter(str(excuses[one.id]) for one in differences if one.id in excuses)
    return Verdict([one for one in differences if one.id not in excuses], excused)


def _differences(
    one: ListedDeed, rows: Sequence[StoredRow], faults: Counter[str]
) -> Iterable[Difference]:
    deed = one.deed
    if not rows and one.outcome is Outcome.KEPT:
        yield Difference(Trouble.LOST, deed.id, f"{deed.kind} of step {one.step}")
    if rows and one.outcome is Outcome.REFUSED:
        yield Difference(Trouble.WRONG, deed.id, "it was refused, and is there")
    if len(rows) > 1:
        yield Difference(Trouble.DOUBLED, deed.id, f"{len(rows)} times")
    for row in rows[:1]:
        if (row.kind, row.facts) != (deed.kind, deed.facts):
            yield Difference(Trouble.WRONG, deed.id, f"{deed.facts} became {row.facts}")
        if deed.kind == "fault_reported" and faults[deed.id] != 1:
            trouble = Trouble.DOUBLED if faults[deed.id] else Trouble.LOST
            yield Difference(trouble, deed.id, f"{faults[deed.id]} faults of one report")


def _torn(listed: Sequence[ListedDeed], stored: set[str]) -> Iterable[Difference]:
    """Of a step that was cut off all is there, or nothing."""
    steps: dict[tuple[str, int], set[str]] = {}
    for one in listed:
        if one.outcome is Outcome.OPEN and one.deed.kind != DEVICE:
            steps.setdefault((one.agent, one.step), set()).add(one.deed.id)
    for ids in steps.values():
        if ids & stored and ids - stored:
            for name in ids - stored:
                yield Difference(Trouble.LOST, name, "the rest of its step is there")


def states_that_differ(
    listed: Sequence[ListedDeed], devices: Mapping[str, tuple[str, str, str]]
) -> list[Difference]:
    """Devices that are not stored as their agents said last."""
    last: dict[str, tuple[str, str, str]] = {}
    for agent, _, deed, outcome in listed:
        if deed.kind == DEVICE and outcome is not Outcome.REFUSED:
            device = deed.facts["device"]
            last[deed.id] = agent, device["status"], device["model"]
    return [
        Difference(Trouble.WRONG, name, f"{wanted} is {devices.get(name)}")
        for name, wanted in last.items()
        if devices.get(name) != wanted
    ]


def items_that_differ(
    here: Mapping[str, Any], above: Mapping[str, Any], excused: Iterable[str] = ()
) -> list[Difference]:
    """Items that stand otherwise at the department than at the school."""
    passed_over = set(excused)
    ids = (here.keys() | above.keys()) - passed_over
    return [
        Difference(
            _trouble(name in here, name in above),
            name,
            f"{here.get(name)} above is {above.get(name)}",
        )
        for name in sorted(ids)
        if here.get(name) != above.get(name)
    ]


def _trouble(is_here: bool, is_above: bool) -> Trouble:  # noqa: FBT001 - a table of two
    return Trouble.LOST if is_here and not is_above else Trouble.WRONG


def excuse_change(
    before: Sequence[StoredRow], after: Sequence[StoredRow], held: set[str], excuse: Excuse
) -> dict[str, Excuse]:
    """What a damage or an older copy took: rows that are other, or gone and held by no agent.

    A row that nobody said, because its letters were overwritten, is excused too.
    """
    now = {(row.id, row.kind): row for row in after}
    gone = {row.id for row in before if (row.id, row.kind) not in now}
    other = {row.id for row in before if now.get((row.id, row.kind), row) != row}
    garbled = {row.id for row in after} - {row.id for row in before}
    return dict.fromkeys((gone - held) | other | garbled, excuse)
