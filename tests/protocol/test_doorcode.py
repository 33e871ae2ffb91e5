"""Door cards: what was signed is read, and nothing else is."""

from __future__ import annotations

import base64
import random

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from protocol.doorcode import SERIAL_BYTES, TEXT_LENGTH, fingerprint, read, sign

KEYS = {1: b"k" * 32, 7: b"another key of the school"}
serials = st.binary(min_size=SERIAL_BYTES, max_size=SERIAL_BYTES)
FORGED = 100_000


@given(serials, st.sampled_from(sorted(KEYS)))
def test_a_signed_card_is_read(serial: bytes, version: int) -> None:
    """By the key of its version, and it fits the small code that the door reads."""
    text = sign(KEYS[version], version, serial)
    assert len(text) == TEXT_LENGTH
    assert read(text, KEYS) == serial
    assert segno.make(text, error="q", micro=False).version <= 2


@given(serials, st.integers(0, 119))
def test_one_wrong_bit_spoils_it(serial: bytes, bit: int) -> None:
    """Whether in version, serial or signature."""
    told = int.from_bytes(base64.b32decode(sign(KEYS[1], 1, serial)))
    spoilt = base64.b32encode((told ^ (1 << bit)).to_bytes(15)).decode()
    assert read(spoilt, KEYS) is None


@given(serials)
def test_another_schools_card_is_refused(serial: bytes) -> None:
    """Its key has our version's number, and no other."""
    assert read(sign(b"theirs", 1, serial), KEYS) is None
    assert read(sign(KEYS[7], 1, serial), KEYS) is None
    assert read(sign(KEYS[1], 1, serial), {}) is None


@given(
    st.text(max_size=40) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567=", min_size=24, max_size=24)
)
def test_any_other_text_is_refused(text: str) -> None:
    """Whatever a stranger's QR code says; nothing is raised."""
    assert read(text, KEYS) is None


def test_a_version_without_a_key_is_refused() -> None:
    """Even where it was signed with nothing, as no key would sign."""
    with pytest.raises(ValueError, match="no such key"):
        sign(b"", 3, b"123456")
    assert read(sign(b"\0", 3, b"123456"), {3: b""}) is None


@pytest.mark.parametrize(
    ("version", "serial"),
    [(-1, b"123456"), (256, b"123456"), (1, b"12345")],
    ids=["version below", "version above", "short serial"],
)
def test_what_does_not_fit_is_not_signed(version: int, serial: bytes) -> None:
    """The text has one length only."""
    with pytest.raises(ValueError, match="no such key"):
        sign(KEYS[1], version, serial)


def test_of_many_forged_codes_none_is_accepted() -> None:
    """Each has a version in use, as a forger would choose."""
    luck = random.Random(4)
    forged = (base64.b32encode(b"\x01" + luck.randbytes(14)).decode() for _ in range(FORGED))
    assert not any(read(text, KEYS) for text in forged)


@given(serials, serials)
def test_a_fingerprint_tells_one_card_and_nothing_of_it(one: bytes, other: bytes) -> None:
    """The same for the same card alone; neither its serial nor its signature stands in it."""
    text = sign(KEYS[1], 1, one)
    assert len(fingerprint(text)) == 32
    assert (fingerprint(text) == fingerprint(sign(KEYS[1], 1, other))) == (one == other)
    assert fingerprint(text) != fingerprint(sign(KEYS[7], 1, one))
    raw = base64.b32decode(text)
    assert raw[1:5].hex() not in fingerprint(text)
    assert raw[-8:-3].hex() not in fingerprint(text)


@given(st.text())
def test_any_text_has_a_fingerprint(text: str) -> None:
    """Whatever a camera reads, lone surrogates too."""
    assert int(fingerprint(text + "\ud800"), 16) >= 0
