"""These tests say how a room's summary follows from its agents and devices."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.fleet.records import AgentRecord, DeviceRecord, EventRecord, LessonRecord
from controller.live.rooms import (
    ESSENTIAL,
    RoomKey,
    counts_of,
    kit_teller,
    missing_count,
    own_events,
    room_of,
    rooms_of,
    urgent_first,
)
from controller.sheets.names import natural
from protocol.messages import KitLine
from protocol.model import NO_ROOM, DeviceKind, Place, Reason, Status, worst
from tests.controller.web_school import (
    CRITICAL,
    NOW_MS,
    OK,
    SCHOOL,
    UNKNOWN,
    WARNING,
    a_morning,
    agent,
    device,
)

KEY = RoomKey(SCHOOL.school, "6A1")
BOARD, TABLET = DeviceKind.BOARD, DeviceKind.TABLET

devices_of_a_room = st.lists(
    st.builds(
        device,
        st.just("6A1"),
        st.sampled_from(DeviceKind),
        st.integers(1, 99),
        status=st.sampled_from(Status),
        since_ms=st.integers(0, NOW_MS),
    ),
    max_size=12,
)


def test_a_room_is_as_urgent_as_its_agent_and_its_essential_devices() -> None:
    """A broken board makes a room critical; a broken tablet does not."""
    well = room_of(KEY, [agent("6A1")], [device("6A1", TABLET, status=CRITICAL)])
    ill = room_of(KEY, [agent("6A1")], [device("6A1", BOARD, status=CRITICAL)])
    assert (well.status, ill.status) == (OK, CRITICAL)


def test_an_ill_agent_makes_an_ill_room() -> None:
    """The agent's own status counts, and its reason is told with its name."""
    reason = Reason("disk_low", 97.4, 97.0)
    room = room_of(KEY, [agent("6A1", status=CRITICAL, reasons=(reason,))], [])
    assert room.status is CRITICAL
    assert [(cause.agent_id, cause.device_id) for cause in room.causes] == [("may-6a1", "")]


def test_a_room_of_which_nothing_is_known_is_not_well() -> None:
    """A room with tablets only, and no agent, is unknown."""
    assert room_of(KEY, [], [device("6A1", TABLET)]).status is UNKNOWN


