"""This file tells a device that a person called this room's from another in its place. Pure.

A password of the room is bound to what a device is, never to where it answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from agent.equipment.merge import family_of, host_key

_PROOFS: Final = frozenset({"mac", "uuid", "serial"})  # names say nothing, entries only where

Mark = tuple[str, ...]


def mark_of(keys: Iterable[str]) -> Mark:
    """What a device is known by again; empty of one that tells no more than a name.

    A recorder's channel is its recorder's in this.
    """
    return tuple(sorted({key for key in map(host_key, keys) if family_of(key) in _PROOFS}))


def is_same(mark: Mark, keys: Iterable[str]) -> bool:
    """Whether these keys are that device's: of each family that both tell, one at least agrees.

    A device tells more once it has its password; one that tells another MAC is another device.
    """
    ours, theirs = _by_family(mark), _by_family(mark_of(keys))
    told_by_both = ours.keys() & theirs.keys()
    return bool(told_by_both) and all(ours[family] & theirs[family] for family in told_by_both)


def mark_of_cookie(keys: Iterable[str]) -> Mark:
    """What a tablet is known by again that has but what we gave it; binds no password."""
    return tuple(sorted({key for key in keys if family_of(key) == "token"}))


def has_cookie(mark: Mark, keys: Iterable[str]) -> bool:
    """Whether these keys are those of the tablet that was given this."""
    return not set(mark_of_cookie(mark)).isdisjoint(keys)


def _by_family(keys: Iterable[str]) -> Mapping[str, set[str]]:
    families = defaultdict[str, set[str]](set)
    for key in keys:
        families[family_of(key)].add(key)
    return families
