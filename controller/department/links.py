"""This file says by which addresses the department's lists are reached; pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from controller.web.listing import address

Asked = Mapping[str, str]


def to_schools(ask: Asked, **more: str) -> str:
    """The schools of which that holds; see pages.py for what may be asked."""
    return address("/schools", **{**ask, **more}) + "#schools"


def to_school(code: str) -> str:
    """One school."""
    return f"/schools/{quote(code, safe='')}"


def to_items(ask: Asked, **more: str) -> str:
    """The items of which that holds."""
    return address("/items", **{**ask, **more})


def to_item(school: str, item: str) -> str:
    """An item, by the school in whose list it stands and its id there."""
    return address("/items/one", school=school, id=item)


def to_odd(what: str, ask: Asked) -> str:
    """What needs a person: items by their state, else serials that several schools have."""
    if what.endswith("_schools"):
        return address("/exceptions", **{**ask, "what": what})
    return to_items(ask, has=what)
