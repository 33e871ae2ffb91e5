"""This file is a room's cart of tablets as its people know it: numbers, and whose word keeps them.

A tablet keeps its number; one that nobody spoke for may lose it after some lessons without it.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

FORGOTTEN = 2  # lessons; the product's own number is patched to this, for days are short


@dataclass
class Book:
    """Numbers by tablet, the lesson of each one's last use, and the lessons with any use."""

    numbers: dict[str, int] = field(default_factory=dict)
    used: dict[str, str] = field(default_factory=dict)
    lessons: list[str] = field(default_factory=list)


class KnownCart:
    """What must hold of the numbers. claim: raises where it does not."""

    def __init__(self, claim: Callable[[object, str], None]) -> None:
        self._claim = claim
        self.now, self._saved = Book(), Book()
        self.spoken_for: set[str] = set()

    def save(self) -> None:
        """The numbers are on the disk as they are now."""
        self._saved = deepcopy(self.now)

    def restart(self) -> None:
        """What was not saved is forgotten."""
        self.now = deepcopy(self._saved)

    def seat(self, tablet: str, number: int, lesson: str) -> None:
        """A pupil came in on a tablet, which then had this number."""
        book = self.now
        before = book.numbers.get(tablet)
        if before is not None and self._is_kept(tablet, lesson):
            self._claim(before == number, f"tablet {tablet} was {before}, is {number}")
        for other, its in [*book.numbers.items()]:
            if other != tablet and its == number:
                self._claim(
                    not self._is_kept(other, lesson), f"{number} of tablet {other} is {tablet}'s"
                )
                del book.numbers[other]
        if lesson not in book.lessons:
            book.lessons.append(lesson)
        book.numbers[tablet], book.used[tablet] = number, lesson

    def speak_for(self, tablet: str, lesson: str) -> None:
        """Somebody says that it is the room's: a number that it may have lost before stays lost.

        lesson: the one that runs, "" for none.
        """
        if tablet in self.now.numbers and not self._is_kept(tablet, lesson):
            del self.now.numbers[tablet]
        self.spoken_for.add(tablet)

    def _is_kept(self, tablet: str, lesson: str) -> bool:
        """Whether its number must still be its own; a lesson that was resumed counts twice."""
        lessons = list(filter(None, dict.fromkeys([*self.now.lessons, lesson])))
        unused = len(lessons) - 1 - lessons.index(self.now.used[tablet])
        return tablet in self.spoken_for or unused < FORGOTTEN
