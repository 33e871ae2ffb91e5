"""This file writes an asset tag as the text of its label's QR code, and reads it back; pure.

The text is LOPHOC, a space, the tag: see docs/decisions/0020.
"""

from __future__ import annotations

import re
from typing import Final

from controller.sheets.names import MAX_CODE
from controller.sheets.text import text_of

_LEAD: Final = re.compile(r"^lophoc[ :]\s*", re.IGNORECASE)


def label_text(tag: str) -> str:
    """What the label's code says."""
    return f"LOPHOC {tag}"


def tag_in(text: str) -> str:
    """The tag in what was scanned or typed: with the lead or without; empty where there is none."""
    plain = _LEAD.sub("", " ".join(text.split()))
    return text_of(plain)[:MAX_CODE]
