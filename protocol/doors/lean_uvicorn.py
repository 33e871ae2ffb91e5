"""This file imports uvicorn without its command line, which would stay in every classroom: 1.4 MiB.

uvicorn's package imports it first of all, and with it click and what starts worker processes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any, Final

_COMMAND_LINE: Final = "uvicorn.main"


class _Deferred(ModuleType):
    """What uvicorn's package takes from its command line, which is imported once it is called."""

    def __getattr__(self, name: str) -> Any:
        if name == "Server":  # it only passes through
            return import_module("uvicorn.server").Server
        if name in {"main", "run"}:
            return partial(_call, name)
        raise AttributeError(name)


def _call(name: str, *arguments: object, **options: object) -> object:
    return getattr(import_module(_COMMAND_LINE), name)(*arguments, **options)


@contextmanager
def _without_command_line() -> Iterator[None]:
    if "uvicorn" in sys.modules:
        yield
        return
    sys.modules[_COMMAND_LINE] = _Deferred(_COMMAND_LINE)
    try:
        yield
    finally:
        del sys.modules[_COMMAND_LINE]


with _without_command_line():
    from uvicorn.config import Config
    from uvicorn.protocols.http.h11_impl import H11Protocol
    from uvicorn.server import Server

__all__ = ["Config", "H11Protocol", "Server"]
