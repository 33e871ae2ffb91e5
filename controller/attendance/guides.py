"""This file decides what a computer may know of its school beyond its room's plan, and when. Pure.

Told once in each of a computer's sessions and whenever it is otherwise, like what is refused: what
was said before may be lost. Who needs nothing and was told nothing hears nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from controller.fleet.records import AgentRecord
from controller.roster.plan import ROOM_FOR_ENVELOPE, SchoolPlan, class_spelling
from controller.sheets.names import room_key
from protocol.guide import MAX_ROOMS, MAX_SLOTS, Guide, RoomGuide, RoomSlot, TeacherKey
from protocol.messages import MAX_BYTES
from protocol.model import Place

_encode = msgspec.json.Encoder().encode
_NOTHING = Guide()


class Guides:
    """What the school tells of itself, and what each computer was told of it in its session."""

    def __init__(self) -> None:
        self._rooms: tuple[RoomGuide, ...] = ()
        self._teachers: tuple[TeacherKey, ...] = ()
        self._asks = self._ever_asked = False
        self._told: dict[Place, tuple[str, int, Guide]] = {}

    def take(
        self, school: SchoolPlan, teachers: tuple[TeacherKey, ...] = (), *, asks: bool | None = None
    ) -> None:
        """The school plans anew. asks: whether rooms ask for PINs; None where nobody ever said."""
        self._rooms = rooms_of(school)
        self._asks, self._ever_asked = bool(asks), asks is not None
        self._teachers = teachers if asks else ()

    def guide_of(self, agent: AgentRecord) -> Guide:
        """What a computer may know: of rooms, only one that is carried about."""
        rooms = self._rooms if agent.roaming else ()
        return Guide(rooms=rooms, teachers=self._teachers, asks=self._asks)

    def due(self, agents: Iterable[AgentRecord]) -> Iterator[tuple[str, Guide]]:
        """Who is to be told now, and what; what is returned counts as told."""
        for agent in agents:
            if not agent.online or not agent.rev:
                continue
            guide = self.guide_of(agent)
            boot, session, before = self._told.get(agent.place, ("", 0, _NOTHING))
            is_again = (boot, session) == (agent.boot, agent.session)
            is_empty = guide == _NOTHING and not self._ever_asked
            if guide == before and (is_again or is_empty):
                continue
            self._told[agent.place] = agent.boot, agent.session, guide
            yield agent.place.agent, guide


def rooms_of(school: SchoolPlan) -> tuple[RoomGuide, ...]:
    """Every room of the plan by its name, with its week as far as a message can hold them all."""
    own, names = class_spelling(school.classes), dict[str, str]()
    slots = dict[str, list[RoomSlot]]()
    for booking in school.timetable:
        key = room_key(booking.room)
        names.setdefault(key, booking.room)
        classes = tuple(dict.fromkeys(map(own, booking.classes)))
        slot = RoomSlot(booking.weekday, booking.period, classes, booking.weeks)
        slots.setdefault(key, []).append(slot)
    for school_class in school.classes:
        names.setdefault(room_key(school_class.room), school_class.room)
    rooms = [
        RoomGuide(room=name, slots=tuple(slots.get(key, ())[:MAX_SLOTS]))
        for key, name in sorted(names.items())
        if key
    ][:MAX_ROOMS]
    return _fitting(rooms)


def _fitting(rooms: list[RoomGuide]) -> tuple[RoomGuide, ...]:
    """Half a message of weeks, for the names of all rooms and the teachers have to fit, too."""
    left, fitting = (MAX_BYTES - ROOM_FOR_ENVELOPE) // 2, []
    for room in rooms:
        left -= len(_encode(room.slots))
        fitting.append(room if left >= 0 else RoomGuide(room=room.room))
    return tuple(fitting)
