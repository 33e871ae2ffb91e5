"""This file finds things of a school by words: rooms, devices, lines of the book, classes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection

from controller.database.plan_version import version_of
from controller.feature import Program
from controller.fleet.naming import device_title
from controller.fleet.records import DeviceRecord
from controller.live.live import LiveView
from controller.live.rooms import RoomSummary
from controller.live.subscription import Own
from controller.people.person import Permission, Person
from controller.register import store as register
from controller.register.decisions import Rulings
from controller.register.merging import Kept
from controller.register.vocabulary import TYPE_WORDS, type_word
from controller.roster.store import class_rooms
from controller.things.sought import SHOWN, Group, Hit, Indexed, Sought, indexed
from controller.web.listing import address
from controller.web.words import Words
from protocol.formats import made
from protocol.language import translator
from protocol.model import DeviceKind, Place
from protocol.words import N_, kind_word

_LANGUAGES: Final = ("vi", "en")  # whichever the page is in
_KINDS: Final = {
    kind: " ".join(kind_word(kind, translator(language)) for language in _LANGUAGES)
    for kind in DeviceKind
}
_TYPES: Final = {
    type_: " ".join(type_word(type_, translator(language)) for language in _LANGUAGES)
    for type_ in TYPE_WORDS
}
_ROOM: Final = "phòng room"
_CLASS: Final = "lớp class"


class Present(NamedTuple):
    """Rooms and devices as they are now."""

    rooms: list[RoomSummary]
    devices: list[DeviceRecord]


class _Kind(NamedTuple):
    """A kind of things. title: its heading; path: where all of them are listed."""

    name: str
    title: str
    path: str


_ROOMS: Final = _Kind("rooms", N_("Rooms"), "/rooms")
_DEVICES: Final = _Kind("devices", N_("Devices"), "/devices")
_LINES: Final = _Kind("lines", N_("Equipment book"), "/register")
_CLASSES: Final = _Kind("classes", N_("Classes"), "/attendance")


class _Written(NamedTuple):
    """What people wrote down, as of a version of it: lines with where they belong, and classes."""

    version: int
    lines: Sequence[tuple[Kept, str]]
    classes: Sequence[tuple[str, str]]


class Finder:
    """Finds things in a school, for whoever may see them; any thread may."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._live = program.service(LiveView)
        self._lock = threading.Lock()
        self._kept: _Written | None = None

    def devices(self, sought: Sought, devices: Iterable[DeviceRecord]) -> list[DeviceRecord]:
        """Those of these devices that fit, the best first."""
        return sought.among(devices, _of_device, lambda device: device.called)

    def rooms(self, sought: Sought, rooms: Iterable[RoomSummary]) -> list[RoomSummary]:
        """The same of rooms."""
        return sought.among(rooms, _of_room, lambda room: room.key.room)

    def present(self, person: Person) -> Present:
        """The rooms and devices that somebody may see. Call it on the event loop."""
        own = Own(person.rooms, person.schools)
        return Present(self._live.rooms(own), self._live.devices(own=own))

    def found(
        self,
        sought: Sought,
        person: Person,
        words: Words,
        present: Present,
    ) -> list[Group]:
        """What fits, by kind; kinds of which nothing does are left out. Raises StoreError."""
        rooms, devices = present
        written = self._written()
        rooms_found, devices_found = self.rooms(sought, rooms), self.devices(sought, devices)
        groups = [
            _group(_ROOMS, rooms_found, self._room_hit(words), sought),
            _group(_DEVICES, devices_found, self._device_hit(words), sought),
        ]
        if person.may(Permission.SCHOOL):
            lines = sought.among(written.lines, _of_line, lambda pair: pair[0].data.asset_tag)
            groups.append(_group(_LINES, lines, _line_hit(words), sought))
        if person.may(Permission.MARKS):
            own = (pair for pair in written.classes if person.has_class(pair[0]))
            classes = sought.among(own, _of_class, lambda pair: pair[0])
            groups.append(_group(_CLASSES, classes, _class_hit, sought))
        return [group for group in groups if group.total]

    def _written(self) -> _Written:
        place = self._program.school
        if not place.school:  # above schools there is no one book
            return _Written(0, (), ())
        with self._lock, self._program.store.view() as db:
            version = version_of(db, place)
            if self._kept is None or self._kept.version != version:
                self._kept = _written(db, place, version)
            return self._kept

    def _room_hit(self, words: Words) -> Callable[[RoomSummary], Hit]:
        def hit(room: RoomSummary) -> Hit:
            title = words.say(N_("Room {room}"), room=words.room(room.key.room))
            return Hit(self.room_link(room.key.room, room.key.school), title, status=room.status)

        return hit

    def _device_hit(self, words: Words) -> Callable[[DeviceRecord], Hit]:
        def hit(device: DeviceRecord) -> Hit:
            made = words.made(device.vendor, device.model)
            facts = words.kind(device.kind), words.room(device.room), made, device.serial
            title = device_title(device, words.translate)
            return Hit(
                self.device_link(device), title,
                " · ".join(fact for fact in facts if fact and fact != title), device.status,
            )  # fmt: skip

        return hit

    def room_link(self, room: str, school: str) -> str:
        """A room's page."""
        return address(f"/rooms/{quote(room, safe='')}", school=self._school_in(school))

    def device_link(self, device: DeviceRecord) -> str:
        """A device's page."""
        return address(
            f"/devices/{quote(device.device_id, safe='')}",
            school=self._school_in(device.place.school),
        )

    def _school_in(self, school: str) -> str:
        """What an address says of the school: nothing where there is one alone."""
        return "" if self._program.school.school else school


