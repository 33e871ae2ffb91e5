"""This file is the life of incidents: they open when a thing has held, and close by themselves.

One sample is no task: a signal must hold, by its kind, while somebody is at school. What comes
back soon is the same incident; what comes and goes is damped. Pure: time comes in as an argument,
and what is stored is all that is remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.incidents.causes import (
    FEW,
    TOGETHER_MS,
    Cause,
    Network,
    RoomId,
    Scope,
    Signal,
    common_cause,
    is_like,
    own_causes,
    together,
)
from controller.incidents.quiet import SchoolHours
from controller.live.rooms import URGENT_FIRST
from protocol.health import ReasonCode
from protocol.model import Status

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
HOLD_SERVER_MS: Final = _MINUTE_MS
HOLD_CRITICAL_MS: Final = 2 * _MINUTE_MS
HOLD_LOST_MS: Final = 3 * _MINUTE_MS  # longer than a restart, and than TOGETHER_MS
HOLD_MS: Final = 5 * _MINUTE_MS
HOLD_LEFT_MS: Final = 15 * _MINUTE_MS  # it said that it leaves
HOLD_RESTING_MS: Final = 16 * _HOUR_MS  # of school: two days that nobody switched it on
MORNING_MS: Final = 20 * _MINUTE_MS  # by then some room is on, on any day of school
CALM_MS: Final = 2 * _MINUTE_MS
CALM_FLAPPING_MS: Final = 15 * _MINUTE_MS
REOPEN_MS: Final = 30 * _MINUTE_MS
FLAPS: Final = 4  # falls within FLAP_MS
FLAP_MS: Final = _HOUR_MS
GROUPS: Final = 50  # incidents of groups that are remembered
# While the server hears nothing, nothing that it says of rooms is news.
DEAF: Final = frozenset(
    {"broker_lost", "broker_deaf", "ingest_lost", "store_refusing", "disk_full"}
)


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a signal. seen_ms: since when it was there at every look.

    falls: when it began lately, the newest last. gone_ms: since when it is there no more.
    """

    key: str
    seen_ms: int
    falls: tuple[int, ...]
    devices: tuple[str, ...] = ()
    gone_ms: int | None = None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A signal of an incident, as it was last; ails: whether it still is wrong.

    is_off: a computer that is thought to be switched off, for others that fell with it are back.
    """

    signal: Signal
    ails: bool = True
    is_off: bool = False


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A cause and its life. well_ms: since when all is well again; returns: how often it came back.

    no: its number in the school. key, subnet, device: as of a cause. closed_ms: None while open.
    """

    no: int
    scope: Scope
    key: str = ""
    status: Status = Status.UNKNOWN
    members: tuple[Member, ...] = ()
    began_ms: int
    opened_ms: int
    well_ms: int | None = None
    closed_ms: int | None = None
    returns: int = 0
    subnet: str = ""
    device: str = ""

    @property
    def rooms(self) -> dict[RoomId, str]:
        """The rooms that it ever reached, and how they are written."""
        signals = (member.signal for member in self.members)
        return {signal.room_id: signal.room for signal in signals if signal.place}

    @property
    def ailing_rooms(self) -> dict[RoomId, str]:
        """Those that it still reaches."""
        signals = (member.signal for member in self.members if member.ails)
        return {signal.room_id: signal.room for signal in signals if signal.place}

    @property
    def signs(self) -> tuple[Signal, ...]:
        """What is wrong, the worst first; all that was while nothing is."""
        ailing = [member.signal for member in self.members if member.ails]
        signals = ailing or [member.signal for member in self.members]
        return tuple(sorted(signals, key=lambda one: (URGENT_FIRST.index(one.status), one.key)))

    @property
    def devices(self) -> frozenset[str]:
        """The devices that it is about; none of a computer."""
        return frozenset(device for signal in self.signs for device in signal.devices)

    def fell_since(self, school: str, since_ms: int) -> bool:
        """Whether a computer of the school fell silent since then."""
        signals = (member.signal for member in self.members)
        return any(
            one.is_lost and one.school == school and one.since_ms >= since_ms for one in signals
        )

    @property
    def is_flapping(self) -> bool:
        """Whether it comes and goes."""
        return self.returns >= FLAPS - 1

    @property
    def is_common(self) -> bool:
        """Whether it is what several rooms hang on."""
        return self.scope in {Scope.SCHOOL, Scope.GROUP}


