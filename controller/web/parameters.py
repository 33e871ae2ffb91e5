"""This file tells what a parameter or a body's field may be, and what is wrong with a value.

The libraries that read values say it in English, and in words of their programmers.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

import msgspec
from fastapi.dependencies.models import Dependant
from pydantic import AfterValidator, GetCoreSchemaHandler
from pydantic.fields import FieldInfo

from controller.sheets.text import clean
from protocol.nearest import nearest
from protocol.shapes import from_plain
from protocol.words import N_

SHOWN: Final = 64  # characters of what was given that an answer says again
_WORDS_SHOWN: Final = 40
_MISSING: Final = "missing"  # pydantic's word for it
_FLAG_WORDS: Final = ("true", "false")
_SEE: Final = N_("See /openapi.json for the values.")
_UNSEEN: Final = N_("Write only what can be seen.")


class Fault(NamedTuple):
    """What is wrong with a request, and how to mend it: message ids with their values."""

    message: str
    hint: str
    values: Mapping[str, object]


@dataclass(frozen=True)
class Spelling:
    """How a text of an address is written; stands in its `Annotated`.

    words: those that it may be. forms: how others are written, such as yyyy. hint: what to write
    where neither says it. check: makes the value of it, raises ValueError.
    """

    words: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    hint: str = ""
    check: Callable[[str], str] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        """Have pydantic ask `check` as well."""
        if self.check is None:
            return handler(source)
        return AfterValidator(self.check).__get_pydantic_core_schema__(source, handler)


class Allowed(NamedTuple):
    """What a value may be. least, most: of a number; length: of a text; times: of a list."""

    words: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    hint: str = ""
    is_number: bool = False
    least: int | None = None
    most: int | None = None
    length: int | None = None


def given(value: object) -> str:
    """What was given, short and on one line, nothing of it unseen."""
    text = value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    seen = clean(text[: 4 * SHOWN])
    return seen if len(seen) <= SHOWN else f"{seen[:SHOWN]}…"


def fault_in_address(dependant: Dependant | None, error: Mapping[str, Any]) -> Fault:
    """What pydantic found wrong. error: the first of its errors."""
    name = given([*error["loc"], ""][1])
    field = _field(dependant, name) if dependant else None
    allowed = allowed_by(field.annotation, field.metadata) if field else Allowed()
    if error["type"] == _MISSING:
        hint, values = _hint("", allowed)
        return Fault(N_("The address lacks {name}."), hint, {"name": name, **values})
    message = N_("In the address, {name} cannot be “{asked}”.")
    return _fault(message, name, error["input"], allowed)


def fault_in_body(told: object, kind: type[msgspec.Struct]) -> Fault:
    """What is wrong with what a program sent, which is no such struct."""
    if not isinstance(told, dict):
        return Fault(N_("The body is no JSON object."), N_("See /openapi.json."), {})
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in sorted({*told} - {*fields}):
        hint, values = _hint(name, Allowed(words=(*fields,)))
        return Fault(N_("The body has no field {asked}."), hint, {"asked": given(name), **values})
    for name, field in fields.items():
        allowed = allowed_by(field.type, ())
        if name not in told and field.required:
            hint, values = _hint("", allowed)
            return Fault(N_("The body lacks {name}."), hint, {"name": name, **values})
        if name in told and (wrong := _wrong(told[name], field.type, allowed)):
            return _fault(N_("In the body, {name} cannot be “{asked}”."), name, told[name], wrong)
    return Fault(N_("The body is no such order."), N_("See /openapi.json."), {})


def _wrong(value: object, kind: Any, allowed: Allowed) -> Allowed | None:
    """What the value might be instead; None where it is well."""
    try:
        from_plain(value, kind)
    except msgspec.ValidationError:
        return allowed
    is_seen = not isinstance(value, str) or value.isprintable()
    return None if is_seen else Allowed(hint=_UNSEEN)


def allowed_by(annotation: Any, metadata: Iterable[Any]) -> Allowed:
    """What may stand there, by its type and by what is noted of it in `Annotated`."""
    kinds = [*_kinds(annotation)]
    notes = [*metadata, *(note for kind in kinds for note in _notes_of(kind))]
    spellings = [note for note in notes if isinstance(note, Spelling)]
    words = (word for kind in kinds for word in _words_of(kind))
    least, above = _bound(notes, "ge"), _bound(notes, "gt")
    most, below = _bound(notes, "le"), _bound(notes, "lt")
    return Allowed(
        words=(*words, *(word for spelling in spellings for word in spelling.words)),
        forms=tuple(form for spelling in spellings for form in spelling.forms),
        hint=next((spelling.hint for spelling in spellings), ""),
        is_number=int in map(_bare, kinds),
        least=above + 1 if above is not None else least,
        most=below - 1 if below is not None else most,
        length=_bound(notes, "max_length"),
    )


def _notes_of(kind: Any) -> Iterator[Any]:
    """What is noted of a type in its own `Annotated`."""
    for note in getattr(kind, "__metadata__", ()):
        yield from note.metadata if isinstance(note, FieldInfo) else (note,)


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types that stand side by side in one, of a list those of its elements."""
    origin = get_origin(_bare(annotation))
    if origin in (Union, types.UnionType, list):
        for kind in get_args(_bare(annotation)):
            yield from _kinds(kind)
    else:
        yield annotation


