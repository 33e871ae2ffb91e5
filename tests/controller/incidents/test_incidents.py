"""These tests hold the life of an incident, its causes, and the hours in which it may begin."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from msgspec.structs import replace

from controller.incidents.causes import (
    Network,
    Scope,
    Signal,
    common_cause,
    is_like,
    signals_of,
    subnet_of,
)
from controller.incidents.handling import HandlingDeed, HandlingMove, handling_of
from controller.incidents.incident import (
    CALM_FLAPPING_MS,
    CALM_MS,
    HOLD_LOST_MS,
    HOLD_RESTING_MS,
    Incident,
    IncidentBook,
    Look,
    step,
)
from controller.incidents.quiet import Maintenance, SchoolHours
from controller.incidents.words import IncidentWords
from controller.live.rooms import rooms_of
from controller.roster.plan import SchoolPlan
from protocol.model import DeviceKind, Place, Reason, Status
from protocol.plan import Bell, Holiday
from tests.controller.web_school import SCHOOL, UNKNOWN, ZONE, agent, device

MINUTE = 60_000
HOUR = 60 * MINUTE
NO_PLAN = SchoolHours(SchoolPlan(), ZONE)


def at(hour: int, minute: int = 0, day: int = 7) -> int:
    """A moment of a week in September; the 7th is a Monday."""
    return int(datetime(2026, 9, day, hour, minute, tzinfo=ZONE).timestamp() * 1000)


def lost(room: str, since_ms: int) -> Signal:
    """A room whose computer nobody hears."""
    return Signal(
        key=f"{room}//agent_lost",
        status=UNKNOWN,
        since_ms=since_ms,
        school="1",
        room=room,
        place=room.lower(),
        code="agent_lost",
    )


def network(*up: str, lost_rooms: str = "", subnets: dict[str, str] | None = None) -> Network:
    """Rooms that are heard, and those that are not."""
    ids = {room: ("1", room.lower()) for room in (*up, *lost_rooms.split())}
    placed = {ids[room]: subnet for room, subnet in (subnets or {}).items()}
    return Network(frozenset(ids.values()), frozenset(ids[room] for room in up), placed)


def played(
    *looks: tuple[int, list[Signal]], hours: SchoolHours = NO_PLAN, net: Network | None = None
) -> list[Incident]:
    """The incidents after these looks."""
    book = IncidentBook()
    for now_ms, signals in looks:
        book = step(book, Look(now_ms, signals, hours, net or network("A", "B", "C", "D", "E")))
    return list(book.incidents)


def test_a_sample_is_no_task_and_a_thing_that_holds_is_one() -> None:
    """From the first look that saw it, whatever its own date says."""
    long_ago = [lost("X", at(7))]
    assert played((at(9), long_ago)) == []
    assert played((at(9), long_ago), (at(9) + HOLD_LOST_MS - 1, long_ago)) == []
    (incident,) = played((at(9), long_ago), (at(9) + HOLD_LOST_MS, long_ago))
    assert (incident.scope, incident.began_ms) == (Scope.COMPUTER, at(7))


def test_an_incident_closes_itself_and_comes_back_as_the_same() -> None:
    """After it was well for a while; within half an hour it is no new one."""
    one, well = [lost("X", at(9))], at(9, 10)
    looks = [(at(9), one), (at(9, 5), one), (well, [])]
    assert [each.closed_ms for each in played(*looks)] == [None]
    looks.append((well + CALM_MS, []))
    assert [each.closed_ms for each in played(*looks)] == [well]
    again = [lost("X", at(9, 30))]
    (back,) = played(*looks, (at(9, 30), again), (at(9, 34), again))
    assert (back.no, back.closed_ms, back.returns) == (1, None, 1)
    late = [lost("X", at(10, 30))]
    numbers = [each.no for each in played(*looks, (at(10, 30), late), (at(10, 34), late))]
    assert numbers[-1] == 2


def test_what_comes_and_goes_is_one_cause_that_closes_late() -> None:
    """Though none of its falls holds."""
    looks = []
    for number in range(4):
        fell = at(9) + number * 4 * MINUTE
        looks += [(fell, [lost("X", fell)]), (fell + MINUTE, [])]
    (incident,) = played(*looks)
    assert incident.is_flapping
    well = looks[-1][0]
    assert [one.closed_ms for one in played(*looks, (well + CALM_MS, []))] == [None]
    assert [one.closed_ms for one in played(*looks, (well + CALM_FLAPPING_MS, []))] == [well]


def test_rooms_that_fall_together_have_one_cause_that_grows() -> None:
    """Three rooms are a group; those that fall a little later join it; the rest is its own."""
    first = [lost(room, at(9)) for room in ("A", "B", "C")]
    later, other = lost("D", at(9, 1)), lost("E", at(9, 30))
    net = network(*"FGHIJK", lost_rooms="A B C D E")
    looks = [(at(9), first), (at(9, 4), first), (at(9, 5), [*first, later])]
    looks += [(at(9, 30), [*first, later, other]), (at(9, 34), [*first, later, other])]
    group, alone = played(*looks, net=net)
    assert (group.scope, len(group.rooms)) == (Scope.GROUP, 4)
    assert (alone.scope, [*alone.rooms.values()]) == (Scope.COMPUTER, ["E"])


@pytest.mark.parametrize(
    ("fell", "up", "subnets", "scope"),
    [
        ("A B C", "", {}, Scope.SCHOOL),
        ("A B C", "D E F G", {}, Scope.GROUP),
        ("A B", "D E F G", {}, None),
        ("A B", "D E", {"A": "10.0.1.0/24", "B": "10.0.1.0/24"}, Scope.GROUP),
        ("A B", "D E", dict.fromkeys("ABDE", "10.0.1.0/24"), None),
        ("A", "D E", {"A": "10.0.1.0/24"}, None),
    ],
)
def test_what_falls_together_has_a_cause_by_what_is_known(
    fell: str, up: str, subnets: dict[str, str], scope: Scope | None
) -> None:
    """All rooms, three, or two with a network of their own."""
    signals = [lost(room, at(9)) for room in fell.split()]
    net = network(*up.split(), lost_rooms=fell, subnets=subnets)
    cause = common_cause(signals, net)
    assert (cause and cause.scope) == scope


def test_who_fell_before_all_others_is_not_the_whole_school() -> None:
    """Though nobody is heard any more when it has held: the others were, when these fell."""
    first = [lost(room, at(9)) for room in "AB"]
    rest = [lost(room, at(9, 9)) for room in "CDE"]
    net = network(lost_rooms="A B C D E")
    opened = played((at(9), first), (at(9, 9) + 30_000, [*first, *rest]), net=net)
    assert {one.scope for one in opened} == {Scope.COMPUTER}
    opened = played(
        (at(9), first), (at(9, 9), [*first, *rest]), (at(9, 13), [*first, *rest]), net=net
    )
    assert Scope.SCHOOL in {one.scope for one in opened}


def test_two_rooms_that_fell_with_others_before_are_known_again() -> None:
    """And a network device that goes with them is the cause."""
    signals = [lost("A", at(9)), lost("B", at(9))]
    net = network(*"DEFG", lost_rooms="A B")
    known = net._replace(groups=[frozenset({("1", "a"), ("1", "b"), ("1", "c")})])
    assert common_cause(signals, known)
    switch = replace(lost("A", at(9)), kind=DeviceKind.NETWORK, devices=("ap-2",), code="no_answer")
    cause = common_cause([*signals, switch], net)
    assert cause
    assert cause.device == "ap-2"


def test_people_at_a_bell_do_not_switch_off_all_at_once() -> None:
    """One after the other is people; in a breath it is a switch."""
    net = network(*"DEFGHIJ", lost_rooms="A B C")
    slow = [lost(room, at(9) + number * 40_000) for number, room in enumerate("ABC")]
    assert common_cause(slow, net, is_at_bell=True) is None
    assert common_cause(slow, net)


def test_the_last_two_of_a_network_go_home_at_a_bell() -> None:
    """Their network says nothing then; that they fell together before does."""
    pair = [lost("A", at(9)), lost("B", at(9))]
    net = network(*"DEFG", lost_rooms="A B", subnets=dict.fromkeys("AB", "10.0.1.0/24"))
    assert common_cause(pair, net)
    assert common_cause(pair, net, is_at_bell=True) is None
    known = net._replace(groups=[frozenset({("1", "a"), ("1", "b")})])
    assert common_cause(pair, known, is_at_bell=True)


@pytest.mark.parametrize(("pause_min", "count"), [(20, 1), (31, 0)])
def test_falls_of_what_is_over_count_for_nothing_else(pause_min: int, count: int) -> None:
    """A blip soon after is the same flapping; after that it is a blip."""
    looks: list[tuple[int, list[Signal]]] = []
    for number in range(4):
        fell = at(9) + number * 4 * MINUTE
        looks += [(fell, [lost("X", fell)]), (fell + MINUTE, [])]
    well = looks[-1][0]
    blip = well + pause_min * MINUTE
    looks += [(well + CALM_FLAPPING_MS, []), (blip - 1, []), (blip, [lost("X", blip)])]
    assert len([one for one in played(*looks) if one.closed_ms is None]) == count


def test_nothing_begins_while_nobody_is_there() -> None:
    """At night, on Sundays, on holidays, in maintenance; what went off then rests for days."""
    holiday = SchoolPlan(holidays=(Holiday(name="nghi", begins="2026-09-07", ends="2026-09-07"),))
    pause = Maintenance(at(9), at(11), "Phòng X")
    for hours, begins in [
        (NO_PLAN, at(20)),
        (NO_PLAN, at(9, day=6)),
        (SchoolHours(holiday, ZONE), at(9)),
        (SchoolHours(SchoolPlan(), ZONE, [pause]), at(9)),
    ]:
        one = [lost("X", begins)]
        assert played((begins, one), (begins + HOUR, one), hours=hours) == []
    off = [lost("X", at(17, 58))]
    assert played((at(17, 58), off), (at(9, day=8), off), (at(10, day=8), off)) == []
    later = at(6, day=8) + HOLD_RESTING_MS + 15 * HOUR
    assert len(played((at(17, 58), off), (later, off))) == 1


def test_hours_follow_bells_terms_and_breaks() -> None:
    """Two halves, each ending a little early; none on a day without bells."""
    bells = tuple(
        Bell(period=number, begins=begins, ends=ends, weekdays=(1, 2))
        for number, (begins, ends) in enumerate(
            [("07:00", "07:45"), ("07:50", "08:35"), ("13:00", "13:45")], 1
        )
    )
    hours = SchoolHours(SchoolPlan(bells=bells), ZONE)
    awake = [at(6, 59), at(7), at(7, 47), at(8, 29), at(8, 31), at(12), at(13), at(13, 41)]
    assert [hours.is_awake(each) for each in awake] == [
        *(False, True, True, True),
        *(False, False, True, False),
    ]
    assert hours.awake_ms(at(0), at(23)) == (90 + 40) * MINUTE
    assert hours.next_awake(at(9)) == at(13)
    assert hours.next_day(at(9)) == at(7, day=8)
    assert hours.next_awake(at(14, day=8)) == at(7, day=14)
    assert [hours.is_at_bell(each) for each in (at(7, 42), at(7, 44), at(7, 54))] == [
        *(False, True, False)
    ]


def test_a_dead_morning_is_the_schools_cause() -> None:
    """Nobody at all is heard twenty minutes into school, though all went off in the evening."""
    off = [lost(room, at(17, 59, day=7) + number) for number, room in enumerate("ABCD")]
    net = network(lost_rooms="A B C D")
    looks = [(at(20), off), (at(6, 10, day=8), off)]
    assert played(*looks, net=net) == []
    (incident,) = played(*looks, (at(6, 25, day=8), off), net=net)
    assert incident.scope is Scope.SCHOOL
    assert len(played(*looks, (at(6, 25, day=8), off), net=network("E", lost_rooms="A B C D"))) == 0


def test_while_the_server_is_deaf_rooms_are_no_news() -> None:
    """And what is still silent afterwards has to hold anew."""
    deaf = Signal(key="s", code="broker_lost", status=Status.CRITICAL, since_ms=at(9))
    rooms = [lost(room, at(9, 1)) for room in "ABCD"]
    looks = [(at(9), [deaf]), (at(9, 2), [deaf, *rooms]), (at(9, 20), [deaf, *rooms])]
    net = network(lost_rooms="A B C D")
    assert [one.scope for one in played(*looks, net=net)] == [Scope.SERVER]
    looks.append((at(9, 21), rooms))
    assert [one.scope for one in played(*looks, net=net)] == [Scope.SERVER]
    looks.append((at(9, 25), rooms))
    assert played(*looks, net=net)[-1].scope is Scope.SCHOOL


def test_what_a_silent_computer_cannot_say_stays() -> None:
    """A broken board is not well because its room was switched off."""
    board = Signal(
        key="b",
        status=Status.CRITICAL,
        since_ms=at(9),
        school="1",
        room="A",
        place="a",
        kind=DeviceKind.BOARD,
        code="unplugged",
        devices=("board",),
    )
    looks = [(at(9), [board]), (at(9, 10), [board])]
    dark = network("B", lost_rooms="A")
    book = IncidentBook()
    for now_ms, signals in looks:
        book = step(book, Look(now_ms, signals, NO_PLAN, network("A", "B")))
    for now_ms in (at(10), at(11)):
        book = step(book, Look(now_ms, [], NO_PLAN, dark))
    assert [one.well_ms for one in book.incidents] == [None]
    for now_ms in (at(12), at(12, 10)):
        book = step(book, Look(now_ms, [], NO_PLAN, network("A", "B")))
    assert [one.closed_ms for one in book.incidents] == [at(12)]


def test_signals_follow_from_rooms_one_of_a_key() -> None:
    """Devices of a kind with the same trouble are one, also where some are worse off."""
    away = {"reasons": (Reason("goodbye"),), "since_ms": 5}
    records = [
        device("6A1", DeviceKind.TABLET, 1, status=UNKNOWN, **away),
        device("6A1", DeviceKind.TABLET, 2, status=Status.WARNING, **(away | {"since_ms": 3})),
    ]
    (signal,) = signals_of(rooms_of([agent("6A1")], records))
    assert (signal.status, signal.since_ms, len(signal.devices)) == (Status.WARNING, 3, 2)
    assert signal.cause_key == "devices/00123/p6a1/tablet/goodbye"


def test_two_schools_have_two_causes() -> None:
    """Rooms of one name, in two schools below one controller."""
    there = Place("79", "00456")
    records = [
        agent(room, place=place.of_agent(f"may-{room}"), online=False, status=UNKNOWN, since_ms=1)
        for place in (SCHOOL, there)
        for room in ("6A1", "6A2", "6A3")
    ]
    signals = [replace(one, since_ms=at(9)) for one in signals_of(rooms_of(records, []))]
    net = Network(frozenset(one.room_id for one in signals))
    found = played((at(9), signals), (at(9, 5), signals), net=net)
    assert [(one.scope, len(one.rooms)) for one in found] == [(Scope.SCHOOL, 3)] * 2


def test_a_network_is_cut_as_schools_cut_it() -> None:
    """What is no address of another machine's has none."""
    addresses = ["10.1.2.3", "fd00::1:2", "fe80::1%eth0", "127.0.0.1", "", "nonsense"]
    networks = ["10.1.2.0/24", "fd00::/64", "fe80::/64", "", "", ""]
    assert [*map(subnet_of, addresses)] == networks
    assert not is_like((), ())


