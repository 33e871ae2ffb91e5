"""This file knows the room's devices: sightings in; appeared, changed and vanished out. Pure.

`traces.py` beside it keeps what sources said, `merge.py` groups that into devices; here a device
gets its id, its status, and what is said of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import combinations
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace as rewrite

from agent.equipment.condition import DeviceCondition, both, charged
from agent.equipment.description import device_id_of, device_of
from agent.equipment.grounds import grounds_of
from agent.equipment.merge import (
    Decision,
    DistinctDecision,
    JoinDecision,
    PairDecision,
    SightingGroup,
    SplitDecision,
    decision_name,
    group_sightings,
    is_channel,
    rank,
)
from agent.equipment.ownership import Mark, has_cookie, is_same, mark_of, mark_of_cookie
from agent.equipment.traces import Trace, Traces, as_unseen
from agent.room import AgentRoom, Messages
from hardware.readings import IdentityKind, Kind, Sighting
from protocol.grounds import ground_lines
from protocol.health import ReasonCode
from protocol.messages import (
    MAX_DOUBTS,
    DeviceAppeared,
    DeviceForgotten,
    DeviceGrounds,
    DevicePair,
    DeviceState,
    DeviceVanished,
    Explained,
    KindAnswer,
    PairAnswer,
)
from protocol.model import PERSON, SCHOOL, Device, DeviceKind, Reason, Status, is_equipment
from protocol.words import Translate

EXPLAINED_BYTES: Final = 32_000
MAX_DECISIONS: Final = 400
MAX_AT_ONE: Final = 6  # devices at one address of which each two are asked about
MAX_DEVICES: Final = 400  # what a birth may hold; a room with more is being flooded
ASLEEP_MS: Final = 12 * 3_600_000  # a tablet that has slept for a whole school day is gone

REGULAR_MS: Final = 7 * 86_400_000  # who has come for so long may be the room's own

THIS_MACHINE: Final = "host"  # the source that tells of the agent's own computer
HEARD: Final = "mdns"  # the source that tells of whoever answers in the network
CHECK_IN: Final = "checkin"  # the source that tells of tablets by the cookie that they were given

# 0.1.0 named devices of the network so; they come back under names of their own.
_OLD_NETWORK: Final = "mdns-"


class DevicePresence(StrEnum):
    """Whether a device is here, will come back when used, has not been looked for yet, is gone."""

    PRESENT = "here"
    ASLEEP = "asleep"
    AWAITED = "awaited"
    GONE = "gone"


_ASKING: Final = frozenset({ReasonCode.UNCLAIMED, ReasonCode.ANOTHER_DEVICE})
_LOCKED: Final = frozenset({ReasonCode.NEEDS_PASSWORD, ReasonCode.BASIC_ONLY})
_ABSENT: Final = {
    ReasonCode.SLEEPING: DevicePresence.ASLEEP,
    ReasonCode.NOT_REPORTED: DevicePresence.AWAITED,
}


class KnownDevice(NamedTuple):
    """A device, and whether any source sees it now."""

    device: Device
    is_present: bool

    @property
    def presence(self) -> DevicePresence:
        """Where it is; an absent device's reason tells."""
        if self.is_present:
            return DevicePresence.PRESENT
        if not self.device.reasons:
            return DevicePresence.GONE
        return _ABSENT.get(ReasonCode(self.device.reasons[0].code), DevicePresence.GONE)


class SchoolKind(KindAnswer, frozen=True, kw_only=True):
    """What the school said that a device is. names: the products or keys that it covers."""

    names: tuple[str, ...] = ()


class NamelessDevice(Exception):  # noqa: N818 - what the device is, not a fault
    """A device that tells nothing by which it could be known again."""


