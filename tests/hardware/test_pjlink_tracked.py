"""PJLink: what is told of a projector, decided without a network."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.network.flaws import FlawReporter
from hardware.network.neighbours import told_mac
from hardware.pjlink.search import SEARCH, Notification, parse_notification
from hardware.pjlink.talk import ProjectorInfo, TalkError
from hardware.pjlink.tracked import POLL_S, TROUBLE_S, TalkResult, TrackedProjector, kind_of
from hardware.readings import (
    IdentityKind,
    Kind,
    PowerState,
    ProjectorPart,
    ProjectorReading,
    Sighting,
    SourceFlaw,
)

INFO = ProjectorInfo(name="PJ", maker="NEC", model="M403X", serial="7X00123FB", pjlink_class=2)
OFF = ProjectorReading(key="", at=0.0, power=PowerState.OFF)
WELL = TalkResult(reading=replace(OFF, power=PowerState.ON), info=INFO)
MAC = "0026ab112233"


def known() -> TrackedProjector:
    return TrackedProjector("10.0.0.9", 4352, mac=MAC, is_discovered=True)


def typed() -> TrackedProjector:
    return TrackedProjector("10.0.0.9", 4352, token="t1")  # noqa: S106 - names an entry


def trouble(reason: str, *, greeted: bool = False, connected: bool = True) -> TalkResult:
    return TalkResult(trouble=TalkError(reason, greeted=greeted, connected=connected))


def reasons(seen: list[object]) -> list[str]:
    return [one.reason for one in seen if isinstance(one, ProjectorReading)]


def sightings(seen: list[object]) -> list[Sighting]:
    return [one for one in seen if isinstance(one, Sighting)]


def test_a_sighting_is_told_once_and_a_reading_each_time() -> None:
    """Nothing changed the second time."""
    one = known()
    first, again = one.update(WELL, 1.0, 1.0), one.update(WELL, 61.0, 61.0)
    assert [type(seen) for seen in first] == [Sighting, ProjectorReading]
    assert [type(seen) for seen in again] == [ProjectorReading]


def test_silence_after_the_connection_is_a_busy_projector_for_forty_seconds() -> None:
    """Who holds it may be idle for 30 s; after that it hangs."""
    one = known()
    one.update(WELL, 0.0, 0.0)
    silent = trouble("no_answer")
    told = [reasons(one.update(silent, at, at))[0] for at in (64.0, 72.0, 100.0, 105.0, 110.0)]
    assert told == ["busy", "busy", "busy", "no_answer", "no_answer"]


def test_silence_of_one_that_never_spoke_is_no_answer() -> None:
    """Nobody knows whether it speaks PJLink at all."""
    one = typed()
    assert one.update(trouble("no_answer"), 1.0, 1.0) == []
    assert one.wait_s(0.0) == POLL_S


def test_two_misses_make_it_gone_and_one_answer_brings_it_back() -> None:
    """A packet may be lost."""
    one = known()
    one.update(WELL, 0.0, 0.0)
    away = trouble("no_answer", connected=False)
    assert sightings(one.update(away, 60.0, 60.0)) == []
    (gone,) = sightings(one.update(away, 68.0, 68.0))
    assert (gone.key, gone.present, gone.reason) == (f"mac:{MAC}", False, "no_answer")
    assert sightings(one.update(away, 76.0, 76.0)) == []
    assert one.info(76.0) is None
    (back,) = sightings(one.update(WELL, 84.0, 84.0))
    assert back.present


def test_a_trouble_is_looked_at_again_within_eight_seconds() -> None:
    """And a missing password, which people must type, only with the next poll."""
    one = known()
    one.update(WELL, 0.0, 0.0)
    assert one.wait_s(0.0) >= POLL_S
    one.update(trouble("busy"), 1.0, 1.0)
    assert TROUBLE_S <= one.wait_s(1.0) < 8.0
    one.update(trouble("needs_password", greeted=True), 2.0, 2.0)
    assert one.wait_s(0.0) >= POLL_S


def test_another_projector_at_the_address_is_another_device() -> None:
    """The one before is gone, and nothing of it is told of the new one."""
    one = known()
    one.update(WELL, 0.0, 0.0)
    (gone,) = one.become("0026ab445566")
    assert not gone.present
    other = TalkResult(reading=OFF, info=ProjectorInfo(name="B"))
    (new,) = sightings(one.update(other, 5.0, 5.0))
    assert (new.key, new.name, new.serial) == ("mac:0026ab445566", "B", "")


def test_a_projector_that_needs_a_password_is_seen_all_the_same() -> None:
    """By the MAC that it told in the search."""
    seen = known().update(trouble("needs_password", greeted=True), 1.0, 1.0)
    assert sightings(seen)[0].key == f"mac:{MAC}"
    assert reasons(seen) == ["needs_password"]


def test_one_that_tells_nothing_at_all_has_no_key() -> None:
    """Two of them would be taken for one."""
    one = TrackedProjector("10.0.0.9", 4352, is_discovered=True)
    assert one.update(trouble("needs_password", greeted=True), 1.0, 1.0) == []


@pytest.mark.parametrize("serial", ["", "0000000", "123", "SN0001"])
def test_a_weak_serial_names_nothing(serial: str) -> None:
    """The entry that was typed is the better name."""
    one = typed()
    info = ProjectorInfo(name="PJ", maker="NEC", serial=serial, pjlink_class=2)
    (seen,) = sightings(one.update(TalkResult(reading=OFF, info=info), 1.0, 1.0))
    assert (seen.identity, seen.key, seen.aliases) == (IdentityKind.TOKEN, "token:t1", ())
    assert seen.serial == ""


def test_marks_of_no_one_piece_go_on_as_former_keys() -> None:
    """A counted MAC, that it told or that answers for it, and a serial that is filled up."""
    info = ProjectorInfo(name="PJ", maker="NEC", serial="7QX400000000A1B2C3D", pjlink_class=2)
    one = TrackedProjector("10.0.0.9", 4352, is_discovered=True)
    one.neighbour, one.weak_mac = told_mac("00:12:34:56:78:9a"), told_mac("001122334455").weak
    (seen,) = sightings(one.update(TalkResult(reading=OFF, info=info), 1.0, 1.0))
    told = ("mac:001122334455", "serial:nec:7QX400000000A1B2C3D")
    assert seen.identity is IdentityKind.HOST
    assert seen.weak == told
    assert seen.former == (*told, "mac:00123456789a")


def test_one_that_tells_its_mark_late_leaves_no_ghost_of_its_name() -> None:
    """It had but its name, or the entry that was typed; told again, it says the same."""
    nameless = ProjectorInfo(name="PJ", maker="NEC", model="M403X")
    for one in (typed(), TrackedProjector("10.0.0.9", 4352, is_discovered=True)):
        (before,) = sightings(one.update(TalkResult(reading=OFF, info=nameless), 1.0, 1.0))
        one.neighbour = told_mac(MAC)
        gone, after = sightings(one.update(TalkResult(reading=OFF, info=INFO), 2.0, 2.0))
        assert (gone.key, gone.present) == (before.key, False)
        assert (after.key, after.former) == (f"mac:{MAC}", (before.key,))
        assert sightings(one.update(WELL, 3.0, 3.0)) == []


def test_boards_are_known_by_their_names() -> None:
    """All else is a projector."""
    assert kind_of(ProjectorInfo(maker="Promethean", model="ActivPanel 9")) is Kind.BOARD
    assert kind_of(ProjectorInfo(maker="SMART", name="SMART Board 6A1")) is Kind.BOARD
    assert kind_of(ProjectorInfo(maker="SMART Technologies", model="UF70")) is Kind.PROJECTOR
    assert kind_of(ProjectorInfo()) is Kind.PROJECTOR


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SEARCH, None),
        (b"%2ACKN=00:26:ab:11:22:33\r", Notification("10.0.0.9", MAC)),
        (b"%2ackn=0026AB112233", Notification("10.0.0.9", MAC)),
        (b"%2ACKN=001122334455\r", Notification("10.0.0.9", weak_mac="001122334455")),
        (b"%2LKUP=00:26:ab:11:22:33\r\n", Notification("10.0.0.9", MAC)),
        (b"%2ACKN=192.168.1.77\r", Notification("10.0.0.9")),
        (b"%2ACKN=ff:ff:ff:ff:ff:ff\r", Notification("10.0.0.9")),
        (b"%2POWR=1\r", Notification("10.0.0.9", is_change=True)),
        (b"%2ERST=000010\r", Notification("10.0.0.9", is_change=True)),
    ],
    ids=[
        "search",
        "found",
        "lower case",
        "of many",
        "up",
        "no MAC",
        "broadcast MAC",
        "power",
        "errors",
    ],
)
def test_a_datagram_is_read(data: bytes, expected: Notification | None) -> None:
    """The sender's address counts, whatever it says of itself."""
    assert parse_notification(data, "10.0.0.9") == expected


