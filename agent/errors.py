"""This file holds what can go wrong with an agent's own files."""

from __future__ import annotations

from protocol.errors import LopHocError


class DocumentError(LopHocError):
    """The documents could not be read or written; `code` says why, `hint` what to do."""
