"""This file measures how the cost of hostile sheets grows with their size."""

from __future__ import annotations

import resource
import tempfile
from contextlib import suppress
from pathlib import Path

from controller.register.book import Book
from controller.register.choices import Choices
from controller.register.reader import MODULE, BookOrder
from controller.sheets.apart import read_apart_now
from controller.sheets.errors import SheetError
from tests.hostile_sheets import KINDS, hostile


def measure(*, quick: bool) -> dict[str, object]:
    """What four times a file costs more than it / what twice the file costs more: 3 if linear."""
    runs = 1 if quick else 2
    print(f"hostile sheets: {len(KINDS)} kinds at three sizes, best of {runs}")
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            paths = [hostile(kind, Path(folder), times) for times in (1, 2, 4)]
            one, two, four = (min(_spent_s(path) for _ in range(runs)) for path in paths)
            figures[f"hostile_{kind}"] = (four - one) / max(two - one, 0.01)
    return {"hostile_growth": max(figures.values())} | figures  # type: ignore[type-var]


def _spent_s(path: Path) -> float:
    began_s = _children_s()
    with suppress(SheetError):
        read_apart_now(MODULE, BookOrder(str(path), Choices()), Book)
    return _children_s() - began_s


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
