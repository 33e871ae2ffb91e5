"""This file tells ids that can name one device from those that many carry; pure."""

from __future__ import annotations

import hashlib
import re

from hardware.readings import IdentityKind, clean

_UUID_SHORTEST, _UUID_LONGEST, _FEWEST_SIGNS = 8, 64, 3
# "<MAC>@<name>" (AirPlay audio) and "<host> [<MAC>]" (Avahi).
_MAC_IN_NAME = re.compile(r"([0-9a-f]{12})@(.*)|(.*) \[([0-9a-f:]{17})\]", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-z][0-9a-z._:-]*")
_IDENTITIES = {"mac": IdentityKind.MAC, "uuid": IdentityKind.UUID, "name": IdentityKind.HOST}


def trusted_uuid(text: str) -> str:
    """Give an id in one spelling; "" if it is too plain or too strange to name one device."""
    uuid = text.lower().removeprefix("urn:").removeprefix("uuid:").strip("{} ")
    if not _UUID_SHORTEST <= len(uuid) <= _UUID_LONGEST or not _UUID.fullmatch(uuid):
        return ""
    return uuid if len(set(uuid) - {"-", "0"}) >= _FEWEST_SIGNS else ""


def named_key(server: str, instance: str) -> str:
    """Give the key of last resort: names are often people's, and keys go into topics and logs."""
    names = f"{clean(server).rstrip('.')}\n{instance}".casefold()
    return f"name:{hashlib.sha256(names.encode()).hexdigest()[:32]}"


def identity_of(key: str) -> IdentityKind:
    """Give what kind of mark a key of the network's devices is."""
    return _IDENTITIES[key.partition(":")[0]]


def split_name(instance: str) -> tuple[str, str]:
    """Split (MAC, name) out of an instance name that holds both."""
    match = _MAC_IN_NAME.fullmatch(instance)
    if match is None:
        return "", instance
    before, name_after, name_before, after = match.groups()
    return (before, name_after) if before else (after, name_before)
