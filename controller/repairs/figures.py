"""This file counts repairs: open ones, how long they take, how available equipment was; pure.

Availability is the share of its time in use that an item worked (IEC 60050-192: mean
availability over the term); what is disposed or lost is in use no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from controller.register.life import LineLife, Step, Why
from controller.register.merging import Kept
from controller.register.vocabulary import Condition
from controller.repairs.repair import Repair, RepairState
from protocol.formats import made
from protocol.model import iso

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
TERM_DAYS: Final = 365  # unless another term is asked for
MAX_TERM_DAYS: Final = 3660
_WORKS: Final = frozenset({"", Condition.GOOD})
_DOWN: Final = frozenset({Condition.BROKEN, Condition.REPAIR, Condition.AWAITING_DISPOSAL})


class RepairFigure(msgspec.Struct, frozen=True, kw_only=True):
    """The figure of some lines in a term. open: repairs that wait at its end.

    reported, done: repairs within it. mean_hours: from the report to the end of those that were
    done; availability_pct: to one decimal. Both None where there is nothing to take a mean of.
    """

    lines: int = 0
    open: int = 0
    reported: int = 0
    done: int = 0
    mean_hours: float | None = None
    availability_pct: float | None = None


class RepairFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All of a school; by the line's type; by maker and model, where the book tells a model.

    Repairs of which no line is known count in `all` alone.
    """

    all: RepairFigure
    by_type: Mapping[str, RepairFigure]
    by_model: Mapping[str, RepairFigure]


def term_of(days: int, now_ms: int) -> tuple[int, int]:
    """The last days, this moment among them: when they begin and end."""
    until_ms = now_ms + 1
    return until_ms - days * DAY_MS, until_ms


def told_figures(figures: RepairFigures, since_ms: int, until_ms: int) -> dict[str, Any]:
    """The figures of a term as JSON tells them."""
    return {"since": iso(since_ms), "until": iso(until_ms), **msgspec.to_builtins(figures)}


class _Spans(NamedTuple):
    """How long a line worked and did not, in ms."""

    up_ms: int
    down_ms: int


def repair_figures(
    repairs: Iterable[Repair],
    register: Iterable[Kept],
    steps: Mapping[int, Sequence[Step]],
    *,
    since_ms: int,
    until_ms: int,
) -> RepairFigures:
    """The figures of a term. steps: by Kept.no. What was said after its end is left out."""
    relevant = [repair for repair in repairs if repair.reported_ms < until_ms]
    lines = [line for line in register if _in_use(line, since_ms, until_ms)]
    by_type: dict[str, list[Kept]] = defaultdict(list)
    by_model: dict[str, list[Kept]] = defaultdict(list)
    for line in lines:
        by_type[line.data.type].append(line)
        if line.data.model:
            by_model[made(line.data.maker, line.data.model)].append(line)
    spans = {line.no: _spans(line, steps.get(line.no, ()), since_ms, until_ms) for line in lines}

    def figure(group: Sequence[Kept], of: Iterable[Repair]) -> RepairFigure:
        worked = [spans[line.no] for line in group]
        return _figure(len(group), worked, list(of), since_ms, until_ms)

    def grouped(groups: Mapping[str, list[Kept]]) -> dict[str, RepairFigure]:
        numbers = {name: {line.no for line in groups[name]} for name in sorted(groups)}
        return {
            name: figure(groups[name], (repair for repair in relevant if repair.line in number))
            for name, number in numbers.items()
        }

    return RepairFigures(
        all=figure(lines, relevant), by_type=grouped(by_type), by_model=grouped(by_model)
    )


def _figure(
    lines: int, spans: Sequence[_Spans], repairs: Sequence[Repair], since_ms: int, until_ms: int
) -> RepairFigure:
    ends = [(repair.done.at_ms, repair.reported_ms) for repair in repairs if repair.done]
    took = [max(0, end - begin) for end, begin in ends if since_ms <= end < until_ms]
    later = sum(end >= until_ms for end, _ in ends)
    up_ms = sum(span.up_ms for span in spans)
    whole_ms = up_ms + sum(span.down_ms for span in spans)
    return RepairFigure(
        lines=lines,
        open=later + sum(repair.state is not RepairState.DONE for repair in repairs),
        reported=sum(repair.reported_ms >= since_ms for repair in repairs),
        done=len(took),
        mean_hours=round(sum(took) / len(took) / HOUR_MS, 1) if took else None,
        availability_pct=round(100 * up_ms / whole_ms, 1) if whole_ms else None,
    )


def _in_use(line: Kept, since_ms: int, until_ms: int) -> bool:
    removed_ms = until_ms if line.removed_ms is None else line.removed_ms
    return line.added_ms < until_ms and removed_ms > since_ms


def _spans(line: Kept, steps: Sequence[Step], since_ms: int, until_ms: int) -> _Spans:
    """How long the line worked, and did not, between its coming and its going within the term."""
    begin = max(since_ms, line.added_ms)
    end = until_ms if line.removed_ms is None else min(until_ms, line.removed_ms)
    up_ms = down_ms = 0
    for condition, lasted_ms in _lasted(line, steps, begin, end):
        up_ms += lasted_ms if condition in _WORKS else 0
        down_ms += lasted_ms if condition in _DOWN else 0
    return _Spans(up_ms, down_ms)


def _lasted(
    line: Kept, steps: Sequence[Step], begin_ms: int, end_ms: int
) -> Iterator[tuple[str, int]]:
    """The conditions in turn, each with how long it lasted."""
    standing = LineLife(line.no, (step for step in steps if step.at_ms < end_ms)).standing
    first = standing[0] if standing else None
    condition = line.data.condition if first is None else ""
    if first and first.why is Why.BOOK:  # the book's word, as far back as it is known
        condition = first.condition
    at_ms = begin_ms
    for step in standing:
        if step.at_ms > at_ms:
            yield condition, step.at_ms - at_ms
            at_ms = step.at_ms
        condition = step.condition
    yield condition, end_ms - at_ms
