"""This file says which photos and documents of a line are kept, and makes photos small.

A photo is drawn anew as a JPEG: what a camera wrote into it, such as where it stood, is left out.
"""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Final

import msgspec

from controller.sheets.text import clean
from protocol.errors import ActionError
from protocol.words import N_

MAX_PAPERS: Final = 8  # of one line
MAX_ALL_BYTES: Final = 256 * 1024 * 1024  # of a school
MAX_DOCUMENT_BYTES: Final = 512 * 1024
MAX_PIXELS: Final = 40_000_000
SIDE: Final = 1280  # of a photo that is kept, in pixels at most
QUALITY: Final = 75
_PDF: Final = b"%PDF-"
_MAX_NAME: Final = 100


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A photo or document of a line, without what it holds. media: its type. line: Kept.no."""

    no: int = 0
    line: int
    name: str
    media: str
    size: int
    who: str
    at_ms: int
    removed_ms: int | None = None

    @property
    def is_photo(self) -> bool:
        """Whether it can be shown on a page."""
        return self.media == "image/jpeg"


def made_small(name: str, raw: bytes) -> tuple[str, str, bytes]:
    """What is kept of a file: its name, its media type and its content. Raises ActionError."""
    told = clean(name)[:_MAX_NAME] or "?"
    if raw.startswith(_PDF):
        if len(raw) > MAX_DOCUMENT_BYTES:
            raise ActionError(
                "paper_too_big",
                N_("A document has at most {n} KB: scan it in grey, or fewer pages."),
                n=MAX_DOCUMENT_BYTES // 1024,
            )
        return told, "application/pdf", raw
    if find_spec("PIL") is None:
        raise ActionError("photos_unread", N_("This controller reads no photos."))
    return told, "image/jpeg", _drawn_anew(raw)


def _drawn_anew(raw: bytes) -> bytes:
    """The picture as a small JPEG. Raises ActionError where it is none of a bearable size."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415 - not everywhere

    try:
        with Image.open(io.BytesIO(raw), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValueError
            picture.draft("RGB", (SIDE, SIDE))  # a JPEG is read no larger than is needed
            turned = ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError) as error:
        message = N_("Only photos (JPEG, PNG, WebP) and PDF documents are kept.")
        raise ActionError("paper_unreadable", message) from error
    turned.thumbnail((SIDE, SIDE))
    small = io.BytesIO()
    turned.save(small, "JPEG", quality=QUALITY, optimize=True)
    return small.getvalue()
