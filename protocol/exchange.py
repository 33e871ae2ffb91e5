"""This file is the one place that knows SPAKE2, X25519 and the seal: two libraries, five calls.

Only a computer that is being enrolled, and a controller that enrols one, load it.
"""

from __future__ import annotations

import hmac
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from spake2 import SPAKE2_A, SPAKE2_B, SPAKEError
from spake2.ed25519_basic import NotOnCurve

from protocol.enrolment import key_of

_AGENT: Final = b"agent"
_CONTROLLER: Final = b"controller"
_PART_BYTES: Final = 33  # whose it is, and a point of the curve
_ONCE: Final = bytes(12)  # the key of each seal is used for it alone


class Side(NamedTuple):
    """One side of an exchange. message: what the other one is told."""

    state: SPAKE2_A | SPAKE2_B
    message: bytes

    def secret(self, message: bytes) -> bytes:
        """What both have if both began with the same code. Raises ValueError."""
        try:
            if len(message) != _PART_BYTES:
                raise ValueError("another length")
            secret: bytes = self.state.finish(message)
        except (SPAKEError, NotOnCurve, AssertionError, ValueError) as error:
            raise ValueError("not a part of the exchange") from error
        return secret


def agent_side(code: str) -> Side:
    """The computer's side."""
    state = SPAKE2_A(code.encode(), idA=_AGENT, idB=_CONTROLLER)
    return Side(state, state.start())


def controller_side(code: str) -> Side:
    """The controller's side."""
    state = SPAKE2_B(code.encode(), idA=_AGENT, idB=_CONTROLLER)
    return Side(state, state.start())


class KeyPair(NamedTuple):
    """A key for one knock (X25519, RFC 7748). public: what the other side is told."""

    private: X25519PrivateKey
    public: bytes

    def secret(self, public: bytes, transcript: bytes) -> bytes:
        """What only both keys have, of this talk alone (HKDF-Extract). Raises ValueError."""
        shared = self.private.exchange(X25519PublicKey.from_public_bytes(public))
        return hmac.digest(transcript, shared, "sha256")


def new_keys() -> KeyPair:
    """A pair that nobody had before."""
    private = X25519PrivateKey.generate()
    return KeyPair(private, private.public_key().public_bytes_raw())


def seal(secret: bytes, text: bytes) -> bytes:
    """A text that only who has the secret can read; one for each secret."""
    return ChaCha20Poly1305(key_of(secret, "seal")).encrypt(_ONCE, text, None)


def unseal(secret: bytes, sealed: bytes) -> bytes:
    """The text. Raises ValueError where it was changed."""
    try:
        return ChaCha20Poly1305(key_of(secret, "seal")).decrypt(_ONCE, sealed, None)
    except InvalidTag as error:
        raise ValueError("the seal is broken") from error
