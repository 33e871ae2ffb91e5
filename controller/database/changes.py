"""This file sorts a batch's changes by their kind, once for all who look for some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

Kind = TypeVar("Kind")


class SortedChanges(list[object]):
    """What a batch changes, in its order; each kind can be had without looking at the others."""

    def __init__(self, changes: Iterable[object]) -> None:
        super().__init__(changes)
        self.by_kind = defaultdict[type, list[Any]](list)
        for change in self:
            self.by_kind[type(change)].append(change)


def of_kind(changes: Sequence[object], kind: type[Kind]) -> list[Kind]:
    """The changes of exactly this kind, in their order."""
    if isinstance(changes, SortedChanges):
        return changes.by_kind.get(kind, [])
    return [change for change in changes if type(change) is kind]
