"""The fleet turns messages into changes, whatever their order, and doubts what is silent."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.fleet.fleet import Ask, Change, Fleet, StreamChanged, Touched
from controller.fleet.records import AgentRecord, AttendanceRecord, DeviceRecord, EventRecord
from protocol.health import ReasonCode
from protocol.messages import (
    AttendanceMarked,
    Birth,
    DeviceAppeared,
    DeviceForgotten,
    DeviceState,
    Health,
    KitLine,
    LessonEnded,
    LessonStarted,
    LineMeasures,
    Presence,
)
from protocol.model import (
    NO_ROOM,
    AttendanceStatus,
    Device,
    DeviceKind,
    DeviceMeasures,
    Identity,
    Method,
    Place,
    Reason,
    Status,
)

SCHOOL = Place("14", "001")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = 1_793_750_400_000
BEAT_S = 60.0


def fleet(**options: Any) -> Fleet:
    return Fleet(SCHOOL, ZONE, **options)


def device(
    name: str = "usb-1", status: Status = Status.OK, sources: tuple[str, ...] = ("usb",)
) -> Device:
    return Device(
        device_id=name,
        kind=DeviceKind.BOARD,
        name="Board",
        status=status,
        sources=sources,
        first_seen_ms=1,
        last_seen_ms=1,
    )


def online(session: int = 1, boot: str = "b1") -> Presence:
    return Presence(boot=boot, at_ms=1, session=session, online=True)


def gone(session: int = 1, boot: str = "b1") -> Presence:
    return Presence(boot=boot, at_ms=1, session=session, online=False)


def birth(
    *devices: Device, rev: int = 1, boot: str = "b1", session: int = 1, room: str = "P203"
) -> Birth:
    return Birth(
        boot=boot,
        at_ms=1,
        rev=rev,
        session=session,
        room=room,
        beat_s=BEAT_S,
        status=Status.OK,
        devices=devices,
    )


def born(*devices: Device) -> Fleet:
    known = fleet()
    known.hear("a1", online(), NOW)
    known.hear("a1", birth(*devices), NOW)
    return known


def test_an_old_word_that_comes_late_silences_nobody_for_ever() -> None:
    """A broker brought the last boot's presence after this one's birth; this one speaks on."""
    known = fleet()
    known.hear("a1", birth(rev=3, boot="b2"), NOW)
    known.hear("a1", online(boot="b1"), NOW + 1)
    assert known.agents["a1"].boot == "b1"
    assert not known.hear("a1", birth(rev=3, boot="b2"), NOW + 2)  # it comes twice: no news
    (asked,) = known.hear("a1", state(4, device("d1"), boot="b2"), NOW + 3)
    assert isinstance(asked, Ask)
    known.hear("a1", birth(device("d1"), rev=5, boot="b2"), NOW + 4)
    assert known.agents["a1"].boot == "b2"
    assert known.devices["d1"].status is Status.OK
    assert not known.hear("a1", online(boot="b1"), NOW + 5)


def mark(seq: int, event_id: str = "") -> AttendanceMarked:
    return AttendanceMarked(
        boot="b1",
        at_ms=NOW,
        id=event_id or f"e{seq}",
        seq=seq,
        room="P203",
        student="hs-1",
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
    )


def kinds(changes: list[Change]) -> list[type]:
    return [type(change) for change in changes]


def test_a_birth_makes_the_agent_and_its_devices_known() -> None:
    """One message, the whole room."""
    known = fleet()
    changes = known.hear("a1", birth(device("usb-1"), device("usb-2")), NOW)
    assert kinds(changes) == [AgentRecord, DeviceRecord, DeviceRecord]
    assert known.agents["a1"].online
    assert {d.room for d in known.devices.values()} == {"P203"}


def test_a_repeated_birth_changes_nothing() -> None:
    """Brokers deliver more than once."""
    known = born(device())
    assert known.hear("a1", birth(device()), NOW + 1) == []


def test_an_older_state_never_overwrites_a_newer_one() -> None:
    """Revisions order what brokers may not."""
    known = born(device())
    known.hear("a1", DeviceState(boot="b1", at_ms=1, rev=5, device=device("usb-1")), NOW)
    old = replace(device("usb-1"), name="older")
    assert known.hear("a1", DeviceState(boot="b1", at_ms=1, rev=4, device=old), NOW) == []
    assert known.devices["usb-1"].name == "Board"


def test_a_last_will_makes_the_agent_and_its_devices_unknown_with_since_when() -> None:
    """Nobody vouches for a lost agent's devices."""
    known = born(device())
    known.hear("a1", gone(), NOW + 5000)
    agent, board = known.agents["a1"], known.devices["usb-1"]
    assert (agent.online, agent.status, agent.since_ms) == (False, Status.UNKNOWN, NOW + 5000)
    assert (board.status, board.since_ms) == (Status.UNKNOWN, NOW + 5000)
    assert board.reasons[0].code == ReasonCode.AGENT_LOST
    assert board.last_seen_ms == NOW


