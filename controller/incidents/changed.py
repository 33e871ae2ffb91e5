"""This file is the word that causes, or who is on them, are others than before."""

from __future__ import annotations

import msgspec


class IncidentsChanged(msgspec.Struct, frozen=True):
    """Some incident is another than before; what it is now stands in the database."""

    at_ms: int
