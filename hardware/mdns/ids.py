"""This file tells ids that can name one device from those that many carry; pure."""

from __future__ import annotations

import hashlib
import re

from hardware.readings import IdentityKind, clean

_UUID_SHORTEST, _UUID_LONGEST, _FEWEST_SIGNS = 8, 64, 3
_MAC = re.compile(r"([0-9a-f]{2})" + r"[:-]?([0-9a-f]{2})" * 5, re.IGNORECASE)
# "<MAC>@<name>" (AirPlay audio) and "<host> [<MAC>]" (Avahi).
_MAC_IN_NAME = re.compile(r"([0-9a-f]{12})@(.*)|(.*) \[([0-9a-f:]{17})\]", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-z][0-9a-z._:-]*")
# The lowest bits of the first octet: sent to many, and made up on the spot (IEEE 802, 8.2).
_MADE_UP = 0b11
_IDENTITIES = {"mac": IdentityKind.MAC, "uuid": IdentityKind.UUID, "name": IdentityKind.HOST}


def trusted_mac(text: str) -> str:
    """Give a MAC as 12 hex digits; "" if it is none, or one that a device made up."""
    match = _MAC.fullmatch(text.strip())
    if match is None:
        return ""
    mac = "".join(match.groups()).lower()
    return "" if int(mac[:2], 16) & _MADE_UP or not mac.strip("0") else mac


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