@pytest.mark.parametrize("will", [gone(session=1), gone(boot="b0")])
def test_the_will_of_an_earlier_session_is_not_believed(will: Presence) -> None:
    """A broker may say a will after its agent has come back."""
    known = born(device())
    known.hear("a1", online(session=2), NOW)
    assert known.hear("a1", will, NOW) == []
    assert known.agents["a1"].online


def test_a_birth_that_was_written_in_an_earlier_session_does_not_bring_it_back() -> None:
    """It waited in the outbox; the last will still counts for the present session."""
    known = fleet()
    known.hear("a1", online(session=3), NOW)
    known.hear("a1", birth(device(), session=1), NOW)
    known.hear("a1", gone(session=3), NOW)
    assert not known.agents["a1"].online


def test_a_birth_after_a_loss_brings_everything_back() -> None:
    """The snapshot heals, and since-when starts anew."""
    known = born(device())
    known.hear("a1", gone(), NOW + 1000)
    known.hear("a1", online(session=2), NOW + 2000)
    known.hear("a1", birth(device(), rev=2, session=2), NOW + 2000)
    board = known.devices["usb-1"]
    assert (board.status, board.reasons, board.since_ms) == (Status.OK, (), NOW + 2000)


def test_a_device_that_the_birth_leaves_out_is_doubted() -> None:
    """What the room no longer tells of is unknown, not gone."""
    known = born(device("usb-1"), device("usb-2"))
    known.hear("a1", birth(device("usb-1"), rev=2), NOW)
    assert known.devices["usb-2"].reasons[0].code == ReasonCode.NOT_REPORTED


def test_states_of_an_unborn_agent_ask_for_its_birth_once_in_a_while() -> None:
    """One long answer serves all questions."""
    known = fleet()
    state = DeviceState(boot="b1", at_ms=1, rev=1, device=device())
    assert known.hear("a1", state, NOW) == [Ask("a1", "unborn")]
    assert known.hear("a1", state, NOW + 1000) == []
    assert known.hear("a1", state, NOW + 60_000) == [Ask("a1", "unborn")]


def test_a_mark_is_recorded_once_on_the_schools_own_day() -> None:
    """07:00 in Vietnam on the 5th is still the 4th in UTC."""
    known = born()
    early = replace(mark(1), at_ms=1_788_566_400_000 - 7 * 3_600_000 + 60_000)
    changes = known.hear("a1", early, NOW)
    assert kinds(changes) == [AttendanceRecord, StreamChanged]
    assert isinstance(changes[0], AttendanceRecord)
    assert changes[0].day == "2026-09-05"
    assert known.hear("a1", early, NOW) == []


def test_a_gap_is_counted_shown_and_asks_for_a_birth_and_heals() -> None:
    """What comes late fills its gap."""
    known = born()
    known.hear("a1", mark(1), NOW)
    changes = known.hear("a1", mark(4), NOW)
    assert Ask("a1", "gap") in changes
    assert known.agents["a1"].missing == 2
    known.hear("a1", mark(2), NOW)
    known.hear("a1", mark(3), NOW)
    assert known.agents["a1"].missing == 0


