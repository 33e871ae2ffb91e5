"""This file tells whether an agent signed a head: whoever has its public key can."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from controller.fleet.records import ChainHeadRecord
from protocol.heads import signed_text
from protocol.messages import ChainHead


def is_signed(told: ChainHeadRecord) -> bool:
    """Whether the signature is that of the key, over this head of this agent."""
    head = ChainHead(links=told.links, head=told.head, at_ms=told.at_ms)
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told.key))
        key.verify(bytes.fromhex(told.signature), signed_text(told.place, head))
    except (InvalidSignature, ValueError):
        return False
    return True
