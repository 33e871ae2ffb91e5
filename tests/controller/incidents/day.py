"""This file makes school days by a seed: who is on when, what fails when, and what must come of it.

The model knows outages, never rules: what is to be an incident follows from how an outage is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from controller.roster.plan import SchoolPlan
from protocol.plan import Bell, Holiday

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SCHOOL = "00123"
MINUTE = 60_000
HOUR = 60 * MINUTE
MORNING = [
    (7 * 60, 45),
    (7 * 60 + 50, 45),
    (8 * 60 + 45, 45),
    (9 * 60 + 35, 45),
    (10 * 60 + 25, 45),
]
AFTERNOON = [(13 * 60, 45), (13 * 60 + 50, 45), (14 * 60 + 45, 45), (15 * 60 + 35, 45)]
MONDAY = date(2026, 9, 7)


class What(StrEnum):
    """What an outage is of."""

    COMPUTER = "computer"
    SWITCH = "switch"
    SCHOOL = "school"
    DEVICE = "device"
    SERVER = "server"
    REPORT = "report"


@dataclass
class Outage:
    """Something that fails. falls: begin and end of each; wanted: whether it is an incident."""

    what: What
    rooms: tuple[str, ...]
    falls: list[tuple[int, int]]
    wanted: bool
    kind: str = ""
    flaps: bool = False


@dataclass
class Day:
    """A day of a school and the morning after. off: when each room's computer is switched off."""

    seed: int
    plan: SchoolPlan
    start: int
    end: int
    rooms: dict[str, str]  # by room, its switch
    subnets: dict[str, str]
    off: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    outages: list[Outage] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)
    is_school: bool = True

    def moments(self) -> list[int]:
        """When anything changes."""
        spans = [span for some in self.off.values() for span in some]
        spans += [fall for outage in self.outages for fall in outage.falls]
        return sorted({at for span in spans for at in span if self.start <= at < self.end})


def is_peopled(day: Day, at: int) -> bool:
    """Whether somebody is at school then, by hand: no word of the rules'."""
    local = datetime.fromtimestamp(at / 1000, ZONE)
    holidays = {holiday.begins for holiday in day.plan.holidays}
    if local.isoweekday() == 7 or local.date().isoformat() in holidays:
        return False
    minute = 60 * local.hour + local.minute
    halves = ((half[0][0], half[-1][0] + half[-1][1] - 5) for half in (MORNING, AFTERNOON))
    return any(begins <= minute < ends for begins, ends in halves)


def _bells() -> tuple[Bell, ...]:
    def clock(minutes: int) -> str:
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return tuple(
        Bell(period=number, begins=clock(at), ends=clock(at + length))
        for number, (at, length) in enumerate([*MORNING, *AFTERNOON], 1)
    )


def day_of(seed: int) -> Day:
    """The day of a seed."""
    rng = Random(seed)
    day = MONDAY + timedelta(days=rng.randrange(28))
    kind = rng.choices(["school", "sunday", "holiday"], [8, 1, 1])[0]
    while (day.isoweekday() == 7) != (kind == "sunday"):
        day += timedelta(days=1)
    # The morning after is of the plan's, too: a Sunday or the next day of school.
    holidays = (Holiday(name="nghi", begins=str(day), ends=str(day)),) if kind == "holiday" else ()
    plan = SchoolPlan(bells=_bells(), holidays=holidays)
    start = int(datetime(day.year, day.month, day.day, 4, tzinfo=ZONE).timestamp() * 1000)
    switches = [f"s{number}" for number in range(rng.randint(2, 4))]
    rooms = {
        f"P{number}0{place}": switch
        for number, switch in enumerate(switches, 1)
        for place in range(1, rng.randint(3, 6) + 1)
    }
    has_vlans = rng.random() < 0.5
    subnets = {
        room: f"10.0.{switch[1:]}.0/24" if has_vlans else "10.0.0.0/16"
        for room, switch in rooms.items()
    }
    made = Day(seed, plan, start, start + 30 * HOUR, rooms, subnets, is_school=kind == "school")
    _switch_off(made, rng, day)
    _fail(made, rng)
    made.restarts = sorted(rng.randrange(made.start, made.end) for _ in range(rng.randint(0, 4)))
    return made


