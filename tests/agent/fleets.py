"""Rooms full of things that tell what others tell: each is one device, with one id, in any order.

The model knows the things themselves and none of the rules. Seeds by hand:
python -m tests.agent.fleets FIRST LAST
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from unittest.mock import patch

import msgspec

from agent.equipment.description import device_id_of
from agent.equipment.merge import group_sightings
from agent.equipment.traces import Traces, as_unseen
from hardware import serials
from hardware.mdns import ids
from hardware.mdns.announced import AnnouncedService, service_of
from hardware.mdns.gathered import Announced
from hardware.network import neighbours
from hardware.network.marks import MarkJudge, remembered_contests
from hardware.network.neighbours import ToldMac, told_mac
from hardware.onvif.camera import CameraDetails, DiscoveredCamera, marks_of, readings_of
from hardware.onvif.discovery import Match, matches
from hardware.readings import Sighting
from hardware.usb.keys import remembered_holders
from hardware.usb.plugs import Plugs
from simulators.devices.camera_words import CameraMake, Urls, probe_match
from simulators.devices.plugged import MAKES, Properties, UdevFault, plugged
from tests.seeds import play

ROUND_S = 200.0  # longer than a contest needs to be proven
# What nobody gave to one piece: examples, chips' own, counted, empty.
PLACEHOLDERS = ("00123456789a", "001122334455", "005043020202", "000000abc123", "00aabbccddee")
NO_UUIDS = ("12345678-1234-1234-1234-123456789abc", "01234567-89ab-cdef-0123-456789abcdef")
_HALF = 0.5
SPOILT = (UdevFault.OWN_NUMBERS, UdevFault.COUNTER, UdevFault.DATE, UdevFault.PATTERN)


@dataclass(frozen=True)
class Thing:
    """A thing in the room: what udev tells of it, what it announces, or how it answers."""

    name: str
    place: str  # its port, or its address: what tells the sightings of one from another's
    nodes: tuple[Properties, ...] = ()
    services: tuple[tuple[str, AnnouncedService], ...] = ()
    camera: tuple[DiscoveredCamera, CameraDetails] | None = None


@dataclass
class Room:
    """One agent: its senses, what it kept, and the things that are there."""

    host: str
    now: float = 0.0
    there: list[Thing] = field(default_factory=list)
    traces: Traces = field(default_factory=lambda: Traces(room="P1"))
    told: dict[str, Sighting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The program starts anew, with what it kept."""
        held = {at: as_unseen(trace) for at, trace in self.traces.held.items()}
        self.traces = replace(self.traces, held=held)
        known = self.traces.as_told()
        self.judge = MarkJudge(remembered_contests(known))
        self.announced = Announced(self.judge)
        self.plugs = Plugs(self.host, holders=remembered_holders(known))
        self.told.clear()
        self.judged: list[Thing] = []
        self.judge.listening(lambda _names: None)

    def forget_former(self) -> None:
        """What was kept is a version's that told of no earlier keys."""
        held = {
            at: msgspec.structs.replace(trace, sighting=replace(trace.sighting, former=()))
            for at, trace in self.traces.held.items()
        }
        self.traces = replace(self.traces, held=held)

    def come(self, thing: Thing) -> None:
        """A thing is plugged in, or switched on."""
        self.there.append(thing)
        self.see(self.plugs.replace(self._nodes(), self.now) if thing.nodes else ())
        for name, service in thing.services:
            self.see(self.announced.see(name, service, self.now))
        self.search()

    def go(self, thing: Thing) -> None:
        """A thing is pulled out, or switched off."""
        self.there.remove(thing)
        self.see(self.plugs.replace(self._nodes(), self.now) if thing.nodes else ())
        for name, _ in thing.services:
            self.see(self.announced.leave(name, at=self.now))
        if thing.camera and thing.name in self.told:
            self.see([replace(self.told.pop(thing.name), present=False, reason="no_answer")])
        self.now += ROUND_S

    def search(self) -> None:
        """All cameras answer at one time, twice: what was told is judged, and told as judged."""
        cameras = [thing for thing in self.there if thing.camera]
        for _ in range(2):
            self.now += ROUND_S
            for thing in cameras:
                assert thing.camera
                self.judge.tell(
                    thing.name,
                    marks_of(*thing.camera),
                    addresses={thing.camera[0].address},
                    at=self.now,
                    sure_source="onvif",
                )
        self.see(self.announced.judge_anew(self.announced_names()))
        told = [(thing, self._camera(thing)) for thing in cameras]
        keys = {sighting.key for _, sighting in told}
        gone = [one for one in self.told.values() if one.key not in keys]
        self.see([replace(one, present=False, reason="no_answer") for one in gone])
        self.told = {thing.name: sighting for thing, sighting in told}
        self.see(self.told.values())

    def announced_names(self) -> Iterator[str]:
        """The services that are there."""
        return (name for thing in self.there for name, _ in thing.services)

    def see(self, sightings: Iterable[Sighting]) -> None:
        """The agent takes in what a sense told."""
        self.traces = self.traces.see(sightings, int(self.now))

    def ids(self) -> dict[str, str]:
        """The id of each place where something is. Raises AssertionError where it is not one."""
        found: dict[str, str] = {}
        for group in group_sightings(self.traces.sightings()):
            places = {_place(one) for one in group.sightings if one.present}
            assert len(places) <= 1, f"{sorted(places)} are one device {group.key}"
            for place in places:
                assert place not in found, f"{place} is {found[place]} and {group.key}"
                found[place] = device_id_of(group.key)
        return found

    def count(self) -> int:
        """How many devices are known, here or not."""
        return len(group_sightings(self.traces.sightings()))

    def _camera(self, thing: Thing) -> Sighting:
        assert thing.camera
        (sighting,) = readings_of(*thing.camera, 0.0, self.judge.judged(thing.name))
        assert isinstance(sighting, Sighting)
        return sighting

    def _nodes(self) -> list[Properties]:
        return [node for thing in self.there for node in thing.nodes]


