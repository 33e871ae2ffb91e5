"""This file names what msgspec raises for bytes that are not what was agreed."""

from __future__ import annotations

from typing import Final

import msgspec

# It leaves two to Python.
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