@given(devices_of_a_room, st.randoms())
def test_the_order_in_which_devices_came_does_not_matter(
    devices: list[DeviceRecord], random: object
) -> None:
    """Status, tally and since are the same for any order."""
    shuffled = devices[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = room_of(KEY, [agent("6A1")], devices), room_of(KEY, [agent("6A1")], shuffled)
    assert (one.status, one.devices, one.since_ms) == (other.status, other.devices, other.since_ms)


@given(devices_of_a_room)
def test_every_device_is_counted_once(devices: list[DeviceRecord]) -> None:
    """The tallies add up to the devices, and the status is the worst that counts."""
    room = room_of(KEY, [agent("6A1")], devices)
    assert sum(sum(tally.values()) for tally in room.devices.values()) == len(devices)
    counted = [each.status for each in devices if each.kind in ESSENTIAL]
    assert room.status is worst([OK, *counted])


def test_a_removed_device_counts_nowhere() -> None:
    """What a person removed is neither a device nor a problem."""
    gone = device("6A1", BOARD, status=CRITICAL, removed_ms=NOW_MS)
    room = room_of(KEY, [agent("6A1")], [gone])
    assert (room.status, room.devices, room.problems) == (OK, {}, ())


def test_twelve_tablets_with_one_trouble_are_one_line_of_work() -> None:
    """Alike troubles of a kind are grouped; another reason is another line."""
    alike = [
        device("6A1", TABLET, n, status=UNKNOWN, reasons=(Reason("goodbye"),), since_ms=n)
        for n in range(1, 13)
    ]
    other = device("6A1", TABLET, 13, status=WARNING, reasons=(Reason("battery_low", 9.0),))
    room = room_of(KEY, [agent("6A1")], [*alike, other])
    assert [(len(each.devices), each.status) for each in room.problems] == [
        (1, WARNING),
        (12, UNKNOWN),
    ]
    assert room.problems[1].since_ms == 1


def test_a_lost_agent_is_one_line_of_work_not_forty_five() -> None:
    """What follows from the agent's loss is not listed a device at a time."""
    reason = (Reason("agent_lost"),)
    lost = agent("6A1", online=False, status=UNKNOWN, reasons=reason)
    devices = [device("6A1", TABLET, n, status=UNKNOWN, reasons=reason) for n in range(40)]
    (problem,) = room_of(KEY, [lost], devices).problems
    assert (problem.kind, problem.reason) == (None, Reason("agent_lost"))


def test_what_a_computer_says_of_itself_is_one_line_of_work() -> None:
    """The agent and the computer it runs on are one machine with one trouble."""
    reason = Reason("disk_low", 93.0, 90.0)
    computer = device("6A1", DeviceKind.HOST, status=WARNING, reasons=(reason,))
    room = room_of(KEY, [agent("6A1", status=WARNING, reasons=(reason,))], [computer])
    assert len(room.problems) == 1


def test_a_room_is_well_since_its_last_part_is_and_ill_since_its_first() -> None:
    """Since tells when the present status began."""
    well = room_of(KEY, [agent("6A1", since_ms=1)], [device("6A1", BOARD, since_ms=5)])
    boards = [device("6A1", BOARD, n, status=CRITICAL, since_ms=n) for n in (7, 9)]
    assert well.since_ms == 5
    assert room_of(KEY, [agent("6A1")], boards).since_ms == 7


def test_an_absent_agent_gives_no_lesson() -> None:
    """A lesson that nobody can confirm is not shown as running."""
    assert room_of(KEY, [agent("6A1", lesson="toan", online=False)], []).lesson is None
    assert room_of(KEY, [agent("6A1", lesson="toan")], []).lesson == "toan"


def test_rooms_stand_in_the_order_that_people_count() -> None:
    """Numbers inside a code count as numbers."""
    codes = ["10A1", "7A2", "7A10", "tin hoc", "7A1"]
    ordered = sorted(codes, key=natural)
    assert ordered == ["7A1", "7A2", "7A10", "10A1", "tin hoc"]


@given(st.lists(st.text(max_size=8), max_size=6))
def test_any_code_can_be_ordered_and_no_two_are_equal(codes: list[str]) -> None:
    """Codes are opaque: the order is total whatever they hold."""
    ordered = sorted(set(codes), key=natural)
    assert len({str(natural(code)) for code in ordered}) == len(set(codes))


def test_the_same_room_code_in_two_schools_is_two_rooms() -> None:
    """A department sees many a 6A1."""
    there = agent("6A1", place=Place("79", "00456", "may-6a1"))
    assert [room.key.school for room in rooms_of([agent("6A1"), there], [])] == ["00123", "00456"]


def test_a_room_that_two_agents_write_in_two_ways_is_one_room() -> None:
    """203, P203 and a device's Phòng 203 are one tile, called as its first agent writes it."""
    agents = [agent("203", place=Place("79", "00123", "a")), agent("P203")]
    (room,) = rooms_of(agents, [device("Phòng 203", TABLET)])
    assert (room.key.room, len(room.agents), room.devices[TABLET]) == ("203", 2, {OK: 1})
    assert RoomKey("00123", "3/2") != RoomKey("00123", "32")


def test_the_figures_of_an_ordinary_morning_add_up() -> None:
    """Thirty rooms, 1,320 devices, five lines of work."""
    records = a_morning()
    rooms = rooms_of(
        [each for each in records if isinstance(each, AgentRecord)],
        [each for each in records if isinstance(each, DeviceRecord)],
    )
    counts = counts_of(rooms)
    assert (counts.rooms, counts.devices) == (30, 1320)
    assert counts.disconnected == 44 + 12
    assert counts.working == 1320 - 56 - 2
    urgent = sorted((each for room in rooms for each in room.problems), key=urgent_first)
    assert [each.status for each in urgent] == [CRITICAL, CRITICAL, WARNING, UNKNOWN, UNKNOWN]


def test_what_has_no_room_yet_stands_behind_all_rooms_of_its_school() -> None:
    """A laptop that does not know where it is comes last, whatever the rooms are called."""
    codes = [NO_ROOM, "zzz", "6A1", "~"]
    assert max(codes, key=natural) == NO_ROOM
    (room,) = rooms_of([agent(NO_ROOM, status=WARNING, reasons=(Reason("room_unknown"),))], [])
    assert (room.key.room, room.status) == (NO_ROOM, WARNING)


KIT = (KitLine(kind=DeviceKind.CAMERA, wanted=1, here=0),)


@pytest.mark.parametrize(
    ("tellers", "chosen"),
    [
        ([], None),
        ([("fixed", True, False, ())], None),
        ([("laptop", True, True, KIT), ("fixed", True, False, KIT)], "fixed"),
        ([("a-laptop", True, True, KIT), ("fixed", False, False, KIT)], "a-laptop"),
        ([("a-laptop", True, True, KIT), ("fixed", True, False, ())], "a-laptop"),
        ([("b", False, False, KIT), ("a", False, True, KIT)], "b"),
        ([("b", True, False, KIT), ("a", True, False, KIT)], "a"),
    ],
)
def test_a_rooms_kit_is_told_by_who_is_there_and_stays(
    tellers: list[tuple[str, bool, bool, tuple[KitLine, ...]]], chosen: str | None
) -> None:
    """The fixed computer's word, else another's that is there, else the last that was told."""
    agents = [
        agent("6A1", place=SCHOOL.of_agent(name), online=online, roaming=roaming, kit=kit)
        for name, online, roaming, kit in tellers
    ]
    teller = kit_teller(agents)
    assert (teller.place.agent if teller else None) == chosen
    assert room_of(KEY, agents, []).kit == (KIT if chosen else ())


def test_more_than_is_wanted_makes_up_for_nothing() -> None:
    """Two boards do not stand for the camera that is missing."""
    kit = (
        KitLine(kind=DeviceKind.BOARD, wanted=1, here=2),
        KitLine(kind=DeviceKind.CAMERA, wanted=1, here=0),
        KitLine(kind=DeviceKind.TABLET, wanted=40, here=38),
    )
    assert missing_count(kit) == 3


def test_tablets_that_sleep_work() -> None:
    """They are counted as working, told as asleep, and are no work."""
    asleep = [device("6A1", TABLET, n, reasons=(Reason("sleeping"),)) for n in (1, 2)]
    lost = device("6A1", TABLET, 3, status=UNKNOWN, reasons=(Reason("sleeping"),))
    room = room_of(KEY, [agent("6A1")], [*asleep, device("6A1", TABLET, 4), lost])
    assert (room.sleeping, room.devices[TABLET]) == (2, {OK: 3, UNKNOWN: 1})
    assert room_of(KEY, [agent("6A1")], asleep).problems == ()


@pytest.mark.parametrize("code", ["internet_unreachable", "flaws_heard"])
def test_what_is_only_worth_knowing_is_no_line_of_work(code: str) -> None:
    """Neither of a well agent nor beside a real trouble; alone on an ill one it is told."""
    quiet, loud = Reason(code), Reason("disk_low", 97.4, 97.0)
    assert room_of(KEY, [agent("6A1", reasons=(quiet,))], []).problems == ()
    ill = agent("6A1", status=CRITICAL, reasons=(quiet, loud))
    assert [each.reason for each in room_of(KEY, [ill], []).problems] == [loud]
    puzzling = agent("6A1", status=WARNING, reasons=(quiet,))
    assert [each.reason for each in room_of(KEY, [puzzling], []).problems] == [quiet]


def test_a_camera_that_the_room_switched_off_is_no_line_of_work() -> None:
    """The teacher's switch is no fault."""
    camera = device("6A1", DeviceKind.CAMERA, reasons=(Reason("camera_off"),))
    room = room_of(KEY, [agent("6A1")], [camera])
    assert (room.status, room.problems, room.causes) == (OK, (), ())


def test_a_laptop_that_went_home_is_not_missed_where_the_rooms_computer_is() -> None:
    """Its leaving is no fault of the room; what it leaves unseen still is."""
    reason = (Reason("agent_lost"),)
    ill = {"status": UNKNOWN, "reasons": reason}
    laptop = agent("6A1", place=SCHOOL.of_agent("laptop"), roaming=True, online=False, **ill)
    computer = device("6A1", DeviceKind.HOST, place=laptop.place, **ill)
    there = room_of(KEY, [agent("6A1"), laptop], [computer])
    assert (there.status, there.problems) == (OK, ())
    alone = room_of(KEY, [laptop], [computer])
    assert (alone.status, len(alone.problems)) == (UNKNOWN, 1)
    board = device("6A1", BOARD, place=laptop.place, **ill)
    assert room_of(KEY, [agent("6A1"), laptop], [computer, board]).status is UNKNOWN


def test_a_kit_counts_what_the_room_owns_not_what_its_agent_hears() -> None:
    """A network spans the school: the board that is heard may stand next door."""
    heard = (
        KitLine(kind=DeviceKind.BOARD, wanted=1, here=1),
        KitLine(kind=DeviceKind.NETWORK, wanted=1, here=1),
    )
    place = Place("14", "001", "pi-203")
    told = AgentRecord(place=place, room="P203", online=True, kit=heard)
    key = RoomKey("001", "P203")
    assert [line.here for line in room_of(key, [told], []).kit] == [0, 1]
    own = DeviceRecord(
        place=place, device_id="usb-1", kind=DeviceKind.BOARD, room="P203", status=Status.OK
    )
    assert [line.here for line in room_of(key, [told], [own]).kit] == [1, 1]
    lost = msgspec.structs.replace(told, online=False)
    assert room_of(key, [lost], []).kit == heard


def test_a_rooms_events_are_of_its_own_devices_and_lessons() -> None:
    """Tablets next door, which its agent only heard, are not its news."""

    def event(kind: str, body: bytes) -> EventRecord:
        return EventRecord(
            place=Place("14", "001", "pi"),
            event_id=kind,
            kind=kind,
            room="P203",
            at_ms=1,
            received_ms=1,
            body=body,
        )

    heard = event("device_appeared", b'{"device_id": "net-next-door", "name": "iPad"}')
    own = event("device_vanished", b'{"device_id": "usb-own", "reason": "unplugged"}')
    lesson = event("lesson_started", b'{"lesson": "net-next-door"}')
    odd = event("device_appeared", b'{"device_id": 7}')
    kept = own_events([heard, own, lesson, odd], {"net-next-door"})
    assert kept == [own, lesson, odd]


@pytest.mark.parametrize(
    ("here", "shown"),
    [
        ({"pi": "l1"}, "l1"),
        ({"pi": "l1", "laptop": "l2"}, "l2"),
        ({"laptop": "l9"}, None),
        ({"pi": "l1", "laptop": "l9"}, "l1"),
        ({"pi": "l8"}, "l8"),
    ],
)
def test_of_two_computers_in_a_room_the_lesson_that_began_last_is_shown(
    here: dict[str, str], shown: str | None
) -> None:
    """And of a laptop not the one that it left running in another room."""
    agents = [
        agent("6A1", place=SCHOOL.of_agent(name), lesson=lesson, roaming=name == "laptop")
        for name, lesson in here.items()
    ]
    lessons = [
        LessonRecord(place=SCHOOL.of_agent(name), lesson=lesson, room="6A1", began_ms=began_ms)
        for name, lesson, began_ms in (("pi", "l1", 10), ("laptop", "l2", 20))
    ]
    assert room_of(KEY, agents, [], lessons).lesson == shown