def _switch_off(day: Day, rng: Random, date_: date) -> None:
    """Who is on when: at night off, at noon perhaps, at a bell perhaps; some rooms stay empty."""
    at = day.start - 4 * HOUR
    next_day = 24 * HOUR
    tomorrow = date_ + timedelta(days=1)
    keeps_on = rng.choice(sorted(day.rooms))  # in a school some room is always used
    for room in day.rooms:
        spans = []
        is_used = (rng.random() < 0.85 or room == keeps_on) and day.is_school
        on = at + 7 * HOUR + rng.randint(-30 * MINUTE, 12 * MINUTE)
        if not is_used:
            spans.append((day.start - 12 * HOUR, at + next_day + 7 * HOUR))
        else:
            spans.append((day.start - 12 * HOUR, on))
            if rng.random() < 0.5:
                noon = at + 11 * HOUR + rng.randint(6, 40) * MINUTE
                spans.append((noon, at + 13 * HOUR + rng.randint(-10, 10) * MINUTE))
            if rng.random() < 0.3:
                bell = rng.choice(MORNING[1:4])
                off = at + sum(bell) * MINUTE + rng.randint(-1, 7) * MINUTE
                spans.append((off, off + rng.randint(12, 40) * MINUTE))
            evening = at + 16 * HOUR + rng.randint(16, 90) * MINUTE
            spans.append((evening, at + next_day + 7 * HOUR + rng.randint(-30, 12) * MINUTE))
        if tomorrow.isoweekday() == 7:
            spans[-1] = (spans[-1][0], day.end + HOUR)
        day.off[room] = _joined(spans)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for begins, ends in sorted(spans):
        if joined and begins <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(ends, joined[-1][1])
        else:
            joined.append((begins, ends))
    return joined


def _fail(day: Day, rng: Random) -> None:
    """Outages in hours of school, apart from each other; and at night, where nobody minds."""
    at = day.start - 4 * HOUR
    halves = [
        (at + 7 * HOUR + 20 * MINUTE, at + 11 * HOUR),
        (at + 13 * HOUR + 20 * MINUTE, at + 16 * HOUR),
    ]
    busy: dict[str, list[tuple[int, int]]] = {}
    for begins, ends in halves:
        cursor = begins
        while cursor < ends and day.is_school:
            cursor += rng.randint(4, 40) * MINUTE
            outage = _outage(day, rng, cursor, ends)
            if outage is None or _clashes(day, outage, busy):
                continue
            for room in outage.rooms:
                busy.setdefault(room, []).append((outage.falls[0][0], outage.falls[-1][1]))
            day.outages.append(outage)
            cursor = outage.falls[0][0]
    for _ in range(rng.randint(0, 3)):
        begins = at + rng.randint(18, 23) * HOUR + rng.randrange(HOUR)
        what = rng.choice([What.COMPUTER, What.SWITCH, What.SCHOOL])
        rooms = _rooms(day, rng, what)
        day.outages.append(
            Outage(what, rooms, [(begins, begins + rng.randint(5, 200) * MINUTE)], False)
        )
    if rng.random() < 0.3:
        begins = rng.randrange(day.start, day.end - 3 * HOUR)
        length = rng.choice([20_000, 40 * MINUTE])
        falls = [(begins, begins + length)]
        day.outages.append(Outage(What.SERVER, (), falls, wanted=length > MINUTE))