class DevicesStep(NamedTuple):
    """The devices afterwards, and what is to be said."""

    devices: Devices
    messages: Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Devices:
    """All devices ever seen in the room and not forgotten, by device id.

    decisions: what people said of which are one. conditions: how devices fare, by key. ours,
    strangers: what people said is this room's, and is not: the former get its passwords.
    confirmed: the ids of the tablets here that the school's book names. paired: what the school
    answered, of which two are one; kinds: what it said that they are. Both stand over the room's
    own word.
    """

    room: AgentRoom
    traces: Traces
    by_id: Mapping[str, KnownDevice] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    conditions: Mapping[str, DeviceCondition] = field(default_factory=dict)
    ours: tuple[Mark, ...] = ()
    strangers: tuple[Mark, ...] = ()
    confirmed: frozenset[str] = frozenset()
    paired: tuple[PairAnswer, ...] = ()
    kinds: tuple[SchoolKind, ...] = ()

    def see(self, sightings: Iterable[Sighting], at_ms: int) -> DevicesStep:
        """Take in what the sources saw; what says nothing new gives no message."""
        return replace(self, traces=self.traces.see(sightings, at_ms)).settle(at_ms)

    def settle(self, at_ms: int) -> DevicesStep:
        """Bring the devices up to what the traces and people say now."""
        groups = {device_id_of(group.key): group for group in self.groups()}
        records, messages = dict(self.by_id), Messages()
        for device_id in self._dissolved_ids(groups):
            del records[device_id]
            messages.append(DeviceForgotten(boot=self.room.boot, at_ms=at_ms, device_id=device_id))
        for device_id, group in groups.items():
            olds = self._olds(group)
            before = self.by_id.get(device_id) or next(iter(olds), None)
            if device_id not in records and not _has_room(records, group):
                continue
            records[device_id] = self._known_device(group, olds, at_ms)
            messages += self._news(before, records[device_id], at_ms)
        return DevicesStep(replace(self, by_id=records), messages)

    def judge(
        self, device_id: str, status: Status, reasons: tuple[Reason, ...], at_ms: int
    ) -> DevicesStep:
        """Give a device that is here a new status; the same codes again give no message."""
        record = self.by_id.get(device_id)
        if record is None or not record.is_present or _is_same(record.device, status, reasons):
            return DevicesStep(self, [])
        device = rewrite(record.device, status=status, reasons=reasons, last_seen_ms=at_ms)
        after = replace(self, by_id={**self.by_id, device_id: record._replace(device=device)})
        return DevicesStep(after, [DeviceState(boot=self.room.boot, at_ms=at_ms, device=device)])

    def find(self, conditions: Mapping[str, DeviceCondition], at_ms: int) -> DevicesStep:
        """Take in how devices fare, by key."""
        return replace(self, conditions={**self.conditions, **conditions}).settle(at_ms)

    def forget(self, device_id: str, at_ms: int) -> DevicesStep:
        """Let go of a device because a person said so. Raises KeyError if it is not known."""
        traces = self.traces.forget(self.keys_of(device_id))
        records = {**self.by_id}
        del records[device_id]
        forgotten = DeviceForgotten(boot=self.room.boot, at_ms=at_ms, device_id=device_id)
        return DevicesStep(replace(self, by_id=records, traces=traces), [forgotten])

    def answer(self, device_id: str, kind: Kind, at_ms: int) -> DevicesStep:
        """A person said what a device is: so is all of its product. Raises KeyError.

        Phones and tablets have the same numbers: where they tell a serial, each is its own answer.
        """
        names = self._answered_names(self._keys_or_fail(device_id))
        answers = {**self.traces.answers, **dict.fromkeys(names, kind)}
        return replace(self, traces=replace(self.traces, answers=answers)).settle(at_ms)

    def be_told_kinds(self, answers: Iterable[KindAnswer], at_ms: int) -> DevicesStep:
        """The school said what these devices are, and of no others; it stands over the room's word.

        What a word covers is kept beside it, for a device may get another id by it.
        """
        before = {one.device: one.names for one in self.kinds}
        keys_of = self._keys_by_name()
        kinds = tuple(
            SchoolKind(
                device=one.device,
                is_kind=one.is_kind,
                names=tuple(sorted(self._answered_names(keys_of[one.device])))
                if one.device in keys_of
                else before.get(one.device, ()),
            )
            for one in answers
        )
        return self.with_kinds(kinds).settle(at_ms)

    def with_kinds(self, kinds: tuple[SchoolKind, ...]) -> Devices:
        """The devices with what the school said that they are, as it was kept."""
        said = {name: Kind(one.is_kind) for one in kinds for name in one.names}
        return replace(self, kinds=kinds, traces=replace(self.traces, school_answers=said))

    def _answered_names(self, keys: Collection[str]) -> Collection[str]:
        """What a person's word of what a device is covers: products, or keys."""
        told = [one for one in self.traces.as_told() if one.key in keys]
        own = {one.key for one in told if one.asks is Kind.TABLET and _is_one_piece(one)}
        return own or {one.product for one in told if one.product} or keys

    def _keys_by_name(self) -> dict[str, frozenset[str]]:
        """The keys of each device, by its id and those that it had."""
        groups = self.groups()
        names = {device_id_of(name): one.keys for one in groups for name in one.claims}
        return names | {device_id_of(one.key): one.keys for one in groups}

    def claim(self, device_id: str, at_ms: int, *, ours: bool) -> DevicesStep:
        """A person said that a device is this room's, or is not.

        Raises KeyError if it is not known, NamelessDevice.
        """
        self._keys_or_fail(device_id)
        mark = self._mark_of(device_id)
        if not mark:
            raise NamelessDevice(device_id)
        others = _others(self.ours, mark), _others(self.strangers, mark)
        said = {"ours": (*others[0], mark) if ours else others[0]}
        said["strangers"] = others[1] if ours else (*others[1], mark)
        limited = {name: marks[-MAX_DEVICES:] for name, marks in said.items()}
        return replace(self, **limited).settle(at_ms)  # type: ignore[arg-type]

    def locked(self) -> list[str]:
        """The devices here that are this room's, and take no password that it has."""
        return [
            device_id
            for device_id, record in self.by_id.items()
            if record.is_present
            and any(reason.code in _LOCKED for reason in record.device.reasons)
            and mark_of(self.claims_of(device_id))
        ]

    def other_places(self, key: str) -> tuple[str, ...]:
        """Where a camera's picture is besides: further URLs of the same, the next best first."""
        sightings = self.traces.sightings()
        return next((one.more_urls for one in sightings if one.key == key and one.url), ())

    def owns(self, keys: Iterable[str]) -> bool:
        """Whether a person said that what is known by these keys is this room's."""
        claims = frozenset(keys)
        return any(is_same(mark, claims) or has_cookie(mark, claims) for mark in self.ours)

    def confirm(self, device_ids: Iterable[str], at_ms: int) -> DevicesStep:
        """The school said which tablets of this room its book names; no others."""
        return replace(self, confirmed=frozenset(device_ids)).settle(at_ms)

    def is_own(self, keys: Collection[str]) -> bool:
        """Whether a person in the room, or the school, said that it is the room's own."""
        return self.owns(keys) or self.is_confirmed(keys)

    def is_confirmed(self, keys: Iterable[str]) -> bool:
        """Whether the school's book names the tablet that is known by these keys."""
        return not self.confirmed.isdisjoint(map(device_id_of, keys))

    def keep_presences(self, tokens: Iterable[str], at_ms: int) -> DevicesStep:
        """Let go of the tablets that only checked in, but for those that were given these."""
        messages, devices = Messages(), self
        names = set(map(device_id_of, tokens))
        for device_id, record in self.by_id.items():
            device = record.device
            is_other = names.isdisjoint((device_id, *device.aliases))
            if is_other and CHECK_IN in device.sources and not is_equipment(device):
                devices, forgotten = devices.forget(device_id, at_ms)
                messages += forgotten
        return DevicesStep(devices, messages)

    def regulars(self) -> list[str]:
        """The tablets here that have come for a week or more; nobody said whose they are."""
        return [
            device_id
            for device_id, record in self.by_id.items()
            if record.is_present
            and not is_equipment(record.device)
            and record.device.last_seen_ms - record.device.first_seen_ms >= REGULAR_MS
            and (mark := self._mark_of(device_id))
            and not any(has_cookie(stranger, mark) for stranger in self.strangers)
        ]

    def unclaimed(self) -> list[str]:
        """The devices here that ask for a password, and of which nobody said whose they are."""
        return [
            device_id
            for device_id, record in self.by_id.items()
            if record.is_present
            and any(reason.code in _ASKING for reason in record.device.reasons)
            and (mark := mark_of(self.claims_of(device_id)))
            and not any(is_same(stranger, mark) for stranger in self.strangers)
        ]

    def keys_at(self, key: str) -> frozenset[str]:
        """All that the device tells of itself which a source knows by this key."""
        groups = (group.claims for group in self.groups() if key in group.keys)
        return next(groups, frozenset())

    def join(self, one: str, other: str, at_ms: int) -> DevicesStep:
        """A person said that two devices are one. Raises KeyError if they are not two."""
        keys = sorted(map(self._name_or_fail, (one, other)))
        if one == other:
            raise KeyError(other)
        decisions = (*self.decisions, JoinDecision(*keys))[-MAX_DECISIONS:]
        return replace(self, decisions=decisions).settle(at_ms)

    def tell_apart(self, one: str, other: str, at_ms: int) -> DevicesStep:
        """A person said that two devices are two. Raises KeyError if they are not two."""
        if one == other:
            raise KeyError(other)
        decision = DistinctDecision(*sorted(map(self._name_or_fail, (one, other))))
        decisions = (*self.decisions, decision)[-MAX_DECISIONS:]
        return replace(self, decisions=decisions).settle(at_ms)

    def ask_again(self, one: str, other: str, at_ms: int) -> DevicesStep:
        """Take back what the room said of a pair. Raises KeyError where it said nothing."""
        pair = {one, other}
        left = tuple(decision for decision in self.decisions if _ids_of(decision) != pair)
        if left == self.decisions:
            raise KeyError(other)
        return replace(self, decisions=left).settle(at_ms)

    def pair(self, answers: Iterable[PairAnswer], at_ms: int) -> DevicesStep:
        """The school said of which pairs the two are one; of no others."""
        return replace(self, paired=tuple(answers)).settle(at_ms)

    def pair_answers(self) -> list[tuple[str, str, bool, str]]:
        """What was answered of pairs: their ids, whether they are one, and by whose word."""
        own = {
            frozenset(_ids_of(decision)): isinstance(decision, JoinDecision)
            for decision in self.decisions
            if isinstance(decision, PairDecision)
        }
        schools = {frozenset((word.one, word.other)): word.is_one for word in self.paired}
        words = [(pair, is_one, PERSON) for pair, is_one in own.items() if pair not in schools]
        words += [(pair, is_one, SCHOOL) for pair, is_one in schools.items()]
        return [(min(pair), max(pair), is_one, by) for pair, is_one, by in words if len(pair) > 1]

    def part(self, device_id: str, at_ms: int) -> DevicesStep:
        """A person said that a device is several. Raises KeyError if it is not known.

        What was joined by a person is taken back; else each key becomes a device of its own.
        """
        keys = self._keys_or_fail(device_id)
        decisions = tuple(
            decision
            for decision in self.decisions
            if not (isinstance(decision, JoinDecision) and decision.one in keys)
        )
        if decisions == self.decisions and len(keys) > 1:
            decisions += (SplitDecision(tuple(sorted(keys))),)
        return replace(self, decisions=decisions).settle(at_ms)

    def undo(self, decision: str, at_ms: int) -> DevicesStep:
        """Take back one thing that a person said, by its name. Raises KeyError if it stands not."""
        left = tuple(each for each in self.decisions if decision_name(each) != decision)
        if left == self.decisions:
            raise KeyError(decision)
        return replace(self, decisions=left).settle(at_ms)

    def move(
        self, room: AgentRoom, at_ms: int, homes: Mapping[str, str] | None = None
    ) -> DevicesStep:
        """This machine stands in another room. homes: by key, where plugged things stand surely."""
        moved = replace(self, room=room, traces=self.traces.move(room.room, at_ms, homes or {}))
        return moved.settle(at_ms)

    def all(self, at_ms: int) -> tuple[Device, ...]:
        """Every device; those that are here were last seen now."""
        return tuple(
            rewrite(record.device, last_seen_ms=at_ms) if record.is_present else record.device
            for record in self.by_id.values()
        )

    def present_ids(self) -> tuple[str, ...]:
        """The ids of the devices that are here now, awake or asleep."""
        presences = {DevicePresence.PRESENT, DevicePresence.ASLEEP}
        return tuple(name for name, record in self.by_id.items() if record.presence in presences)

    def is_of_room(self, device_id: str) -> bool:
        """Whether more speaks for it than a word in the network, where neighbours are heard, too.

        A person's word that it is this room's counts.
        """
        sources = set(self.by_id[device_id].device.sources)
        return sources != {HEARD} or self.is_own(self.claims_of(device_id))

    def groups(self) -> tuple[SightingGroup, ...]:
        """The sightings of each device."""
        sightings = self.traces.sightings()
        return group_sightings(sightings, (*self.decisions, *self._school_words(sightings)))

    def _school_words(self, sightings: Iterable[Sighting]) -> Iterator[PairDecision]:
        """What the school answered, by the keys that its ids are now."""
        if not self.paired:
            return
        keys: dict[str, str] = {}
        for sighting in sightings:
            for key in (*sighting.former, *sighting.aliases):
                keys.setdefault(device_id_of(key), sighting.key)
        keys |= {device_id_of(sighting.key): sighting.key for sighting in sightings}
        for word in self.paired:
            if word.one in keys and word.other in keys:
                kind = JoinDecision if word.is_one else DistinctDecision
                yield kind(keys[word.one], keys[word.other])

    def sightings_of(self, device_id: str) -> tuple[Sighting, ...]:
        """What each source last said of a device, the best word first; none if not known."""
        named = (group for group in self.groups() if device_id_of(group.key) == device_id)
        return next((group.sightings for group in named), ())

    def grounds_of(self, device_id: str, say: Translate) -> list[str]:
        """Why a device is taken for this one, and for one of its kind, in sentences."""
        return [*ground_lines(self._grounds(device_id, self.sightings_of(device_id)), say)]

    def all_grounds(self, say: Translate) -> dict[str, list[str]]:
        """The same of every device, by id."""
        found = (self._grounds(device_id_of(one.key), one.sightings) for one in self.groups())
        return {grounds.device_id: [*ground_lines(grounds, say)] for grounds in found}

    def explained(self, at_ms: int) -> Explained:
        """Why the room's own devices are what they are, and what a person shall say of them.

        What is no equipment, such as a pupil's phone, is told by no mark.
        """
        own = {name for name, one in self.by_id.items() if is_equipment(one.device)}
        asked = self.questions()
        found = [
            rewrite(grounds, asks=DeviceKind(asked[name]) if name in asked else None)
            for one in self.groups()
            if (name := device_id_of(one.key)) in own
            for grounds in [self._grounds(name, one.sightings)]
        ]
        # What a person is asked about is told, however much there is to tell.
        found.sort(key=lambda grounds: grounds.asks is None)
        return Explained(
            boot=self.room.boot,
            at_ms=at_ms,
            devices=tuple(_within(found)),
            doubts=tuple(DevicePair(one=one, other=other) for one, other in self.suggestions()),
        )

    def _grounds(self, device_id: str, named: Sequence[Sighting]) -> DeviceGrounds:
        told = [self.traces.of(sighting).sighting for sighting in named]
        return grounds_of(device_id, told, [sighting.kind for sighting in named])

    def keys_of(self, device_id: str) -> frozenset[str]:
        """The keys under which sources speak of a device; none if it is not known."""
        return frozenset(sighting.key for sighting in self.sightings_of(device_id))

    def claims_of(self, device_id: str) -> frozenset[str]:
        """All keys that a device tells of itself; none if it is not known."""
        groups = (group for group in self.groups() if device_id_of(group.key) == device_id)
        return next((group.claims for group in groups), frozenset())

    def camera_keys(self) -> frozenset[str]:
        """The keys under which sources speak of cameras."""
        sightings = self.traces.sightings()
        return frozenset(sighting.key for sighting in sightings if sighting.kind is Kind.CAMERA)

    def pictures(self) -> list[tuple[str, str]]:
        """Where each camera that is here can be looked at: its key, and a URL or device node."""
        sightings = self.traces.sightings()
        cameras = [one for one in sightings if one.present and one.kind is Kind.CAMERA]
        by_url = [(camera.key, camera.url) for camera in cameras if camera.url]
        nodes = [(camera.key, node) for camera in cameras for node in camera.nodes[:1]]
        return by_url + [(key, node) for key, node in nodes if node.startswith("/dev/video")]

    def questions(self) -> dict[str, Kind]:
        """The devices here of which a person should say what they are, and what they may be."""
        kinds = {
            device_id_of(group.key): [sighting.asks for sighting in group.sightings]
            for group in self.groups()
            if group.is_present
        }
        first = {device_id: next(filter(None, asks), None) for device_id, asks in kinds.items()}
        return {device_id: kind for device_id, kind in first.items() if kind}

    def suggestions(self) -> list[tuple[str, str]]:
        """Pairs of devices that answer at one address: a person shall say whether they are one.

        Not those of which somebody has said it, nor presences, such as a pupil's tablet.
        """
        at = defaultdict[str, list[str]](list)
        groups = self.groups()
        channels = {device_id_of(group.key) for group in groups if is_channel(group.key)}
        for device_id, record in sorted(self.by_id.items()):
            device = record.device
            is_asked = record.is_present and device_id not in channels and is_equipment(device)
            if device.address and is_asked:
                at[device.address].append(device_id)
        pairs = [pair for ids in at.values() for pair in combinations(ids[:MAX_AT_ONE], 2)]
        if not pairs:
            return []
        names = defaultdict[str, set[str]](set)
        names |= {device_id_of(one.key): set(map(device_id_of, one.claims)) for one in groups}
        answered = [{one, other} for one, other, _, _ in self.pair_answers()]
        return [
            (one, other)
            for one, other in pairs
            if not any(_is_of(pair, names[one], names[other]) for pair in answered)
        ][:MAX_DOUBTS]

    def _mark_of(self, device_id: str) -> Mark:
        """What a person's word of a device is bound to; empty where it tells but a name."""
        claims, sources = self.claims_of(device_id), self.by_id[device_id].device.sources
        return mark_of(claims) or (mark_of_cookie(claims) if CHECK_IN in sources else ())

    def _asks_in_vain(self, group: SightingGroup) -> Reason:
        """Why a device that asks for a password gets none: nobody said that it is ours."""
        if any(is_same(mark, group.claims) for mark in self.ours):
            return Reason(ReasonCode.NEEDS_PASSWORD)
        addresses = {sighting.address for sighting in group.sightings} - {""}
        for other in self.traces.sightings():
            keys = (other.key, *other.aliases)
            if other.address in addresses and any(is_same(mark, keys) for mark in self.ours):
                return Reason(ReasonCode.ANOTHER_DEVICE, other.name)
        return Reason(ReasonCode.UNCLAIMED)

    def _name_or_fail(self, device_id: str) -> str:
        """The strongest key of a device. Raises KeyError if it is not known."""
        return min(self._keys_or_fail(device_id), key=rank)

    def _keys_or_fail(self, device_id: str) -> frozenset[str]:
        keys = self.keys_of(device_id)
        if not keys:
            raise KeyError(device_id)
        return keys

    def _dissolved_ids(self, groups: Mapping[str, SightingGroup]) -> list[str]:
        """The ids that are another device's now, or were given by an older LopHoc."""
        absorbed = {device_id_of(claim) for group in groups.values() for claim in group.claims}
        return [
            device_id
            for device_id in self.by_id
            if device_id not in groups
            and (device_id in absorbed or device_id.startswith(_OLD_NETWORK))
        ]

    def _olds(self, group: SightingGroup) -> list[KnownDevice]:
        """The devices that this one was until now, by any of its names; its own first."""
        names = dict.fromkeys(map(device_id_of, (group.key, *sorted(group.claims))))
        return [self.by_id[name] for name in names if name in self.by_id]

    def _known_device(
        self, group: SightingGroup, olds: list[KnownDevice], at_ms: int
    ) -> KnownDevice:
        traces = [self.traces.of(sighting) for sighting in group.sightings]
        is_present = group.is_present
        firsts = [record.device.first_seen_ms for record in olds]
        device = device_of(group, self._condition(group, traces, olds, at_ms))
        if device.kind is DeviceKind.TABLET:
            device = rewrite(device, sources=(*device.sources, *self._owners(device, group)))
        return KnownDevice(
            rewrite(
                device,
                room=next((trace.room for trace in traces if trace.room), ""),
                first_seen_ms=min(firsts, default=at_ms),
                last_seen_ms=at_ms if is_present else max(trace.at_ms for trace in traces),
            ),
            is_present,
        )

    def _owners(self, device: Device, group: SightingGroup) -> Iterator[str]:
        """By whose word a tablet is the room's own."""
        if self.owns(group.claims):
            yield PERSON
        if not self.confirmed.isdisjoint((device.device_id, *device.aliases)):
            yield SCHOOL

    def _condition(
        self, group: SightingGroup, traces: list[Trace], olds: list[KnownDevice], at_ms: int
    ) -> DeviceCondition:
        if not group.is_present:
            return _absence(max(traces, key=lambda trace: trace.at_ms), at_ms)
        if group.sightings[0].source == THIS_MACHINE:
            # This machine's own status comes from its measures; until then it is unknown.
            if not olds or not olds[0].is_present:
                return DeviceCondition(Status.UNKNOWN)
            return DeviceCondition(olds[0].device.status, olds[0].device.reasons)
        charges = (one.charge_percent for one in group.sightings if one.kind is Kind.UPS)
        condition = charged(next(charges, None), olds[0].device.reasons if olds else ())
        for key in sorted(group.claims & self.conditions.keys()):
            condition = both(condition, self.conditions[key])
        if not any(reason.code == ReasonCode.NEEDS_PASSWORD for reason in condition.reasons):
            return condition
        asks = self._asks_in_vain(group)
        reasons = (
            asks if reason.code == ReasonCode.NEEDS_PASSWORD else reason
            for reason in condition.reasons
        )
        return condition._replace(reasons=tuple(reasons))

    def _news(
        self, before: KnownDevice | None, after: KnownDevice, at_ms: int
    ) -> Iterator[DeviceState | DeviceAppeared | DeviceVanished]:
        device = after.device
        if before is not None and not _is_changed(before.device, device):
            return
        yield DeviceState(boot=self.room.boot, at_ms=at_ms, device=device)
        if not is_equipment(device):
            return
        was = before.presence if before is not None else None
        if after.presence is DevicePresence.PRESENT and was in {None, DevicePresence.GONE}:
            yield self._appeared_event(device, at_ms)
        if after.presence is DevicePresence.GONE and was not in {None, DevicePresence.GONE}:
            yield self._vanished_event(device, at_ms)

    def _appeared_event(self, device: Device, at_ms: int) -> DeviceAppeared:
        return DeviceAppeared(
            boot=self.room.boot,
            at_ms=at_ms,
            id=self.room.new_id(),
            room=device.room or self.room.room,
            device_id=device.device_id,
            name=device.name,
        )

    def _vanished_event(self, device: Device, at_ms: int) -> DeviceVanished:
        return DeviceVanished(
            boot=self.room.boot,
            at_ms=at_ms,
            id=self.room.new_id(),
            room=device.room or self.room.room,
            device_id=device.device_id,
            name=device.name,
            reason=device.reasons[0].code,
        )


