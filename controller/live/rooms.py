"""This file sums up a room from its agents and devices: how it fares, why, what to do. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from msgspec.structs import replace

from controller.attendance.lessons import figures_of, is_entered
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    DeviceRecord,
    EventRecord,
    FaultRecord,
    LessonRecord,
    RollRecord,
)
from controller.sheets.names import NaturalKey, natural, room_code
from protocol.health import ReasonCode
from protocol.kit import missing
from protocol.messages import Ending, Kit, KitLine, Part
from protocol.model import DeviceKind, Reason, Status, worst
from protocol.shapes import from_json

# A lesson cannot be held as planned without these; a tablet more or less does not stop it.
ESSENTIAL: Final = frozenset(
    {DeviceKind.BOARD, DeviceKind.CAMERA, DeviceKind.PROJECTOR, DeviceKind.HOST}
)
# Worth knowing, and nothing for anybody to do; told quietly.
QUIET: Final = frozenset(
    {
        ReasonCode.CAMERA_OFF,
        ReasonCode.FLAWS_HEARD,
        ReasonCode.INTERNET_UNREACHABLE,
        ReasonCode.LEFT_OUT,
        ReasonCode.SLEEPING,
        ReasonCode.TEXT_CUT,
    }
)
URGENT_FIRST: Final = (Status.CRITICAL, Status.WARNING, Status.UNKNOWN, Status.OK)
_OF_DEVICES: Final = frozenset({"device_appeared", "device_vanished"})
InRoom = (
    AgentRecord
    | AttendanceRecord
    | DeviceRecord
    | EventRecord
    | FaultRecord
    | LessonRecord
    | RollRecord
)
SomeRecord = TypeVar("SomeRecord", bound=InRoom)
FAULT_REPORTED: Final = "fault_reported"  # why a line of work is there: a teacher said so


@dataclass(frozen=True, slots=True)
class RoomKey:
    """Which room: a school's code and the room, however it is written; code: what both have."""

    school: str
    room: str = field(compare=False)
    code: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", room_code(self.room))

    @property
    def order(self) -> tuple[str, NaturalKey]:
        """For sorting: what has no room yet stands behind its school's rooms."""
        return self.school, natural(self.room)


class Cause(NamedTuple):
    """One reason for the room's status, and whose it is; device_id is empty for the agent's own."""

    status: Status
    reason: Reason
    agent_id: str
    device_id: str = ""


class Problem(NamedTuple):
    """One line of work: all devices of a kind that have the same trouble; kind None is the agent.

    reason is None where a device gave none. devices: their ids, in order. part: what a teacher
    says is broken, else None.
    """

    status: Status
    kind: DeviceKind | None
    reason: Reason | None
    devices: tuple[str, ...]
    since_ms: int
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSummary:
    """A room's summary. since_ms: when its present status began.

    kit: what the room should have, held against what is there; empty where no agent tells.
    sleeping: tablets that work and are asleep. sheet: the running lesson as it was told; else the
    one that ended last today and was not confirmed. faults: what teachers say is broken.
    """

    key: RoomKey
    status: Status
    causes: tuple[Cause, ...]
    problems: tuple[Problem, ...]
    agents: tuple[str, ...]
    lesson: str | None
    devices: Mapping[DeviceKind, Mapping[Status, int]]
    since_ms: int
    kit: Kit = ()
    sleeping: int = 0
    sheet: LessonRecord | None = None
    faults: tuple[FaultRecord, ...] = ()

    @property
    def roll(self) -> str:
        """The figures of the lesson's roll, such as 42/39/3; empty while none is confirmed."""
        figures = figures_of(self.sheet) if self.sheet else None
        return str(figures) if figures else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """The figures at the top of the first screen."""

    disconnected: int
    in_lesson: int
    rooms: int
    working: int
    devices: int


def rooms_of(
    agents: Iterable[AgentRecord],
    devices: Iterable[DeviceRecord],
    lessons: Iterable[LessonRecord] = (),
    faults: Iterable[FaultRecord] = (),
) -> list[RoomSummary]:
    """Every room that an agent or device names, in natural order: 7A2 before 10A1."""
    agents_in, devices_in = _by_room(agents), _by_room(devices)
    lessons_in, faults_in = _by_room(lessons), _by_room(faults)
    rooms = [
        room_of(key, agents_in[key], devices_in[key], lessons_in[key], faults_in[key])
        for key in agents_in.keys() | devices_in.keys()
        if key.room
    ]
    return sorted(rooms, key=lambda room: room.key.order)


