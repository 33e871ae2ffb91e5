"""This file is a place of which somebody sees only some schools; pure."""

from __future__ import annotations

from msgspec.structs import asdict

from protocol.model import Place


class Part(Place, frozen=True, kw_only=True):
    """A place of which only these schools are meant, by their codes."""

    schools: frozenset[str] = frozenset()


def has_place(scope: Place, place: Place) -> bool:
    """Whether a school is in a scope: an empty code of that means all."""
    if isinstance(scope, Part) and place.school not in scope.schools:
        return False
    return scope.province in {"", place.province} and scope.school in {"", place.school}


def narrow(place: Place, schools: frozenset[str] | None) -> Place:
    """What of a place somebody sees who may see these schools; None for all of them."""
    if schools is None or place.school in schools:
        return place
    if len(schools) == 1 and not place.school:
        return Place(place.province, *schools)
    return Part(**asdict(place), schools=schools)