def test_a_lesson_is_running_until_it_ends() -> None:
    """The agent's record tells which."""
    known = born()
    head = {"boot": "b1", "at_ms": 1, "room": "P203", "lesson": "l1"}
    known.hear("a1", LessonStarted(id="e1", seq=1, **head), NOW)  # type: ignore[arg-type]
    assert known.agents["a1"].lesson == "l1"
    known.hear("a1", LessonEnded(id="e2", seq=2, **head), NOW)  # type: ignore[arg-type]
    assert known.agents["a1"].lesson is None


def test_silence_of_three_beats_loses_an_agent_without_any_will() -> None:
    """A frozen machine sends no last word."""
    known = born(device())
    assert known.expire(NOW + int(3 * BEAT_S * 1000)) == []
    known.expire(NOW + int(3 * BEAT_S * 1000) + 1)
    assert not known.agents["a1"].online
    assert known.devices["usb-1"].status is Status.UNKNOWN


def test_nobody_was_silent_while_the_controller_was_away() -> None:
    """A controller that comes back listens before it judges."""
    known = born(device())
    later = NOW + 3_600_000
    known.awake_since_ms = later
    assert known.expire(later + 1000) == []


def test_a_device_that_no_beat_names_becomes_unknown() -> None:
    """The agent lives, but it has not seen this device for long."""
    known = born(device("usb-1"), device("usb-2"))
    for minute in range(1, 17):
        beat = Health(boot="b1", at_ms=1, rev=1 + minute, status=Status.OK, seen=("usb-1",))
        known.hear("a1", beat, NOW + minute * 60_000)
    known.expire(NOW + 16 * 60_000)
    assert known.devices["usb-1"].status is Status.OK
    assert known.devices["usb-2"].reasons[0].code == ReasonCode.SILENT


def test_a_beat_touches_devices_without_a_change_in_the_feed() -> None:
    """The department's delta holds what changed, not what is merely alive."""
    known = born(device())
    before = known.devices["usb-1"].change
    beat = Health(boot="b1", at_ms=1, rev=2, status=Status.OK, seen=("usb-1",))
    changes = known.hear("a1", beat, NOW + 60_000)
    assert Touched(SCHOOL.of_agent("a1"), ("usb-1",), NOW + 60_000) in changes
    assert known.devices["usb-1"].change == before
    assert known.devices["usb-1"].last_seen_ms == NOW + 60_000


def test_the_first_agent_keeps_a_device_that_both_see() -> None:
    """Thirty rooms on one network see each other's boards."""
    known = born(device())
    known.hear("a2", birth(device(), room="P207", boot="b2"), NOW)
    assert known.devices["usb-1"].room == "P203"


def test_an_agent_with_more_senses_for_a_device_takes_it() -> None:
    """The room that holds the cable knows better than the one that hears mDNS."""
    known = born(device(sources=("mdns",)))
    both = device(sources=("mdns", "usb"))
    known.hear("a2", birth(both, room="P207", boot="b2"), NOW)
    assert known.devices["usb-1"].room == "P207"


def test_a_device_that_its_agent_lost_goes_to_the_one_that_sees_it() -> None:
    """And a beat that names it asks the other agent to say so."""
    known = born(device())
    known.hear("a2", birth(boot="b2", room="P207"), NOW)
    known.hear("a1", gone(), NOW)
    beat = Health(boot="b2", at_ms=1, rev=2, status=Status.OK, seen=("usb-1",))
    assert Ask("a2", "doubted") in known.hear("a2", beat, NOW)
    known.hear("a2", birth(device(), rev=3, boot="b2", room="P207"), NOW)
    assert (known.devices["usb-1"].room, known.devices["usb-1"].status) == ("P207", Status.OK)


def test_a_removed_device_stays_removed_until_it_is_seen_again() -> None:
    """An agent that remembers it as unplugged does not bring it back."""
    known = born(device())
    (removed,) = known.remove("usb-1", NOW)
    assert isinstance(removed, DeviceRecord)
    assert removed.removed_ms == NOW
    assert known.remove("usb-1", NOW) == []
    known.hear("a1", birth(device(status=Status.UNKNOWN), rev=2), NOW)
    assert known.devices["usb-1"].removed_ms == NOW
    known.hear("a1", birth(device(), rev=3), NOW)
    assert known.devices["usb-1"].removed_ms is None


