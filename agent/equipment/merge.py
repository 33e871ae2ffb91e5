"""This file groups sightings into devices by what they tell of themselves. Pure; order is nothing.

Two sightings are one device when they tell the same key, or when one tells the other's key as an
alias and nothing stronger speaks against it. A key that devices with different stronger keys
share names none of them: makers leave the same serial in every piece. A person may join what we
keep apart, and part what we join; both can be taken back.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from hardware.readings import Sighting

# From the key that says most of a device to the one that says least.
_RANKS: Final = ("host", "usb", "mac", "uuid", "serial", "token", "port", "name")
_CHANNEL: Final = "channel"
# Only these may be told as an alias, in the order in which they are believed.
_TIERS: Final = ("mac", "uuid", "serial", "token")
# Never two of these in one device, whatever else its sightings claim.
_SINGLE: Final = ("host", "usb", "port")
# Whose word counts first where several sources speak of one device.
_SOURCES: Final = ("host", "usb", "checkin", "onvif", "pjlink", "mdns", "typed", "line")


class JoinDecision(msgspec.Struct, frozen=True, tag="joined"):
    """A person said that two keys are one device."""

    one: str
    other: str


class DistinctDecision(msgspec.Struct, frozen=True, tag="distinct"):
    """A person said that two keys are two devices, whatever they tell."""

    one: str
    other: str


class SplitDecision(msgspec.Struct, frozen=True, tag="parted"):
    """A person said that these keys are devices of their own, whatever they tell."""

    keys: tuple[str, ...]


PairDecision = JoinDecision | DistinctDecision
Decision = PairDecision | SplitDecision


def decision_name(decision: Decision) -> str:
    """What a decision is called where it is taken back: the same for the same words."""
    return hashlib.sha256(msgspec.json.encode(decision)).hexdigest()[:12]


class SightingGroup(NamedTuple):
    """The sightings of one device, the best word first; key: the strongest that it is known by.

    keys: the keys of its sightings. claims: these and their aliases, less what others claim too,
    and the keys that it had before, which nobody has now.
    """

    key: str
    keys: frozenset[str]
    claims: frozenset[str]
    sightings: tuple[Sighting, ...]

    @property
    def is_present(self) -> bool:
        """Whether any source sees it now."""
        return any(sighting.present for sighting in self.sightings)


def group_sightings(
    sightings: Iterable[Sighting], decisions: Sequence[Decision] = ()
) -> tuple[SightingGroup, ...]:
    """Give the devices behind these sightings, by key; any order of them gives the same."""
    by_key = defaultdict[str, list[Sighting]](list)
    for sighting in sightings:
        by_key[sighting.key].append(sighting)
    sets = _Sets(by_key)
    heirs = _heirs(by_key)
    parted = {
        heirs.get(key, key)
        for decision in decisions
        if isinstance(decision, SplitDecision)
        for key in decision.keys
    }
    newest = _newest_words(decisions, heirs)
    sets.keep_apart(pair for pair, is_one in newest.items() if not is_one)
    _link(sets, by_key, parted)
    for joined in (pair for pair, is_one in newest.items() if is_one):
        if joined <= by_key.keys():
            sets.unite([*joined])
    groups = [_group([sighting for key in keys for sighting in by_key[key]]) for keys in sets.all()]
    claimed = Counter(claim for group in groups for claim in group.claims)
    return tuple(
        group._replace(
            claims=group.keys
            | {claim for claim in group.claims if claimed[claim] == 1}
            | {former for former, heir in heirs.items() if heir in group.keys}
        )
        for group in sorted(groups, key=lambda group: group.key)
    )


def rank(key: str) -> tuple[int, str]:
    """The order of keys: the one that says most of a device first."""
    family = family_of(key)
    return _RANKS.index(family) if family in _RANKS else len(_RANKS), key


def family_of(key: str) -> str:
    """What a key rests on: the word before its first colon."""
    return key.partition(":")[0]


def host_key(key: str) -> str:
    """The recorder's key of a channel's key; of any other key itself."""
    if family_of(key) != _CHANNEL:
        return key
    return key.removeprefix(f"{_CHANNEL}:").rpartition(":")[0]


def is_channel(key: str) -> bool:
    """Whether it names one of the pictures that a recorder shows."""
    return family_of(key) == _CHANNEL


class _Sets:
    """Disjoint sets of keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._members = {key: {key} for key in keys}

        self._apart: tuple[frozenset[str], ...] = ()

    def keep_apart(self, pairs: Iterable[frozenset[str]]) -> None:
        """Never unite what a person told apart."""
        self._apart = tuple(pairs)

    def are_apart(self, keys: Iterable[str]) -> bool:
        """Whether united they would hold two that a person told apart."""
        if not self._apart:
            return False
        members: set[str] = set().union(*(self._members[key] for key in keys))
        return any(pair <= members for pair in self._apart)

    def of(self, key: str) -> frozenset[str]:
        return frozenset(self._members[key])

    def unite(self, keys: Sequence[str]) -> None:
        united: set[str] = set().union(*(self._members[key] for key in keys))
        for key in united:
            self._members[key] = united

    def all(self) -> list[set[str]]:
        return list({id(member): member for member in self._members.values()}.values())


