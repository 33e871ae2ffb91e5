"""This file gathers services into devices: several services are one device, never two one; pure."""

from __future__ import annotations

import functools
import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Final

from hardware.mdns.announced import AnnouncedService, types
from hardware.mdns.ids import identity_of
from hardware.network.marks import MarkJudge, meet
from hardware.readings import Kind, Sighting

# No device announces so many services: where more share an address, it tells nothing.
_AT_AN_ADDRESS: Final = 32
_RANKS: Final = ("mac", "uuid", "name")
_KIND_ORDER: Final = {Kind.HOST: 0, Kind.OTHER: 2}  # a computer is one whatever runs on it

_Links = Callable[[str], Iterable[str]]


class Announced:
    """The devices of the network as their services come and go.

    Services that tell the same mark are one device; so are those of one instance and host, and
    those of one address at one time, unless their marks disagree, a type comes twice, their kinds
    differ, or there is a choice. Which marks may be believed the judge says. Which services are
    one depends on what is announced now alone, so any order gives the same devices.
    """

    def __init__(self, judge: MarkJudge | None = None) -> None:
        self._judge = judge or MarkJudge()
        self._services: dict[str, AnnouncedService] = {}
        self._sharing: defaultdict[str, set[str]] = defaultdict(set)
        self._key_of: dict[str, str] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._reported: dict[str, Sighting] = {}

    def __len__(self) -> int:
        return len(self._services)

    def __contains__(self, service: str) -> bool:
        return service in self._services

    def see(self, name: str, service: AnnouncedService, at: float = 0.0) -> list[Sighting]:
        """Take in what a service says now, by its full name. Gives the devices that changed."""
        if self._services.get(name) == service:
            return []
        near = self._forget(name)
        self._services[name] = service
        for link in _links(service):
            self._sharing[link].add(name)
        turned = self._judge.tell(
            name, service.marks, host=service.host, addresses=service.addresses, at=at
        )
        return self._settle({name, *near, *turned})

    def leave(self, name: str, reason: str = "goodbye", at: float = 0.0) -> list[Sighting]:
        """Take in that a service is gone. Gives the device if it was its last."""
        if name not in self:
            return []
        near = self._forget(name)
        turned = self._judge.leave(name, at)
        return self._settle({name, *near, *turned}, reason)

    def end(self) -> None:
        """Leave the judge: nobody follows these services any more."""
        for name in self._services:
            self._judge.leave(name)

    def judge_anew(self, names: Iterable[str]) -> list[Sighting]:
        """Look again at services whose marks another source made doubtful."""
        return self._settle({name for name in names if name in self})

    def _forget(self, name: str) -> set[str]:
        """Take a service out; gives those that shared something with it."""
        service = self._services.pop(name, None)
        near: set[str] = set()
        for link in _links(service) if service else ():
            self._sharing[link].discard(name)
            near |= self._near(link)
        return near

    def _near(self, link: str) -> set[str]:
        names = self._sharing.get(link, set())
        if not names:
            self._sharing.pop(link, None)
        return names if len(names) <= _AT_AN_ADDRESS else set()

    def _settle(self, seeds: set[str], reason: str = "goodbye") -> list[Sighting]:
        """Group anew the services that a change touches, and all that hang on them."""
        touched = self._touched(seeds)
        keys: set[str] = set()
        for name in touched:
            if (key := self._key_of.pop(name, None)) is not None:
                self._by_key[key].discard(name)
                keys.add(key)
        present = {name for name in touched if name in self._services}
        for names in self._groups(present):
            key = self._key(names)
            self._by_key[key] |= names
            self._key_of |= dict.fromkeys(names, key)
            keys.add(key)
        changes = [change for key in sorted(keys) for change in self._change(key, reason)]
        return sorted(changes, key=lambda one: one.present)

    def _touched(self, seeds: set[str]) -> set[str]:
        touched, waiting = set(seeds), list(seeds)
        while waiting:
            service = self._services.get(name := waiting.pop())
            near = set().union(*map(self._near, _links(service))) if service else set()
            near |= self._by_key.get(self._key_of.get(name, ""), set())
            waiting += near - touched
            touched |= near
        return touched

    def _groups(self, names: set[str]) -> list[set[str]]:
        """Give the services of each device among these."""
        groups = [{name} for name in sorted(names)]
        groups = _united(groups, self._judge.believed)
        groups = self._joined(groups, lambda name: (self._services[name].weak_key,))
        return self._joined(groups, lambda name: _reachable(self._services[name]), strict=True)

    def _joined(
        self, groups: list[set[str]], links: _Links, *, strict: bool = False
    ) -> list[set[str]]:
        """Join the groups that share a link where nothing speaks against it, and no choice is."""
        sharing: defaultdict[str, list[int]] = defaultdict(list)
        for place, group in enumerate(groups):
            for link in sorted({link for name in group for link in links(name)}):
                sharing[link].append(place)
        pairs: set[tuple[int, int]] = set()
        for link in sorted(sharing):
            near = sharing[link]
            if 1 < len(near) <= _AT_AN_ADDRESS:
                pairs |= {
                    (one, other)
                    for one, other in combinations(near, 2)
                    if not self._disagree(groups[one], groups[other], strict=strict)
                }
        return _without_choice(groups, pairs)

    def _disagree(self, one: set[str], other: set[str], *, strict: bool) -> bool:
        """Whether both tell marks of one kind; strictly, also what speaks against one machine.

        That are other addresses, a type in both, and two kinds.

        A computer's program may well show a screen, as a board does.
        """
        if self._mark_kinds(one) & self._mark_kinds(other):
            return True
        if not strict:
            return False
        services = [[self._services[name] for name in names] for names in (one, other)]
        places = [{at for each in group for at in each.addresses} for group in services]
        if not meet(*places):
            return True
        types_of = [{service.type for service in group} for group in services]
        kinds = {service.sighting.kind for group in services for service in group}
        is_screen = kinds >= {Kind.HOST, Kind.BOARD}
        kinds -= {Kind.OTHER, Kind.BOARD} if is_screen else {Kind.OTHER}
        return bool(types_of[0] & types_of[1]) or len(kinds) > 1

    def _mark_kinds(self, names: set[str]) -> set[str]:
        return {
            self._services[name].mark_kind(mark)
            for name in names
            for mark in self._judge.believed(name)
        }

    def _key(self, names: set[str]) -> str:
        marks = {mark for name in names for mark in self._judge.believed(name)}
        weak = {self._services[name].weak_key for name in names}
        return min(marks or weak, key=_rank)

    def _change(self, key: str, reason: str) -> Iterable[Sighting]:
        names = sorted(self._by_key[key], key=self._order)
        if not names:
            del self._by_key[key]
            gone = self._reported.pop(key, None)
            if gone is not None:
                yield replace(gone, present=False, reason=reason)
            return
        merged = self._merged(key, names)
        if self._reported.get(key) != merged:
            self._reported[key] = merged
            yield merged

    def _merged(self, key: str, names: list[str]) -> Sighting:
        """Make one sighting of a device's services, the best word first."""
        whole = functools.reduce(_fill, (self._services[name].sighting for name in names))
        believed = sorted(
            {mark for name in names for mark in self._judge.believed(name)}, key=_rank
        )
        past = _all_of(names, self._judge.former)
        # Alone, a service that tells no mark would be known by its names.
        called = {self._services[name].weak_key for name in names} if believed else set()
        weak = _all_of(names, lambda name: self._services[name].sighting.weak)
        kinds = {self._services[name].sighting.kind for name in names}
        return replace(
            whole,
            asks=Kind.BOARD if kinds >= {Kind.HOST, Kind.BOARD} else whole.asks,
            key=key,
            identity=identity_of(key),
            aliases=tuple(mark for mark in believed if mark != key),
            contested=_all_of(names, self._judge.contested),
            weak=weak,
            former=tuple(mark for mark in (*past, *weak, *sorted(called)) if mark != key),
        )

    def _order(self, name: str) -> tuple[int, int, str]:
        ranks = (rank for rank, type_ in enumerate(types()) if f".{type_}." in name)
        return _KIND_ORDER.get(self._services[name].sighting.kind, 1), next(ranks, 0), name