def _place(sighting: Sighting) -> str:
    if sighting.source == "usb":
        return sighting.socket.partition(":pci")[2].split(":")[-3]
    return f"{sighting.address}:{sighting.port}" if sighting.source == "onvif" else sighting.address


def things_of(dice: Random) -> list[Thing]:
    """A room's things: twins and pieces with constants, beside sound ones."""
    things = [*_plugged(dice), *_cameras(dice), *_announced(dice)]
    dice.shuffle(things)
    return things


def spoilt_things_of(dice: Random) -> list[Thing]:
    """The same, and pieces by whose marks an older LopHoc knew them, and this one does not."""
    things = things_of(dice)
    for number in range(1, dice.randrange(2, 6)):
        things.append(_spoilt_camera(number, dice))
    for number in range(1, dice.randrange(2, 5)):
        address = f"10.0.4.{number}"
        txt = {"deviceid": dice.choice(PLACEHOLDERS), "manufacturer": "SMART"}
        service = _service("_airplay._tcp", "TV", txt, f"Board{number}", f"t{number}", [address])
        things.append(Thing(f"spoilt board {number}", address, services=(service,)))
    return things


def _spoilt_camera(number: int, dice: Random) -> Thing:
    address = f"10.0.3.{number}"
    make = CameraMake(
        name=dice.choice(("IPC", f"IPC {number}")),
        mac=dice.choice(("", *PLACEHOLDERS)),
        endpoint=dice.choice(("", *NO_UUIDS)),
    )
    service = f"http://{address}/onvif/device_service"
    found = matches(probe_match(make, Urls(service, "", ""), ""))
    serial = dice.choice(("", "7QX400000000A1B2C3D", f"7QX400000000A1B2C3{number}"))
    macs = told_mac(dice.choice(PLACEHOLDERS)) if dice.random() < _HALF else ToldMac()
    details = CameraDetails(
        vendor="Acme",
        model="IPC",
        serial=serial,
        macs=(macs.sound,) if macs.sound else (),
        weak_macs=(macs.weak,) if macs.weak else (),
    )
    camera = DiscoveredCamera(address, "", found[0]), details
    return Thing(f"spoilt camera {number}", f"{address}:80", camera=camera)


def _plugged(dice: Random) -> Iterator[Thing]:
    twin = f"{dice.randrange(16**10):010X}"
    make = MAKES[dice.choice(("webcam", "card-reader", "usb-ethernet", "phone"))]
    for port in range(1, dice.randrange(2, 6)):
        serial = dice.choice(("", twin, twin, f"{dice.randrange(16**10):010X}"))
        faults = [dice.choice(SPOILT)] if dice.random() < 0.4 else []
        nodes = tuple(plugged(make, port, serial, faults))
        yield Thing(f"usb {port}", str(port), nodes=nodes)


