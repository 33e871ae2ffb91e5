"""This file says what the agent's files are called in its folder."""

from __future__ import annotations

from typing import Final

DOCUMENTS: Final = "documents.json"
OUTBOX: Final = "outbox.sqlite"
CART: Final = "tablets.json"
