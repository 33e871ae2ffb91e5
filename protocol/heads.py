"""This file says what an agent signs: how far its attendance log goes, and by which hash it ends.

The hash covers the record and, by the one before it, all of the log (protocol.chain). A department
gets a seal of it: who has both can compare them, who has the seal alone learns nothing. Pure.
"""

from __future__ import annotations

import hashlib
from typing import Final

from protocol.messages import ChainHead
from protocol.model import Place

_LABEL: Final = "lophoc attendance head 1"
_SEAL: Final = "lophoc attendance seal 1"


def signed_text(place: Place, head: ChainHead) -> bytes:
    """The text that a head's signature is of; none of its parts holds a line's end."""
    parts = (place.province, place.school, place.agent, str(head.links), head.head, str(head.at_ms))
    return "\n".join([_LABEL, *(part.encode("unicode_escape").decode() for part in parts)]).encode()


def seal_of(head: str, signature: str) -> str:
    """The seal of a signed head, as hex: without the signature nobody can try records on it."""
    return hashlib.sha256(f"{_SEAL}\n{head}\n{signature}".encode()).hexdigest()
