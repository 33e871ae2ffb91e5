"""This file sums up how long each board was on, and how long it was used, week by week; pure.

A board is used while it is on and a lesson runs in its room: on but idle is not use. It is on from
a sign that it is here, and by its own word not off, until a sign of the contrary; but no longer
than the run of the agent that told it is known to have lasted: of an agent that died without a
last word nobody knows more. Signs may come late, twice and in any order. No person is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from controller.sheets.names import room_key
from controller.use.spans import Span, merged, overlap, total
from protocol.model import millis

KINDS: Final = frozenset({"board", "projector", "display"})
WEEK_MIN: Final = 10_080
LONGEST_SILENCE_MS: Final = 3_600_000  # of one run: what lies between two signs of it is known
LOW_MIN: Final = 60  # a week; a board that is used less is hardly used

_MINUTE_MS: Final = 60_000
_FOR_EVER: Final = 1 << 53
_POWERED: Final = frozenset({"on", "warming", "unknown", ""})


class Sense(StrEnum):
    """What a sign tells: whether the board is here, or its power as it says itself."""

    PRESENCE = "presence"
    POWER = "power"


HERE: Final = "here"
GONE: Final = "gone"


class Sign(NamedTuple):
    """What one run of an agent told of a board. state: HERE or GONE, or DeviceMeasures.power."""

    device_id: str
    agent: str
    boot: str
    room: str
    at_ms: int
    sense: str
    state: str


class Watch(NamedTuple):
    """A time in which signs of one run of an agent came, from its room."""

    agent: str
    boot: str
    room: str
    began_ms: int
    until_ms: int


class Board(NamedTuple):
    """A board as it is known now: where it hangs, and its tag in the equipment book."""

    device_id: str
    kind: str
    room: str
    first_seen_ms: int
    removed_ms: int | None = None
    asset_tag: str = ""


class BoardWeek(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A board's week in a room, in minutes: used <= on <= known; known: while an agent was up."""

    device_id: str
    room: str
    kind: str
    on_min: int = 0
    used_min: int = 0
    planned_min: int = 0
    known_min: int = 0
    asset_tag: str = ""

    @property
    def is_known(self) -> bool:
        """Whether enough is known of the week to judge it by."""
        return self.known_min >= max(LOW_MIN, self.planned_min / 2)


class _State(NamedTuple):
    at_ms: int
    room: str
    is_here: bool = False
    power: str = ""

    @property
    def is_on(self) -> bool:
        return self.is_here and self.power in _POWERED


class Evidence(NamedTuple):
    """All that is known of a time. lessons: by the room's key, merged."""

    boards: Sequence[Board]
    signs: Sequence[Sign]
    watches: Sequence[Watch]
    lessons: Mapping[str, Sequence[Span]]


class Sums(NamedTuple):
    """The evidence summed up, from which each week is cut.

    on, signed: by board and room, when it was on, and when agents that told of it were up.
    watched: when agents of a room were up. moves: by board, when it was told to be in another room.
    Rooms are meant by their key; names: how each is written, as of late.
    """

    boards: Sequence[Board]
    on: Mapping[tuple[str, str], Sequence[Span]]
    signed: Mapping[tuple[str, str], Sequence[Span]]
    watched: Mapping[str, Sequence[Span]]
    lessons: Mapping[str, Sequence[Span]]
    moves: Mapping[str, Sequence[tuple[int, str]]]
    names: Mapping[str, str]


def _on_spans(
    signs: Iterable[Sign], alive: Mapping[tuple[str, str], Sequence[Span]]
) -> dict[tuple[str, str], list[Span]]:
    """When each board was on, by its id and its room's key: as far as the run is known to last."""
    by_room = defaultdict[tuple[str, str], list[Span]](list)
    for (agent, boot, device_id, room), spans in _on_by_run(signs).items():
        by_room[device_id, room_key(room)] += overlap(merged(spans), alive.get((agent, boot), []))
    return {key: merged(spans) for key, spans in by_room.items()}


def _on_by_run(signs: Iterable[Sign]) -> Mapping[tuple[str, str, str, str], list[Span]]:
    """When each board was on, by run, id and room; without an end where it still is."""
    states: dict[tuple[str, str, str], _State] = {}
    on = defaultdict[tuple[str, str, str, str], list[Span]](list)
    for sign in sorted(set(signs), key=_by_time):
        key = sign.agent, sign.boot, sign.device_id
        state = states.get(key) or _State(sign.at_ms, sign.room)
        if state.is_on and state.at_ms < sign.at_ms:
            on[*key, state.room].append((state.at_ms, sign.at_ms))
        is_here = sign.state == HERE if sign.sense == Sense.PRESENCE else state.is_here
        power = sign.state if sign.sense == Sense.POWER else state.power
        states[key] = _State(sign.at_ms, sign.room, is_here, power)
    for key, state in states.items():
        if state.is_on:
            on[*key, state.room].append((state.at_ms, _FOR_EVER))
    return on


def week_span(monday: date, zone: tzinfo) -> Span:
    """The week by the clock on the wall."""
    ends = monday + timedelta(days=7)
    began, until = (millis(datetime.combine(day, time(), zone)) for day in (monday, ends))
    return began, until


