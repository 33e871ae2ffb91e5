"""This file does sums with spans of time; pure. A span is [began, until) in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Span = tuple[int, int]


def merged(spans: Iterable[Span], gap: int = 0) -> list[Span]:
    """The spans in order, those that meet, or lie no further than `gap` apart, made one."""
    joined: list[Span] = []
    for began, until in sorted(spans):
        if until < began:
            continue
        if joined and began - joined[-1][1] <= gap:
            joined[-1] = joined[-1][0], max(joined[-1][1], until)
        else:
            joined.append((began, until))
    return joined


def overlap(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """What both have; each merged."""
    common: list[Span] = []
    one_at = other_at = 0
    while one_at < len(one) and other_at < len(other):
        began = max(one[one_at][0], other[other_at][0])
        until = min(one[one_at][1], other[other_at][1])
        if began < until:
            common.append((began, until))
        if one[one_at][1] < other[other_at][1]:
            one_at += 1
        else:
            other_at += 1
    return common


def total(spans: Iterable[Span]) -> int:
    """How long they are together; merged."""
    return sum(until - began for began, until in spans)
