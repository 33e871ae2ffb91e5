"""This file holds what can go wrong with the agent's own files, and with those it is given."""

from __future__ import annotations

from protocol.errors import LopHocError


class DocumentError(LopHocError):
    """The documents could not be read or written; `code` says why, `hint` what to do."""


class ExportUnreadableError(LopHocError):
    """Another machine's list of devices cannot be read; `code` says why, `hint` what to do."""


class CardsUnreadableError(LopHocError):
    """No cards can be read here; `code` says why, `hint` what to do."""


class CameraCheckError(LopHocError):
    """There is nothing that could be checked; `code` says why, `hint` what to do."""
