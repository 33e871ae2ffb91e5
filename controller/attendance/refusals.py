"""This file is what is answered about a class that is not there, or is not theirs to see."""

from __future__ import annotations

from controller.web.refusals import HttpError
from protocol.words import N_


def class_unknown() -> HttpError:
    """A class of others is as one that is not there."""
    return HttpError(
        404, "class_unknown", N_("There is no such class."), N_("See /attendance for the classes.")
    )