def room_of(
    key: RoomKey,
    agents: Sequence[AgentRecord],
    devices: Sequence[DeviceRecord],
    lessons: Iterable[LessonRecord] = (),
    faults: Iterable[FaultRecord] = (),
) -> RoomSummary:
    """One room's summary; its status is the worst of its agents and its essential devices.

    It is called as its first agent writes it, or its first device.
    """
    present = [device for device in devices if device.removed_ms is None]
    away = _away(agents)
    parts: list[AgentRecord | DeviceRecord] = [
        *(agent for agent in agents if agent.place.agent not in away),
        *(device for device in present if _is_essential(device, away)),
    ]
    lessons = [*lessons]
    running = _running(agents, lessons)
    waiting = _waiting(faults)
    status, since_ms = _status(parts, waiting)
    problems = [*_problems(agents, present), *_fault_problems(waiting)]
    return RoomSummary(
        key=next(iter([*map(key_of, agents), *map(key_of, present)]), key),
        status=status,
        causes=tuple(_causes(parts)),
        problems=tuple(sorted(problems, key=urgent_first)),
        agents=tuple(sorted(agent.place.agent for agent in agents)),
        lesson=running,
        devices=_tally(present),
        since_ms=since_ms,
        kit=_kit(kit_teller(agents), present),
        sleeping=sum(map(is_sleeping, present)),
        sheet=_sheet(running, lessons),
        faults=waiting,
    )


def _waiting(faults: Iterable[FaultRecord]) -> tuple[FaultRecord, ...]:
    """The faults that nobody has dealt with, the oldest first."""
    waiting = (fault for fault in faults if fault.done_ms is None)
    return tuple(sorted(waiting, key=lambda fault: (fault.at_ms, fault.event_id)))


def _status(
    parts: Sequence[AgentRecord | DeviceRecord], waiting: Sequence[FaultRecord]
) -> tuple[Status, int]:
    """The room's status, and since when: well since its last part is, unwell since its first."""
    status = worst([part.status for part in parts])
    if waiting and status is Status.OK:
        return Status.WARNING, waiting[0].received_ms
    began = [part.since_ms for part in parts if part.status is status]
    pick = max if status is Status.OK else min
    return status, pick(began, default=0)


def _running(agents: Iterable[AgentRecord], lessons: Sequence[LessonRecord]) -> str | None:
    """The lesson that runs in the room: of several computers the one that began last.

    What a laptop that was carried here still has running elsewhere is not this room's.
    """
    began = {record.lesson: record.began_ms or 0 for record in lessons}
    codes = [
        agent.lesson
        for agent in agents
        if agent.online and agent.lesson and (agent.lesson in began or not agent.roaming)
    ]
    return max(codes, key=lambda code: began.get(code, 0), default=None)


def _sheet(running: str | None, lessons: Iterable[LessonRecord]) -> LessonRecord | None:
    """The lesson that runs; else today's last one, if it ended and nobody confirmed its roll."""
    held = [lesson for lesson in lessons if lesson.how is not Ending.UNDONE]
    if running:
        return next((record for record in held if record.lesson == running), None)
    last = max(held, key=lambda record: record.began_ms or 0, default=None)
    is_owed = last and last.how and not last.confirmed and not is_entered(last)
    return last if is_owed else None


def _fault_problems(faults: Iterable[FaultRecord]) -> list[Problem]:
    """A line of work for each part that teachers say is broken, since the first of them said so."""
    first: dict[Part, FaultRecord] = {}
    for fault in faults:
        first.setdefault(fault.part, fault)
    reason = Reason(FAULT_REPORTED)
    return [
        Problem(Status.WARNING, None, reason, (), fault.received_ms, part)
        for part, fault in first.items()
    ]


def kit_teller(agents: Iterable[AgentRecord]) -> AgentRecord | None:
    """Whose word counts for the room's kit; None where no agent tells of one.

    One that is there before one that is lost; of those, one that stays in the room before a laptop.
    """
    return min(
        (agent for agent in agents if agent.kit),
        key=lambda agent: (not agent.online, agent.roaming, agent.place.agent),
        default=None,
    )


# Whatever else an agent hears may stand next door: a network spans the school.
_COUNTED: Final = frozenset(
    {DeviceKind.BOARD, DeviceKind.CAMERA, DeviceKind.PROJECTOR, DeviceKind.TABLET}
)


def _kit(teller: AgentRecord | None, present: Iterable[DeviceRecord]) -> Kit:
    """What the room should have, held against the devices that it owns.

    As it was last told where its agent is lost: nobody knows what is there now.
    """
    if not teller or not teller.online:
        return teller.kit if teller else ()
    device_kinds = Counter(device.kind for device in present if device.status is not Status.UNKNOWN)
    return tuple(_counted(line, device_kinds) for line in teller.kit)


def _counted(line: KitLine, present: Mapping[DeviceKind, int]) -> KitLine:
    """A line by what stands in the room: a neighbour's devices are none of what an agent counts."""
    if line.kind not in _COUNTED:
        return line
    own = present.get(line.kind, 0)
    return replace(line, here=own if line.kind is DeviceKind.TABLET else min(own, line.here))


def missing_count(kit: Kit) -> int:
    """How many things the room lacks."""
    return sum(line.wanted - line.here for line in missing(kit))


def is_sleeping(device: DeviceRecord) -> bool:
    """Whether it is a tablet that works and is asleep."""
    asleep = any(reason.code == ReasonCode.SLEEPING for reason in device.reasons)
    return asleep and device.kind is DeviceKind.TABLET and device.status is Status.OK


