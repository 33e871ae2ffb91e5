"""This file draws values of any struct of the wire, out of its own types and bounds.

Codes and texts come from small pools too, so that what is told names the same things twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from msgspec import inspect
from msgspec.structs import replace

POOL: Final = (
    "a",
    "P203",
    "hs-1",
    "usb-1",
    "203",
    "Phòng 203",
    "\0",
    "\u202e",
    "é",
    "e\u0301",
    "'",
    "%_",
)
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_LARGEST: Final = {"int": 1 << 53, "float": 1.7e308}


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Any value of a type, its bounds more often than what lies between them."""
    return _BY_KIND[type(kind)](kind)


def structs(struct: type[Any], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any struct that the wire would take. fixed: fields that are drawn otherwise."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    drawn = {field.name: values(field.type) for field in info.fields}
    return _made(struct, drawn | {name: fixed[name] for name in fixed if name in drawn})


def extremes(value: msgspec.Struct) -> Iterator[msgspec.Struct]:
    """The value again and again, each time with one field at a bound of its type."""
    info = inspect.type_info(type(value))
    assert isinstance(info, inspect.StructType)
    for field in info.fields:
        for bound in _bounds(field.type, getattr(value, field.name)):
            with contextlib.suppress(ValueError):  # a day that no calendar has
                yield replace(value, **{field.name: bound})


def _bounds(kind: inspect.Type, value: Any) -> Iterator[Any]:
    match kind:
        case inspect.IntType() | inspect.FloatType():
            yield from _ends(kind)
        case inspect.StrType(pattern=None):
            yield from ("x" * (kind.min_length or 0), "ỡ" * (kind.max_length or 400))
        case inspect.EnumType():
            yield from kind.cls
        case inspect.BoolType():
            yield from (False, True)
        case inspect.UnionType():
            for part in kind.types:
                yield from _bounds(part, value)
        case inspect.NoneType():
            yield None
        case inspect.StructType():
            yield from extremes(value if isinstance(value, kind.cls) else least(kind))
        case inspect.VarTupleType():
            item = value[0] if value else least(kind.item_type)
            yield from ((), (item,) * min(kind.max_length or 20, 400))
            yield from ((bound,) for bound in _bounds(kind.item_type, item))
        case _:
            yield value


def least(kind: inspect.Type) -> Any:
    """A value of a type that is as small as can be."""
    match kind:
        case inspect.StructType():
            return kind.cls(
                **{field.name: least(field.type) for field in kind.fields if field.required}
            )
        case inspect.TupleType():
            return tuple(map(least, kind.item_types))
        case inspect.StrType():
            return "x" * (kind.min_length or 0)
        case _:
            return next(_bounds(kind, ()), "")


def _made(struct: type[Any], drawn: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    def make(fields: dict[str, Any]) -> Any:
        try:
            return struct(**fields)
        except ValueError:  # a day that no calendar has
            return None

    return st.fixed_dictionaries(dict(drawn)).map(make).filter(lambda made: made is not None)


def _ends(kind: inspect.IntType | inspect.FloatType) -> tuple[Any, Any]:
    name = "int" if isinstance(kind, inspect.IntType) else "float"
    step = 1 if name == "int" else 1e-9
    low = kind.ge if kind.ge is not None else kind.gt
    high = kind.le if kind.le is not None else kind.lt
    least = -_LARGEST[name] if low is None else low + (0 if kind.ge is not None else step)
    largest = _LARGEST[name] if high is None else high - (0 if kind.le is not None else step)
    return type(step)(least), type(step)(largest)


def _ints(kind: inspect.IntType) -> st.SearchStrategy[int]:
    least, largest = _ends(kind)
    return (
        st.sampled_from([least, largest])
        | st.integers(least, largest)
        | st.integers(least, min(largest, least + 3))
    )


def _floats(kind: inspect.FloatType) -> st.SearchStrategy[float]:
    least, largest = _ends(kind)
    between = st.floats(
        least, largest, exclude_min=kind.gt is not None, exclude_max=kind.lt is not None
    )
    return between | st.sampled_from([least, largest])


def _texts(kind: inspect.StrType) -> st.SearchStrategy[str]:
    if kind.pattern:
        return st.from_regex(kind.pattern.removesuffix("$") + r"\Z")
    least, largest = kind.min_length or 0, kind.max_length or 400
    fitting = [text for text in POOL if least <= len(text) <= largest]
    any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=least, max_size=12)
    return st.sampled_from([*fitting, "ỡ" * largest]) | any_text


def _tuples(kind: inspect.VarTupleType) -> st.SearchStrategy[tuple[Any, ...]]:
    most = min(kind.max_length or 5, 5)
    return st.lists(values(kind.item_type), min_size=kind.min_length or 0, max_size=most).map(tuple)


_BY_KIND: Final[Mapping[type, Callable[[Any], st.SearchStrategy[Any]]]] = {
    inspect.NoneType: lambda _: st.none(),
    inspect.BoolType: lambda _: st.booleans(),
    inspect.IntType: _ints,
    inspect.FloatType: _floats,
    inspect.StrType: _texts,
    inspect.EnumType: lambda kind: st.sampled_from(list(kind.cls)),
    inspect.UnionType: lambda kind: st.one_of(map(values, kind.types)),
    inspect.VarTupleType: _tuples,
    inspect.TupleType: lambda kind: st.tuples(*map(values, kind.item_types)),
    inspect.StructType: lambda kind: structs(kind.cls),
}