def _outage(day: Day, rng: Random, at: int, last: int) -> Outage | None:
    what = rng.choice([*[*What][:4], What.REPORT])
    at += rng.randrange(MINUTE)
    if _is_near_bell(day, at):
        return None
    rooms = _rooms(day, rng, what)
    shape = rng.choice(["long", "long", "blip", "again", "flap"])
    hold = {What.DEVICE: 2 * MINUTE, What.REPORT: 0}.get(what, 3 * MINUTE)
    length = hold + rng.randint(4, 60) * MINUTE
    if what is What.REPORT:
        shape = "long"
    match shape:
        case "blip":
            falls = [(at, at + rng.randint(20, 90) * 1000)]
        case "again":
            pause = rng.randint(6, 20) * MINUTE
            falls = [(at, at + 6 * MINUTE), (at + 6 * MINUTE + pause, at + 12 * MINUTE + pause)]
            falls = falls if not _is_near_bell(day, falls[1][0]) else falls[:1]
        case "flap" if what in {What.COMPUTER, What.DEVICE}:
            falls = [(at + n * 4 * MINUTE, at + n * 4 * MINUTE + MINUTE) for n in range(6)]
            if any(_is_near_bell(day, begins) for begins, _ in falls):
                return None
        case _:
            falls = [(at, at + length)]
    ends = falls[-1][1] if shape != "long" else falls[0][0] + hold
    if max(ends, falls[0][0] + 8 * MINUTE) > last:
        return None
    kind = rng.choice(["board", "camera"]) if what is What.DEVICE else ""
    is_wanted = shape != "blip"
    return Outage(what, rooms, falls, is_wanted, kind, flaps=len(falls) > 2)


def _rooms(day: Day, rng: Random, what: What) -> tuple[str, ...]:
    match what:
        case What.SCHOOL:
            return tuple(day.rooms)
        case What.SWITCH:
            switch = rng.choice(sorted(set(day.rooms.values())))
            return tuple(room for room, own in day.rooms.items() if own == switch)
        case What.SERVER:
            return ()
        case _:
            return (rng.choice(sorted(day.rooms)),)


def _is_near_bell(day: Day, at: int) -> bool:
    midnight = day.start - 4 * HOUR
    bells = (midnight + sum(ring) * MINUTE for ring in (*MORNING, *AFTERNOON))
    return any(bell - 3 * MINUTE <= at < bell + 9 * MINUTE for bell in bells)


def _clashes(day: Day, outage: Outage, busy: dict[str, list[tuple[int, int]]]) -> bool:
    """Whether another outage is near in time, or a room is switched off about then.

    What a room that is off, or a switch with too few rooms on, loses is nobody's loss.
    """
    begins, ends = outage.falls[0][0], outage.falls[-1][1]
    for room in outage.rooms:
        for other_begins, other_ends in busy.get(room, ()):
            if begins < other_ends + 45 * MINUTE and other_begins < ends + 45 * MINUTE:
                return True
    network = [one for one in day.outages if one.what in {What.COMPUTER, What.SWITCH, What.SCHOOL}]
    if outage.what in {What.COMPUTER, What.SWITCH, What.SCHOOL}:
        for one in network:
            for other, _ in one.falls:
                if any(abs(other - mine) < 4 * MINUTE for mine, _ in outage.falls):
                    return True
    return not _has_enough(day, outage)


def _has_enough(day: Day, outage: Outage) -> bool:
    """Whether enough of its rooms are on at each of its falls, and stay so."""
    for begins, ends in outage.falls:
        on = [room for room in day.rooms if _is_on(day, room, begins - MINUTE, ends + 3 * MINUTE)]
        own = [room for room in outage.rooms if room in on]
        match outage.what:
            case What.SWITCH:
                # One of all that is on would be the whole school's.
                if len(own) < 3 or len(own) > 0.6 * len(on) or len(own) < len(outage.rooms):
                    return False
            case What.SCHOOL:
                is_whole = len(on) == len(
                    [room for room in day.rooms if not _is_off_at(day, room, begins)]
                )
                if len(own) < 3 or not is_whole:
                    return False
            case What.COMPUTER | What.DEVICE:
                if not own:
                    return False
    return True


def _is_on(day: Day, room: str, begins: int, ends: int) -> bool:
    return not any(off < ends and begins < on for off, on in day.off[room])


def _is_off_at(day: Day, room: str, at: int) -> bool:
    return any(off <= at < on for off, on in day.off[room])


def down_spans(day: Day) -> Iterator[tuple[str, int, int]]:
    """For each room when its computer is not heard, whatever the reason."""
    for room in day.rooms:
        spans = list(day.off[room])
        for outage in day.outages:
            if outage.what in {What.COMPUTER, What.SWITCH, What.SCHOOL} and room in outage.rooms:
                spans += outage.falls
        for begins, ends in _joined(spans):
            yield room, begins, ends
