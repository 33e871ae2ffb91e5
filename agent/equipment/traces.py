"""This file keeps what each source last said of each thing it saw, and in which room. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec
from msgspec.structs import replace as rewrite

from hardware.readings import IdentityKind, Kind, Sighting
from protocol.health import ReasonCode
from protocol.model import NO_ROOM, Millis, RoomCode

MAX_TRACES: Final = 1200  # three sources for each device that a birth may hold
MAX_FORMER: Final = 8  # of a thing's keys; its id has no more aliases
# What stands in a room and stays when a laptop leaves it.
FIXTURES: Final = frozenset({Kind.BOARD, Kind.PROJECTOR, Kind.CAMERA, Kind.NETWORK})

# Whose things stand at an address for good, and may tell little of themselves.
_FIXED_SOURCES: Final = frozenset({"onvif", "pjlink"})

Answers = Mapping[str, Kind]
_At = tuple[str, str]


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """What one source last said of one thing.

    key: as the source calls it; the sighting's own key may name the room instead. at_ms: when it
    was last seen there. room: the room that owns it; empty: whichever this machine stands in.
    """

    sighting: Sighting
    key: str
    at_ms: Millis
    room: RoomCode = ""

    @property
    def at(self) -> tuple[str, str]:
        """Its place among the traces: the source and the key."""
        return _at(self.sighting)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """All traces, by source and key. roaming: this machine moves, and things stay behind.

    answers: what people said that things are, by product ("4623:011a") or key; school_answers: what
    the school says, which stands over that. homes: by key, in which room
    things are known to stand that were plugged in when this machine changed rooms.
    """

    room: str
    roaming: bool = False
    answers: Answers = field(default_factory=dict)
    school_answers: Answers = field(default_factory=dict)
    held: Mapping[_At, Trace] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)

    def see(self, sightings: Iterable[Sighting], at_ms: int) -> Traces:
        """Take in what sources saw, in their order."""
        held = dict(self.held)
        for sighting in sightings:
            self._take(held, sighting, at_ms)
        return replace(self, held=_within_limit(held))

    def move(self, room: str, at_ms: int, homes: Mapping[str, str] | None = None) -> Traces:
        """This machine stands in another room: what is plugged into it now is there.

        homes: by key, where things are known to stand; they stay there. What is known by its port
        alone stays behind, for the next room has one of the same make.
        """
        moved = replace(self, room=room, homes=homes or {})
        if not self.roaming:
            return moved
        plugged = [trace for trace in self.held.values() if _is_plugged(trace)]
        held = {at: trace for at, trace in self.held.items() if not _is_plugged(trace)}
        for trace in plugged:
            if trace.sighting.key != trace.key and trace.room != NO_ROOM:
                gone = _gone_sighting(trace.sighting, ReasonCode.NOT_REPORTED)
                held[_at(gone)] = rewrite(trace, sighting=gone)
        after = replace(moved, held=held)
        return after.see([replace(trace.sighting, key=trace.key) for trace in plugged], at_ms)

    def forget(self, keys: Iterable[str]) -> Traces:
        """Let go of all that was said of these keys."""
        gone = frozenset(keys)
        held = {at: trace for at, trace in self.held.items() if trace.sighting.key not in gone}
        return replace(self, held=held)

    def sightings(self) -> list[Sighting]:
        """What is known of each thing, as people named it."""
        return [self._answered(trace.sighting) for trace in self.held.values()]

    def as_told(self) -> list[Sighting]:
        """What is known of each thing, as its source told it, whatever people said."""
        return [trace.sighting for trace in self.held.values()]

    def of(self, sighting: Sighting) -> Trace:
        """The trace behind a sighting that these traces gave."""
        return self.held[_at(sighting)]

    def _take(self, held: dict[_At, Trace], sighting: Sighting, at_ms: int) -> None:
        scoped = self._in_room(held, sighting)
        before = held.get(_at(scoped))
        if before is not None:
            scoped = _with_past(scoped, before.sighting)
        elif scoped.present and (nameless := _nameless_past(held.values(), scoped)):
            scoped = replace(scoped, former=(*scoped.former, *nameless)[:MAX_FORMER])
        if not scoped.present:
            if before is not None:
                held[_at(scoped)] = _gone_trace(before, scoped.reason, at_ms)
            return
        for alias in scoped.aliases:
            # The same source knows it by more now than by that alias alone.
            held.pop((scoped.source, alias), None)
        for former in scoped.former:
            if (old := held.get((scoped.source, former))) and not old.sighting.present:
                del held[_at(old.sighting)]
        room = self._room_of(scoped, before)
        held[_at(scoped)] = Trace(sighting=scoped, key=sighting.key, at_ms=at_ms, room=room)

    def _in_room(self, held: Mapping[_At, Trace], sighting: Sighting) -> Sighting:
        """Name after its room what a roaming machine knows by its port alone."""
        if not self._belongs_to_room(sighting) or sighting.identity is not IdentityKind.PORT:
            return sighting
        same = (
            trace for trace in held.values() if trace.key == sighting.key and _is_plugged(trace)
        )
        if plugged := next(same, None):
            return replace(sighting, key=plugged.sighting.key)
        key, count = f"port:{self.room}:{sighting.product}", 1
        numbered = key
        while (twin := held.get((sighting.source, numbered))) and twin.sighting.present:
            count += 1
            numbered = f"{key}:{count}"
        return replace(sighting, key=numbered)

    def _room_of(self, sighting: Sighting, before: Trace | None) -> str:
        if not self._belongs_to_room(sighting):
            return ""
        # A cable tells where a thing stands; a network may span the school.
        if before is not None and before.room not in {"", NO_ROOM} and sighting.source != "usb":
            return before.room
        return self.homes.get(sighting.key, self.room)

    def _belongs_to_room(self, sighting: Sighting) -> bool:
        return self.roaming and self._answered(sighting).kind in FIXTURES

    def _answered(self, sighting: Sighting) -> Sighting:
        return with_answer(sighting, self.school_answers, self.answers)


def with_answer(sighting: Sighting, *answers: Answers) -> Sighting:
    """The sighting with what a person said of this very thing, or of its product.

    answers: the first that has one counts.
    """
    keys = (sighting.key, *sighting.former, sighting.product)
    kind = next((said[key] for said in answers for key in keys if key in said), None)
    return sighting if kind is None else replace(sighting, kind=kind, asks=None)


def as_unseen(trace: Trace) -> Trace:
    """The trace as it is after a restart: what was there has not been seen since."""
    if not trace.sighting.present:
        return trace
    return rewrite(trace, sighting=_gone_sighting(trace.sighting, ReasonCode.NOT_REPORTED))


def _with_past(sighting: Sighting, before: Sighting) -> Sighting:
    """The sighting with all keys that the thing ever had: its source may know of the last alone.

    A mark that it told all along without being known by it was another's.
    """
    others = {*before.contested, *before.weak} - {*before.former}
    keys = {sighting.key, *sighting.aliases}
    past = dict.fromkeys((*sighting.former, *before.former))
    former = tuple(key for key in past if key not in keys | others)[:MAX_FORMER]
    return sighting if former == sighting.former else replace(sighting, former=former)


def _nameless_past(traces: Iterable[Trace], now: Sighting) -> list[str]:
    """Give the names by which a camera or projector was known at its address up to now.

    A login, or a new firmware, has it tell more of itself; whether this program ran meanwhile or
    not. What is there beside it, or is called otherwise, is another one.
    """
    if now.source not in _FIXED_SOURCES or not now.address:
        return []
    place = now.source, now.address, now.port, now.name
    gone = (trace.sighting for trace in traces if not trace.sighting.present)
    known = (one for one in gone if one.key.startswith("name:"))
    return [one.key for one in known if (one.source, one.address, one.port, one.name) == place]


def _gone_trace(before: Trace, reason: str, at_ms: int) -> Trace:
    """The trace of what is gone; it was last seen when it went, or long before."""
    gone = _gone_sighting(before.sighting, reason or ReasonCode.NOT_REPORTED)
    return rewrite(before, sighting=gone, at_ms=at_ms if before.sighting.present else before.at_ms)


def _gone_sighting(sighting: Sighting, reason: str) -> Sighting:
    return replace(sighting, present=False, reason=str(reason), nodes=())


def _is_plugged(trace: Trace) -> bool:
    return trace.sighting.present and trace.sighting.source == "usb"


def _at(sighting: Sighting) -> _At:
    return sighting.source, sighting.key


def _within_limit(held: dict[_At, Trace]) -> dict[_At, Trace]:
    """Where there are too many, let go of the oldest that are gone, then of the latest to come."""
    spare = len(held) - MAX_TRACES
    if spare <= 0:
        return held
    gone = sorted((trace.at_ms, at) for at, trace in held.items() if not trace.sighting.present)
    present = [at for at, trace in held.items() if trace.sighting.present]
    dropped = {*[*(at for _, at in gone), *reversed(present)][:spare]}
    return {at: trace for at, trace in held.items() if at not in dropped}