def test_only_its_own_agent_forgets_a_device() -> None:
    """A neighbour cannot take a board out of another room."""
    known = born(device())
    known.hear("a2", birth(boot="b2", room="P207"), NOW)
    forget = DeviceForgotten(boot="b2", at_ms=1, rev=9, device_id="usb-1")
    assert known.hear("a2", forget, NOW) == []
    mine = DeviceForgotten(boot="b1", at_ms=1, rev=9, device_id="usb-1")
    assert kinds(known.hear("a1", mine, NOW)) == [DeviceRecord]


def test_every_change_of_a_device_gets_the_next_number_in_the_feed() -> None:
    """The department resumes by it."""
    known = fleet()
    changes = known.hear("a1", birth(device("usb-1"), device("usb-2")), NOW)
    numbers = [each.change for each in changes if isinstance(each, DeviceRecord)]
    assert numbers == [1, 2]
    worse = device("usb-1", Status.WARNING)
    (again,) = known.hear("a1", DeviceState(boot="b1", at_ms=1, rev=2, device=worse), NOW)
    assert isinstance(again, DeviceRecord)
    assert again.change == 3


@given(st.permutations(range(1, 8)), st.lists(st.integers(1, 7), max_size=10))
def test_events_in_any_order_and_repetition_give_the_same_records(
    order: list[int], repeats: list[int]
) -> None:
    """Ingest is idempotent under duplicates and reordering."""
    known = born()
    records: list[str] = []
    for seq in [*order, *repeats]:
        event = DeviceAppeared(
            boot="b1", at_ms=1, id=f"e{seq}", seq=seq, room="P203", device_id="usb-1"
        )
        changes = known.hear("a1", event, NOW)
        records += [each.event_id for each in changes if isinstance(each, EventRecord)]
    assert sorted(records) == [f"e{seq}" for seq in range(1, 8)]
    assert known.agents["a1"].missing == 0


def state(rev: int, told: Device, boot: str = "b1") -> DeviceState:
    return DeviceState(boot=boot, at_ms=1, rev=rev, device=told)


def present(known: Fleet) -> dict[str, DeviceRecord]:
    """The devices that are not removed."""
    return {each.device_id: each for each in known.devices.values() if each.removed_ms is None}


def test_a_laptop_that_walks_on_leaves_the_board_and_takes_its_own_things() -> None:
    """P203 to P207: the board is P203's, the mouse goes along, what is gone stays unknown."""
    board, mouse = replace(device("board"), room="P203"), device("mouse")
    known = born(board, mouse, device("old-dongle"))
    gone = replace(board, status=Status.UNKNOWN, reasons=(Reason(ReasonCode.UNPLUGGED),))
    known.hear("a1", birth(gone, mouse, rev=2, room="P207"), NOW)
    rooms = {each.device_id: (each.room, each.status) for each in known.devices.values()}
    assert rooms == {
        "board": ("P203", Status.UNKNOWN),
        "mouse": ("P207", Status.OK),
        "old-dongle": ("P203", Status.UNKNOWN),
    }


def test_what_a_laptop_remembers_but_does_not_see_stays_in_its_room() -> None:
    """Though nobody said whose it is, an unplugged camera does not walk along."""
    known = born(device("camera"))
    unplugged = device("camera", Status.UNKNOWN)
    known.hear("a1", birth(unplugged, rev=2, room="P207"), NOW)
    assert known.devices["camera"].room == "P203"


def test_what_waited_for_a_room_gets_it_with_the_agent() -> None:
    """A laptop that did not know its room takes what it has to the room that it learns."""
    known = fleet()
    known.hear("a1", birth(device("mouse"), device("pen"), room=NO_ROOM), NOW)
    assert {each.room for each in known.devices.values()} == {NO_ROOM}
    known.hear("a1", birth(device("mouse"), device("pen", Status.UNKNOWN), rev=2), NOW)
    assert {each.room for each in known.devices.values()} == {"P203"}


