"""This file reads one thing of this machine, and takes what cannot be read for unknown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

import psutil

_LOGGER = logging.getLogger(__name__)
Value = TypeVar("Value")

# What psutil and the kernel's files are known to fail with: a folder or a figure that is not there
# (containers, a changed root, old kernels), text of another shape, a system without the call.
FAULTS: Final = (
    *(OSError, psutil.Error, ArithmeticError, AttributeError, LookupError),
    *(NotImplementedError, RuntimeError, TypeError, ValueError),
)
_told: set[str] = set()


def sensed(what: str, read: Callable[[], Value], unknown: Value) -> Value:
    """What is read, else `unknown`: no sensor may end the others. It is logged once, by `what`."""
    try:
        return read()
    except FAULTS as error:
        if what not in _told:
            _told.add(what)
            _LOGGER.info("unreadable what=%s error=%s", what, type(error).__name__)
        return unknown