def _links(service: AnnouncedService) -> Iterator[str]:
    """Give what a service may share with others of its device."""
    yield from service.marks
    yield service.weak_key
    yield from _reachable(service)


def _reachable(service: AnnouncedService) -> Iterator[str]:
    """Give the addresses that are one machine's; this machine's own may be anybody's here."""
    for address in sorted(service.addresses):
        if not _is_own(address):
            yield f"at:{address}"


@functools.lru_cache(maxsize=4096)
def _is_own(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def _rank(mark: str) -> tuple[int, str]:
    return _RANKS.index(mark.partition(":")[0]), mark


def _all_of(names: Iterable[str], marks: _Links) -> tuple[str, ...]:
    return tuple(sorted({mark for name in names for mark in marks(name)}))


def _united(groups: list[set[str]], links: _Links) -> list[set[str]]:
    """Unite the groups that share any link, one by way of another."""
    by_link: dict[str, set[str]] = {}
    for group in groups:
        shared = {link for name in group for link in links(name)}
        whole = group.union(*(by_link[link] for link in shared if link in by_link))
        for link in {link for name in whole for link in links(name)}:
            by_link[link] = whole
    united = {id(group): group for group in by_link.values()}
    alone = [group for group in groups if not any(group <= whole for whole in united.values())]
    return sorted([*united.values(), *alone], key=min)


def _without_choice(groups: list[set[str]], pairs: set[tuple[int, int]]) -> list[set[str]]:
    """Unite the groups of these pairs; one that goes with two that do not go together stays."""
    near: defaultdict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    clear = {
        place
        for place, others in near.items()
        if all(other in near[one] for one, other in combinations(sorted(others), 2))
    }
    united: list[set[str]] = []
    for place, group in enumerate(groups):
        fellows = near[place] & clear if place in clear else set()
        if not fellows or place < min(fellows):
            united.append(group.union(*(groups[fellow] for fellow in fellows)))
    return united


def _fill(device: Sighting, other: Sighting) -> Sighting:
    """Fill what one service left open with what another of the same device says."""
    way = device
    if not device.address or (not device.port and device.address == other.address):
        way = other
    return replace(
        device,
        name=device.name or other.name,
        vendor=device.vendor or other.vendor,
        model=device.model or other.model,
        serial=device.serial or other.serial,
        asks=device.asks if device.kind is not Kind.OTHER or device.asks else other.asks,
        address=way.address,
        port=way.port,
        via=way.via,
    )