def _cameras(dice: Random) -> Iterator[Thing]:
    shared = f"00408c{dice.randrange(16**6):06x}"
    constant = "00010010-0001-1020-8000-e4f14c000001"
    for number in range(dice.randrange(4)):
        own = f"00408c{number}{dice.randrange(16**5):05x}"
        macs = dice.choice(((shared, own), (shared,), (own,), ()))
        endpoint = dice.choice((constant, f"5f5a69c2-e0ae-504f-829b-{own}", ""))
        # A gateway of a VPN shows several at one address.
        behind = dice.random() < 0.2
        address, port = ("10.9.0.1", 8000 + number) if behind else (f"10.0.1.{number + 1}", 80)
        match = Match(
            endpoint=endpoint,
            mac=macs[0] if macs else "",
            name="IPC",
            hardware="IPC-3243",
            services=(("http", port, "/onvif/device_service"),),
        )
        details = CameraDetails(vendor="Acme", model="IPC", macs=macs)
        camera = DiscoveredCamera(address, "", match), details
        yield Thing(f"camera {number}", f"{address}:{port}", camera=camera)


def _announced(dice: Random) -> Iterator[Thing]:
    shared = f"00:0e:c6:00:{dice.randrange(256):02x}:01"
    for number in range(dice.randrange(4)):
        address, host = f"10.0.2.{number + 1}", f"h{number}"
        mac = dice.choice((shared, f"00:0e:c6:01:{dice.randrange(256):02x}:0{number}"))
        uuid = f"4b1f7c2a90de4455aa01bb23cc{dice.randrange(16**5):05x}{number}"
        services = dice.choice(
            (
                [("_airplay._tcp", "TV", {"deviceid": mac, "manufacturer": "SMART"})],
                [
                    ("_androidtvremote2._tcp", "TV", {"bt": mac}),
                    ("_googlecast._tcp", "C", {"id": uuid, "ca": "5"}),
                ],
                [("_ipp._tcp", "P", {"UUID": uuid}), ("_printer._tcp", "P", {})],
                [("_googlecast._tcp", "Loa", {"id": uuid, "ca": "4", "md": "Google Nest Mini"})],
            )
        )
        # A VPN shows the thing at an address of its own, too.
        where = [address, f"10.8.0.{number + 1}"] if dice.random() < 0.3 else [address]
        # What holds containers announces their bridge, too: every such machine has the same.
        where += ["fe80::1%2"] if dice.random() < 0.3 else []
        where += [f"fe80::20e:c6ff:fe02:{number + 1}%2"] if dice.random() < 0.3 else []
        yield Thing(
            f"service {number}",
            address,
            services=tuple(
                _service(*service, f"{service[1]}{number}", host, where) for service in services
            ),
        )


def _service(
    type_: str, _kind: str, txt: dict[str, str], instance: str, host: str, where: Sequence[str]
) -> tuple[str, AnnouncedService]:
    raw: dict[bytes, bytes | None] = {key.encode(): text.encode() for key, text in txt.items()}
    service = service_of(type_, f"{instance}.{type_}", host, where, raw, port=80)
    assert service is not None
    return f"{instance}.{type_}.local.", service


def wrongs_of(seed: int, _folder: Path | None = None) -> list[str]:
    """What is wrong in two rooms of this seed, in a sentence each."""
    dice = Random(seed)
    rooms = [Room("a" * 32), Room("b" * 32)]
    try:
        for room in rooms:
            _live(room, things_of(dice), dice)
    except AssertionError as error:
        return [str(error)]
    return []


@contextmanager
def looser_rules() -> Iterator[None]:
    """An older LopHoc: whatever looks like a mark names one piece."""
    try:
        with (
            patch.object(serials, "has_enough_bits", return_value=True),
            patch.object(ids, "has_enough_bits", return_value=True),
            patch.object(neighbours, "_is_of_many", return_value=False),
        ):
            serials.trusted_serial.cache_clear()
            yield
    finally:
        serials.trusted_serial.cache_clear()


def ghosts_of(seed: int, _folder: Path | None = None) -> list[str]:
    """What is wrong in a room that a stricter LopHoc takes over, in a sentence each."""
    dice, room = Random(seed), Room("a" * 32)
    try:
        with looser_rules():
            for thing in spoilt_things_of(Random(seed)):
                room.come(thing)
            room.search()
            before = room.ids()
            room.there = []
            if dice.random() < _HALF:
                room.forget_former()
            room.restart()
        # What their words mean is read anew by today's rules.
        things = spoilt_things_of(Random(seed))
        dice.shuffle(things)
        for thing in things:
            room.come(thing)
        room.search()
        _hold_no_ghost(room, before, things)
        room.restart()
        for thing in [*room.there]:
            room.there.remove(thing)
            room.come(thing)
        _hold_no_ghost(room, before, things)
    except AssertionError as error:
        return [str(error)]
    return []