def restore_devices(
    room: AgentRoom,
    devices: Iterable[Device],
    traces: Traces | None = None,
    decisions: tuple[Decision, ...] = (),
    claims: tuple[tuple[Mark, ...], tuple[Mark, ...]] = ((), ()),
) -> Devices:
    """The devices of before a restart: none is here until a source reports it.

    claims: what is this room's, and what is not.
    """
    before = traces or Traces(room=room.room)
    held = {at: as_unseen(trace) for at, trace in before.held.items()}
    records = {
        device.device_id: KnownDevice(_unseen(device), is_present=False) for device in devices
    }
    return Devices(
        room=room,
        traces=replace(before, held=held),
        by_id=records,
        decisions=decisions,
        ours=claims[0],
        strangers=claims[1],
    )


def _within(told: Iterable[DeviceGrounds]) -> Iterator[DeviceGrounds]:
    """As many as the message may be long; of a cookie nothing leaves the room."""
    left = EXPLAINED_BYTES
    for grounds in told:
        believed = tuple(mark for mark in grounds.believed if not mark.startswith("token:"))
        own = rewrite(grounds, believed=believed)
        left -= len(msgspec.json.encode(own)) + 1
        if left < 0:
            return
        yield own


def _ids_of(decision: Decision) -> set[str]:
    """The ids of a pair of which somebody spoke; none of another word."""
    if isinstance(decision, SplitDecision):
        return set()
    return {device_id_of(decision.one), device_id_of(decision.other)}


