"""This file names copies by a counter, and says which ones are let go.

No clock is asked: a file's number says its place. The few letters behind it part two servers that
count on from one folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"lophoc-([0-9]{6,12})-([0-9a-f]{6})-(full|[0-9]{4,12})\.copy")
STEPS_OF_NEWEST: Final = 4
STEPS_OF_OLDER: Final = 1


class CopyName(NamedTuple):
    """A copy's name. number: of its full copy. copy: that one's letters. step: 0 if it is full."""

    number: int
    copy: str
    step: int

    @property
    def file(self) -> str:
        """The name of the file."""
        return f"lophoc-{self.number:06}-{self.copy}-{self._last}.copy"

    @property
    def full(self) -> CopyName:
        """The full copy that it belongs to."""
        return self._replace(step=0)

    @property
    def _last(self) -> str:
        return f"{self.step:04}" if self.step else "full"


def name_from(file: str) -> CopyName | None:
    """The copy of this file name; None if it names none."""
    if match := _NAME.fullmatch(file):
        number, copy, last = match.groups()
        return CopyName(int(number), copy, 0 if last == "full" else int(last))
    return None


def names_in(files: Iterable[str]) -> list[CopyName]:
    """The copies among files, the oldest first."""
    named = map(name_from, files)
    return sorted(
        (name for name in named if name), key=lambda name: (name.number, name.step, name.copy)
    )


def next_full(names: Iterable[CopyName], copy: str, after: int) -> CopyName:
    """The name of a new full copy; after: the highest number that was given before."""
    return CopyName(max([*(name.number for name in names), after]) + 1, copy, 0)


def next_step(names: Iterable[CopyName], full: CopyName, after: int) -> CopyName:
    """The name of the next step on a full copy."""
    steps = [name.step for name in names if name.full == full]
    return full._replace(step=max([*steps, after]) + 1)


def to_let_go(names: Iterable[CopyName], fulls: int) -> list[CopyName]:
    """What is let go so that so many full copies stay, each with its newest steps."""
    ordered = list(names)
    full = [name for name in ordered if not name.step][-fulls:]
    staying = {*full}
    for name in full:
        steps = [each for each in ordered if each.step and each.full == name]
        staying |= {*steps[-(STEPS_OF_NEWEST if name == full[-1] else STEPS_OF_OLDER) :]}
    return [name for name in ordered if name not in staying]
