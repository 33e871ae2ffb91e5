"""This file names what lies in the controller's folder: its database, or the note where that is."""

from __future__ import annotations

from typing import Final

DATABASE: Final = "lophoc.db"
SERVED: Final = "database.json"
