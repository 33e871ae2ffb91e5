"""This file names the note, in the controller's folder, of which database it works with."""

from __future__ import annotations

from typing import Final

SERVED: Final = "database.json"
