"""This file reads the form of the minutes: title, columns, who signs; a table that a school edits.

The form of the ministry (C53-HD) was not at hand: the columns are data, with a note to check them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec

from protocol.errors import cause_of
from protocol.settings import SettingsError, shaped, tree_in
from protocol.words import N_

FILE: Final = "stocktake-minutes.toml"
SHIPPED: Final = Path(__file__).with_name("minutes.toml")
FIELDS: Final = frozenset(
    {
        "no", "asset_tag", "name", "type", "maker_model", "serial", "room", "year", "cost_vnd",
        "book", "actual", "difference", "quality_pct", "condition", "found_in", "note",
    }
)  # fmt: skip
SUMMED: Final = frozenset({"book", "actual", "difference"})

Words = Annotated[str, msgspec.Meta(max_length=500)]


class MinutesColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A column: a field of FIELDS, its heading, its width in mm."""

    field: str
    head: Words
    width: Annotated[float, msgspec.Meta(gt=0, le=200)] = 20.0


class MinutesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form. team: lines for the team's names, which are left blank."""

    title: Words
    column: Annotated[tuple[MinutesColumn, ...], msgspec.Meta(min_length=1, max_length=30)]
    footnote: Words = ""
    team: Annotated[int, msgspec.Meta(ge=0, le=20)] = 3
    signatures: Annotated[tuple[Words, ...], msgspec.Meta(max_length=6)] = ()


def form_in(folder: Path | None) -> MinutesForm:
    """The school's own form where the controller's folder holds one, else ours.

    Raises SettingsError.
    """
    own = folder / FILE if folder else None
    path = own if own and own.exists() else SHIPPED
    try:
        form = shaped(tree_in(path), MinutesForm, path)
    except (OSError, SettingsError) as error:
        raise _damaged(path, cause_of(error)) from error
    unknown = [column.field for column in form.column if column.field not in FIELDS]
    if unknown:
        raise _damaged(path, unknown[0])
    return form


def _damaged(path: Path, cause: object) -> SettingsError:
    return SettingsError(
        "form_damaged",
        N_("The form of the minutes {path} cannot be used: {cause}."),
        N_("Correct it, or remove it: then ours is used."),
        path=path.name,
        cause=cause,
    )
