"""What a shape writes into a table is what it reads back, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from pkgutil import walk_packages
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Column, Integer, MetaData, Table, Text, select

import controller
from controller.database.reading import rows_of
from controller.database.scope import everywhere
from controller.database.shape import Shape
from controller.database.store import Store
from controller.fleet.records import DeviceRecord
from controller.fleet.store import DEVICES
from controller.fleet.tables import devices
from protocol.messages import State
from protocol.model import DeviceKind, Place
from protocol.plan import Holiday, Term
from tests.databases import Database


def shapes() -> Iterator[tuple[str, Shape[Any]]]:
    """Every shape of the controller, by the module and the name that it stands under."""
    for module in walk_packages(controller.__path__, "controller."):
        if module.name.endswith(("store", "signs")):
            names = vars(import_module(module.name))
            yield from (
                (f"{module.name}.{name}", shape)
                for name, shape in names.items()
                if isinstance(shape, Shape)
            )


SHAPES = dict(shapes())
# PostgreSQL's text holds no zero, and no half of a surrogate pair is text anywhere.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(0, 2**31 - 1)
DAYS = st.dates().map(str)


def fields_of(kind: type) -> dict[str, st.SearchStrategy[Any]]:
    return {name: values_of(hint) for name, hint in get_type_hints(kind).items()}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return st.one_of(*map(values_of, args))
    if origin is tuple:
        return st.lists(values_of(args[0]), max_size=2).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        return st.dictionaries(*map(values_of, args), max_size=2)
    if hint in {Term, Holiday}:
        return st.builds(hint, name=TEXTS, begins=DAYS, ends=DAYS)
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    if issubclass(hint, msgspec.Struct) or hasattr(hint, "_fields"):
        return st.builds(hint, **fields_of(hint))
    plain: dict[type, st.SearchStrategy[Any]] = {
        str: TEXTS,
        int: NUMBERS,
        bool: st.booleans(),
        float: st.integers(0, 10_000).map(lambda tenths: tenths / 10),
        bytes: st.binary(max_size=12),
        NoneType: st.none(),
    }
    return plain[hint]