def monday_of(at_ms: int, zone: tzinfo) -> date:
    """The Monday of the ISO week in which the moment lies."""
    day = datetime.fromtimestamp(at_ms / 1000, zone).date()
    return day - timedelta(days=day.weekday())


def summed(evidence: Evidence) -> Sums:
    """The evidence summed up."""
    alive = _alive(evidence.watches)
    return Sums(
        boards=evidence.boards,
        on=_on_spans(evidence.signs, alive),
        signed=_signed(evidence.signs, alive),
        watched=_watched(evidence.watches),
        lessons=evidence.lessons,
        moves=_moves(evidence.signs),
        names=_names(evidence),
    )


def use_in(week: Span, sums: Sums, planned: Mapping[str, int]) -> list[BoardWeek]:
    """A line for each board and room of the week: where it hung at its end, and where it was on.

    planned: minutes by the room's key.
    """
    rooms = _rooms_of(week, sums)
    lines = []
    for board in sums.boards:
        for key in rooms.get(board.device_id, ()):
            place = board.device_id, key
            was_on = overlap(sums.on.get(place, ()), [week])
            watched = overlap(sums.watched.get(key) or sums.signed.get(place, ()), [week])
            used = overlap(was_on, overlap(sums.lessons.get(key, ()), [week]))
            lines.append(
                BoardWeek(
                    device_id=board.device_id,
                    room=sums.names[key],
                    kind=board.kind,
                    on_min=_minutes(was_on),
                    used_min=_minutes(used),
                    planned_min=planned.get(key, 0),
                    known_min=_minutes(merged([*watched, *was_on])),
                    asset_tag=board.asset_tag,
                )
            )
    return sorted(lines, key=lambda line: (line.room, line.device_id))


def _by_time(sign: Sign) -> tuple[int, str, str, str, str, str, str]:
    at = sign.at_ms, sign.agent, sign.boot, sign.device_id
    return *at, sign.sense, sign.state, sign.room


def _alive(watches: Iterable[Watch]) -> dict[tuple[str, str], list[Span]]:
    """When each run of an agent is known to have lasted."""
    by_run = defaultdict[tuple[str, str], list[Span]](list)
    for watch in watches:
        by_run[watch.agent, watch.boot].append((watch.began_ms, watch.until_ms))
    return {run: merged(spans, LONGEST_SILENCE_MS) for run, spans in by_run.items()}


def _watched(watches: Iterable[Watch]) -> dict[str, list[Span]]:
    """When some agent was up in each room, by its key."""
    runs = defaultdict[tuple[str, str, str], list[Span]](list)
    for watch in watches:
        runs[room_key(watch.room), watch.agent, watch.boot].append((watch.began_ms, watch.until_ms))
    by_room = defaultdict[str, list[Span]](list)
    for (key, _, _), spans in runs.items():
        by_room[key] += merged(spans, LONGEST_SILENCE_MS)
    return {key: merged(spans) for key, spans in by_room.items()}


def _signed(
    signs: Iterable[Sign], alive: Mapping[tuple[str, str], Sequence[Span]]
) -> dict[tuple[str, str], list[Span]]:
    """When the agents were up that told of a board in a room: it may have no agent of its own."""
    by_device = defaultdict[tuple[str, str], list[Span]](list)
    tellers = {(sign.device_id, room_key(sign.room), sign.agent, sign.boot) for sign in signs}
    for device_id, room, agent, boot in tellers:
        by_device[device_id, room] += alive.get((agent, boot), [])
    return {key: merged(spans) for key, spans in by_device.items()}


def _moves(signs: Iterable[Sign]) -> dict[str, list[tuple[int, str]]]:
    """When each board was first told to be in a room, and then in another."""
    moves = defaultdict[str, list[tuple[int, str]]](list)
    for sign in sorted(set(signs), key=_by_time):
        steps = moves[sign.device_id]
        key = room_key(sign.room)
        if sign.state != GONE and (not steps or steps[-1][1] != key):
            steps.append((sign.at_ms, key))
    return dict(moves)


def _names(evidence: Evidence) -> dict[str, str]:
    """How each room is written, by its key: as its board has it now, else as it was told last."""
    signs = sorted(set(evidence.signs), key=_by_time)
    places: list[Sign | Board] = [*signs, *evidence.boards]
    return {room_key(place.room): place.room for place in places}


def _rooms_of(week: Span, sums: Sums) -> dict[str, list[str]]:
    """The rooms, by their keys, of which each board has a line."""
    rooms = defaultdict[str, set[str]](set)
    for board in sums.boards:
        if board.first_seen_ms < week[1] and (board.removed_ms or _FOR_EVER) > week[0]:
            past_rooms = [room for at, room in sums.moves.get(board.device_id, ()) if at < week[1]]
            rooms[board.device_id].add(past_rooms[-1] if past_rooms else room_key(board.room))
    for (device_id, room), spans in sums.on.items():
        if _minutes(overlap(spans, [week])):
            rooms[device_id].add(room)
    return {device_id: sorted(room) for device_id, room in rooms.items()}


def _minutes(spans: Iterable[Span]) -> int:
    """Whole minutes; a week that the clocks made longer counts as one of the usual length."""
    return min(total(spans) // _MINUTE_MS, WEEK_MIN)