def counts_of(rooms: Iterable[RoomSummary]) -> Counts:
    """Add the rooms up."""
    rooms = list(rooms)
    by_status = Counter[Status]()
    for room in rooms:
        for tally in room.devices.values():
            by_status.update(tally)
    return Counts(
        disconnected=by_status[Status.UNKNOWN],
        in_lesson=sum(room.lesson is not None for room in rooms),
        rooms=len(rooms),
        working=by_status[Status.OK],
        devices=by_status.total(),
    )


def urgent_first(problem: Problem) -> tuple[int, int]:
    """The order of work: the worst first, of those the oldest."""
    return URGENT_FIRST.index(problem.status), problem.since_ms


def own_events(events: Iterable[EventRecord], elsewhere: Container[str]) -> list[EventRecord]:
    """The events of a room, without those of devices that stand in another: it only heard them."""
    return [event for event in events if _device_of(event) not in elsewhere]


def key_of(record: InRoom) -> RoomKey:
    """The room that a record names."""
    return _key(record.place.school, record.room)


@lru_cache(maxsize=4096)
def _key(school: str, room: str) -> RoomKey:
    return RoomKey(school, room)


def _by_room(records: Iterable[SomeRecord]) -> defaultdict[RoomKey, list[SomeRecord]]:
    by_room = defaultdict[RoomKey, list[SomeRecord]](list)
    for record in records:
        by_room[key_of(record)].append(record)
    return by_room


def _away(agents: Sequence[AgentRecord]) -> frozenset[str]:
    """Laptops that left a room where another computer is: they are missed by nobody."""
    if not any(agent.online for agent in agents):
        return frozenset()
    return frozenset(agent.place.agent for agent in agents if agent.roaming and not agent.online)


def _is_essential(device: DeviceRecord, away: Collection[str]) -> bool:
    left = device.kind is DeviceKind.HOST and device.place.agent in away
    return device.kind in ESSENTIAL and not left


def _telling(reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The reasons that ask for something; all of them if none does."""
    return tuple(reason for reason in reasons if reason.code not in QUIET) or reasons


def _device_of(event: EventRecord) -> str:
    if event.kind not in _OF_DEVICES:
        return ""
    device_id = from_json(event.body, dict[str, Any]).get("device_id")
    return device_id if isinstance(device_id, str) else ""


def _causes(parts: Sequence[AgentRecord | DeviceRecord]) -> list[Cause]:
    causes = [
        Cause(part.status, reason, part.place.agent, _device_id(part))
        for part in parts
        if part.status is not Status.OK
        for reason in _telling(part.reasons)
    ]
    return sorted(causes, key=lambda cause: URGENT_FIRST.index(cause.status))


def _device_id(part: AgentRecord | DeviceRecord) -> str:
    return part.device_id if isinstance(part, DeviceRecord) else ""


def _problems(agents: Sequence[AgentRecord], devices: Sequence[DeviceRecord]) -> list[Problem]:
    """The room's work; what follows from a lost agent is not listed again a device at a time."""
    away = _away(agents)
    lost = {agent.place.agent for agent in agents if not agent.online}
    problems = [
        problem
        for agent in agents
        if agent.place.agent not in away
        for problem in _agent_problems(agent)
    ]
    alike = defaultdict[tuple[DeviceKind, Status, str], list[DeviceRecord]](list)
    for device in devices:
        reasons = _telling(device.reasons)
        code = reasons[0].code if reasons else ""
        follows = code == ReasonCode.AGENT_LOST and device.place.agent in lost
        follows = follows or device.kind is DeviceKind.HOST  # its agent's own words say it
        if device.status is not Status.OK and not follows:
            alike[device.kind, device.status, code].append(device)
    problems += [_device_problem(group) for group in alike.values()]
    return sorted(problems, key=urgent_first)


def _agent_problems(agent: AgentRecord) -> list[Problem]:
    if agent.online:
        reasons = _telling(agent.reasons) if agent.status is not Status.OK else ()
    else:
        reasons = agent.reasons[:1] or (Reason(ReasonCode.AGENT_LOST),)
    return [Problem(agent.status, None, reason, (), agent.since_ms) for reason in reasons]


def _device_problem(alike: Sequence[DeviceRecord]) -> Problem:
    first = alike[0]
    return Problem(
        status=first.status,
        kind=first.kind,
        reason=next(iter(_telling(first.reasons)), None),
        devices=tuple(sorted(device.device_id for device in alike)),
        since_ms=min(device.since_ms for device in alike),
    )


def _tally(devices: Sequence[DeviceRecord]) -> dict[DeviceKind, dict[Status, int]]:
    tally = defaultdict[DeviceKind, Counter[Status]](Counter)
    for device in devices:
        tally[device.kind][device.status] += 1
    return {kind: dict(tally[kind]) for kind in DeviceKind if kind in tally}