def _bare(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _words_of(kind: Any) -> Sequence[str]:
    """The words that a type alone takes; what is empty leaves the choice open."""
    kind = _bare(kind)
    if kind is bool:
        return _FLAG_WORDS
    if get_origin(kind) is Literal:
        return [str(word) for word in get_args(kind) if word != ""]
    return [*kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def _bound(notes: Iterable[Any], name: str) -> int | None:
    found = (getattr(note, name, None) for note in notes)
    return next((bound for bound in found if bound is not None), None)


def _fault(message: str, name: str, value: object, allowed: Allowed) -> Fault:
    asked = given(value)
    hint, values = _hint(asked, allowed)
    return Fault(message, hint, {"name": name, "asked": asked, **values})


def _hint(asked: str, allowed: Allowed) -> tuple[str, dict[str, object]]:
    """What to write instead, with the word that was most likely meant."""
    if allowed.words or allowed.forms:
        return _word_hint(asked, allowed)
    bounds: dict[str, object] = {"least": allowed.least, "most": allowed.most}
    if allowed.is_number:
        return _number_hint(allowed), bounds
    if allowed.hint or allowed.length is None:
        return allowed.hint or _SEE, {}
    return N_("Write at most {most} characters."), {"most": allowed.length}


def _word_hint(asked: str, allowed: Allowed) -> tuple[str, dict[str, object]]:
    some = listed((*allowed.words, *allowed.forms))
    if near := nearest(asked, allowed.words):
        return N_("Did you mean {near}? It may be: {some}."), {"near": near, "some": some}
    return N_("It may be: {some}."), {"some": some}


def _number_hint(allowed: Allowed) -> str:
    match allowed.least, allowed.most:
        case None, None:
            return N_("Write a whole number.")
        case None, _:
            return N_("Write a whole number of at most {most}.")
        case _, None:
            return N_("Write a whole number of at least {least}.")
        case _:
            return N_("Write a whole number from {least} to {most}.")


def listed(words: Collection[str]) -> str:
    """The words in a row; of very many the first."""
    some = [*words][:_WORDS_SHOWN]
    return ", ".join(some) + (", …" if len(words) > len(some) else "")


def _field(dependant: Dependant, name: str) -> FieldInfo | None:
    """What an address asks for by this name, itself or by what it depends on."""
    for field in (*dependant.path_params, *dependant.query_params, *dependant.header_params):
        if field.alias == name:
            return field.field_info
    found = (_field(other, name) for other in dependant.dependencies)
    return next(filter(None, found), None)
