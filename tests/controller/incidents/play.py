"""This file plays school days by a seed through the rules, and judges what came of them.

As a program it plays as many as one likes: python -m tests.controller.incidents.play FIRST LAST.
"""

from __future__ import annotations

import itertools
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from controller.incidents.causes import Network, Scope, Signal, signals_of
from controller.incidents.incident import Incident, Look
from controller.incidents.quiet import SchoolHours
from controller.live.rooms import Problem, RoomKey, RoomSummary
from protocol.messages import Part
from protocol.model import DeviceKind, Reason, Status
from tests.controller.incidents.day import (
    HOUR,
    MINUTE,
    SCHOOL,
    ZONE,
    Day,
    Outage,
    What,
    day_of,
    down_spans,
    is_peopled,
)
from tests.controller.incidents.handled import Desk
from tests.databases import share_statements

SCOPES = {
    What.COMPUTER: Scope.COMPUTER,
    What.SWITCH: Scope.GROUP,
    What.SCHOOL: Scope.SCHOOL,
    What.DEVICE: Scope.DEVICES,
    What.SERVER: Scope.SERVER,
    What.REPORT: Scope.REPORT,
}
NETWORK = {What.COMPUTER, What.SWITCH, What.SCHOOL}


class Played(NamedTuple):
    """What came of a day. history: every incident as it was last; presses: that did something.

    wrong: where what people said of an incident did not stand.
    """

    history: dict[int, Incident]
    presses: int
    wrong: list[str]


def play(seed: int, *, grid_s: int = 30) -> Played:
    """Play a day, looking at each change and every so often, while people press buttons."""
    day = day_of(seed)
    hours = SchoolHours(day.plan, ZONE)
    world = _World(day)
    with Desk(day) as desk:
        for now_ms in _looks(day, grid_s * 1000):
            signals, network = world.at(now_ms)
            desk.look(Look(now_ms, signals, hours, network))
        return Played(desk.history, desk.model.presses, desk.wrong)


def _looks(day: Day, grid_ms: int) -> Iterator[int]:
    """Each change a moment later, often for a while after it, and now and then."""
    moments = [day.start, *day.moments(), day.end]
    for at, following in itertools.pairwise(moments):
        look = at + 500
        while look < following:
            yield look
            look += grid_ms if look - at < 25 * MINUTE else max(grid_ms, 10 * MINUTE)


class _World:
    """What is told of a day's school at a moment."""

    def __init__(self, day: Day) -> None:
        self._day = day
        jitter = Random(day.seed)
        self._down: dict[str, list[tuple[int, int]]] = {}
        for room, begins, ends in down_spans(day):
            late = jitter.randrange(30_000) if self._is_common(begins) else 0
            self._down.setdefault(room, []).append((begins + late, ends))
        self._ids = {room: (SCHOOL, RoomKey(SCHOOL, room).code) for room in day.rooms}
        self._subnets = {self._ids[room]: subnet for room, subnet in day.subnets.items()}
        spans = itertools.chain(*self._down.values(), *(one.falls for one in day.outages))
        self._changes = sorted(set(itertools.chain.from_iterable(spans)))
        self._told: tuple[int, tuple[list[Signal], Network]] | None = None

    def _is_common(self, begins: int) -> bool:
        common = {What.SWITCH, What.SCHOOL}
        return any(
            begins == fall
            for one in self._day.outages
            if one.what in common
            for fall, _ in one.falls
        )

    def at(self, now_ms: int) -> tuple[list[Signal], Network]:
        """The signals, and what is known of the network; the same until something changes."""
        number = bisect_right(self._changes, now_ms)
        if self._told is None or self._told[0] != number:
            self._told = number, self._at(now_ms)
        return self._told[1]

    def _at(self, now_ms: int) -> tuple[list[Signal], Network]:
        summaries, up, own = [], set(), list[Signal]()
        for room in self._day.rooms:
            down = next((span for span in self._down[room] if span[0] <= now_ms < span[1]), None)
            problems = list(self._reported(room, now_ms))
            if down:
                lost = Reason("agent_lost")
                problems.append(Problem(Status.UNKNOWN, None, lost, (), down[0]))
            else:
                up.add(self._ids[room])
                problems += self._broken(room, now_ms)
            summaries.append(_summary(room, problems))
        for outage in self._day.outages:
            if outage.what is What.SERVER and _fall(outage, now_ms):
                own.append(
                    Signal(
                        key="server/disk_low",
                        code="disk_low",
                        status=Status.WARNING,
                        since_ms=outage.falls[0][0],
                    )
                )
        known = frozenset(self._ids.values())
        return [*signals_of(summaries), *own], Network(known, frozenset(up), self._subnets)

    def _broken(self, room: str, now_ms: int) -> Iterator[Problem]:
        for outage in self._day.outages:
            fall = _fall(outage, now_ms) if outage.what is What.DEVICE else None
            if fall and room in outage.rooms:
                kind = DeviceKind(outage.kind)
                reason = Reason("unplugged")
                yield Problem(Status.CRITICAL, kind, reason, (f"{kind}-{room}",), fall[0])

    def _reported(self, room: str, now_ms: int) -> Iterator[Problem]:
        for outage in self._day.outages:
            fall = _fall(outage, now_ms) if outage.what is What.REPORT else None
            if fall and room in outage.rooms:
                reason = Reason("fault_reported")
                yield Problem(Status.WARNING, None, reason, (), fall[0], Part.BOARD)


