"""What most say counts, and never a time that nobody says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.database.witnesses import AGREED_MS, DAY_MS, Verdict, Witnesses

WALL_MS = 1_793_232_000_000
OFFS_MS = st.sampled_from([0, 0, 700_000_000, -400 * DAY_MS, 5 * 365 * DAY_MS])
SAID = st.lists(st.tuples(OFFS_MS, st.integers(-60_000, 60_000)), min_size=3, max_size=8)


def heard(offs_ms: list[int]) -> Verdict:
    """What so many say whose clocks are so far ahead of this one."""
    witnesses = Witnesses()
    for number, off_ms in enumerate(offs_ms):
        witnesses.hear(str(number), WALL_MS + off_ms, 0.0)
    return witnesses.verdict(WALL_MS, 0.0, is_synchronized=False)


@given(SAID)
def test_only_what_more_than_half_say_counts(said: list[tuple[int, int]]) -> None:
    """Camps far apart, each within minutes: the largest, if it is more than half; else nobody."""
    camps = [camp for camp, _ in said]
    verdict = heard([camp + drift for camp, drift in said])
    most = max(camps, key=camps.count)
    if 2 * camps.count(most) > len(camps):
        assert verdict.off_ms is not None
        assert abs(verdict.off_ms - most) <= 60_000
        assert verdict.agrees == (most == 0)
    else:
        assert verdict == Verdict()


def test_two_camps_of_the_same_size_make_no_time_between_them() -> None:
    """Two computers eight days ahead, two right: nobody is at four."""
    assert heard([0, 0, 700_000_000, 700_000_000]) == Verdict()
    assert heard([0, 0, 0, 700_000_000]).agrees
    assert heard([0, AGREED_MS - 1, 700_000_000]).agrees
