"""This file finds the cause behind what is wrong in many rooms at once; pure.

A signal is one thing that is wrong. Computers that fall silent together have one cause: the whole
school's network, or what a group of rooms hangs on. What else is wrong has its room's computer, or
one kind of device in a room, for its cause.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.live.rooms import Problem, RoomKey, RoomSummary
from protocol.health import ReasonCode
from protocol.messages import Part
from protocol.model import DeviceKind, Status

AT_ONCE_MS: Final = 30_000  # people are not so quick to switch off several rooms
TOGETHER_MS: Final = 90_000  # a broker misses a silent computer after one and a half beats
SHARE: Final = 0.9  # of the rooms that were there; then it is the whole school
FEW: Final = 3  # rooms that fall together by chance seldom
LIKE: Final = 0.5  # how much two groups of rooms must have in common to be one
# Nobody hears the computer; or it says itself that its network fails.
LOST: Final = frozenset({ReasonCode.AGENT_LOST, ReasonCode.SILENT})
_OF_LINE: Final = LOST | {ReasonCode.GATEWAY_UNREACHABLE, ReasonCode.DNS_FAILING}
_OF_DEVICES: Final = frozenset({ReasonCode.NO_ANSWER})

RoomId = tuple[str, str]  # a school's code and a room's


class Scope(StrEnum):
    """What a cause reaches, from much to little."""

    SERVER = "server"
    SCHOOL = "school"
    GROUP = "group"
    COMPUTER = "computer"
    DEVICES = "devices"
    REPORT = "report"  # a teacher says so


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong now. kind: None for a computer.

    room: as its tile writes it; place: its code; both empty for the server, which says in text and
    hint what it found.
    """

    key: str
    status: Status
    since_ms: int
    school: str = ""
    room: str = ""
    place: str = ""
    kind: DeviceKind | None = None
    code: str = ""
    value: float | str | None = None
    part: Part | None = None
    devices: tuple[str, ...] = ()
    text: str = ""
    hint: str = ""
    values: Mapping[str, int | float | str | None] = {}

    @property
    def room_id(self) -> RoomId:
        """Which room."""
        return self.school, self.place

    @property
    def is_lost(self) -> bool:
        """Whether it is a computer that nobody hears."""
        return self.kind is None and self.part is None and self.code in LOST

    @property
    def is_of_network(self) -> bool:
        """Whether what the room hangs on may be its cause."""
        of_line = self.kind is None and self.code in _OF_LINE
        return bool(self.place) and (of_line or self.code in _OF_DEVICES)

    @property
    def cause_key(self) -> str:
        """What it is the sign of, where it stands alone."""
        where = f"{self.school}/{self.place}"
        if not self.place:
            return f"{Scope.SERVER}/{self.code}"
        if self.part:
            return f"{Scope.REPORT}/{where}/{self.part}"
        if self.kind is None:
            return f"{Scope.COMPUTER}/{where}"
        return f"{Scope.DEVICES}/{where}/{self.kind}/{self.code}"

    @property
    def scope(self) -> Scope:
        """How far it reaches, where it stands alone."""
        return Scope(self.cause_key.partition("/")[0])


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One cause. subnet, device: what its rooms hang on, where that is known.

    key: empty for a group, which is known by its rooms.
    """

    scope: Scope
    signals: tuple[Signal, ...]
    key: str = ""
    subnet: str = ""
    device: str = ""


class Network(NamedTuple):
    """What is known of a school's network. known: its rooms; up: those that are heard now.

    subnets: by room. groups: the rooms that fell together before.
    """

    known: frozenset[RoomId] = frozenset()
    up: frozenset[RoomId] = frozenset()
    subnets: Mapping[RoomId, str] = {}
    groups: Sequence[frozenset[RoomId]] = ()


def signals_of(rooms: Iterable[RoomSummary]) -> list[Signal]:
    """Everything that is wrong in rooms, as their summaries have it; one of a key."""
    by_key: dict[str, Signal] = {}
    for room in rooms:
        for problem in room.problems:
            signal = _signal_of(room.key, problem)
            before = by_key.get(signal.key, signal)
            by_key[signal.key] = replace(
                before,
                since_ms=min(before.since_ms, signal.since_ms),
                devices=tuple(sorted({*before.devices, *signal.devices})),
            )
    return list(by_key.values())


def _signal_of(room: RoomKey, problem: Problem) -> Signal:
    code = problem.reason.code if problem.reason else ""
    what = problem.part or problem.kind or ""
    return Signal(
        key=f"{room.school}/{room.code}/{what}/{code}",
        status=problem.status,
        since_ms=problem.since_ms,
        school=room.school,
        room=room.room,
        place=room.code,
        kind=problem.kind,
        code=code,
        value=problem.reason.value if problem.reason else None,
        part=problem.part,
        devices=problem.devices,
    )


def subnet_of(address: str) -> str:
    """The network of an address, as schools cut them: /24, of IPv6 /64; else "".

    Nobody else's machine is in ours: a loopback has none.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if ip.is_loopback or ip.is_unspecified:
        return ""
    return str(ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))  # noqa: PLR2004


