"""A school's line against a second-by-second count that knows nothing of ours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.access.token import DAY_MS, READING, Token, new_token, rhythm_after, token_of
from controller.department.school_record import SchoolRecord
from controller.department.schools import LineSaid
from controller.lines.line import (
    OUT_MS,
    LineDay,
    LineState,
    LineSums,
    LineWatch,
    first_day,
    spans,
    state_of,
    sums_of,
)
from protocol.model import Place

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGAN_MS = int(datetime(2026, 9, 5, 16, 0, tzinfo=UTC).timestamp() * 1000)  # an hour to midnight
MIN_MS = 60_000
SCHOOL = Place("14", "A")
TODAY = "2026-09-05"


def heard(at_ms: int, boot: str = "b", session: int = 1, *, online: bool = True) -> SchoolRecord:
    """The school, heard at that moment."""
    return SchoolRecord(place=SCHOOL, boot=boot, session=session, heard_ms=at_ms, online=online)


def a_watch(*records: SchoolRecord) -> LineWatch:
    """A watch that begins now."""
    watch = LineWatch(ZONE, BEGAN_MS)
    watch.know(records, (), BEGAN_MS)
    return watch


def kept(watch: LineWatch, now_ms: int) -> dict[str, LineDay]:
    """What would be stored, by day."""
    return {day.day: day for day in watch.to_keep(now_ms)}


SPELLS = st.tuples(st.sampled_from("hs"), st.sampled_from([0, 1, 14, 15, 16, 40])).map(
    lambda spell: spell[0] + "." * spell[1]
)


@given(st.lists(SPELLS, min_size=1, max_size=5).map("".join))
def test_silence_is_what_a_minute_by_minute_count_says(minutes: str) -> None:
    """h: heard, s: this machine's own line began anew, a point: nothing; each minute is ticked."""
    watch, events = a_watch(heard(BEGAN_MS)), [0]
    out: Counter[str] = Counter()
    watched: Counter[str] = Counter()
    for n, what in enumerate(minutes, 1):
        now_ms = BEGAN_MS + n * MIN_MS
        if what == "s":
            watch.listen(now_ms)
        elif what == "h":
            watch.hear(heard(now_ms), now_ms)
        watch.tick(dict, now_ms)
        if what == "s":
            watched[_day(n - 1)] -= 1  # nobody could hear that minute
        watched[_day(n - 1)] += 1
        if what != ".":
            _count_silence(out, events[-1], n - (what == "s"))
            events.append(n)
    _count_silence(out, events[-1], len(minutes))
    days = kept(watch, BEGAN_MS + len(minutes) * MIN_MS)
    for day in ("2026-09-05", "2026-09-06"):
        one = days.get(day, LineDay(place=SCHOOL, day=day))
        assert (one.out_ms // MIN_MS, one.watched_ms // MIN_MS) == (out[day], watched[day])
        assert one.out_ms <= one.watched_ms


def _day(minute: int) -> str:
    return "2026-09-05" if minute < 60 else "2026-09-06"


def _count_silence(out: Counter[str], since: int, until: int) -> None:
    if until - since > OUT_MS // MIN_MS:
        out.update(_day(minute) for minute in range(since, until))


@pytest.mark.parametrize(
    ("then", "times"),
    [
        ([("b", 1)], 0),
        ([("b", 2)], 1),
        ([("b", 2), ("b", 2), ("b", 3)], 2),
        ([("c", 0), ("c", 1)], 1),  # a start is one, its first session no other
        ([("c", 0), ("c", 4)], 2),
    ],
)
def test_a_start_and_a_further_session_are_reconnections(
    then: list[tuple[str, int]], times: int
) -> None:
    """The school was known with session 1 of start b."""
    watch = a_watch(heard(BEGAN_MS))
    for n, (boot, session) in enumerate(then, 1):
        watch.hear(heard(BEGAN_MS + n, boot, session), BEGAN_MS + n)
    watch.tick(dict, BEGAN_MS + MIN_MS)
    assert kept(watch, BEGAN_MS)[TODAY].reconnects == times


def test_an_end_is_no_sign_of_life_and_a_new_school_was_never_silent() -> None:
    """The last will comes a minute before the silence is noticed."""
    watch = a_watch(heard(BEGAN_MS))
    for n in range(1, 17):
        now_ms = BEGAN_MS + n * MIN_MS
        if n == 14:
            watch.hear(heard(BEGAN_MS, online=False), now_ms)
        watch.tick(dict, now_ms)
    assert kept(watch, BEGAN_MS)[TODAY].out_ms == 16 * MIN_MS


def test_what_this_machine_slept_through_is_watched_by_nobody() -> None:
    """Two hours without a tick are unknown."""
    watch = a_watch(heard(BEGAN_MS))
    watch.tick(dict, BEGAN_MS + MIN_MS)
    watch.tick(dict, BEGAN_MS + 120 * MIN_MS)
    (day,) = kept(watch, BEGAN_MS + 120 * MIN_MS).values()
    assert (day.watched_ms, day.out_ms) == (MIN_MS, 0)


def test_bytes_are_of_the_day_and_said_things_stay_until_said_anew() -> None:
    """A school that does not tell what waits leaves that unknown; the worst of a day stays."""
    watch = a_watch(heard(BEGAN_MS))
    watch.tick(lambda: {"A": 500}, BEGAN_MS + MIN_MS)
    assert kept(watch, BEGAN_MS)[TODAY].oldest_s is None
    watch.note(LineSaid("A", 90), BEGAN_MS + MIN_MS)
    watch.note(LineSaid("A", 0), BEGAN_MS + MIN_MS)
    watch.note(LineSaid("Z", 0), BEGAN_MS + MIN_MS)
    watch.tick(lambda: {"A": 800, "Z": 7}, BEGAN_MS + 2 * MIN_MS)
    (day,) = watch.to_keep(BEGAN_MS)
    assert (day.bytes, day.oldest_s, day.worst_s) == (800, 0, 90)
    assert watch.to_keep(BEGAN_MS) == []
    watch.keep_again()
    assert watch.to_keep(BEGAN_MS) == [day]


@given(st.integers(0, 10**10), st.integers(-5, 10**9))
def test_the_parts_of_a_span_are_the_span(start: int, length: int) -> None:
    """Each part lies within one local day."""
    parts = list(spans(start, start + length, ZONE))
    assert sum(span for _, span in parts) == max(0, length)
    for at_ms, span in parts:
        ends = [datetime.fromtimestamp(ms / 1000, ZONE).date() for ms in (at_ms, at_ms + span - 1)]
        assert ends[0] == ends[1]


def a_day(back: int, **measures: int) -> LineDay:
    """A day of the school's, so many days ago."""
    day = datetime.fromisoformat(TODAY) - timedelta(days=back)
    return LineDay(place=SCHOOL, day=day.date().isoformat(), **measures)


def test_sums_go_by_seven_and_thirty_days_and_unknown_is_not_zero() -> None:
    """What nobody watched or told is None."""
    whole = {"watched_ms": DAY_MS, "bytes": 1_000_000, "reconnects": 1, "out_ms": 60_000}
    days = [a_day(n, **whole) for n in range(40)]
    days[3] = a_day(3, **whole, oldest_s=30, worst_s=900)
    days[9] = a_day(9, **whole, oldest_s=1, worst_s=9999)
    assert sums_of(days, TODAY)["A"] == LineSums(
        out_week_ms=7 * 60_000,
        out_month_ms=30 * 60_000,
        watched_week_ms=7 * DAY_MS,
        reconnects=7,
        bytes_a_day=1_000_000,
        oldest_s=30,
        worst_s=900,
    )
    assert sums_of([a_day(20)], TODAY)["A"] == LineSums()
    assert sums_of([a_day(2, bytes=5)], TODAY)["A"] == LineSums(reconnects=0)
    assert (first_day(TODAY, 7), sums_of([], TODAY)) == ("2026-08-30", {})


@pytest.mark.parametrize(
    ("ago_min", "state"),
    [(0, LineState.HEARD), (15, LineState.HEARD), (16, LineState.QUIET), (1440, LineState.QUIET),
     (1441, LineState.SILENT), (-16, LineState.SILENT), (None, LineState.NEVER)],
)  # fmt: skip
def test_how_a_line_is_now_goes_by_arrival(ago_min: int | None, state: LineState) -> None:
    """What is stamped ahead of our clock is of a clock that was wrong."""
    heard_ms = None if ago_min is None else BEGAN_MS - ago_min * MIN_MS
    assert state_of(heard_ms, BEGAN_MS) is state


def a_token(used_ms: int | None, rhythm_ms: int | None, ended_ms: int | None = None) -> Token:
    """A token that was made long ago."""
    made = token_of(
        new_token(),
        purpose="",
        made_by="",
        place=SCHOOL,
        permissions=READING,
        days=1,
        now_ms=0,
    )
    return replace(made, used_ms=used_ms, rhythm_ms=rhythm_ms, ended_ms=ended_ms)


HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("rhythm_h", "silent_h", "late"),
    [(0, 24, False), (0, 25, True), (24, 72, False), (24, 73, True), (168, 504, False),
     (168, 505, True), (24, 720, False), (None, 100, False)],
)  # fmt: skip
def test_who_asks_no_more_is_late_by_its_own_rhythm(
    rhythm_h: int | None, silent_h: int, *, late: bool
) -> None:
    """Three times the rhythm and more than a day; after a month it is no news."""
    used_ms = 100 * DAY_MS
    rhythm_ms = None if rhythm_h is None else rhythm_h * HOUR_MS
    now_ms = used_ms + silent_h * HOUR_MS
    assert a_token(used_ms, rhythm_ms).is_late(now_ms) is late
    assert not a_token(used_ms, rhythm_ms, ended_ms=now_ms).is_late(now_ms)
    assert not a_token(DAY_MS - 1, rhythm_ms).is_late(DAY_MS - 1 + silent_h * HOUR_MS)
    assert not a_token(None, None).is_late(now_ms)


@given(st.lists(st.integers(1, 3 * DAY_MS), min_size=1), st.integers(1, 3 * DAY_MS))
def test_a_rhythm_is_no_longer_than_the_gaps_and_forgets_a_halt(
    gaps: list[int], steady: int
) -> None:
    """Whoever goes on steadily is soon known by that, and is not late between."""
    rhythm: int | None = None
    for gap in gaps:
        rhythm = rhythm_after(rhythm, gap)
        assert rhythm <= max(gaps)
    for _ in range(60 * DAY_MS // steady if steady > DAY_MS // 2 else 120):
        rhythm = rhythm_after(rhythm, max(steady, DAY_MS // 2))
    assert max(steady, DAY_MS // 2) <= (rhythm or 0) < max(steady, DAY_MS // 2) + DAY_MS
