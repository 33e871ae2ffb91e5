"""This file finds the one page with a table in a web archive (MHTML, RFC 2557); pure.

Where several have one, how they refer to each other no standard says: none of them is guessed.
"""

from __future__ import annotations

import email
from email.message import Message
from typing import Final

from controller.sheets.encodings import text_in

_TABLE: Final = "<table"


class NoSinglePageError(ValueError):
    """No page of the archive has a table, or several have one."""


def page_in(raw: bytes) -> str:
    """The text of the page. Raises NoSinglePageError and SheetError."""
    parts = email.message_from_bytes(raw).walk()
    pages = [_text(part) for part in parts if part.get_content_type() == "text/html"]
    pages = [page for page in pages if _TABLE in page.casefold()]
    if len(pages) != 1:
        raise NoSinglePageError
    return pages[0]


def _text(part: Message) -> str:
    """What a part holds, whose bytes may be written as letters. Raises SheetError."""
    body = part.get_payload(decode=True)
    return text_in(body)[0] if isinstance(body, bytes) else ""