def _link(sets: _Sets, by_key: dict[str, list[Sighting]], parted: set[str]) -> None:
    """Unite keys by what they claim, the most believable claims first."""
    claimants = defaultdict[str, set[str]](set)
    for key, sightings in by_key.items():
        if key not in parted:
            for claim in _claims(sightings):
                claimants[claim].add(key)
    _link_names(sets, by_key, parted)
    for tier in _TIERS:
        for claim in sorted(claim for claim in claimants if family_of(claim) == tier):
            keys = sorted(claimants[claim])
            if len(keys) > 1 and not (_is_contested(sets, keys, tier) or sets.are_apart(keys)):
                sets.unite(keys)


def _link_names(sets: _Sets, by_key: Mapping[str, list[Sighting]], parted: set[str]) -> None:
    """Unite what a source knows by names alone with what told it more under the same names."""
    owners = defaultdict[str, set[str]](set)
    for key in by_key.keys() - parted:
        for former in (former for sighting in by_key[key] for former in sighting.former):
            if family_of(former) == "name" and former in by_key and former not in parted:
                owners[former].add(key)
    for name, keys in sorted(owners.items()):
        if len(keys) == 1 and not sets.are_apart([name, *keys]):
            sets.unite([name, *keys])


def _is_contested(sets: _Sets, keys: Sequence[str], tier: str) -> bool:
    """Whether united they would hold two different keys that are as strong as the claim."""
    members: set[str] = set().union(*(sets.of(key) for key in keys))
    believed = _TIERS[: _TIERS.index(tier) + 1]
    return any(
        len({member for member in members if family_of(member) == family}) > 1
        for family in (*_SINGLE, *believed)
    )


def _heirs(by_key: Mapping[str, list[Sighting]]) -> dict[str, str]:
    """Give the key that each former key is now; of several that had it, the first in order."""
    heirs: dict[str, str] = {}
    for key in sorted(by_key):
        for former in (former for sighting in by_key[key] for former in sighting.former):
            if former not in by_key:
                heirs.setdefault(former, key)
    return heirs


def _newest_words(
    decisions: Iterable[Decision], heirs: Mapping[str, str]
) -> dict[frozenset[str], bool]:
    """Whether a pair is one by what was said last of it; a key that is another's now is that."""
    words: dict[frozenset[str], bool] = {}
    for decision in decisions:
        if not isinstance(decision, SplitDecision):
            pair = frozenset(heirs.get(key, key) for key in (decision.one, decision.other))
            words.pop(pair, None)
            words[pair] = isinstance(decision, JoinDecision)
    return {pair: is_one for pair, is_one in words.items() if len(pair) > 1}


def _claims(sightings: Iterable[Sighting]) -> set[str]:
    claims = {sighting.key for sighting in sightings}
    aliases = (alias for sighting in sightings for alias in sighting.aliases)
    return claims | {alias for alias in aliases if family_of(alias) in _TIERS}


def _group(sightings: list[Sighting]) -> SightingGroup:
    ordered = tuple(sorted(sightings, key=_word))
    claims = frozenset(_claims(ordered))
    keys = frozenset(sighting.key for sighting in ordered)
    return SightingGroup(min(keys, key=rank), keys, claims, ordered)


def _word(sighting: Sighting) -> tuple[bool, int, tuple[int, str]]:
    source = sighting.source
    at = _SOURCES.index(source) if source in _SOURCES else len(_SOURCES)
    # Who is there now knows better than who was there.
    return not sighting.present, at, rank(sighting.key)
