"""This file says which items of the inventory are asked for, in Python and in SQL alike."""

from __future__ import annotations

import msgspec
from sqlalchemy import ColumnElement, and_, true

from controller.inventory.asset import Asset
from controller.inventory.tables import assets
from controller.sheets.names import room_key


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of items; what is empty chooses all.

    schools: the codes of an area's schools, None for all. owned: only what is, or may be, the
    school's own equipment.
    """

    school: str = ""
    schools: frozenset[str] | None = None
    room: str = ""
    kind: str = ""
    type: str = ""
    status: str = ""
    state: str = ""
    condition: str = ""
    owned: bool = False

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return self == _EVERYTHING

    def fits(self, asset: Asset) -> bool:
        """Whether the item is among those that are asked for."""
        plain = ("kind", "type", "status", "state", "condition")
        return (
            asset.removed_ms is None
            and (not self.school or asset.place.school == self.school)
            and (self.schools is None or asset.place.school in self.schools)
            and (not self.room or room_key(asset.room) == room_key(self.room))
            and all(getattr(self, name) in {"", getattr(asset, name)} for name in plain)
            and (asset.owned or not self.owned)
        )

    def where(self) -> ColumnElement[bool]:
        """The same for the table of records."""
        plain = ("school", "kind", "type", "status", "state", "condition")
        terms = [assets.c[name] == getattr(self, name) for name in plain if getattr(self, name)]
        if self.schools is not None:
            terms.append(assets.c.school.in_(sorted(self.schools)))
        if self.room:
            terms.append(assets.c.room_key == room_key(self.room))
        if self.owned:
            terms.append(assets.c.owned)
        return and_(true(), assets.c.removed_ms.is_(None), *terms)


_EVERYTHING = Chosen()
