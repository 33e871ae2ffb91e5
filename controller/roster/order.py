"""This file gives pupils their numbers: the book's where the file tells them, else by name."""

from __future__ import annotations

from collections.abc import Sequence

from controller.roster.roll import Entry
from protocol.names import sort_key
from protocol.plan import MAX_PUPILS, Pupil


def numbered(entries: Sequence[Entry], *, flaws: int = 0, names: bool) -> tuple[Pupil, ...]:
    """The pupils of one class by their number.

    The file's numbers count where each pupil has one of their own and they begin at the start:
    a list of the whole school that counts on over its classes tells no number of a class.
    flaws: rows that were refused, which may hold the first numbers. names: keep them.
    """
    told = [each.number for each in entries if each.number is not None]
    book = (
        len(told) == len(entries) == len(set(told))
        and 1 <= min(told, default=0) <= 1 + flaws
        and max(told) <= MAX_PUPILS
    )
    if book:
        ordered = sorted(entries, key=lambda each: each.number or 0)
        numbers = sorted(told)
    else:
        ordered = sorted(entries, key=lambda each: (sort_key(each.name), each.student))
        numbers = [*range(1, len(ordered) + 1)]
    return tuple(
        Pupil(number=number, student=each.student, name=each.name if names else "")
        for number, each in zip(numbers, ordered, strict=True)
    )
