"""This file says what the agent is called, and what its outbox is called on the disk."""

from __future__ import annotations

import re
from typing import Final

from protocol.topics import CONTROLLER, MAX_CODE

OUTBOX: Final = "outbox.sqlite"
_NAME_LIMIT: Final = 40
_HASH_DIGITS: Final = 8


def agent_id_from(hostname: str, machine: str) -> str:
    """A name for this computer's agent: of a-z, 0-9 and -, the same at every start."""
    slug = re.sub(r"[^a-z0-9]+", "-", hostname.lower())[:_NAME_LIMIT].strip("-")
    name = f"{slug or 'agent'}-{machine[:_HASH_DIGITS]}"[:MAX_CODE]
    return f"agent-{name}" if name == CONTROLLER else name
