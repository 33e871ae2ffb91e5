from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.health.vitals import RoomReport, Vitals, measures_of
from agent.room import Messages
from hardware.readings import HostReading
from protocol.health import Finding, Limits
from protocol.messages import Health, HealthChanged, HostMeasures, OutboxReport
from protocol.model import Reason, Status
from tests.agent.classrooms import CALM, moment, room

BEAT_S = 10.0
FULL = replace(CALM, disk_used_percent=92.0)
FULLER = replace(CALM, disk_used_percent=99.0)
NO_UDEV: tuple[Finding, ...] = ((Status.OK, Reason("sense_missing", "usb")),)


def vitals() -> Vitals:
    """A computer that has not been measured."""
    return Vitals(room=room(), limits=Limits(), report_s=60.0)


def after(
    *beats: HostMeasures, extra: tuple[Finding, ...] = (), start: Vitals | None = None
) -> tuple[Vitals, list[Messages]]:
    """The vitals after the beats, ten seconds apart, and what each beat said."""
    now, said_by_beat, first_s = start or vitals(), [], 0.0
    if start is not None and start.reported_s is not None:
        first_s = start.reported_s + BEAT_S
    for number, measures in enumerate(beats):
        at = moment(first_s + BEAT_S * number)
        now, said = now.beat(measures, OutboxReport(), extra, RoomReport(("usb-1",)), at)
        said_by_beat.append(said)
    return now, said_by_beat


def test_the_first_beat_is_told_at_once() -> None:
    """Nobody waits a minute to hear of a room; a calm start is no event."""
    now, [said] = after(CALM)
    assert [type(each) for each in said] == [Health]
    assert now.judgement.status is Status.OK


def test_a_room_that_starts_in_need_says_so_in_an_event() -> None:
    """A fault at the start does not wait for a second beat."""
    _, [said] = after(FULLER)
    assert [type(each) for each in said] == [Health, HealthChanged]


def test_a_computer_that_measures_nothing_is_unknown() -> None:
    """Unknown is never ok by default."""
    now, [said] = after(HostMeasures())
    assert now.judgement.status is Status.UNKNOWN
    assert [type(each) for each in said] == [Health]


def test_an_idle_room_speaks_once_a_minute() -> None:
    """Ten minutes of calm give ten reports, and no event."""
    _, said_by_beat = after(*[CALM] * 60)
    said = [each for beat in said_by_beat for each in beat]
    assert len(said) == 10
    assert all(isinstance(each, Health) for each in said)


@pytest.mark.parametrize(
    ("beats", "statuses"),
    [
        ([CALM, FULL, FULL], [Status.OK, Status.OK, Status.WARNING]),
        ([CALM, FULL, CALM], [Status.OK, Status.OK, Status.OK]),
        ([FULL, CALM, CALM], [Status.WARNING, Status.WARNING, Status.OK]),
        ([FULL, CALM, FULL], [Status.WARNING, Status.WARNING, Status.WARNING]),
        ([FULL, FULLER, FULLER], [Status.WARNING, Status.WARNING, Status.CRITICAL]),
        ([FULLER, FULL, FULL], [Status.CRITICAL, Status.CRITICAL, Status.WARNING]),
    ],
)
def test_a_change_must_hold_two_beats(beats: list[HostMeasures], statuses: list[Status]) -> None:
    """One beat's peak is no news, and one beat's calm is none either."""
    now, shown = vitals(), []
    for number, measures in enumerate(beats):
        now, _ = now.beat(measures, OutboxReport(), (), RoomReport(), moment(BEAT_S * number))
        shown.append(now.judgement.status)
        assert bool(now.judgement.reasons) == (now.judgement.status is not Status.OK)
    assert shown == statuses


def test_a_change_that_held_is_told_at_once_with_an_event() -> None:
    """The report does not wait for the slow beat."""
    _, said_by_beat = after(CALM, FULL, FULL)
    assert [[type(each) for each in said] for said in said_by_beat[1:]] == [
        [],
        [Health, HealthChanged],
    ]
    changed = said_by_beat[2][1]
    assert isinstance(changed, HealthChanged)
    assert (changed.status, changed.reasons) == (
        Status.WARNING,
        (Reason("disk_low", 92.0, 90.0),),
    )


def test_a_clock_that_jumps_is_told_though_it_jumps_only_once() -> None:
    """A jump is over at the next beat; it is shown at once, and for two beats."""
    jump = replace(CALM, clock_jump_s=-3600.0)
    now, said_by_beat = after(CALM, jump)
    assert [type(each) for each in said_by_beat[1]] == [Health, HealthChanged]
    assert [each.code for each in now.judgement.reasons] == ["clock_jumped"]
    now, _ = after(CALM, jump, CALM)
    assert now.judgement.status is Status.WARNING
    now, _ = after(CALM, jump, CALM, CALM)
    assert now.judgement.status is Status.OK


def test_a_missing_sense_is_told_but_leaves_the_room_ok() -> None:
    """A laptop without udev is not amber for ever; two missing senses are two reasons."""
    both = (*NO_UDEV, (Status.OK, Reason("sense_missing", "mdns")))
    now, _ = after(CALM, extra=both)
    assert now.judgement.status is Status.OK
    assert [each.value for each in now.judgement.reasons] == ["usb", "mdns"]


def test_a_second_reason_is_told_though_the_status_stays() -> None:
    """The set of codes is news too; it is no event."""
    hot = replace(FULL, temperature_c=85.0)
    _, said_by_beat = after(FULL, hot, hot)
    assert [type(each) for each in said_by_beat[2]] == [Health]


def test_a_report_carries_measures_and_what_is_here() -> None:
    """The slow beat says which devices are still seen."""
    _, [[said]] = after(CALM)
    assert isinstance(said, Health)
    assert (said.measures, said.seen) == (CALM, ("usb-1",))


def test_a_reading_becomes_measures_field_by_field() -> None:
    """Nothing a sense measured is lost on the way, and what is absent stays absent."""
    reading = HostReading(at=5.0, cpu_percent=1.5, on_mains=True, clock_jump_s=0.0)
    assert measures_of(reading) == HostMeasures(cpu_percent=1.5, on_mains=True, clock_jump_s=0.0)


MOODS = [CALM, FULL, FULLER, replace(CALM, temperature_c=85.0), replace(FULL, cpu_percent=99.0)]


@given(st.lists(st.sampled_from(MOODS), min_size=1, max_size=40))
def test_whatever_holds_two_beats_is_shown_and_never_without_a_reason(
    beats: list[HostMeasures],
) -> None:
    """What is shown always agrees with itself, and with any state that lasts."""
    now, _ = after(*beats, beats[-1])
    settled = after(beats[-1])[0]
    assert now.judgement.status is settled.judgement.status
    assert {each.code for each in now.judgement.reasons} == {
        each.code for each in settled.judgement.reasons
    }
    assert (now.judgement.status is Status.OK) == (not now.judgement.reasons)


@given(st.lists(st.sampled_from([CALM, FULL]), min_size=2, max_size=60))
def test_alternating_measures_never_flap(beats: list[HostMeasures]) -> None:
    """A status that is told holds at least two beats."""
    now, told = vitals(), []
    for number, measures in enumerate(beats):
        now, _ = now.beat(measures, OutboxReport(), (), RoomReport(), moment(BEAT_S * number))
        told.append(now.judgement.status)
    changes = [beat for beat in range(1, len(told)) if told[beat] != told[beat - 1]]
    assert all(later - earlier >= 2 for earlier, later in pairwise(changes))