def together(signals: Iterable[Signal]) -> Iterator[list[Signal]]:
    """Those of one school that began at about one time, each soon after the one before."""
    run: list[Signal] = []
    for signal in sorted(signals, key=lambda one: (one.school, one.since_ms, one.key)):
        if run and not (
            signal.school == run[0].school and signal.since_ms - run[-1].since_ms <= TOGETHER_MS
        ):
            yield run
            run = []
        run.append(signal)
    if run:
        yield run


def common_cause(
    signals: Sequence[Signal], network: Network, *, is_at_bell: bool = False
) -> Cause | None:
    """The one cause of network signals that began together; None where they are their rooms' own.

    is_at_bell: people were leaving, so that rooms fall silent one after the other by themselves.
    """
    rooms = frozenset(signal.room_id for signal in signals)
    is_slow = max(one.since_ms for one in signals) - signals[0].since_ms > AT_ONCE_MS
    if len(rooms) < 2 or (is_at_bell and is_slow):  # noqa: PLR2004
        return None
    school = signals[0].school
    up = {room for room in network.up if room[0] == school}
    lost = {signal.room_id for signal in signals if signal.is_lost}
    subnet = _own_subnet(rooms, up, network.subnets)
    switch = next((one for one in signals if one.kind is DeviceKind.NETWORK), None)
    device = switch.devices[0] if switch and switch.devices else ""
    if len(lost) >= SHARE * len(up | lost) and (lost == rooms or len(lost) >= FEW):
        return Cause(scope=Scope.SCHOOL, signals=tuple(signals), device=device)
    before = (group for group in network.groups if is_like(rooms, group))
    if is_at_bell:  # two of a group that fell before may be switched off together
        before = (group for group in before if len(rooms) >= SHARE * len(group & (up | rooms)))
    if is_at_bell and len(rooms) < FEW:  # the last two of a network go home like any others
        subnet = ""
    is_known = bool(subnet or device) or any(True for _ in before)
    if not is_known and (is_at_bell or len(rooms) < FEW):
        return None
    return Cause(scope=Scope.GROUP, signals=tuple(signals), subnet=subnet, device=device)


def own_causes(signals: Iterable[Signal]) -> list[Cause]:
    """The causes of what stands alone: a room's computer with its signs, devices of a kind."""
    by_key: dict[str, list[Signal]] = {}
    for signal in signals:
        by_key.setdefault(signal.cause_key, []).append(signal)
    return [
        Cause(scope=some[0].scope, key=key, signals=tuple(some)) for key, some in by_key.items()
    ]


def is_like(rooms: Collection[RoomId], others: Collection[RoomId]) -> bool:
    """Whether two groups of rooms have so much in common that one thing is behind both."""
    one, other = set(rooms), set(others)
    return bool(one | other) and len(one & other) >= LIKE * len(one | other)


def _own_subnet(
    rooms: Collection[RoomId], up: Collection[RoomId], subnets: Mapping[RoomId, str]
) -> str:
    """The one network in which all these rooms are and no room that is heard; else ""."""
    networks = {subnets.get(room, "") for room in rooms}
    if len(networks) != 1:
        return ""
    (network,) = networks
    is_shared = any(subnets.get(room) == network for room in up)
    return "" if is_shared else network
