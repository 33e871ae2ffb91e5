"""This file is what a computer and its school's controller say to each other to enrol it.

Over TLS that is pinned to the authority which the other side sent, and that nobody believes yet:
both then prove that they know the code, and that they speak of the same authority. A middleman
shows another one, so that his proofs are of other words. Each message is one line of JSON.
Source: docs/decisions/0052; the exchange is SPAKE2 (RFC 9382) with confirmation by HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import ssl
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from protocol.shapes import from_json

MAX_LINE: Final = 16_384
NONCE_BYTES: Final = 16
PATIENCE_S: Final = 20.0
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another
CODE_LENGTH: Final = 6
SHEET_LENGTH: Final = 8  # of a printed sheet, which has more codes than there are letters
LINK: Final = "lophoc-enrol:"
KNOCK: Final = "knock"  # in place of a slot: no code, and people compare digits
DIGITS: Final = 6
_PROTOCOL: Final = b"lophoc enrol 1"
_KNOCK: Final = b"lophoc knock 1"
# Sixty-four things of a classroom and a village: four of them name one exchange.
WORDS: Final = (
    *("bàn", "ghế", "bảng", "phấn", "bút", "thước", "vở", "cặp", "sách", "tranh", "đèn", "quạt"),
    *("cửa", "sân", "trống", "cờ", "mưa", "nắng", "gió", "mây", "trăng", "sao", "sông", "suối"),
    *("biển", "núi", "rừng", "đồng", "lúa", "ngô", "khoai", "chuối", "cam", "dừa", "mít", "xoài"),
    *("ổi", "sen", "cúc", "nứa", "trâu", "bò", "gà", "vịt", "chim", "cá", "tôm", "cua"),
    *("ong", "bướm", "thuyền", "cầu", "nhà", "đường", "chợ", "làng", "nồi", "bát", "đũa", "nón"),
    *("áo", "giày", "khăn", "võng"),
)

Message = TypeVar("Message", bound=msgspec.Struct)


class Refusal(StrEnum):
    """Why the controller ends the talk."""

    NO_SUCH_CODE = "no_such_code"
    WRONG_CODE = "wrong_code"
    TOO_MANY = "too_many"
    NOT_NOW = "not_now"
    NO_KNOCKS = "no_knocks"
    NOT_ACCEPTED = "not_accepted"


class Greeting(msgspec.Struct, frozen=True):
    """The controller, at once: whose it is, and its authority (PEM); not believed yet."""

    school: str
    authority: str


class Hello(msgspec.Struct, frozen=True):
    """The computer. slot: see `slot_of`; with a link it stands there.

    exchange: its part of SPAKE2, empty with a link; of who knocks (slot KNOCK) what it will open.
    agent, label: what it is called so far.
    """

    slot: str
    exchange: bytes
    nonce: bytes
    agent: str = ""
    label: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The controller's part; refusal: why there is none."""

    exchange: bytes = b""
    nonce: bytes = b""
    refusal: Refusal | None = None


class Opening(msgspec.Struct, frozen=True):
    """Who knocks opens what its hello committed to: its key. room: where it stands, if it knows."""

    key: bytes
    nonce: bytes
    room: str = ""


class Proof(msgspec.Struct, frozen=True):
    """The computer knows the code, or its person saw the same digits there."""

    proof: bytes


class Grant(msgspec.Struct, frozen=True):
    """So does the controller; sealed: a Credential. refusal: why there is none."""

    proof: bytes = b""
    sealed: bytes = b""
    refusal: Refusal | None = None


class Kept(msgspec.Struct, frozen=True):
    """The computer has written its credential: the code is used up."""

    proof: bytes


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """Who a computer is from now on, and how it speaks with its school.

    host, port: the broker's; the computer puts in the host by which it came. secret: hex.
    """

    province: str
    school: str
    agent: str
    room: str
    port: int
    password: str
    client_id: str
    secret: str
    authority: str = ""
    host: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.agent!r})"


def line_of(message: msgspec.Struct) -> bytes:
    """A message as it is sent."""
    return msgspec.json.encode(message) + b"\n"


def message_in(line: bytes, kind: type[Message]) -> Message:
    """The message in a line. Raises ValueError (msgspec's own is one)."""
    return from_json(line, kind)


