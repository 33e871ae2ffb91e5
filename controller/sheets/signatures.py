"""This file knows the words that stand below a list of any kind: who signs, where, when; pure."""

from __future__ import annotations

import re
from typing import Final

from controller.sheets.text import folded

_SIGNATURE: Final = re.compile(
    r"(?:nguoi (?:lap|ky|viet)|(?:pho )?hieu truong|giao vien chu nhiem|ban giam hieu|to truong"
    r"|thu truong|ky ten|xac nhan)\b|(?:.* )?ngay [0-9 ]*thang\b"
)


def is_signature(text: str) -> bool:
    """Whether a text is one that people sign below."""
    return _SIGNATURE.match(folded(text)) is not None
