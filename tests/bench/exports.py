"""This file measures the exports: a school's workbook and GLPI documents, and a big workbook."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from controller.database.store import Store
from controller.inventory import store as assets
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm, Picture
from tests.controller.some_assets import NOW_MS, SCHOOL, many

ONE_SCHOOL = 1360
BIG = 12_000


def measure(*, quick: bool) -> dict[str, object]:
    """From the database to the last byte, the best of some runs."""
    runs = 1 if quick else 3
    print(f"exports: {ONE_SCHOOL} and {BIG} items, best of {runs}")
    with tempfile.TemporaryDirectory() as folder:
        one = _spent_s(Path(folder) / "one.db", ONE_SCHOOL, runs)
        big = _spent_s(Path(folder) / "big.db", BIG, runs)
    return {
        "xlsx_school_s": one[ExportForm.XLSX],
        "glpi_school_s": one[ExportForm.GLPI],
        "snipeit_school_s": one[ExportForm.SNIPEIT],
        "xlsx_12k_s": big[ExportForm.XLSX],
    }


def _spent_s(path: Path, count: int, runs: int) -> dict[ExportForm, float]:
    with Store(f"sqlite:///{path}") as store:
        with store.locked(SCHOOL) as db:
            assets.keep_assets(db, many(count))
        picture = Picture(
            store=store,
            scope=SCHOOL,
            chosen=Chosen(),
            school=SCHOOL,
            name="THCS Nguyễn Du",
            zone=ZoneInfo("Asia/Ho_Chi_Minh"),
            as_of_ms=NOW_MS,
        )
        return {form: min(_once_s(picture, form) for _ in range(runs)) for form in ExportForm}


def _once_s(picture: Picture, form: ExportForm) -> float:
    began = time.process_time()
    for _ in picture.written(form):
        pass
    return time.process_time() - began
