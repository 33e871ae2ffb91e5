"""This file names a start of a sender so that it says which one it was, whatever clocks say. Pure.

The name stays opaque to whoever does not know this: it is a boot as any other.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

LAST_START: Final = 10**9  # of one file; more is nobody's
_NAME: Final = re.compile(r"[0-9a-f]{32}-(?P<file>[0-9a-f]{12})-(?P<number>[1-9][0-9]{0,8})")


class NumberedStart(NamedTuple):
    """The file that counts a sender's starts, by a name it got when it was made; 1 is the first."""

    file: str
    number: int


def numbered(name: str, start: NumberedStart) -> str:
    """The boot of a start. name: 32 hexadecimal digits of its own, for a count may come twice."""
    return f"{name}-{start.file}-{start.number}"


def start_of(boot: str) -> NumberedStart | None:
    """Which start a boot names; None where its sender does not count them."""
    match = _NAME.fullmatch(boot)
    return NumberedStart(match["file"], int(match["number"])) if match else None
