"""These tests are about the code on the board."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.tablets.code import STEP_S, TOKEN_DIGITS, CodeVerdict, RollingCode

BEGUN_S = 500.0
SECRETS = st.binary(min_size=20, max_size=20)
AGES = st.floats(0, 3 * 3600, allow_nan=False)


def code(secret: bytes = b"x" * 20) -> RollingCode:
    return RollingCode(secret=secret, begun_s=BEGUN_S)


@given(SECRETS, AGES, st.floats(0, 10_000, allow_nan=False))
def test_a_code_is_right_for_its_step_and_the_next_and_never_older(
    secret: bytes, age_s: float, later_s: float
) -> None:
    """Two steps of 15 s: what is 30 s old is never accepted, by token or by digits alone."""
    ours, shown_s = code(secret), BEGUN_S + age_s
    token, now_s = ours.token(shown_s), shown_s + later_s
    apart = ours.step(now_s) - ours.step(shown_s)
    assert (ours.judge_token(token, now_s) is CodeVerdict.RIGHT) == (apart <= 1)
    if later_s >= 2 * STEP_S:
        assert ours.judge_token(token, now_s) is not CodeVerdict.RIGHT
    if apart <= 1:
        assert ours.judge_digits(ours.digits(shown_s), now_s) is CodeVerdict.RIGHT


@given(SECRETS, AGES)
def test_the_next_code_is_never_accepted(secret: bytes, age_s: float) -> None:
    """Nothing that is to come counts, however near."""
    ours, now_s = code(secret), BEGUN_S + age_s
    assert ours.judge_token(ours.token(now_s + STEP_S), now_s) is CodeVerdict.WRONG


@given(SECRETS, AGES)
def test_digits_and_token_have_their_shapes(secret: bytes, age_s: float) -> None:
    """Four digits, and a token long enough that nobody guesses it, of another label."""
    ours, now_s = code(secret), BEGUN_S + age_s
    digits, token = ours.digits(now_s), ours.token(now_s)
    assert len(digits) == 4
    assert digits.isdecimal()
    assert len(bytes.fromhex(token)) * 2 == TOKEN_DIGITS
    assert int(token[:16], 16) % 10**4 != int(digits) or token != digits


def test_an_old_code_is_told_from_a_wrong_one() -> None:
    """The child hears that it was too slow, not that it misread; for two minutes."""
    ours = code()
    shown = ours.token(BEGUN_S)
    verdicts = [ours.judge_token(shown, BEGUN_S + at) for at in (0, 29.9, 30, 119, 121)]
    assert verdicts == [CodeVerdict.RIGHT] * 2 + [CodeVerdict.OLD] * 2 + [CodeVerdict.WRONG]


def test_foreign_text_is_wrong_and_breaks_nothing() -> None:
    """What is no digit at all is a wrong code; the secret is in no repr."""
    ours = code()
    for text in ("", "٣٣٣٣", "\ud800", "0" * 64, "💥"):
        assert ours.judge_digits(text, BEGUN_S) is CodeVerdict.WRONG
        assert ours.judge_token(text, BEGUN_S) is CodeVerdict.WRONG
    assert "xxx" not in repr(ours)


def test_each_digit_code_is_as_likely() -> None:
    """Over 20,000 steps no code is far more common than by chance."""
    ours = code()
    seen = [ours.digits(BEGUN_S + step * STEP_S) for step in range(20_000)]
    assert len(set(seen)) > 8300  # 10^4 (1 - e^-2) = 8647 by chance