def growing_of(seed: int, _folder: Path | None = None) -> list[str]:
    """What is wrong in a room whose cameras tell more with each firmware, and forget nothing."""
    dice, room = Random(seed), Room("a" * 32)
    words = [_words_of(number, dice) for number in range(1, dice.randrange(2, 6))]
    stage = [0] * len(words)
    try:
        before: dict[str, str] = {}
        for _ in range(5):
            things = [said[at] for said, at in zip(words, stage, strict=True)]
            if dice.random() < _HALF:
                for old in [*room.there]:
                    room.go(old)
            else:  # the agent was away meanwhile
                room.there = []
                room.restart()
            for thing in dice.sample(things, len(things)):
                room.come(thing)
            room.search()
            _hold_no_ghost(room, before, things)
            before = room.ids()
            stage = [
                min(at + dice.randrange(2), len(said) - 1)
                for at, said in zip(stage, words, strict=True)
            ]
    except AssertionError as error:
        return [str(error)]
    return []


def _words_of(number: int, dice: Random) -> list[Thing]:
    """What one camera tells, from one firmware to the next: more each time, or the same."""
    address, own = f"10.0.5.{number}", f"00408c{number}{dice.randrange(16**5):05x}"
    name = dice.choice((f"IPC {number}", f"IPC {number}", "IPC"))
    service = (("http", 80, "/onvif/device_service"),)
    match = Match(name=name, hardware="IPC-1", services=service)
    details = CameraDetails()
    told = [(match, details)]
    for word in dice.sample(("login", "endpoint", "card"), dice.randrange(1, 4)):
        match, details = told[-1]
        if word == "login":
            serial = dice.choice(("", f"7QX40000{number}A1B2C3D"))
            # Of two that have but one name at last, each may be the other.
            details = replace(details, vendor="Acme", model=f"IPC-{number}", serial=serial)
        elif word == "endpoint":
            match = replace(match, endpoint=f"5f5a69c2-e0ae-504f-829b-{own}")
        else:
            macs = [told_mac(mac).sound for mac in (f"02{own[2:]}", own)]
            details = replace(details, macs=tuple(filter(None, macs)))
        told.append((match, details))
    return [
        Thing(f"camera {number}", f"{address}:80", camera=(DiscoveredCamera(address, "", one), two))
        for one, two in told
    ]


def _hold_no_ghost(room: Room, before: dict[str, str], things: list[Thing]) -> None:
    """Each thing is one device, and what it was called is its id, or an alias of it."""
    now = room.ids()
    assert now.keys() == {thing.place for thing in things}, f"{now} for {things}"
    assert room.count() == len(things), f"{room.count()} devices of {len(things)} things"
    names: dict[str, set[str]] = {}
    for group in group_sightings(room.traces.sightings()):
        names[device_id_of(group.key)] = set(map(device_id_of, group.claims))
    for place, name in before.items():
        assert name in names[now[place]], f"{name} of {place} is lost"


def _live(room: Room, things: list[Thing], dice: Random) -> None:
    """All come once; then some go and come, in any order, and the agent starts anew at times."""
    for thing in things:
        room.come(thing)
    room.search()
    first = room.ids()
    assert first.keys() == {thing.place for thing in things}, f"{first} for {things}"
    assert len(set(first.values())) == len(first), f"two of {first} are one"
    for _ in range(3):
        leaving = dice.sample(room.there, dice.randrange(len(room.there) + 1))
        for thing in leaving:
            room.go(thing)
        if dice.random() < 0.5:
            stayed, room.there = room.there, []
            room.restart()
            leaving += stayed
        dice.shuffle(leaving)
        for thing in leaving:
            room.come(thing)
        now = room.ids()
        assert now == first, f"after another order {now}, not {first}"
        assert room.count() == len(things), f"{room.count()} devices of {len(things)} things"


def _all_wrongs_of(seed: int, folder: Path) -> list[str]:
    return [*wrongs_of(seed, folder), *ghosts_of(seed, folder), *growing_of(seed, folder)]


if __name__ == "__main__":
    sys.exit(play(_all_wrongs_of))
