"""What the agent and its camera process say to each other, and whose turn it is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.camera.features import Baseline
from hardware.camera.order import Alive, LookVerdict, Order, line_of, order_of, word_of
from hardware.camera.watch import Rounds, learn
from hardware.readings import CameraState


def test_an_order_arrives_as_it_was_given() -> None:
    """With a password in any script, and what the camera shows on a good day."""
    order = Order(
        place="rtsp://10.0.0.9/live\udcff",
        user="thầy",
        password="mật\nkhẩu",  # noqa: S106 - a test's own
        seconds=7.5,
        baseline=Baseline(mean=100.0, ed=0.2, foc=2.0),
    )
    assert order_of(line_of(order)) == order
    assert line_of(order).count(b"\n") == 1
    assert "mật" not in repr(order)


@pytest.mark.parametrize(
    "word",
    [
        Alive(2.5, framed=True),
        LookVerdict(CameraState.OK, "", {"ed": 0.25}),
        LookVerdict(CameraState.DISCONNECTED, "needs_password"),
    ],
)
def test_a_word_arrives_as_it_was_said(word: Alive | LookVerdict) -> None:
    """One line each."""
    assert word_of(line_of(word)) == word


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"[" * 16_000,
        b"\xff",
        b'{"type": "LookVerdict", "state": "splendid"}',
        b'{"type": "LookVerdict", "state": "ok", "reason": "a sentence from the camera"}',
        b'{"type": "LookVerdict", "state": "ok", "measures": {"frame": "AAAA"}}',
        b'{"type": "LookVerdict", "state": "ok", "measures": {"ed": NaN}}',
        b'{"type": "LookVerdict", "state": "ok", "measures": {"ed": true}}',
        b'{"type": "Alive", "within_s": "long"}',
        line_of(LookVerdict(CameraState.OK, "", dict.fromkeys(map(str, range(99)), 0))),
    ],
    ids=[
        "empty",
        "list",
        "deep",
        "no text",
        "unknown state",
        "unknown reason",
        "unknown measure",
        "NaN",
        "boolean",
        "text for seconds",
        "many measures",
    ],
)
def test_only_numbers_and_known_words_are_taken(line: bytes) -> None:
    """A hostile picture may own the process that decodes it."""
    with pytest.raises(ValueError, match=r"."):
        word_of(line)


@given(st.binary(max_size=300))
def test_garbage_is_one_kind_of_error(line: bytes) -> None:
    """Nothing else is raised."""
    with suppress(ValueError):
        word_of(line)


def test_a_new_camera_comes_first_and_then_whoever_waits_longest() -> None:
    """One at a time."""
    rounds: Rounds[str] = Rounds(60.0, 5.0)
    assert rounds.next("ab", 0.0) == "a"
    rounds.note_look("a", 6.0, well=True)
    assert rounds.next("ab", 6.0) == "b"
    rounds.note_look("b", 9.0, well=False)
    assert rounds.next("ab", 13.9) is None
    assert rounds.next("ab", 14.0) == "b"
    assert rounds.next("abc", 14.0) == "c"
    assert rounds.next("a", 65.9) is None
    assert rounds.next("a", 66.0) == "a"
    # One that went and came again is new.
    assert rounds.next("b", 66.0) == "b"


def test_a_refused_password_is_not_tried_for_ever_in_haste() -> None:
    """Cameras lock themselves after some wrong ones."""
    rounds: Rounds[str] = Rounds(60.0, 5.0)
    at, waits = 0.0, []
    for _ in range(4):
        began_at = at
        rounds.note_look("a", at, well=False, refused=True)
        while rounds.next("a", at) is None:
            at += 1
        waits.append(at - began_at)
    assert waits == [5, 5, 60, 60]


def test_what_a_camera_shows_on_a_good_day_is_learned_slowly() -> None:
    """The first look sets it, no later one moves it far."""
    first = learn(None, LookVerdict(CameraState.OK, "", {"mean": 100.0, "ed": 0.2, "foc": 2.0}))
    assert first == Baseline(100.0, 0.2, 2.0)
    then = learn(first, LookVerdict(CameraState.OK, "", {"mean": 20.0, "ed": 0.1, "foc": 2.0}))
    assert then == pytest.approx((96.0, 0.195, 2.0))