def test_what_an_agent_tells_of_line_kit_and_roaming_is_kept() -> None:
    """A birth tells all of it; a beat tells line and kit anew."""
    kit = (KitLine(kind=DeviceKind.CAMERA, wanted=1, here=0),)
    known = fleet()
    told = replace(birth(), roaming=True, line=LineMeasures(internet=True), kit=kit)
    known.hear("a1", told, NOW)
    agent = known.agents["a1"]
    assert (agent.roaming, agent.line.internet, agent.kit) == (True, True, kit)
    beat = Health(
        boot="b1", at_ms=1, rev=2, status=Status.OK, line=LineMeasures(internet=False), kit=()
    )
    known.hear("a1", beat, NOW)
    agent = known.agents["a1"]
    assert (agent.roaming, agent.line.internet, agent.kit) == (True, False, ())


def test_a_device_is_kept_with_all_that_the_second_schema_tells() -> None:
    """Identity, aliases, address and measures reach the record."""
    measures = DeviceMeasures(power="on", lamp_hours=10)
    told = replace(
        device(), identity=Identity.MAC, aliases=("x",), address="192.0.2.7", measures=measures
    )
    record = born(told).devices["usb-1"]
    assert (record.identity, record.aliases) == (Identity.MAC, ("x",))
    assert (record.address, record.measures) == ("192.0.2.7", measures)


@pytest.mark.parametrize(
    ("changes", "places"),
    [
        ({"measures": DeviceMeasures(power="on", input="HDMI 2", lamp_hours=11)}, 0),
        ({"address": "192.0.2.9"}, 0),
        ({"last_seen_ms": 99}, 0),
        ({"identity": Identity.MAC}, 1),
        ({"aliases": ("port-1",)}, 1),
        ({"room": "P204"}, 1),
        ({"name": "another"}, 1),
        ({"serial": "0099"}, 1),
        ({"status": Status.WARNING}, 1),
    ],
)
def test_the_feed_tells_what_a_device_is_and_not_what_its_lamp_has_run(
    changes: dict[str, object], places: int
) -> None:
    """Hours and addresses change often and get no place in the feed; they are kept all the same."""
    known = born(device())
    before = known.devices["usb-1"]
    after = replace(device(), **changes)
    (record,) = known.hear("a1", state(2, after), NOW)
    assert isinstance(record, DeviceRecord)
    assert record.change - before.change == places
    for name in ("measures", "address"):
        assert getattr(record, name) == getattr(after, name)


def test_what_was_known_under_an_alias_is_folded_into_the_device() -> None:
    """One record is left, as old as the oldest; the feed tells that the other is gone."""
    known = born(device("port-1"))
    changes = known.hear("a1", state(2, replace(device("usb-9"), aliases=("port-1",))), NOW + 5)
    told = {each.device_id: each for each in changes if isinstance(each, DeviceRecord)}
    assert (told["port-1"].removed_ms, told["port-1"].change) == (NOW + 5, 2)
    assert (told["usb-9"].first_seen_ms, told["usb-9"].aliases) == (NOW, ("port-1",))
    assert set(present(known)) == {"usb-9"}


def test_a_fold_can_be_undone() -> None:
    """The agent tells of the alias as of a device again: a split; both are there."""
    known = born(device("port-1"))
    known.hear("a1", state(2, replace(device("usb-9"), aliases=("port-1",))), NOW + 5)
    known.hear("a1", state(3, device("port-1", Status.UNKNOWN)), NOW + 6)
    assert set(present(known)) == {"usb-9"}
    known.hear("a1", state(4, device("port-1")), NOW + 7)
    assert set(present(known)) == {"usb-9", "port-1"}
    assert known.devices["port-1"].first_seen_ms == NOW


def test_what_another_agent_sees_now_is_not_folded() -> None:
    """Its own word counts while it is there; once it is lost, the alias is folded."""
    known = fleet()
    known.hear("a2", birth(device("mac-1"), boot="b2", room="P207"), NOW)
    known.hear("a1", birth(replace(device("usb-9"), aliases=("mac-1",))), NOW + 1)
    assert set(present(known)) == {"mac-1", "usb-9"}
    known.hear("a2", gone(boot="b2"), NOW + 2)
    known.hear("a1", birth(replace(device("usb-9"), aliases=("mac-1",)), rev=2), NOW + 3)
    assert set(present(known)) == {"usb-9"}
    assert known.devices["usb-9"].first_seen_ms == NOW


