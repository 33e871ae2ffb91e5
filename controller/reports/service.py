"""This file makes packs, and gives their workbooks, for the pages of the department."""

from __future__ import annotations

from typing import Final

from controller.department.overview import Department, department_of
from controller.feature import Program
from controller.forecast.life_table import table_in
from controller.people.person import Person
from controller.reports import store
from controller.reports.gathering import Sources, gathered
from controller.reports.report import Pack, PeriodKind, period_of
from controller.reports.store import KeptTemplate, PackHead
from controller.reports.template import check, filled
from controller.reports.workbook import workbook_of
from controller.web.forms import Upload
from controller.web.refusals import HttpError
from protocol.model import instant
from protocol.words import N_

PATH: Final = "/reports"


class Packs:
    """The department's packs; each covers all of its schools."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._own = program.school
        self._department: Department = program.service(department_of)

    def all(self) -> tuple[list[PackHead], KeptTemplate | None]:
        """Every pack, and the template that fills them."""
        with self._store.view() as db:
            province = self._own.province
            return store.packs_of(db, province), store.template_of(db, province)

    def look(self, no: int) -> Pack:
        """A pack's figures. Raises HttpError where there is none."""
        with self._store.view() as db:
            pack = store.pack_of(db, self._own.province, no)
        if pack is None:
            raise HttpError(404, "pack_unknown", N_("There is no such pack."), PATH)
        return pack

    def make(self, kind: PeriodKind, person: Person) -> int:
        """Keep the figures of now as a pack; returns its number. Raises StoreError."""
        program, now_ms = self._program, self._program.now_ms()
        today = program.today()
        sources = Sources(
            overview=self._department.overview(),
            period=period_of(kind, today),
            life=table_in(program.config.data),
            today=today,
            now_ms=now_ms,
            name_day=lambda at_ms: instant(at_ms).astimezone(program.zone).date().isoformat(),
        )
        with self._store.view() as db:
            pack = gathered(db, self._own.province, sources, program.name)
        with self._store.locked(self._own) as db:
            return store.keep_pack(db, self._own.province, pack, person.account)

    def workbook(self, no: int, *, is_plain: bool) -> bytes:
        """A pack's workbook, by the template unless it is to be plain. Raises HttpError."""
        pack = self.look(no)
        with self._store.view() as db:
            template = store.template_of(db, self._own.province)
        if is_plain or template is None:
            return workbook_of(pack)
        return filled(template.raw, pack)

    def take_template(self, upload: Upload, person: Person) -> list[str]:
        """Keep a template that can be used; returns its names. Raises TemplateError."""
        names = check(upload.raw)
        template = KeptTemplate(upload.name, person.account, self._program.now_ms(), upload.raw)
        with self._store.locked(self._own) as db:
            store.keep_template(db, self._own.province, template)
        return names

    def drop_template(self) -> None:
        """Go back to our own layout."""
        with self._store.locked(self._own) as db:
            store.forget_template(db, self._own.province)
