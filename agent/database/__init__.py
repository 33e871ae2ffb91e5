"""What the room remembers on its own disk, and how it is mended."""

from __future__ import annotations

from typing import Final

DOCUMENTS: Final = "documents.json"
OUTBOX: Final = "outbox.sqlite"
CLOCK: Final = "clock"  # its date is the time that was told last
