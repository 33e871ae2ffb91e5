"""This file alone speaks WebAuthn, by the library fido2; it is loaded at the first passkey.

A ceremony asks a browser by options, keeps a state, and holds the browser's answer against it.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterable
from hmac import compare_digest
from typing import Any, Final, NamedTuple, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from msgspec import Struct

from controller.access.passkey import Passkey, RelyingParty
from protocol.errors import LopHocError
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

logging.getLogger("fido2").setLevel(logging.WARNING)  # it tells whose passkey was used

_ALGORITHMS: Final = frozenset({-7, -8, -257})  # ES256, EdDSA, RS256: what authenticators make
_REQUIRED: Final = UserVerificationRequirement.REQUIRED
# What the library raises for bytes that are no answer.
_NONSENSE: Final = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, AssertionError),
    *(RecursionError, NotImplementedError, OverflowError),
    *(UnsupportedAlgorithm, struct.error),
)
Made = TypeVar("Made")


class PasskeyError(LopHocError):
    """An answer that proves nothing; `code` says why, `hint` what to do."""


class Question(NamedTuple):
    """What a browser is asked, as it takes it, and what is kept until it answers."""

    options: dict[str, Any]
    state: dict[str, Any]


class _Response(Struct, frozen=True, kw_only=True):
    clientDataJSON: str  # noqa: N815 - the standard's names
    attestationObject: str = ""  # noqa: N815
    authenticatorData: str = ""  # noqa: N815
    signature: str = ""
    userHandle: str | None = None  # noqa: N815


class Answer(Struct, frozen=True, kw_only=True):
    """What a browser answers (PublicKeyCredential as JSON, 5.1); bytes in base64url."""

    id: str
    response: _Response
    name: str = ""

    def as_credential(self) -> dict[str, Any]:
        """As the library takes it."""
        told = {name: getattr(self.response, name) for name in self.response.__struct_fields__}
        response = {name: value for name, value in told.items() if value}
        return {"id": self.id, "rawId": self.id, "type": "public-key", "response": response}


def answer_in(raw: bytes) -> Answer:
    """What a browser has sent. Raises PasskeyError."""
    try:
        return from_json(raw, Answer)
    except UNREADABLE as error:
        raise _unproven() from error


def ask_for_new(
    party: RelyingParty, title: str, person: tuple[str, str, str], known: Iterable[Passkey]
) -> Question:
    """Have an authenticator make a passkey. person: handle, account and name."""
    handle, account, name = person
    options, state = _server(party, title).register_begin(
        PublicKeyCredentialUserEntity(
            id=websafe_decode(handle), name=account, display_name=name or account
        ),
        credentials=[
            PublicKeyCredentialDescriptor(
                type=PublicKeyCredentialType.PUBLIC_KEY, id=websafe_decode(passkey.credential)
            )
            for passkey in known
            if passkey.site == party.name
        ],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_REQUIRED,
    )
    return Question(dict(options)["publicKey"], state)


def made_by(party: RelyingParty, state: dict[str, Any], answer: Answer) -> tuple[str, str, int]:
    """The id, public key and counter of the passkey that was made. Raises PasskeyError."""

    def check() -> AuthenticatorData:
        return _server(party).register_complete(state, answer.as_credential())

    made = _proven(check)
    data = made.credential_data
    if data is None or data.public_key.get(3) not in _ALGORITHMS:
        raise _unproven()
    return websafe_encode(data.credential_id), websafe_encode(bytes(data)), made.counter


def ask_who(party: RelyingParty) -> Question:
    """Have an authenticator say who is there, whichever passkey it has for this name."""
    options, state = _server(party).authenticate_begin(user_verification=_REQUIRED)
    return Question(dict(options)["publicKey"], state)


def count_of(party: RelyingParty, state: dict[str, Any], passkey: Passkey, answer: Answer) -> int:
    """The counter in an answer that this passkey has signed. Raises PasskeyError."""

    def check() -> int:
        known = AttestedCredentialData(websafe_decode(passkey.public_key))
        _server(party).authenticate_complete(state, [known], answer.as_credential())
        return AuthenticatorData(websafe_decode(answer.response.authenticatorData)).counter

    if passkey.site != party.name or not compare_digest(
        (answer.response.userHandle or "").encode(), passkey.handle.encode()
    ):
        raise _unproven()
    return _proven(check)


def _server(party: RelyingParty, title: str = "") -> Fido2Server:
    known_as = PublicKeyCredentialRpEntity(id=party.name, name=title or party.name)
    server = Fido2Server(
        known_as,
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == party.origin,
    )
    server.allowed_algorithms = [
        each for each in server.allowed_algorithms if each.alg in _ALGORITHMS
    ]
    return server


def _proven(check: Callable[[], Made]) -> Made:
    try:
        return check()
    except _NONSENSE as error:
        raise _unproven() from error


def _unproven() -> PasskeyError:
    return PasskeyError(
        "passkey_unproven",
        N_("This passkey proves nothing here."),
        N_("Try again, or use the password."),
    )