@given(st.binary(max_size=2000))
def test_any_datagram_is_a_word_or_nonsense(data: bytes) -> None:
    """Nothing else is raised."""
    try:
        notification = parse_notification(data, "10.0.0.9")
    except ValueError:
        notification = None
    assert notification is None or notification.address == "10.0.0.9"


def test_flaws_are_counted_all_and_told_once_a_minute() -> None:
    """A liar does not fill the log, nor do a thousand."""
    told: list[SourceFlaw] = []
    now = [0.0]
    flaws = FlawReporter(told.append, "pjlink", lambda: now[0])
    for _ in range(100):
        flaws.say("nonsense", "10.0.0.9")
    assert told == [SourceFlaw(source="pjlink", code="nonsense", address="10.0.0.9")]
    assert flaws.count == 100
    for last in range(1000):
        flaws.say("nonsense", f"10.0.1.{last}")
    assert len(told) == 20
    now[0] = 61.0
    flaws.say("nonsense", "10.0.0.9")
    assert len(told) == 21
    assert sum(each.count for each in told) == flaws.count == 1101


def test_one_that_never_says_how_its_lamp_is_stands_by_after_minutes() -> None:
    """No lamp cools for so long; it is asked calmly from then on, and its other facts are kept."""
    one = known()
    untold = ProjectorReading(key="", at=0.0, lamp_hours=(1200,), reason="busy")
    told: list[tuple[PowerState, str, float]] = []
    for now in (0.0, 60.0, 200.0, 300.0):
        result = TalkResult(reading=untold, info=ProjectorInfo(name="PJ"))
        *_, reading = one.update(result, now, now)
        assert isinstance(reading, ProjectorReading)
        assert reading.lamp_hours == (1200,)
        told.append((reading.power, reading.reason, one.wait_s(0.0)))
    cools = (PowerState.UNKNOWN, "busy", TROUBLE_S)
    assert told == [cools, cools, cools, (PowerState.OFF, "", POLL_S)]
    lit = replace(untold, power=PowerState.ON, reason="")
    one.update(TalkResult(reading=lit), 301.0, 301.0)
    *_, reading = one.update(TalkResult(reading=untold), 400.0, 400.0)
    assert isinstance(reading, ProjectorReading)
    assert reading.reason == "busy"  # it may cool now


