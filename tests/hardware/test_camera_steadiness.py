"""When a camera is in trouble, and when it is well again: time and samples come from the table."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera.steadiness import LOST_S, WARM_UP_S, Steadiness
from hardware.readings import CameraState

LETTERS = {
    ".": CameraState.OK,
    "k": CameraState.BLACK,
    "o": CameraState.OVEREXPOSED,
    "c": CameraState.COVERED,
    "p": CameraState.PARTLY_COVERED,
    "b": CameraState.BLURRED,
}
STEP_S = 0.5


def played(samples: Iterable[CameraState], *, warm_up_s: float = 0.0) -> list[CameraState]:
    """The state after each sample, one every half second, each frame another."""
    steadiness = Steadiness(0.0, warm_up_s=warm_up_s, paced=False)
    states = []
    for number, sample in enumerate(samples):
        at = STEP_S * number
        steadiness.frame(at)
        steadiness.sample(at, sample, digest=number)
        states.append(steadiness.state(at))
    return states


def last(samples: str) -> str:
    return str(played(LETTERS[letter] for letter in samples)[-1])


@pytest.mark.parametrize(
    ("samples", "state"),
    [
        ("......", "ok"),
        ("pppp", "ok"),
        ("ppppp", "partly_covered"),
        ("pp.ppp", "partly_covered"),
        ("pp.p.pp", "ok"),
        ("kk", "ok"),
        ("kkk", "black"),
        ("kk.k", "ok"),
        ("ooopp", "overexposed"),
        ("oopop.", "overexposed"),
        ("bbbbb", "ok"),
        ("bbbbbbb", "ok"),
        ("bbbbbbbb", "blurred"),
        ("b.bbb.bbbb", "blurred"),
        ("ppppp..", "partly_covered"),
        ("ppppp..p..", "partly_covered"),
        ("ppppp...", "ok"),
        ("ppppp...pppp", "ok"),
        ("ppppppooooo", "overexposed"),
        ("pppppkkk", "black"),
        ("pppppk", "partly_covered"),
    ],
)
def test_five_of_six_bad_ones_are_trouble_and_three_good_ones_end_it(
    samples: str, state: str
) -> None:
    """Black needs three in a row; a blur, which focusing may be, eight of ten."""
    assert last(samples) == state


def test_nothing_is_said_while_the_camera_still_looks_for_its_exposure() -> None:
    """The first five seconds after opening may be black or white."""
    black = [CameraState.BLACK] * 30
    states = played(black, warm_up_s=WARM_UP_S)
    first = states.index(CameraState.BLACK)
    assert first * STEP_S >= WARM_UP_S
    assert first * STEP_S <= WARM_UP_S + 3 * STEP_S


@pytest.mark.parametrize(
    ("digests", "alone", "coded"),
    [
        ([7] * 9, "ok", "ok"),
        ([7] * 10, "frozen", "frozen"),
        ([1, 2, 3] * 4, "ok", "frozen"),
        ([*range(100, 120), *[7] * 9], "ok", "ok"),
        ([*[7] * 10, 1, 2], "frozen", "frozen"),
        ([*[7] * 10, 1, 2, 3], "ok", "ok"),
        ([0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "ok", "ok"),
    ],
)
def test_frames_that_show_nothing_new_are_frozen(
    digests: list[int], alone: str, coded: str
) -> None:
    """Equal ones; a codec shows one still picture in a few turns, and those count as well."""
    for is_coded, state in ((False, alone), (True, coded)):
        steadiness = Steadiness(0.0, paced=False, coded=is_coded)
        for number, digest in enumerate(digests):
            steadiness.frame(STEP_S * number)
            steadiness.sample(STEP_S * number, CameraState.OK, digest)
        assert steadiness.state(STEP_S * len(digests)) == state


def test_a_film_that_comes_round_again_is_not_frozen() -> None:
    """Its pictures come again but move."""
    steadiness = Steadiness(0.0, paced=False, coded=True)
    for number in range(40):
        steadiness.frame(STEP_S * number)
        steadiness.sample(STEP_S * number, CameraState.OK, number % 5, change=0.4)
    assert steadiness.state(STEP_S * 40) is CameraState.OK


@pytest.mark.parametrize("letter", ["k", "o", "c"])
def test_a_picture_in_which_nothing_could_move_is_not_called_frozen(letter: str) -> None:
    """A cap on the lens gives equal frames, and is a cap."""
    steadiness = Steadiness(0.0, warm_up_s=0.0)
    for number in range(20):
        steadiness.frame(STEP_S * number)
        steadiness.sample(STEP_S * number, LETTERS[letter], digest=7)
    assert steadiness.state(STEP_S * 20) is LETTERS[letter]


@pytest.mark.parametrize(
    ("fps", "nominal_fps", "state"),
    [
        (30, 30, "ok"),
        (16, 30, "ok"),
        (14, 30, "slow"),
        (6, 0, "ok"),
        (4, 0, "slow"),
        (4, 4, "slow"),
        (0.5, 0, "slow"),
    ],
)
def test_less_than_half_the_promised_rate_or_five_a_second_is_slow(
    fps: float, nominal_fps: float, state: str
) -> None:
    """Where nothing was promised only the five a second count."""
    steadiness = Steadiness(0.0, nominal_fps=nominal_fps)
    times = [number / fps for number in range(int(10 * fps) + 1)]
    for at in times:
        steadiness.frame(at)
    assert steadiness.state(times[-1]) == state
    assert steadiness.fps == pytest.approx(fps)


def test_a_single_late_frame_is_not_slow() -> None:
    """One pause among the frames of five seconds says nothing."""
    steadiness = Steadiness(0.0, nominal_fps=30, warm_up_s=0.0)
    at = 0.0
    for number in range(60):
        at += 2.0 if number == 30 else 1 / 30
        steadiness.frame(at)
    assert steadiness.state(at) is CameraState.OK


@pytest.mark.parametrize(
    ("gust", "every_s", "nominal_fps", "state"),
    [
        (4, 2.0, 30, "slow"),
        (4, 1.5, 0, "slow"),
        (15, 1.0, 30, "ok"),
        (8, 1.0, 0, "ok"),
    ],
)
def test_a_rate_is_counted_over_the_time_that_passed(
    gust: int, every_s: float, nominal_fps: float, state: str
) -> None:
    """A network that holds frames back and lets them go together makes no stream faster."""
    steadiness = Steadiness(0.0, nominal_fps=nominal_fps, warm_up_s=0.0)
    at = 0.0
    for number in range(12 * gust):
        at = every_s * (number // gust) + 0.001 * (number % gust)
        steadiness.frame(at)
    assert steadiness.state(at) == state
    assert steadiness.fps < 1.5 * gust / every_s


def test_pictures_that_are_asked_for_one_by_one_are_never_slow() -> None:
    """Their rate is ours."""
    steadiness = Steadiness(0.0, paced=False)
    for number in range(20):
        steadiness.frame(STEP_S * number)
    assert steadiness.state(STEP_S * 20) is CameraState.OK


def test_three_seconds_without_a_frame_are_a_lost_camera() -> None:
    """Counted from the last frame, or from the opening."""
    steadiness = Steadiness(100.0)
    assert steadiness.state(100.0 + LOST_S - 0.1) is CameraState.OK
    assert steadiness.state(100.0 + LOST_S) is CameraState.DISCONNECTED
    steadiness.frame(104.0)
    assert steadiness.state(104.5) is CameraState.OK


@pytest.mark.parametrize(("samples", "state"), [("k", "black"), ("pp", "partly_covered")])
def test_a_very_short_film_is_what_most_of_its_frames_say(samples: str, state: str) -> None:
    """There are too few for anything steadier."""
    steadiness = Steadiness(0.0, warm_up_s=0.0)
    for number, letter in enumerate(samples):
        steadiness.frame(number / 10)
        steadiness.sample(number / 10, LETTERS[letter], number)
    assert steadiness.state(0.2) is CameraState.OK
    assert steadiness.verdict(0.2) == state


states = st.sampled_from([*LETTERS.values(), CameraState.OK])


@given(st.lists(states, max_size=60))
def test_a_camera_is_well_after_three_good_samples_whatever_came_before(
    before: list[CameraState],
) -> None:
    """No alarm stays for ever."""
    assert played([*before, *[CameraState.OK] * 3])[-1] is CameraState.OK


@given(st.lists(states, max_size=60), st.sampled_from(list(LETTERS.values())))
def test_what_stays_is_told_whatever_came_before(
    before: list[CameraState], state: CameraState
) -> None:
    """Ten samples that say the same are the camera's state."""
    assert played([*before, *[state] * 10])[-1] is state


@given(st.lists(st.integers(1, 4), max_size=12), states)
def test_flicker_is_no_trouble(runs: list[int], bad: CameraState) -> None:
    """At most two bad ones between two good ones never make an alarm."""
    samples = []
    for run in runs:
        samples += [bad] * min(run, 2) + [CameraState.OK]
    assert set(played(samples)) <= {CameraState.OK}


@given(st.lists(states, max_size=60))
def test_no_state_is_entered_with_fewer_than_three_samples_of_it(
    samples: list[CameraState],
) -> None:
    """Whatever is told was seen more than once, lately."""
    for number, state in enumerate(played(samples)):
        if state is not CameraState.OK:
            assert state in samples[: number + 1]
            assert sum(each is not CameraState.OK for each in samples[: number + 1]) >= 3
