"""This file tells ids that can name one device from those that many carry; pure."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from hardware.readings import IdentityKind, clean
from hardware.serials import has_enough_bits

_UUID_SHORTEST, _UUID_LONGEST, _FEWEST_SIGNS = 8, 64, 3
# "<MAC>@<name>" (AirPlay audio) and "<host> [<MAC>]" (Avahi).
_MAC_IN_NAME = re.compile(r"([0-9a-f]{12})@(.*)|(.*) \[([0-9a-f:]{17})\]", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-z][0-9a-z._:-]*")
_IDENTITIES = {"mac": IdentityKind.MAC, "uuid": IdentityKind.UUID, "name": IdentityKind.HOST}


class ToldUuid(NamedTuple):
    """An id in one spelling, in one of the two. weak: that of many, and up to 0.2 an identity."""

    sound: str = ""
    weak: str = ""


def told_uuid(text: str) -> ToldUuid:
    """Read an id that a device tells; nothing of one that was too plain or too strange ever."""
    uuid = text.lower().removeprefix("urn:").removeprefix("uuid:").strip("{} ")
    if not _UUID_SHORTEST <= len(uuid) <= _UUID_LONGEST or not _UUID.fullmatch(uuid):
        return ToldUuid()
    if len(set(uuid) - {"-", "0"}) < _FEWEST_SIGNS:
        return ToldUuid()
    return ToldUuid(sound=uuid) if _names_a_piece(uuid) else ToldUuid(weak=uuid)


def _names_a_piece(uuid: str) -> bool:
    """Whether anything is left but runs, as in 12345678-1234-1234-1234-123456789abc."""
    return has_enough_bits(re.sub("[^0-9a-z]", "", uuid))


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
