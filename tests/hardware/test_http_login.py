"""Answers to a camera that asks for a password: the examples of the RFCs, and nonsense."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.http.login import BasicOnly, answer, challenge_of

# RFC 7616 section 3.9.1.
DIGEST = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
BASIC = 'Basic realm="cam"'
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_is_answered_as_in_the_rfc(algorithm: str, response: str) -> None:
    """The example of RFC 7616 section 3.9.1."""
    challenge = challenge_of([DIGEST.format(algorithm=algorithm)])
    assert challenge is not None
    said = answer(
        challenge, "Mufasa", "Circle of Life", method="GET", uri="/dir/index.html", cnonce=CNONCE
    )
    assert f'response="{response}"' in said
    assert 'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"' in said
    assert "qop=auth" in said


def test_an_old_digest_without_qop_is_answered() -> None:
    """RFC 2069, as most RTSP cameras still ask; the numbers are worked out by hand with md5sum."""
    challenge = challenge_of(['Digest realm="cam", nonce="abcdefgh"'])
    assert challenge is not None
    said = answer(challenge, "u", "p", method="DESCRIBE", uri="rtsp://h/s", cnonce="ff")
    assert 'response="977f1f19873f8d6f65029e0dfd3aee22"' in said
    assert "cnonce" not in said


def test_digest_is_preferred_to_basic() -> None:
    """Basic would give the password away to whoever listens."""
    challenge = challenge_of(['Basic realm="cam"', 'Digest realm="cam", nonce="abcdefgh"'])
    assert challenge is not None
    assert challenge.algorithm == "md5"


def test_basic_is_answered_in_utf_8() -> None:
    """RFC 7617 section 2.1."""
    challenge = challenge_of(['basic realm="cam"'], is_typed=True)
    assert challenge is not None
    said = answer(challenge, "thầy", "mật khẩu", method="GET", uri="/", cnonce="")
    assert base64.b64decode(said.removeprefix("Basic ")).decode() == "thầy:mật khẩu"


@pytest.mark.parametrize(
    "headers", [[BASIC], [BASIC, 'Digest realm="c", nonce="short"'], ["Basic"]]
)
def test_basic_is_for_a_camera_that_a_person_named(headers: list[str]) -> None:
    """Nobody else gets the password itself; a nonce that any table holds is none."""
    with pytest.raises(BasicOnly):
        challenge_of(headers)


@pytest.mark.parametrize("header", ["", "Negotiate", 'Digest algorithm=ROT13, nonce="a"'])
def test_what_we_cannot_answer_is_no_challenge(header: str) -> None:
    """The camera then simply needs a password."""
    assert challenge_of([header]) is None


@pytest.mark.parametrize(
    "words",
    [
        'realm=IP Camera, nonce="0123456789ab", qop="auth"',
        "realm='IP Camera', nonce='0123456789ab', qop='auth'",
        'realm="IP Camera"; nonce="0123456789ab"; qop="auth;auth-int"',
        'realm="IP Camera" nonce="0123456789ab" qop="auth auth-int"',
        'qop=auth,auth-int,realm="IP Camera",nonce=0123456789ab',
        'realm="IP Camera", nonce="0123456789ab", qop=auth, algorithm="MD5,SHA-256"',
    ],
)
@pytest.mark.parametrize("other", ["", 'Basic realm="x", ', "Basic realm=x ", "Negotiate, "])
def test_a_challenge_is_understood_however_it_is_written(words: str, other: str) -> None:
    """Without its marks, with others, in a list: what it says is the same."""
    challenge = challenge_of([f"{other}Digest {words}"], is_typed=True)
    assert challenge is not None
    said = challenge.algorithm, challenge.realm, challenge.nonce, challenge.qop
    assert said == ("md5", "IP Camera", "0123456789ab", True)


@given(st.lists(st.text(max_size=300), max_size=3))
def test_garbage_never_raises(headers: list[str]) -> None:
    """Headers are a stranger's."""
    more = [f"Digest {each}" for each in headers]
    challenge = challenge_of([*headers, *more], is_typed=True)
    if challenge is not None:
        answer(challenge, "u", "p", method="GET", uri="/", cnonce="00")
