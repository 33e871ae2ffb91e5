"""This file reads what can be read of a message in which something is wrong; pure.

A text that is too long is cut, a measure that makes no sense was not measured, a thing in a list
that cannot be read is left out, and the message says so. Nothing else is guessed: where any other
field is wrong, the message cannot be read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, Union, get_args, get_origin

import msgspec

from protocol.shapes import from_plain
from protocol.unreadable import UNREADABLE

_DEEPEST: Final = 8  # what is nested deeper is nobody's


class Mended(NamedTuple):
    """What was made of a message. cuts: the fields that were; left_out: how many things were."""

    message: Any
    cuts: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def losses(self) -> int:
        """How many fields and things are not what was said."""
        return len(self.cuts) + self.left_out


class UnreadableError(ValueError):
    """A value that cannot be read, not even in part."""


def mended(payload: bytes, kinds: Mapping[str, type[msgspec.Struct]]) -> Mended | None:
    """What can be read of a message of one of these kinds, by tag; None for nothing."""
    try:
        raw = msgspec.json.decode(payload)
        kind, mending = kinds[raw["kind"]], _Mending()
        message = from_plain(mending.struct(raw, kind, "", 0), kind)
    except (*UNREADABLE, UnreadableError, LookupError, TypeError):
        return None
    return Mended(message, tuple(dict.fromkeys(mending.cuts)), mending.left_out)


class _Mending:
    """What is done to one message."""

    def __init__(self) -> None:
        self.cuts: list[str] = []
        self.left_out = 0

    def struct(self, raw: object, kind: type[msgspec.Struct], path: str, depth: int) -> object:
        """A struct's fields, each as far as it can be read. Raises UnreadableError."""
        if not isinstance(raw, dict) or depth > _DEEPEST:
            raise UnreadableError(path)
        fields, made = _fields(kind), {}
        for name, value in raw.items():
            try:
                made[name] = self._value(value, fields.get(name, Any), f"{path}.{name}", depth)
            except UnreadableError:
                if not (_measures(kind) or _may_be_unmeasured(fields[name])):
                    raise
                self.cuts.append(f"{path}.{name}"[1:])
        if not _is_good(made, kind):
            raise UnreadableError(path)
        return made

    def _value(self, value: object, hint: Any, path: str, depth: int) -> object:
        if _is_good(value, hint):
            return value
        base, limits = _parts(hint)
        match value:
            case str() if base is str and limits.max_length and not limits.min_length:
                self.cuts.append(path[1:])
                return value[: limits.max_length]
            case dict() if isinstance(base, type) and issubclass(base, msgspec.Struct):
                return self.struct(value, base, path, depth + 1)
            case list() if get_origin(base) is tuple and get_args(base)[-1] is ...:
                return self._list(value, get_args(base)[0], limits.max_length, path, depth)
            case _ if get_origin(base) in {Union, UnionType}:
                return self._first(value, get_args(base), path, depth)
        raise UnreadableError(path)

    def _list(
        self, values: list[object], hint: Any, limit: int | None, path: str, depth: int
    ) -> list[object]:
        """Those that can be read, of as many as there may be."""
        made = []
        for value in values[:limit]:
            try:
                made.append(self._value(value, hint, path, depth))
            except UnreadableError:
                continue
        self.left_out += len(values) - len(made)
        return made

    def _first(self, value: object, hints: tuple[Any, ...], path: str, depth: int) -> object:
        """As the first of several kinds that it can be read as."""
        for hint in hints:
            try:
                return self._value(value, hint, path, depth)
            except UnreadableError:
                continue
        raise UnreadableError(path)


def _is_good(value: object, hint: Any) -> bool:
    try:
        from_plain(value, hint)
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


@cache
def _fields(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


@cache
def _measures(kind: type[msgspec.Struct]) -> bool:
    """Whether each field may be None for "not measured"."""
    return all(field.default is None for field in msgspec.structs.fields(kind))


@cache
def _may_be_unmeasured(hint: Any) -> bool:
    """Whether a field holds measures; left out, none was taken."""
    arms = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    kinds = [arm for arm in arms if isinstance(arm, type) and issubclass(arm, msgspec.Struct)]
    return bool(kinds) and all(map(_measures, kinds))


def _parts(hint: Any) -> tuple[Any, msgspec.Meta]:
    """A type without its limits, and the limits."""
    if get_origin(hint) is Annotated:
        base, *limits = get_args(hint)
        return base, next(iter(limits), msgspec.Meta())
    return hint, msgspec.Meta()