def new_code(taken: Sequence[str]) -> str:
    """A code whose first letter, its slot, no other one has."""
    slots = [letter for letter in LETTERS if letter not in taken]
    rest = (secrets.choice(LETTERS) for _ in range(CODE_LENGTH - 1))
    return secrets.choice(slots) + "".join(rest)


def new_sheet_code(taken: Collection[str]) -> str:
    """A code whose first two letters, its slot, no other one has: as much is secret as of six."""
    slots = [first + second for first in LETTERS for second in LETTERS]
    rest = (secrets.choice(LETTERS) for _ in range(SHEET_LENGTH - 2))
    return secrets.choice([slot for slot in slots if slot not in taken]) + "".join(rest)


def slot_of(code: str) -> str:
    """By which a code is named, and which is no secret: its first letter, of a long one two."""
    return code[:1] if len(code) == CODE_LENGTH else code[:2]


def code_in(text: str) -> str:
    """A code as it was typed, in capitals, without what parts its groups. Raises ValueError."""
    code = "".join(char for char in text.upper() if char not in " -.\u2010\u2011\u2013")
    if len(code) not in {CODE_LENGTH, SHEET_LENGTH} or not set(code) <= set(LETTERS):
        raise ValueError("not a code")
    return code


def new_nonce() -> bytes:
    """What makes each exchange another one."""
    return secrets.token_bytes(NONCE_BYTES)


def fingerprint_of(authority: str) -> bytes:
    """SHA-256 of an authority's certificate (PEM), by which it is known. Raises ValueError."""
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(authority)).digest()


def transcript_of(fingerprint: bytes, hello: Hello, answer: Answer) -> bytes:
    """What both sides saw, as one hash: each part with its length before it."""
    return _digest(
        _PROTOCOL, fingerprint, msgspec.json.encode(hello), answer.exchange, answer.nonce
    )


def commitment_of(opening: Opening) -> bytes:
    """What binds who knocks to its key before it sees the answer, and tells nothing of it.

    Without it whoever stands between could search for a key by which the digits come out equal.
    """
    return _digest(_KNOCK, msgspec.json.encode(opening))


def knock_transcript_of(
    fingerprint: bytes, hello: Hello, answer: Answer, opening: Opening
) -> bytes:
    """What both sides of a knock saw, as one hash."""
    return _digest(transcript_of(fingerprint, hello, answer), msgspec.json.encode(opening))


def digits_of(transcript: bytes) -> str:
    """Six digits in two groups that both screens show: the same where both saw the same."""
    number = int.from_bytes(_digest(b"digits", transcript)) % 10**DIGITS
    text = f"{number:0{DIGITS}}"
    return f"{text[:3]} {text[3:]}"


def _digest(*parts: bytes) -> bytes:
    framed = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hashlib.sha256(framed).digest()


def key_of(secret: bytes, label: str) -> bytes:
    """A key of 256 bits for one use; the secret must be uniform (HKDF-Expand, RFC 5869)."""
    return hmac.digest(secret, b"lophoc " + label.encode() + b"\x01", "sha256")


def proof_of(secret: bytes, speaker: str, transcript: bytes) -> bytes:
    """What only who knows the secret can say of this exchange. speaker: who says it."""
    return hmac.digest(key_of(secret, f"proof {speaker}"), transcript, "sha256")


def is_proof(proof: bytes, secret: bytes, speaker: str, transcript: bytes) -> bool:
    """Whether it is, in a time that tells nothing."""
    return hmac.compare_digest(proof, proof_of(secret, speaker, transcript))


def words_of(transcript: bytes) -> str:
    """Four words that both screens show: the same where both speak with each other."""
    return _in_words(hashlib.sha256(b"words" + transcript).digest()[:3])


def fingerprint_words(fingerprint: bytes) -> str:
    """Twelve words of an authority: who makes a false one has years to try, not one exchange."""
    return _in_words(fingerprint[:9])


def _in_words(number: bytes) -> str:
    """Each word is six bits."""
    value = int.from_bytes(number)
    return " · ".join(WORDS[value >> 6 * place & 63] for place in range(len(number) * 8 // 6))
