"""This file says how an answer is a file to keep: its kind, and its name."""

from __future__ import annotations

from typing import Any, Final

from controller.web.items import ErrorItem

CSV: Final = "text/csv; charset=utf-8"
CSV_WITH_HEAD: Final = "text/csv; charset=utf-8; header=present"  # RFC 4180, 3
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def files(*kinds: str, model: Any = None) -> dict[int | str, dict[str, Any]]:
    """What an address answers besides JSON, as its description says it. model: of the JSON."""
    shape = {} if model is None else {"model": model}
    busy: dict[int | str, dict[str, Any]] = {429: {"model": ErrorItem}}  # see exporting.py
    return busy | {200: {"content": {kind: {} for kind in kinds}, **shape}}


def attachment(name: str) -> dict[str, str]:
    """The header of a file to keep under a name (RFC 6266); see sheets.writing.file_name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
