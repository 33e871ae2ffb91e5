"""This file holds the one error of the simulators."""

from __future__ import annotations

from protocol.errors import LopHocError


class SimError(LopHocError):
    """The play cannot go on."""
