"""This file holds the error of copies: none was made, or none could be used."""

from __future__ import annotations

from protocol.errors import LopHocError


class CopyError(LopHocError):
    """A copy could not be made or read; `code` says why, `hint` what to do."""