def _fall(outage: Outage, now_ms: int) -> tuple[int, int] | None:
    return next((fall for fall in outage.falls if fall[0] <= now_ms < fall[1]), None)


def _summary(room: str, problems: Sequence[Problem]) -> RoomSummary:
    return RoomSummary(
        key=RoomKey(SCHOOL, room),
        status=Status.OK,
        causes=(),
        problems=tuple(problems),
        agents=(f"may-{room.lower()}",),
        lesson=None,
        devices={},
        since_ms=0,
    )


def judge(seed: int, played: Played) -> list[str]:
    """What is not as it must be: an outage without its one cause, a cause without an outage."""
    day, history = day_of(seed), played.history
    wrong, found = [*played.wrong], set[int]()
    for outage in day.outages:
        own = [no for no, incident in history.items() if _is_of(incident, outage)]
        found |= set(own)
        own = [no for no in own if not _is_fourth_fall(history[no], outage)]
        if len(own) != outage.wanted:
            wrong.append(f"{seed}: {_named(outage)} has {len(own)} causes, wants {outage.wanted}")
        for no in own:
            incident = history[no]
            if incident.scope is not SCOPES[outage.what]:
                wrong.append(f"{seed}: {_named(outage)} is called {incident.scope}")
            lost = [member.signal.since_ms for member in incident.members]
            if outage.flaps and not incident.is_flapping:
                wrong.append(f"{seed}: {_named(outage)} does not flap {lost}")
            if outage.falls[-1][1] + HOUR < day.end and incident.closed_ms is None:
                wrong.append(f"{seed}: {_named(outage)} never closes")
    nobodys = [history[no] for no in sorted(history.keys() - found)]
    wrong += [f"{seed}: no outage is behind {_told(incident)}" for incident in nobodys]
    at_any_time = {Scope.SERVER, Scope.REPORT}
    return wrong + [
        f"{seed}: opened while nobody was there: {_told(incident)}"
        for incident in history.values()
        if incident.scope not in at_any_time and not is_peopled(day, incident.opened_ms)
    ]


def _is_of(incident: Incident, outage: Outage) -> bool:
    """Whether a member fell by this outage."""
    for member in incident.members:
        signal = member.signal
        if (signal.room in outage.rooms if outage.rooms else not signal.place) is False:
            continue
        is_kind = {
            What.DEVICE: str(signal.kind or "") == outage.kind,
            What.REPORT: signal.part is not None,
            What.SERVER: not signal.place,
        }.get(outage.what, signal.is_lost)
        moments = signal.since_ms, incident.began_ms  # at the bell it is switched off once more
        is_then = any(
            begins <= moment < ends for begins, ends in outage.falls for moment in moments
        )
        if is_kind and is_then:
            return True
    return False


def _is_fourth_fall(incident: Incident, outage: Outage) -> bool:
    """Whether a room that came and went within the hour fell once more with all others."""
    is_alone = incident.scope is Scope.COMPUTER and incident.is_flapping
    return is_alone and outage.what in {What.SWITCH, What.SCHOOL}


def _named(outage: Outage) -> str:
    return f"{outage.what} {outage.kind} {' '.join(outage.rooms)} {outage.falls}"


def _told(incident: Incident) -> str:
    signs = [(one.signal.room, one.signal.code, one.signal.since_ms) for one in incident.members]
    return f"{incident.scope} {incident.key} {signs} opened {incident.opened_ms}"


def main(first: int, last: int) -> int:
    """Play the days of these seeds; the exit code."""
    share_statements()
    wrong: list[str] = []
    counts = Counter[str]()
    for seed in range(first, last):
        if seed % 500 == 0:
            print(f"day {seed}, {dict(counts)}, wrong {len(wrong)}", flush=True)  # noqa: T201
        played = play(seed)
        found = judge(seed, played)
        counts["outages"] += len(day_of(seed).outages)
        counts["incidents"] += len(played.history)
        counts["presses"] += played.presses
        for line in found[:3]:
            print(line, flush=True)  # noqa: T201 - a program
        wrong += found
    print(f"days {last - first}, {dict(counts)}, wrong {len(wrong)}")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), int(sys.argv[2])))
