"""This file keeps a school's devices: who answers for each, which room owns it, what it was. Pure.

Several agents may see one device, and one device may have been known under several ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, TypeVar

from msgspec.structs import replace

from controller.fleet.merged_ids import Folds, Word, word_for
from controller.fleet.records import AgentRecord, DeviceRecord
from controller.fleet.rivals import Rivals, demoted
from protocol.fields import record_of
from protocol.health import ReasonCode
from protocol.model import NO_ROOM, SCHOOL, Device, DeviceKind, Reason, Status

# What the feed tells as the agent told it; an address or a lamp's hours change often.
_in_feed: Final = attrgetter(
    *("kind", "name", "vendor", "model", "serial"),
    *("status", "reasons", "sources", "identity", "aliases"),
)

Confirmable = TypeVar("Confirmable", Device, DeviceRecord)

_CONTROLLERS_VERDICTS: Final = frozenset(
    {ReasonCode.AGENT_LOST, ReasonCode.SILENT, ReasonCode.NOT_REPORTED}
)


class _Past(NamedTuple):
    """What stays of a device under whichever id: when it was first seen, what people call it."""

    first_seen_ms: int
    given_name: str | None


class Equipment:
    """One school's devices by their id, removed ones among them."""

    def __init__(
        self,
        devices: Iterable[DeviceRecord],
        newest_change: int,
        is_online: Callable[[str], bool],
    ) -> None:
        self.devices = {record.device_id: record for record in devices}
        self.confirmed = frozenset(
            name for name, record in self.devices.items() if SCHOOL in record.sources
        )
        self._folds = Folds(self.devices.values())
        self._rivals = Rivals(self.devices.values())
        self._newest_change = newest_change
        self._is_online = is_online

    def claim(
        self,
        agent: AgentRecord,
        device: Device,
        rev: int,
        now_ms: int,
        alive: Collection[str] = (),
    ) -> list[DeviceRecord]:
        """An agent says how a device is; what it sees beside it, by id, is `alive`.

        The first agent keeps it, unless it lost sight of it or the other has more senses for it.
        """
        changes = self._rival(agent, device, now_ms)
        device = self._as_confirmed(self._rivals.as_kept(device, agent.place.agent))
        before = self.devices.get(device.device_id)
        if before is None or before.removed_ms is not None or device.aliases:
            return changes + self._claim_folded(agent, device, rev, now_ms, alive)
        if not _is_its_agents(before, agent):
            news = _may_take(device, before)
        else:
            news = before.boot != agent.boot or rev > before.rev
        past = _Past(before.first_seen_ms, before.given_name)
        return [self._take(agent, device, rev, now_ms, past)] if news else []

    def confirm(self, device_ids: frozenset[str], now_ms: int) -> list[DeviceRecord]:
        """A line of the book names these devices, and no others; empty where that was so."""
        is_same, self.confirmed = device_ids == self.confirmed, device_ids
        if is_same:
            return []
        judged = ((record, self._as_confirmed(record)) for record in [*self.devices.values()])
        return [self._keep(after, before, now_ms) for before, after in judged if after != before]

    def _as_confirmed(self, device: Confirmable) -> Confirmable:
        """A tablet with the school's word among its sources, whatever its agent holds of that."""
        if device.kind is not DeviceKind.TABLET:
            return device
        sources: Sequence[str] = [source for source in device.sources if source != SCHOOL]
        if not self.confirmed.isdisjoint((device.device_id, *device.aliases)):
            sources = [*sources, SCHOOL]
        is_same = tuple(sources) == device.sources
        return device if is_same else replace(device, sources=tuple(sources))

    def kept_id(self, device_id: str, agent_id: str) -> str:
        """The id under which what an agent calls so is kept."""
        return self._rivals.kept_id(device_id, agent_id)

    def vouch(self, device: DeviceRecord, agent: AgentRecord, now_ms: int) -> list[DeviceRecord]:
        """An agent still sees what is another's: two that do so for long have two pieces."""
        if not self._rivals.is_proven(device, agent.place.agent, now_ms):
            return []
        self._rivals.contest(device.device_id)
        return self._demote(device, now_ms)

    def contest(self, device_ids: Iterable[str], now_ms: int) -> list[DeviceRecord]:
        """The department says that these name no piece; empty where that was known."""
        changes: list[DeviceRecord] = []
        for device_id in device_ids:
            device = self.devices.get(device_id)
            if device is None or device.removed_ms is not None:
                continue
            self._rivals.contest_above(device_id, device.place.school)
            changes += self._demote(device, now_ms)
        return changes

    def _demote(self, device: DeviceRecord, now_ms: int) -> list[DeviceRecord]:
        """Keep a device under its id in this room, and the old one as gone."""
        gone = replace(device, status=Status.UNKNOWN, removed_ms=now_ms)
        own = demoted(device, self._rivals.kept_id(device.device_id, device.place.agent))
        return [self._keep(gone, device, now_ms), self._keep(own, device, now_ms)]

    def _rival(self, agent: AgentRecord, device: Device, now_ms: int) -> list[DeviceRecord]:
        before = self.devices.get(device.device_id)
        if before is None or before.removed_ms is not None or _is_its_agents(before, agent):
            return []
        if device.status is Status.UNKNOWN:
            self._rivals.give_up(device.device_id, agent.place.agent)
            return []
        return self.vouch(before, agent, now_ms)

    def doubt(self, device: DeviceRecord, reason: Reason, now_ms: int) -> list[DeviceRecord]:
        """Nobody vouches for the device now; empty if nobody did before."""
        if device.removed_ms is not None or device.status is Status.UNKNOWN:
            return []
        doubted = replace(device, status=Status.UNKNOWN, reasons=(reason,))
        return [self._keep(doubted, device, now_ms)]

    def touch(self, device: DeviceRecord, now_ms: int) -> None:
        """The device was seen again and is as before."""
        self.devices[device.device_id] = replace(device, last_seen_ms=now_ms)

    def remove(self, device_id: str, now_ms: int) -> list[DeviceRecord]:
        """Take a device out; empty if there is none."""
        device = self.devices.get(device_id)
        if device is None or device.removed_ms is not None:
            return []
        return [self._keep(replace(device, removed_ms=now_ms), device, now_ms)]

    def restore(self, device_id: str, now_ms: int) -> list[DeviceRecord]:
        """Bring back what a person took out; empty where there is no such thing.

        What was folded into another device, or stands there under another id, stays away.
        """
        device = self.devices.get(device_id)
        if device is None or device.removed_ms is None:
            return []
        present = (one for one in self.devices.values() if one.removed_ms is None)
        if any(device_id in one.aliases for one in present):
            return []
        return [self._keep(replace(device, removed_ms=None), device, now_ms)]

    def rename(self, device_id: str, name: str, now_ms: int) -> list[DeviceRecord]:
        """A person calls a device so; empty: as it tells itself. Empty if there is none.

        What is folded into it is called so, too: under which id it comes back nobody knows.
        """
        device = self.devices.get(device_id)
        if device is None or device.removed_ms is not None:
            return []
        named = [*self._own_past(device), device]
        return [self._keep(replace(one, given_name=name), one, now_ms) for one in named]

    def _claim_folded(
        self,
        agent: AgentRecord,
        device: Device,
        rev: int,
        now_ms: int,
        alive: Collection[str],
    ) -> list[DeviceRecord]:
        """A claim of a device that other ids are, or may be, folded into, or that may be folded."""
        before = self.devices.get(device.device_id)
        if before and not (_is_its_agents(before, agent) or _may_take(device, before)):
            return []
        word = Word(agent.place.agent, agent.boot, rev)
        changes = self._fold(device, word, alive, now_ms)
        past = self._past(device, before, now_ms)
        if self._is_news(device, before, word):
            changes.append(self._take(agent, device, rev, now_ms, past))
        elif before is not None and before.removed_ms is None:
            changes += self._inherit(before, past, now_ms)
        return changes

    def _take(
        self, agent: AgentRecord, device: Device, rev: int, now_ms: int, past: _Past
    ) -> DeviceRecord:
        """Keep the device as its agent tells of it; it is built once, for this happens most."""
        before = self.devices.get(device.device_id)
        room = _room_of(device, agent, before)
        unseen = device.status is Status.UNKNOWN
        same_status = before is not None and before.status is device.status
        same_place = before and (before.place, before.room, before.removed_ms)
        is_same = same_place == (agent.place, room, None) and before and _past_of(before) == past
        is_told = is_same and _in_feed(before) == _in_feed(device)
        record = self.devices[device.device_id] = record_of(
            DeviceRecord,
            device,
            place=agent.place,
            given_name=past.given_name,
            room=room,
            boot=agent.boot,
            rev=rev,
            since_ms=before.since_ms if before and same_status else now_ms,
            first_seen_ms=past.first_seen_ms,
            last_seen_ms=before.last_seen_ms if before and unseen else now_ms,
            change=before.change if before and is_told else self._next_change(),
        )
        return record

    def _is_news(self, device: Device, before: DeviceRecord | None, word: Word) -> bool:
        """Whether the word changes the device; a late one does not, nor a doubtful return."""
        if before is not None and word_for(before).follows(word):
            return False
        if before is not None and before.removed_ms is None:
            return True
        held = self._folds.hold(device, word)
        return not held and (before is None or device.status is not Status.UNKNOWN)

    def _fold(
        self, device: Device, word: Word, alive: Collection[str], now_ms: int
    ) -> list[DeviceRecord]:
        """Take out what is known under the device's aliases, but for what is seen beside it."""
        folded: list[DeviceRecord] = []
        for alias in device.aliases:
            if alias in alive or alias == device.device_id:
                continue
            self._folds.note(alias, word)
            record = self.devices.get(alias)
            if record is not None and record.removed_ms is None and self._may_fold(record, word):
                gone = replace(record, status=Status.UNKNOWN, removed_ms=now_ms)
                folded.append(self._keep(gone, record, now_ms))
        return folded

    def _may_fold(self, record: DeviceRecord, word: Word) -> bool:
        if record.place.agent == word.agent:
            return not word_for(record).follows(word)
        return record.status is Status.UNKNOWN or not self._is_online(record.place.agent)

    def _past(self, device: Device, before: DeviceRecord | None, now_ms: int) -> _Past:
        """When it was first seen, and what people call it, under whichever of its ids."""
        own = sorted(self._own_past(device), key=lambda one: -one.change)  # the newest first
        times_ms = [one.first_seen_ms for one in self._folded(device)]
        times_ms += [before.first_seen_ms] if before is not None else []
        known = [before, *own] if before is not None else own
        names = (one.given_name for one in known if one.given_name is not None)
        return _Past(
            min(times_ms if before is not None else [*times_ms, now_ms]), next(names, None)
        )

    def _folded(self, device: Device | DeviceRecord) -> list[DeviceRecord]:
        """What was known under the device's aliases, and is there no more."""
        known = (self.devices.get(alias) for alias in device.aliases)
        return [one for one in known if one is not None and one.removed_ms is not None]

    def _own_past(self, device: Device | DeviceRecord) -> list[DeviceRecord]:
        """The same, but for ids that several pieces bear: what stands there is neither's."""
        folded = self._folded(device)
        return [one for one in folded if not self._rivals.is_contested(one.device_id)]

    def _inherit(self, before: DeviceRecord, past: _Past, now_ms: int) -> list[DeviceRecord]:
        if past == _past_of(before):
            return []
        return [self._keep(replace(before, **past._asdict()), before, now_ms)]

    def _keep(self, record: DeviceRecord, before: DeviceRecord, now_ms: int) -> DeviceRecord:
        """Keep what changed, at a new place in the feed."""
        since_ms = before.since_ms if before.status is record.status else now_ms
        changed = replace(record, since_ms=since_ms, change=self._next_change())
        self.devices[record.device_id] = changed
        return changed

    def _next_change(self) -> int:
        self._newest_change += 1
        return self._newest_change


def is_doubted(record: DeviceRecord) -> bool:
    """Whether it is the controller that does not believe in the device now."""
    return any(reason.code in _CONTROLLERS_VERDICTS for reason in record.reasons)


def _past_of(record: DeviceRecord) -> _Past:
    return _Past(record.first_seen_ms, record.given_name)


def _may_take(device: Device, before: DeviceRecord) -> bool:
    if device.status is Status.UNKNOWN:
        return False
    return before.status is Status.UNKNOWN or len(device.sources) > len(before.sources)


def _room_of(device: Device, agent: AgentRecord, before: DeviceRecord | None) -> str:
    """The room that owns the device, else its agent's; what is not seen stays where it was."""
    if device.room:
        return device.room
    if before is not None and device.status is Status.UNKNOWN and before.room not in {"", NO_ROOM}:
        return before.room
    return agent.room


def _is_its_agents(record: DeviceRecord, agent: AgentRecord) -> bool:
    return record.place.agent == agent.place.agent