def test_a_deed_can_be_undone_and_a_snooze_ends() -> None:
    """The last one first; the one before counts again."""
    take = HandlingMove(no=1, incident=1, deed=HandlingDeed.TAKE, who="lan", at_ms=10)
    snooze = HandlingMove(no=2, incident=1, deed=HandlingDeed.SNOOZE, until_ms=100, at_ms=20)
    undo = HandlingMove(no=3, incident=1, deed=HandlingDeed.UNDO, at_ms=30, undoes=2)
    both = handling_of([take, snooze], 50)
    assert (both.taken_by, both.until_ms, both.last) == ("lan", 100, snooze)
    assert handling_of([take, snooze], 100).until_ms is None
    assert handling_of([take, snooze, undo], 50) == handling_of([take], 50)


def test_a_snooze_by_a_clock_that_was_ahead_lasts_no_longer_than_was_chosen() -> None:
    """It is shown once the clock is right; a second that a time service takes back is none."""
    hour, year = 3_600_000, 365 * 86_400_000
    snooze = HandlingMove(
        no=1, incident=1, deed=HandlingDeed.SNOOZE, at_ms=year, until_ms=year + hour
    )
    for now_ms in (0, hour, year // 2, year - 2 * 60_000):
        assert handling_of([snooze], now_ms) == handling_of([], now_ms)
    assert handling_of([snooze], year - 2_000).until_ms == year + hour
    assert handling_of([snooze], year + hour).until_ms is None


def test_silence_says_why_it_is_silent() -> None:
    """All is well, nobody is there, or nobody is heard: never the same words."""
    words = IncidentWords("en", str, ZONE)
    calm = words.calm(NO_PLAN, at(9), is_heard=True)
    unheard = words.calm(NO_PLAN, at(9), is_heard=False)
    quiet = words.calm(NO_PLAN, at(20), is_heard=True)
    assert len({calm, unheard, quiet}) == 3
    assert "08/09/2026 06:00" in quiet
    summer = SchoolPlan(
        holidays=(Holiday(name="he", begins="2026-01-01", ends=str(date(2029, 1, 1))),)
    )
    assert words.calm(SchoolHours(summer, ZONE), at(9), is_heard=True)
