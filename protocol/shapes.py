"""This file reads what came as a given type, whichever thread is the first to need the type.

msgspec describes a type at its first use, and has the description seen before it is whole: another
thread that reads by it then ends the program (SIGSEGV; seen with 0.22). So they stand in a line.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

import msgspec

T = TypeVar("T")
Hook = Callable[[type, Any], Any]

# By the same thread again: what is described runs code of ours, and that of the garbage collector.
_ONE_AT_A_TIME: Final = threading.RLock()
_described: set[Any] = set()


@overload
def from_json(raw: bytes | str, kind: type[T], *, dec_hook: Hook | None = ...) -> T: ...


@overload
def from_json(raw: bytes | str, kind: Any) -> Any: ...


def from_json(raw: bytes | str, kind: Any, *, dec_hook: Hook | None = None) -> Any:
    """JSON as a type. Raises msgspec.DecodeError, of which msgspec.ValidationError is one."""
    return msgspec.json.decode(raw, type=_whole(kind), dec_hook=dec_hook)


@overload
def from_msgpack(raw: bytes, kind: type[T]) -> T: ...


@overload
def from_msgpack(raw: bytes, kind: Any) -> Any: ...


def from_msgpack(raw: bytes, kind: Any) -> Any:
    """MessagePack as a type. Raises msgspec.DecodeError."""
    return msgspec.msgpack.decode(raw, type=_whole(kind))


@overload
def from_plain(
    value: Any, kind: type[T], *, strict: bool = ..., dec_hook: Hook | None = ...
) -> T: ...


@overload
def from_plain(
    value: Any, kind: Any, *, strict: bool = ..., dec_hook: Hook | None = ...
) -> Any: ...


def from_plain(value: Any, kind: Any, *, strict: bool = True, dec_hook: Hook | None = None) -> Any:
    """Plain values as a type. strict: no text is a number. Raises msgspec.ValidationError."""
    return msgspec.convert(value, _whole(kind), strict=strict, dec_hook=dec_hook)


@overload
def json_decoder(kind: type[T]) -> msgspec.json.Decoder[T]: ...


@overload
def json_decoder(kind: Any) -> msgspec.json.Decoder[Any]: ...


def json_decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """What reads a type from JSON again and again."""
    with _ONE_AT_A_TIME:
        return msgspec.json.Decoder(kind)


def _whole(kind: Any) -> Any:
    """The type, once it is described in full."""
    if kind not in _described:
        with _ONE_AT_A_TIME:
            msgspec.json.Decoder(kind)
            _described.add(kind)
    return kind