def finder_of(program: Program) -> Finder:
    """The program's finder."""
    return Finder(program)


def _written(db: Connection, place: Place, version: int) -> _Written:
    rulings = Rulings(register.decisions_of(db, place))
    lines = [
        (line, rulings.room_of(line.no, line.data.room))
        for line in register.lines_of(db, place)
        if line.removed_ms is None
    ]
    return _Written(version, lines, class_rooms(db, place))


def _group(kind: _Kind, found: Sequence[Any], hit: Callable[[Any], Hit], sought: Sought) -> Group:
    """The first of them; all stand in the list of their kind."""
    more = address(kind.path, q=sought.asked) if len(found) > SHOWN else ""
    return Group(kind.name, kind.title, [hit(one) for one in found[:SHOWN]], len(found), more)


def _of_room(room: RoomSummary) -> Indexed:
    return indexed((room.key.room,), _ROOM)


def _of_device(device: DeviceRecord) -> Indexed:
    return indexed(
        (device.serial,),
        *(device.called, device.name, device.vendor, device.model, _KINDS[device.kind]),
        *(device.address, device.device_id, _ROOM, *indexed((device.room,)).codes, device.room),
    )


def _of_line(pair: tuple[Kept, str]) -> Indexed:
    line, room = pair
    data = line.data
    return indexed(
        (data.asset_tag, data.serial),
        *(data.name, data.maker, data.model, _TYPES.get(data.type, data.type)),
        *(_ROOM, room, *sorted(indexed((room,)).codes), data.funding),
    )


def _of_class(pair: tuple[str, str]) -> Indexed:
    return indexed((pair[0],), _CLASS)


def _line_hit(words: Words) -> Callable[[tuple[Kept, str]], Hit]:
    def hit(pair: tuple[Kept, str]) -> Hit:
        line, room = pair
        data = line.data
        kind = type_word(data.type, words.say)
        called = made(data.maker, data.model)
        title = " ".join(filter(None, (kind, data.asset_tag))) or words.say(
            N_("line {row} of the book"), row=str(data.row)
        )
        facts = (room, called, data.serial)
        return Hit(line_link(line), title, " · ".join(filter(None, facts)))

    return hit


def line_link(line: Kept) -> str:
    """Where a line of the book stands."""
    return f"/register/lines/{line.no}"


def _class_hit(pair: tuple[str, str]) -> Hit:
    code, room = pair
    return Hit(f"/attendance/{quote(code, safe='')}", code, room)
