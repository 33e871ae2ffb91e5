"""This file is an authenticator in a few lines, which also lies in the ways that it is told to."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

FLAG: Final = AuthenticatorData.FLAG
SEEN: Final = FLAG.UP | FLAG.UV  # somebody is there, and proved who


class SoftKey:
    """One passkey of one person. number: two of the same are copies. counts: whether it counts."""

    def __init__(
        self, number: int = 1, *, origin: str = "http://localhost", counts: bool = True
    ) -> None:
        self._key = ec.derive_private_key(1000 + number, ec.SECP256R1())
        self.credential = bytes([number]) * 32
        self.origin, self.count, self._counts = origin, 0, counts
        self.handle = ""

    def make(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """The answer to a question for a new passkey."""
        self.handle = options["user"]["id"]
        public = ES256.from_cryptography_key(self._key.public_key())
        data = AttestedCredentialData.create(bytes(16), self.credential, public)
        shown = self._shown(options["rp"]["id"], lies, FLAG.AT, data)
        told = {"fmt": "none", "attStmt": {}, "authData": bytes(shown)}
        client = self._client("webauthn.create", options, lies)
        return self._answer(client, attestationObject=cbor.encode(told))

    def sign(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """The answer to a question who is there."""
        self.count += self._counts
        shown = self._shown(options["rpId"], lies)
        client = self._client("webauthn.get", options, lies)
        signed = bytes(shown) + hashlib.sha256(client).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        if lies.get("breaks"):
            shown = self._shown(options["rpId"], {"count": self.count + 7})
        handle = websafe_decode(lies.get("handle", self.handle))
        return self._answer(
            client, authenticatorData=bytes(shown), signature=signature, userHandle=handle
        )

    def _shown(
        self, site: str, lies: dict[str, Any], more: int = 0, data: bytes = b""
    ) -> AuthenticatorData:
        site = lies.get("site", site)
        count = lies.get("count", self.count)
        flags = lies.get("flags", SEEN) | more
        return AuthenticatorData.create(hashlib.sha256(site.encode()).digest(), flags, count, data)

    def _client(self, kind: str, options: dict[str, Any], lies: dict[str, Any]) -> bytes:
        told = {
            "type": lies.get("kind", kind),
            "challenge": lies.get("challenge", options["challenge"]),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(told).encode()

    def _answer(self, client: bytes, **parts: bytes) -> dict[str, Any]:
        response = {name: websafe_encode(part) for name, part in parts.items()}
        response["clientDataJSON"] = websafe_encode(client)
        return {"id": websafe_encode(self.credential), "response": response}
