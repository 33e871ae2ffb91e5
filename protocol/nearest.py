"""This file finds what somebody most likely meant by a word that nobody knows; pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_LIKE: Final = 0.6  # how alike words must be: 1 is the same


def nearest(asked: str, known: Iterable[str]) -> str:
    """The known word that this one most likely was to be; empty where none is like it.

    A code without its zeros in front, or in other letters, is the code.
    """
    words = sorted(known)
    bare = asked.strip().lstrip("0").casefold()
    same = [word for word in words if bare and word.lstrip("0").casefold() == bare]
    return next(iter(same or difflib.get_close_matches(asked, words, 1, _LIKE)), "")
