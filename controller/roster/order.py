"""This file gives pupils their numbers: the book's where the file tells them, else by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from controller.roster.roll import Entry
from protocol.names import sort_key
from protocol.plan import MAX_PUPILS, Pupil


def numbered(
    entries: Sequence[Entry],
    *,
    flaws: int = 0,
    names: bool,
    known: Mapping[str, int] | None = None,
) -> tuple[Pupil, ...]:
    """The pupils of one class by their number.

    The file's numbers count where each pupil has one of their own and they begin at the start:
    a list of the whole school that counts on over its classes tells no number of a class.
    flaws: rows that were refused, which may hold the first numbers. names: keep them.
    known: numbers that pupils have in the class, by id; without the book's they stay, for they
    are printed on cards, and who is new comes behind.
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
        numbers = _given(ordered, known or {})
    return tuple(
        Pupil(number=number, student=each.student, name=each.name if names else "")
        for number, each in sorted(zip(numbers, ordered, strict=True), key=lambda pair: pair[0])
    )


def _given(ordered: Sequence[Entry], known: Mapping[str, int]) -> list[int]:
    """Each pupil's own number; for who has none the next behind the last, or the next free one."""
    taken = {known[each.student] for each in ordered if each.student in known}
    last = max(taken, default=0)
    free = [*range(last + 1, MAX_PUPILS + 1), *(no for no in range(1, last) if no not in taken)]
    fresh = iter(free)
    return [known.get(each.student) or next(fresh) for each in ordered]
