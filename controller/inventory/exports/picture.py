"""This file reads what is exported: the items of a choice as they are now, some at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, tzinfo
from enum import StrEnum
from itertools import chain
from typing import Final

import msgspec
from msgspec.structs import replace

from controller.database.store import Store
from controller.fleet.store import agents_of
from controller.inventory import store as assets
from controller.inventory.asset import Asset
from controller.inventory.chosen import Chosen
from controller.inventory.exports import glpi, snipeit
from controller.inventory.exports.spelling import local
from controller.inventory.exports.workbook import WorkbookHeading, check_rows, workbook
from controller.sheets.writing import file_name
from protocol.model import Place

_SOME: Final = 1000  # items read in one go


class ExportForm(StrEnum):
    """How a whole picture is written."""

    XLSX = "xlsx"
    GLPI = "glpi"
    SNIPEIT = "snipeit"


_NAMES: Final = {
    ExportForm.XLSX: ("thiet-bi", "xlsx"),
    ExportForm.GLPI: ("glpi", "zip"),
    ExportForm.SNIPEIT: ("snipe-it", "csv"),
}


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The equipment of the schools in a scope as of a moment: what they own, or may own.

    school, name: whose controller tells it. vietnamese, new_from, lives: see snipeit.Manner.
    """

    store: Store
    scope: Place
    chosen: Chosen
    school: Place
    name: str
    zone: tzinfo
    as_of_ms: int
    vietnamese: bool = False
    new_from: date | None = None
    lives: Mapping[str, int] = {}

    @property
    def at(self) -> datetime:
        """As of when, by the school's clock."""
        return local(self.as_of_ms, self.zone)

    def written(self, form: ExportForm) -> Iterator[bytes]:
        """The file in parts; a workbook is one. Raises ExportError before the first."""
        match form:
            case ExportForm.XLSX:
                return iter((self._workbook(),))
            case ExportForm.GLPI:
                return glpi.as_zip(self.documents(), self.at)
            case ExportForm.SNIPEIT:
                parts = snipeit.as_csv(self.parts(), self._manner())
                return (part.encode() for part in parts)

    def file_name(self, form: ExportForm) -> str:
        """A file name of plain letters, with the school's code and the day."""
        code = self._only_school() or self.scope.province
        name, end = _NAMES[form]
        return file_name(name, code, f"{self.at:%Y-%m-%d}", end=end)

    def count(self) -> int:
        """How many items there are."""
        with self.store.view() as db:
            return assets.count_items(db, self.scope, self._owned(), self.as_of_ms)

    def parts(self) -> Iterator[list[Asset]]:
        """The items by school and id."""
        return self._read(self._owned())

    def documents(self) -> Iterator[glpi.Document]:
        """GLPI's documents that tell of what is chosen, each of them whole."""
        roaming = self._roaming()
        where = Chosen(school=self.chosen.school, schools=self.chosen.schools, owned=True)
        for school in _by_school(self._read(where)):
            for document in glpi.documents_of(school, self.zone, roaming):
                if any(map(self.chosen.fits, document.members)):
                    yield document

    def untold(self) -> int:
        """How many of the chosen items GLPI is not told of."""
        return sum(not glpi.is_told(asset) for part in self.parts() for asset in part)

    def _workbook(self) -> bytes:
        check_rows(self.count())
        heading = WorkbookHeading(self._title(), self.as_of_ms, self.zone)
        return workbook(chain.from_iterable(self.parts()), heading)

    def _title(self) -> str:
        code = self._only_school()
        if code and code == self.school.school:
            return f"Trường: {self.name} ({code})" if self.name not in ("", code) else code
        return f"Trường: {code}" if code else f"Tỉnh, thành phố: {self.scope.province}"

    def _only_school(self) -> str:
        return self.chosen.school or self.scope.school

    def _owned(self) -> Chosen:
        return replace(self.chosen, owned=True)

    def _read(self, chosen: Chosen) -> Iterator[list[Asset]]:
        after: Asset | None = None
        while True:
            with self.store.view() as db:
                page = assets.items(
                    db, self.scope, chosen, now_ms=self.as_of_ms, after=after, limit=_SOME
                )
            yield page
            if len(page) < _SOME:
                return
            after = page[-1]

    def _roaming(self) -> frozenset[Place]:
        agents = self.store.read(agents_of, self.scope, after="", limit=None)
        return frozenset(agent.place for agent in agents if agent.roaming)

    def _manner(self) -> snipeit.Manner:
        with self.store.view() as db:
            named = assets.has_others(db, self.school)
            taken = assets.tags_of_things(db, self.scope)
        return snipeit.Manner(
            zone=self.zone,
            named=named,
            vietnamese=self.vietnamese,
            new_from=self.new_from,
            lives=self.lives,
            taken=frozenset() if named else taken,
        )


def _by_school(parts: Iterator[list[Asset]]) -> Iterator[list[Asset]]:
    """The same items, a school's at a time."""
    held: list[Asset] = []
    for part in parts:
        for asset in part:
            if held and _school_of(asset) != _school_of(held[0]):
                yield held
                held = []
            held.append(asset)
    if held:
        yield held


def _school_of(asset: Asset) -> tuple[str, str]:
    return asset.place.province, asset.place.school
