"""This file refuses what nobody knows: a misspelt filter would be answered as if none was asked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from controller.web.refusals import HttpError, PageRefusedError
from protocol.nearest import nearest
from protocol.words import N_

EVERYWHERE: Final = frozenset({"lang"})  # in which language a page is shown
SHOWN: Final = 64  # characters of what was asked that an answer says again
_ATTRIBUTE: Final = "lophoc_names"


async def check_names(connection: HTTPConnection) -> None:
    """Refuse a request that names a parameter which its address does not have. Raises HttpError."""
    route = connection.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    known = vars(route).get(_ATTRIBUTE)
    if known is None:
        known = _names_of(route)
        setattr(route, _ATTRIBUTE, known)
    for name in connection.query_params:
        if name not in known:
            kind = HttpError if route.include_in_schema else PageRefusedError
            raise unknown(
                422, "parameter_unknown", N_("This address has no parameter {asked}."),
                name, known, kind=kind,
            )  # fmt: skip


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
    if near:
        hint = N_("Did you mean {near}?")
    elif known:
        hint = N_("Known are: {some}.")
    else:
        hint = N_("Nothing of the kind is known here.")
    some = ", ".join(sorted(known)[:12])
    return kind(status, code, message, hint, asked=asked[:SHOWN], near=near, some=some)


def _names_of(route: APIRoute) -> frozenset[str]:
    return EVERYWHERE.union(_asked_by(route.dependant))


def _asked_by(dependant: Dependant) -> Iterator[str]:
    """The names that an address asks for, itself or by what it depends on."""
    yield from (field.alias for field in dependant.query_params)
    for other in dependant.dependencies:
        yield from _asked_by(other)
