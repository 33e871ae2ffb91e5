"""This file gathers services into devices: several services are one device, never two one; pure."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from hardware.mdns.announced import AnnouncedService, types
from hardware.mdns.ids import identity_of
from hardware.readings import Kind, Sighting

# No device announces so much; a mark that so many services carry is worth nothing.
_CLAIMS_LIMIT = 32


class Announced:
    """The devices of the network as their services come and go.

    A mark names one device. Where hosts of different names claim the same one and share no
    address, one of them lies, or a bridge speaks for others, or a factory set it: then it is
    *contested*, and each falls to the next mark of its own, at last to its names. A device that
    moved is not that: its host's name stays, and of its addresses the newest counts. Which marks
    are contested depends on what is announced now alone, so any order gives the same devices.
    """

    def __init__(self) -> None:
        self._services: dict[str, AnnouncedService] = {}
        self._claims: defaultdict[str, set[str]] = defaultdict(set)
        self._contested: set[str] = set()
        self._sightings: dict[str, Sighting] = {}
        self._by_key: defaultdict[str, set[str]] = defaultdict(set)
        self._reported: dict[str, Sighting] = {}

    def __len__(self) -> int:
        return len(self._services)

    def __contains__(self, service: str) -> bool:
        return service in self._services

    def see(self, name: str, service: AnnouncedService) -> list[Sighting]:
        """Take in what a service says now, by its full name. Gives the devices that changed."""
        if self._services.get(name) == service:
            return []
        marks = self._forget(name)
        self._services[name] = service
        for mark in service.marks:
            self._claims[mark].add(name)
        return self._settle(name, {*marks, *service.marks})

    def leave(self, name: str, reason: str = "goodbye") -> list[Sighting]:
        """Take in that a service is gone. Gives the device if it was its last."""
        return self._settle(name, self._forget(name), reason) if name in self else []

    def _forget(self, name: str) -> set[str]:
        service = self._services.pop(name, None)
        for mark in service.marks if service else ():
            self._claims[mark].discard(name)
        return set(service.marks) if service else set()

    def _settle(self, name: str, marks: set[str], reason: str = "goodbye") -> list[Sighting]:
        """Judge anew the marks that a change touches, and all who claim one that turned."""
        names = {name}
        for mark in marks:
            claimants = self._claims[mark]
            contested = self._is_contested(claimants)
            if contested != (mark in self._contested):
                (self._contested.add if contested else self._contested.discard)(mark)
                names |= claimants
            if not claimants:
                del self._claims[mark]
        keys = {key for one in sorted(names) for key in self._show(one)}
        changes = [change for key in sorted(keys) for change in self._change(key, reason)]
        return sorted(changes, key=lambda one: one.present)

    def _is_contested(self, claimants: set[str]) -> bool:
        if len(claimants) > _CLAIMS_LIMIT:
            return True
        hosts: defaultdict[str, set[str]] = defaultdict(set)
        for claimant in claimants:
            hosts[self._services[claimant].host] |= self._services[claimant].addresses
        return len(hosts) > 1 and not set.intersection(*hosts.values())

    def _show(self, name: str) -> Iterable[str]:
        """Put a service to the device that its uncontested marks name. Gives the keys touched."""
        before = self._sightings.pop(name, None)
        if before is not None:
            self._by_key[before.key].discard(name)
            yield before.key
        service = self._services.get(name)
        if service is not None:
            sound = [mark for mark in service.marks if mark not in self._contested]
            key, *aliases = [*sound, service.weak_key]
            sighting = replace(
                service.sighting, key=key, identity=identity_of(key), aliases=tuple(aliases[:-1])
            )
            self._sightings[name] = sighting
            self._by_key[key].add(name)
            yield key

    def _change(self, key: str, reason: str) -> Iterable[Sighting]:
        names = sorted(self._by_key[key], key=self._rank)
        if not names:
            del self._by_key[key]
            gone = self._reported.pop(key, None)
            if gone is not None:
                yield replace(gone, present=False, reason=reason)
            return
        merged = functools.reduce(_fill, (self._sightings[name] for name in names))
        if self._reported.get(key) != merged:
            self._reported[key] = merged
            yield merged

    def _rank(self, name: str) -> tuple[bool, int, str]:
        ranks = (rank for rank, type_ in enumerate(types()) if f".{type_}." in name)
        return self._sightings[name].kind is Kind.OTHER, next(ranks, 0), name


def _fill(device: Sighting, other: Sighting) -> Sighting:
    """Fill what one service left open with what another of the same device says."""
    way = device
    if not device.address or (not device.port and device.address == other.address):
        way = other
    aliases = (one for one in (*device.aliases, *other.aliases) if one != device.key)
    return replace(
        device,
        name=device.name or other.name,
        vendor=device.vendor or other.vendor,
        model=device.model or other.model,
        serial=device.serial or other.serial,
        aliases=tuple(dict.fromkeys(aliases)),
        asks=device.asks if device.kind is not Kind.OTHER or device.asks else other.asks,
        address=way.address,
        port=way.port,
        via=way.via,
    )
