"""This file is a passkey: where one can be used, and whether its counter still fits; pure.

WebAuthn Level 3 ties a passkey to a name (the RP ID), which no address can be, and to pages that
came by TLS or from this very computer.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final, NamedTuple

from msgspec import Struct

MAX_PASSKEYS: Final = 20  # of one account
MAX_PASSKEY_NAME: Final = 60
_PORTS: Final = {"https": 443, "http": 80}
_LOCAL: Final = "localhost"  # trustworthy without TLS (Secure Contexts, 3.1)


class Passkey(Struct, frozen=True, kw_only=True):
    """What is kept of a passkey; nothing of it opens anything.

    no: its number here; 0 before it is kept. credential: its id. handle: what an authenticator
    knows the account by. site: the name that it is for. public_key: attested credential data
    (6.5.1). All of these but the name in base64url. sign_count: as it was used last.
    """

    account: str
    credential: str
    handle: str
    site: str
    public_key: str
    name: str = ""
    sign_count: int = 0
    made_ms: int = 0
    used_ms: int | None = None
    no: int = 0


class RelyingParty(NamedTuple):
    """This server under one of its names. origin: what browsers say of its pages."""

    name: str
    origin: str


def relying_party(
    scheme: str, name: str, port: int | None, own_names: Container[str]
) -> RelyingParty | None:
    """Who the browser's page would have a passkey for; None where there can be none.

    own_names: those of this server that are no addresses.
    """
    name = name.lower()
    if name not in own_names or not (scheme == "https" or name == _LOCAL):
        return None
    shown = "" if port in {None, _PORTS.get(scheme)} else f":{port}"
    return RelyingParty(name, f"{scheme}://{name}{shown}")


def is_copied(before: int, now: int) -> bool:
    """Whether the counter tells of a second one; what counts nothing stays at 0 (7.2)."""
    return (before, now) != (0, 0) and now <= before