def _is_of(pair: set[str], one: set[str], other: set[str]) -> bool:
    """Whether a pair of ids names these two devices, each by one of its names."""
    first, second = pair
    return (first in one and second in other) or (first in other and second in one)


def _is_one_piece(sighting: Sighting) -> bool:
    return sighting.identity is IdentityKind.USB


def _others(marks: tuple[Mark, ...], mark: Mark) -> tuple[Mark, ...]:
    return tuple(other for other in marks if not (is_same(other, mark) or has_cookie(other, mark)))


def _unseen(device: Device) -> Device:
    """What was seen to go keeps its reason; of all else nobody knows."""
    if device.status is Status.UNKNOWN and device.reasons:
        return device
    not_reported = (Reason(ReasonCode.NOT_REPORTED),)
    return rewrite(device, status=Status.UNKNOWN, reasons=not_reported)


def _absence(latest: Trace, at_ms: int) -> DeviceCondition:
    reason = Reason(latest.sighting.reason or ReasonCode.NOT_REPORTED)
    if reason.code != ReasonCode.SLEEPING:
        return DeviceCondition(Status.UNKNOWN, (reason,))
    if at_ms - latest.at_ms < ASLEEP_MS:
        return DeviceCondition(Status.OK, (reason,))
    return DeviceCondition(Status.UNKNOWN, (Reason(ReasonCode.GOODBYE),))


def _is_changed(before: Device, after: Device) -> bool:
    return rewrite(before, last_seen_ms=after.last_seen_ms) != after


def _is_same(device: Device, status: Status, reasons: tuple[Reason, ...]) -> bool:
    codes = [reason.code for reason in device.reasons]
    return device.status is status and codes == [reason.code for reason in reasons]


def _has_room(records: dict[str, KnownDevice], group: SightingGroup) -> bool:
    """Whether one more can be known; for one that is here, the one gone longest is let go."""
    if len(records) < MAX_DEVICES:
        return True
    gone = [record.device for record in records.values() if not record.is_present]
    if not gone or not group.is_present:
        return False
    del records[min(gone, key=lambda device: device.last_seen_ms).device_id]
    return True
