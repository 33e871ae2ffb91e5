"""This file reads door cards in a picture: QR codes, by ZXing, and of them the text only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import zxingcpp

from hardware.cards.words import TEXT_LIMIT, TEXTS_LIMIT
from hardware.readings import clean

if TYPE_CHECKING:
    from cv2.typing import MatLike


def read_door(grey: MatLike) -> tuple[str, ...]:
    """The texts of the QR codes in a picture, cleaned and bounded, each once, in order.

    grey: shape (height, width), 8 bits.
    """
    one = zxingcpp.BarcodeFormat.QRCode
    codes = zxingcpp.read_barcodes(grey, formats=one)  # type: ignore[arg-type] # taken as several
    texts = (clean(code.text, TEXT_LIMIT) for code in codes if code.valid)
    return tuple(dict.fromkeys(text for text in texts if text))[:TEXTS_LIMIT]