class IncidentBook(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents that are open, or may come back, and groups of before; watches by their key."""

    incidents: tuple[Incident, ...] = ()
    watches: Mapping[str, Watch] = {}
    next_no: int = 1

    @property
    def open(self) -> list[Incident]:
        """Those that are not over."""
        return [incident for incident in self.incidents if incident.closed_ms is None]


class Look(NamedTuple):
    """What is known at a moment."""

    now_ms: int
    signals: Sequence[Signal]
    hours: SchoolHours
    network: Network = Network()


def step(book: IncidentBook, look: Look) -> IncidentBook:
    """The book after a look."""
    return _Step(book, look).book()


class _Step:
    """One look, worked through: what is known already, what has one cause, what stands alone."""

    def __init__(self, book: IncidentBook, look: Look) -> None:
        self._look = look
        self._now_ms = look.now_ms
        by_key = {signal.key: signal for signal in look.signals}
        self._is_deaf = any(not one.place and one.code in DEAF for one in look.signals)
        watches = _unspent(book, look.now_ms)
        self._watches = _watched(watches, by_key, look.now_ms)
        self._next_no = book.next_no
        self._incidents = {
            incident.no: _followed(incident, by_key, look) for incident in book.incidents
        }
        self._network = look.network._replace(groups=_groups(self._incidents.values()))

    def book(self) -> IncidentBook:
        """Work it through."""
        if self._is_deaf:
            self._wait_for_ears()
        else:
            self._find_common()
            self._find_dark_morning()
        free = self._free()
        self._take(own_causes(signal for signal in free if self._is_ripe(signal)))
        return IncidentBook(
            incidents=tuple(_remembered(self._incidents.values(), self._now_ms)),
            watches=self._watches,
            next_no=self._next_no,
        )

    def _free(self) -> list[Signal]:
        """The signals that no open incident has."""
        owned = {member.signal.key for one in self._open() for member in one.members}
        return [signal for signal in self._look.signals if signal.key not in owned]

    def _open(self) -> list[Incident]:
        return [one for one in self._incidents.values() if one.closed_ms is None]

    def _wait_for_ears(self) -> None:
        """What seems wrong in rooms has to hold anew once they are heard again."""
        for signal in self._free():
            if signal.place and not signal.part:
                watch = self._watches[signal.key]
                self._watches[signal.key] = replace(watch, seen_ms=self._now_ms)

    def _find_common(self) -> None:
        """What fell together, and has held for one of them, has one cause."""
        hours = self._look.hours
        fell_awake = [
            signal
            for signal in self._free()
            if signal.is_of_network and not self._fell_in_quiet(signal)
        ]
        for run in together(fell_awake):
            if incident := self._joined_by(run):
                self._join(incident, run)
            elif self._has_held_together(run):
                at_bell = hours.is_at_bell(run[0].since_ms)
                cause = common_cause(run, self._network_when(run), is_at_bell=at_bell)
                self._take([cause] if cause else [])

    def _network_when(self, fallen: Sequence[Signal]) -> Network:
        """The network as it was when these fell: who fell later was heard then.

        Who is cut off by another group's cause would be heard, too: it is not the whole school.
        """
        last_ms = max((signal.since_ms for signal in fallen), default=0)
        later = {
            signal.room_id
            for signal in self._look.signals
            if signal.is_lost and signal.since_ms > last_ms
        }
        rooms = {signal.room_id for signal in fallen}
        cut = {
            room
            for incident in self._open()
            if incident.scope is Scope.GROUP and rooms.isdisjoint(incident.rooms)
            for room in incident.ailing_rooms
        }
        return self._network._replace(up=self._network.up | later | cut)

    def _find_dark_morning(self) -> None:
        """No room was heard since this half of the day began: what they hang on is dead."""
        began_ms = self._look.hours.awake_since(self._now_ms)
        if began_ms is None or self._now_ms - began_ms < MORNING_MS:
            return
        lost = [signal for signal in self._free() if signal.is_lost]
        for school in sorted({signal.school for signal in lost}):
            own = [signal for signal in lost if signal.school == school]
            is_heard = any(room[0] == school for room in self._network.up)
            was_heard = any(signal.since_ms >= began_ms for signal in own)
            was_heard |= any(one.fell_since(school, began_ms) for one in self._open())
            seen_ms = max(self._watches[signal.key].seen_ms for signal in own)
            has_held = self._now_ms - seen_ms >= MORNING_MS
            if len({one.room_id for one in own}) >= FEW and has_held and not is_heard | was_heard:
                self._take([Cause(scope=Scope.SCHOOL, signals=tuple(own))])

    def _joined_by(self, run: Sequence[Signal]) -> Incident | None:
        """The open incident of several rooms to which a run belongs by its time."""
        for incident in filter(lambda one: one.is_common, self._open()):
            fell = [m.signal.since_ms for m in incident.members if m.signal.school == run[0].school]
            is_near = any(abs(run[0].since_ms - fell_ms) <= TOGETHER_MS for fell_ms in fell)
            if is_near or any(abs(run[-1].since_ms - fell_ms) <= TOGETHER_MS for fell_ms in fell):
                return incident
        return None

    def _join(self, incident: Incident, signals: Sequence[Signal]) -> None:
        members = _merged(incident.members, signals)
        ailing = [member.signal for member in members if member.ails]
        is_group = incident.scope is Scope.GROUP
        cause = common_cause(ailing, self._network_when(ailing)) if is_group else None
        scope = cause.scope if cause else incident.scope
        self._keep(replace(incident, members=members, scope=scope, well_ms=None))

    def _take(self, causes: Iterable[Cause]) -> None:
        for cause in causes:
            before = self._same(cause)
            if before is None:
                self._begin(cause)
            elif before.closed_ms is None:
                self._join(before, cause.signals)
            else:
                members = _merged(before.members, cause.signals)
                back = replace(before, members=members, closed_ms=None, well_ms=None)
                self._keep(replace(back, returns=before.returns + 1))

    def _same(self, cause: Cause) -> Incident | None:
        """The incident that a cause is: an open one, or one that ended a short time ago."""
        for incident in reversed(self._incidents.values()):
            if incident.closed_ms is not None and self._now_ms - incident.closed_ms > REOPEN_MS:
                continue
            if cause.key:
                if cause.key == incident.key:
                    return incident
            elif incident.is_common and is_like(incident.rooms, _rooms(cause)):
                return incident
        return None

    def _begin(self, cause: Cause) -> None:
        incident = Incident(
            no=self._next_no,
            scope=cause.scope,
            key=cause.key,
            members=tuple(Member(signal=signal) for signal in cause.signals),
            began_ms=min(signal.since_ms for signal in cause.signals),
            opened_ms=self._now_ms,
            returns=max(len(self._watches[one.key].falls) for one in cause.signals) - 1,
            subnet=cause.subnet,
            device=cause.device,
        )
        self._next_no += 1
        self._keep(incident)

    def _keep(self, incident: Incident) -> None:
        self._incidents[incident.no] = replace(incident, status=incident.signs[0].status)

    def _is_ripe(self, signal: Signal) -> bool:
        """Whether it is a task by itself."""
        if signal.is_lost and self._is_resting(signal):
            return self._awake_ms(signal) >= HOLD_RESTING_MS and self._is_awake(signal)
        return not (self._is_deaf and signal.place and not signal.part) and self._has_held(signal)

    def _is_resting(self, signal: Signal) -> bool:
        """Whether it fell silent when people switch off."""
        return self._fell_in_quiet(signal) or self._look.hours.is_at_bell(signal.since_ms)

    def _fell_in_quiet(self, signal: Signal) -> bool:
        """Whether it began before this half of a day, or while nobody was there."""
        hours = self._look.hours
        half_ms = hours.awake_since(self._now_ms)
        is_of_before = half_ms is None or signal.since_ms < half_ms
        return is_of_before or not hours.is_awake(signal.since_ms, signal.place)

    def _has_held(self, signal: Signal) -> bool:
        watch = self._watches[signal.key]
        if not signal.place:
            return self._now_ms - watch.seen_ms >= HOLD_SERVER_MS
        if signal.part:
            return True
        if not self._is_awake(signal):
            return False
        return len(watch.falls) >= FLAPS or self._awake_ms(signal) >= _hold_ms(signal)

    def _has_held_together(self, run: Sequence[Signal]) -> bool:
        """Whether one of a run has held; that one comes and goes says nothing of the others."""
        steady = [one for one in run if len(self._watches[one.key].falls) < FLAPS]
        return any(map(self._has_held, steady if len(steady) * 2 >= len(run) else run))

    def _is_awake(self, signal: Signal) -> bool:
        return self._look.hours.is_awake(self._now_ms, signal.place)

    def _awake_ms(self, signal: Signal) -> int:
        seen_ms = self._watches[signal.key].seen_ms
        return self._look.hours.awake_ms(seen_ms, self._now_ms, signal.place)


def _hold_ms(signal: Signal) -> int:
    """For how long it must be there before it is a task."""
    if signal.is_lost:
        return HOLD_LOST_MS
    if signal.code == ReasonCode.GOODBYE:
        return HOLD_LEFT_MS
    return HOLD_CRITICAL_MS if signal.status is Status.CRITICAL else HOLD_MS


def _unspent(book: IncidentBook, now_ms: int) -> Mapping[str, Watch]:
    """The watches without falls of incidents that are over for good: they count for no other."""
    watches = dict(book.watches)
    for incident in book.incidents:
        over_ms = incident.closed_ms
        if over_ms is None or now_ms - over_ms <= REOPEN_MS:
            continue
        for key in (member.signal.key for member in incident.members):
            watch = watches.get(key)
            if watch and watch.falls[0] <= over_ms:
                last = len(watch.falls) - 1
                falls = (
                    fall for no, fall in enumerate(watch.falls) if fall > over_ms or no == last
                )
                watches[key] = replace(watch, falls=tuple(falls))
    return watches


def _watched(
    watches: Mapping[str, Watch], by_key: Mapping[str, Signal], now_ms: int
) -> dict[str, Watch]:
    """What is remembered of signals after a look."""
    after: dict[str, Watch] = {}
    for key, watch in watches.items():
        falls = tuple(fall for fall in watch.falls if now_ms - fall <= FLAP_MS)
        if key not in by_key and falls:
            gone_ms = now_ms if watch.gone_ms is None else watch.gone_ms
            is_same = gone_ms == watch.gone_ms and falls == watch.falls
            after[key] = watch if is_same else replace(watch, falls=falls, gone_ms=gone_ms)
    for key, signal in by_key.items():
        after[key] = _seen(watches.get(key), signal, now_ms)
    return after


def _seen(watch: Watch | None, signal: Signal, now_ms: int) -> Watch:
    """What is remembered of a signal that is there. One of other devices, or again, is a new fall.

    Of several devices the first may be well again: then it has not fallen anew.
    """
    if watch is None:
        return Watch(
            key=signal.key, seen_ms=now_ms, falls=(signal.since_ms,), devices=signal.devices
        )
    is_older = signal.since_ms <= watch.falls[-1]
    is_among = not set(watch.devices).isdisjoint(signal.devices)
    falls = tuple(fall for fall in watch.falls[:-1] if now_ms - fall <= FLAP_MS)
    falls = (*falls, watch.falls[-1])
    if watch.gone_ms is None and (is_older or is_among or not signal.place):
        is_same = falls == watch.falls and signal.devices == watch.devices
        return watch if is_same else replace(watch, falls=falls, devices=signal.devices)
    recent = tuple(fall for fall in falls if now_ms - fall <= FLAP_MS)
    return Watch(
        key=signal.key,
        seen_ms=now_ms,
        falls=(*recent, max(signal.since_ms, watch.falls[-1] + 1)),
        devices=signal.devices,
    )


def _followed(incident: Incident, by_key: Mapping[str, Signal], look: Look) -> Incident:
    """An open incident after a look: who is well again, and whether it is over."""
    if incident.closed_ms is not None:
        return incident
    members = tuple(_member_after(member, by_key, look.network) for member in incident.members)
    is_half_back = incident.is_common and not all(member.ails for member in members)
    if is_half_back and not look.hours.is_awake(look.now_ms):
        members = tuple(map(_off, members))
    if any(member.ails for member in members):
        returned = incident.well_ms is not None
        after = replace(
            incident, members=members, well_ms=None, returns=incident.returns + returned
        )
        status = after.signs[0].status
        return incident if after == incident else replace(after, status=status)
    well_ms = look.now_ms if incident.well_ms is None else incident.well_ms
    calm_ms = CALM_FLAPPING_MS if incident.is_flapping else CALM_MS
    is_over = look.now_ms - well_ms >= calm_ms
    after = replace(
        incident, members=members, well_ms=well_ms, closed_ms=well_ms if is_over else None
    )
    return incident if after == incident else after


def _member_after(member: Member, by_key: Mapping[str, Signal], network: Network) -> Member:
    """A member after a look. What a room's silent computer cannot say stays as it was."""
    signal = by_key.get(member.signal.key)
    if signal is not None:
        is_off = member.is_off and signal.since_ms == member.signal.since_ms
        return Member(signal=signal, ails=not is_off, is_off=is_off)
    room = member.signal.room_id
    is_unheard = room in network.known and room not in network.up
    if member.ails and is_unheard and not (member.signal.is_lost or member.signal.part):
        return member
    return replace(member, ails=False) if member.ails else member


def _off(member: Member) -> Member:
    """A member, when people have gone home and others that fell with it are back."""
    is_off = member.ails and member.signal.is_lost
    return replace(member, ails=False, is_off=True) if is_off else member


def _merged(members: Sequence[Member], signals: Iterable[Signal]) -> tuple[Member, ...]:
    by_key = {member.signal.key: member for member in members}
    return tuple((by_key | {one.key: Member(signal=one) for one in signals}).values())


def _rooms(cause: Cause) -> set[RoomId]:
    return {signal.room_id for signal in cause.signals}


def _groups(incidents: Iterable[Incident]) -> list[frozenset[RoomId]]:
    return [frozenset(one.rooms) for one in incidents if one.scope is Scope.GROUP]


def _remembered(incidents: Iterable[Incident], now_ms: int) -> list[Incident]:
    """Those that are open or may come back, and the last groups."""
    incidents = list(incidents)
    groups = [one.no for one in incidents if one.scope is Scope.GROUP][-GROUPS:]
    return [
        one
        for one in incidents
        if one.closed_ms is None or now_ms - one.closed_ms <= REOPEN_MS or one.no in groups
    ]
