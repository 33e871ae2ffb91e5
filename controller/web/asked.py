"""This file refuses what nobody knows: a misspelt filter would be answered as if none was asked.

So would all but one of a filter that is given several values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from controller.web.parameters import given
from controller.web.presses import SEEN
from controller.web.refusals import HttpError, PageRefusedError
from protocol.nearest import nearest
from protocol.words import N_

EVERYWHERE: Final = frozenset({"lang", SEEN})  # the language of a page; which history it showed
_ATTRIBUTE: Final = "lophoc_names"
_FEW: Final = 20  # words that a sentence holds


async def check_names(connection: HTTPConnection) -> None:
    """Refuse a name that the address does not have, or that says two things. Raises HttpError."""
    route = connection.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = _names_of(route)
    kind = HttpError if route.include_in_schema else PageRefusedError
    for name in connection.query_params:
        if name not in known:
            raise unknown(
                422, "parameter_unknown", N_("This address has no parameter {asked}."),
                name, known, kind=kind,
            )  # fmt: skip
        if not known[name] and len({*connection.query_params.getlist(name)}) > 1:
            raise kind(
                422,
                "parameter_twice",
                N_("{asked} is given several values."),
                N_("Give it one."),
                asked=given(name),
            )


def unknown(
    status: int,
    code: str,
    message: str,
    asked: str,
    known: Collection[str],
    *,
    kind: type[HttpError] = HttpError,
) -> HttpError:
    """What is answered to a word that nobody knows, with the known one that it most likely was."""
    near = nearest(asked, known)
    if near and len(known) <= _FEW:
        hint = N_("Did you mean {near}? It may be: {some}.")
    elif near:
        hint = N_("Did you mean {near}?")
    elif known:
        hint = N_("Known are: {some}.")
    else:
        hint = N_("Nothing of the kind is known here.")
    some = ", ".join(sorted(known)[:_FEW])
    return kind(status, code, message, hint, asked=given(asked), near=near, some=some)


def _names_of(route: APIRoute) -> Mapping[str, bool]:
    """The names that an address asks for, and whether it takes several of one; looked up once."""
    known: Mapping[str, bool] | None = vars(route).get(_ATTRIBUTE)
    if known is None:
        known = dict.fromkeys(EVERYWHERE, True) | dict(_asked_by(route.dependant))
        setattr(route, _ATTRIBUTE, known)
    return known


def _asked_by(dependant: Dependant) -> Iterator[tuple[str, bool]]:
    """The same of what it asks for itself or by what it depends on."""
    for field in dependant.query_params:
        yield field.alias, get_origin(field.field_info.annotation) is list
    for other in dependant.dependencies:
        yield from _asked_by(other)