def test_what_it_would_not_say_is_as_it_was_said() -> None:
    """A fault is not mended, and a lamp no younger, because one in standby tells its lamp alone."""
    one = known()
    lit = ProjectorReading(
        key="", at=0.0, lamp_hours=(5200,), filter_hours=9, failing=(ProjectorPart.FAN,)
    )
    one.update(TalkResult(reading=lit, info=ProjectorInfo(name="PJ")), 0.0, 0.0)
    sleeps = ProjectorReading(key="", at=0.0, power=PowerState.OFF)
    *_, reading = one.update(TalkResult(reading=sleeps, told=frozenset()), 60.0, 60.0)
    assert isinstance(reading, ProjectorReading)
    assert (reading.lamp_hours, reading.filter_hours) == ((5200,), 9)
    assert reading.failing == (ProjectorPart.FAN,)
    assert reading.power is PowerState.OFF
    *_, reading = one.update(TalkResult(reading=sleeps), 120.0, 120.0)
    assert isinstance(reading, ProjectorReading)
    assert (reading.failing, reading.lamp_hours) == ((), ())  # told to be so
    one.update(TalkResult(reading=lit), 180.0, 180.0)
    one.become("00261f123456")
    one.update(TalkResult(info=ProjectorInfo(name="Another")), 181.0, 181.0)
    *_, reading = one.update(TalkResult(reading=sleeps, told=frozenset()), 240.0, 240.0)
    assert isinstance(reading, ProjectorReading)
    assert reading.failing == ()


def test_what_it_is_is_known_while_it_sleeps() -> None:
    """Names that it would not say are as they were; of another make nothing is kept."""
    one = TrackedProjector("10.0.0.9", 4352, is_discovered=True)
    (awake, *_) = one.update(WELL, 0.0, 0.0)
    assert isinstance(awake, Sighting)
    assert awake.identity is IdentityKind.UUID
    silent = TalkResult(reading=OFF, info=ProjectorInfo())
    (reading,) = one.update(silent, 4000.0, 4000.0)  # no sighting: nothing is new
    assert isinstance(reading, ProjectorReading)
    assert reading.key == awake.key
    assert one.info(4001.0) == INFO
    other = TalkResult(reading=OFF, info=ProjectorInfo(name="PJ", maker="EPSON", model="EB-1"))
    sightings = [each for each in one.update(other, 5000.0, 5000.0) if isinstance(each, Sighting)]
    assert [(each.present, each.serial) for each in sightings] == [(False, INFO.serial), (True, "")]


def test_one_that_told_no_name_yet_is_asked_each_time() -> None:
    """It slept when it was met, and is named as soon as it wakes."""
    one = TrackedProjector("10.0.0.9", 4352, is_discovered=True)
    assert one.update(TalkResult(reading=OFF, info=ProjectorInfo()), 0.0, 0.0) == []
    assert one.info(60.0) is None
    assert one.update(WELL, 60.0, 60.0)
    assert one.info(120.0) == INFO
