"""This file says which items of the inventory are asked for, in Python and in SQL alike."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, case, or_, tuple_

from controller.database.part import Part
from controller.inventory.asset import Asset, words_of
from controller.inventory.counting import IS_LINE, counted, has_first
from controller.inventory.tables import assets
from controller.register.vocabulary import TYPE_WORDS, Condition
from controller.register.warranty import ENDED, WarrantyChoice, WarrantyWord
from controller.sheets.names import room_key
from controller.sheets.text import searchable
from protocol.language import translator
from protocol.model import Place

NO_TYPE: Final = "-"  # asks for what has no type
_LEFT: Final = (Condition.DISPOSED.value, Condition.LOST.value)


class DueChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that reach their end of life in these years, both among them; None: nobody knows when.

    lives: types and their useful lives in years. this_year: what awaits disposal reaches it now.
    """

    lives: tuple[tuple[str, int], ...]
    this_year: int
    years: tuple[int, int] | None

    def fits(self, asset: Asset) -> bool:
        """Whether the line is one of them."""
        if asset.line is None or asset.condition in _LEFT:
            return False
        life = dict(self.lives).get(asset.type)
        due = None if life is None or asset.year is None else asset.year + life
        due = self.this_year if asset.condition == Condition.AWAITING_DISPOSAL else due
        if self.years is None or due is None:
            return self.years is None and due is None
        return self.years[0] <= due <= self.years[1]

    def where(self) -> ColumnElement[bool]:
        """The same for the table of records."""
        life = case(*((assets.c.type == type_, years) for type_, years in self.lives), else_=None)
        awaiting = assets.c.condition == Condition.AWAITING_DISPOSAL.value
        due = case((awaiting, self.this_year), else_=assets.c.year + life)
        lasting = IS_LINE & assets.c.condition.not_in(_LEFT)
        if self.years is None:
            return and_(lasting, due.is_(None))
        return and_(lasting, due >= self.years[0], due <= self.years[1])


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of items; what is empty chooses all.

    Only what counts is ever chosen. school: of what counts for it, also from lists of schools that
    merged into it; schools: the codes of an area's schools, None for all. owned: only what is, or
    may be, the school's own equipment. due: see DueChoice. things: only these, by school and id.
    text: words that its tag, serial, maker, model, room, name or type have, without marks.
    warranty: of lines that are not disposed of or lost.
    """

    school: str = ""
    schools: frozenset[str] | None = None
    room: str = ""
    kind: str = ""
    type: str = ""
    status: str = ""
    state: str = ""
    condition: str = ""
    due: DueChoice | None = None
    things: frozenset[tuple[str, str]] | None = None
    text: str = ""
    owned: bool = False
    warranty: WarrantyChoice | None = None

    @property
    def chooses_items(self) -> bool:
        """Whether it chooses among a school's items, not schools alone."""
        return replace(self, school="", schools=None) != Chosen()

    def _asked(self, name: str) -> str:
        """What a field must be: a type "-" asks for what has none."""
        text = str(getattr(self, name))
        return "" if name == "type" and text == NO_TYPE else text

    def within(self, scope: Place) -> Chosen:
        """The same, of the scope alone."""
        codes = scope.schools if isinstance(scope, Part) else None
        codes = codes if codes is None or not scope.school else codes & {scope.school}
        own = frozenset({scope.school}) if scope.school else None
        parts = [part for part in (self.schools, codes, own) if part is not None]
        return replace(self, schools=frozenset.intersection(*parts) if parts else None)

    def fits(self, asset: Asset) -> bool:
        """Whether the item, as it stands at a moment, is among those that are asked for."""
        plain = ("kind", "type", "status", "state", "condition")
        return (
            asset.removed_ms is None
            and asset.counted
            and (not self.school or asset.home == self.school)
            and (self.schools is None or asset.home in self.schools)
            and (not self.room or room_key(asset.room) == room_key(self.room))
            and all(
                not getattr(self, name) or self._asked(name) == getattr(asset, name)
                for name in plain
            )
            and (asset.owned or not self.owned)
            and (self.due is None or self.due.fits(asset))
            and (self.things is None or (asset.home, asset.device_id) in self.things)
            and (self.warranty is None or _is_under(asset, self.warranty))
            and all(_has(asset, word) for word in searchable(self.text).split())
        )

    def where(self, now_ms: int) -> ColumnElement[bool]:
        """The same for the table of records, as it stands at that moment."""
        plain = ("kind", "type", "status", "condition")
        terms = [assets.c[name] == self._asked(name) for name in plain if getattr(self, name)]
        if self.school:
            terms.append(assets.c.counted_for == self.school)
        if self.schools is not None:
            terms.append(assets.c.counted_for.in_(sorted(self.schools)))
        if self.state:
            terms.append(has_first(self.state, now_ms))
        if self.room:
            terms.append(assets.c.room_key == room_key(self.room))
        if self.owned:
            terms.append(assets.c.owned)
        if self.due is not None:
            terms.append(self.due.where())
        if self.things is not None:
            key = tuple_(assets.c.counted_for, assets.c.device_id)
            terms.append(key.in_(sorted(self.things)))
        if self.warranty is not None:
            terms.append(_where_under(self.warranty))
        terms += [_where_has(word) for word in searchable(self.text).split()]
        return and_(counted(), *terms)


def _is_under(asset: Asset, choice: WarrantyChoice) -> bool:
    lasting = asset.line is not None and asset.condition not in _LEFT
    return lasting and choice.fits(asset.warranty_end)


def _where_under(choice: WarrantyChoice) -> ColumnElement[bool]:
    """The same as WarrantyChoice.fits for the table of records."""
    end, lasting = assets.c.warranty_end, IS_LINE & assets.c.condition.not_in(_LEFT)
    match choice.word:
        case None:
            within = end.between(f"{choice.year:04}-01-01", f"{choice.year:04}-12-31")
            return lasting & within & (end != ENDED)
        case WarrantyWord.UNKNOWN:
            return lasting & (end == "")
        case WarrantyWord.OVER:
            return lasting & (end != "") & (end < choice.day)
        case WarrantyWord.VALID:
            return lasting & (end >= choice.day)


def _types_with(word: str) -> list[str]:
    """The types that are called so in Vietnamese or English."""
    say = translator("vi")
    return [
        type_ for type_, name in TYPE_WORDS.items() if word in searchable(f"{say(name)} {name}")
    ]


def _has(asset: Asset, word: str) -> bool:
    return word in words_of(asset) or asset.type in _types_with(word)


def _where_has(word: str) -> ColumnElement[bool]:
    return or_(assets.c.words.contains(word, autoescape=True), assets.c.type.in_(_types_with(word)))