def test_what_a_neighbour_sees_comes_back_from_a_fold() -> None:
    """An agent that folded a device does not keep it from another that sees it."""
    known = born(device("mac-1"))
    known.hear("a1", state(2, replace(device("usb-9"), aliases=("mac-1",))), NOW)
    known.hear("a2", birth(device("mac-1"), boot="b2", room="P207"), NOW)
    assert known.devices["mac-1"].room == "P207"
    assert set(present(known)) == {"usb-9", "mac-1"}


def test_an_agent_cannot_fold_by_a_device_that_is_anothers() -> None:
    """A neighbour's word for a board that is not its own takes nothing out."""
    known = born(device("usb-9"), device("mac-1"))
    stranger = replace(device("usb-9"), aliases=("mac-1",))
    known.hear("a2", birth(stranger, boot="b2", room="P207"), NOW)
    assert set(present(known)) == {"usb-9", "mac-1"}


def test_a_birth_that_contradicts_itself_folds_nothing_that_it_sees() -> None:
    """Whatever the order in the birth; a device is never its own alias."""
    one, two = replace(device("a"), aliases=("b", "a")), replace(device("b"), aliases=("a",))
    for devices in ((one, two), (two, one)):
        assert set(present(born(*devices))) == {"a", "b"}


def test_folds_are_known_after_a_restart() -> None:
    """What the agent remembers as unplugged under an alias does not come back by that."""
    known = born(replace(device("usb-9"), aliases=("port-1",)))
    again = fleet(agents=known.agents.values(), devices=known.devices.values())
    again.hear("a1", state(5, device("port-1", Status.UNKNOWN)), NOW)
    assert set(present(again)) == {"usb-9"}


IDS = ("a", "b", "c")
words_of_one_agent = st.lists(
    st.builds(
        lambda name, status, aliases: replace(device(name, status), aliases=tuple(sorted(aliases))),
        st.sampled_from(IDS),
        st.sampled_from([Status.OK, Status.WARNING, Status.UNKNOWN]),
        st.sets(st.sampled_from(IDS), max_size=2),
    ),
    max_size=7,
)


@given(words_of_one_agent, st.data())
def test_devices_and_aliases_in_any_order_and_repetition_give_the_same_room(
    said: list[Device], data: st.DataObject
) -> None:
    """Folding and splitting depend on what was said last, not on what arrived last."""
    states = [state(rev, each) for rev, each in enumerate(said, start=2)]
    mixed = data.draw(st.permutations(states))
    more = data.draw(st.lists(st.sampled_from(states), max_size=4)) if states else []
    seen = []
    for arrived in (states, [*mixed, *more]):
        known = born()
        for each in arrived:
            known.hear("a1", each, NOW)
        seen.append(
            {
                each.device_id: (each.status, each.aliases, each.rev)
                for each in present(known).values()
                if each.status is not Status.UNKNOWN
            }
        )
    assert seen[0] == seen[1]


@given(words_of_one_agent)
def test_saying_everything_twice_changes_nothing_more(said: list[Device]) -> None:
    """A repeated message is known, folds and all."""
    known = born()
    states = [state(rev, each) for rev, each in enumerate(said, start=2)]
    for each in states:
        known.hear("a1", each, NOW)
    before = dict(known.devices)
    for each in states:
        known.hear("a1", each, NOW)
    assert dict(known.devices) == before


def test_an_old_word_that_an_alias_was_seen_does_not_bring_it_back() -> None:
    """It was folded, then told as not seen; what was said between the two comes too late."""
    known = born()
    known.hear("a1", state(3, replace(device("usb-9"), aliases=("port-1",))), NOW)
    known.hear("a1", state(5, device("port-1", Status.UNKNOWN)), NOW)
    known.hear("a1", state(4, device("port-1")), NOW)
    assert set(present(known)) == {"usb-9"}
    known.hear("a1", state(6, device("port-1")), NOW)
    assert set(present(known)) == {"usb-9", "port-1"}
