"""This file reads the tables that the forecast assumes: useful lives, and replacement prices.

Both stand in one TOML file beside the data, for people to correct. Every row says where it comes
from, and whether anybody compared it with that.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, TypeVar

import msgspec

from controller.register.fields import MAX_COST_VND
from controller.register.vocabulary import TYPE_WORDS, type_of
from protocol.errors import LopHocError, cause_of
from protocol.folder import EVERYBODY, write_whole
from protocol.settings import SettingsError, shaped, tree_in
from protocol.words import N_, Translate

FILE: Final = "life-table.toml"
MAX_BYTES: Final = 256 * 1024

_SHIPPED: Final = Path(__file__).with_name("life_table.toml")
_BROKEN: Final = N_("{path} cannot be used: {cause}.")
_MEND: Final = N_("Correct it; or move it away, and write the shipped one by --init-tables.")
_Row = TypeVar("_Row")
# What the shipped file says in the language of those who correct it, for pages in another.
_SHIPPED_WORDS: Final[Mapping[str, str]] = {
    "kiểm tra lại (check again)": N_("check again"),
    "ước đoán: chưa có báo giá": N_("a guess: no quotation yet"),
    "ước đoán: chưa có văn bản": N_("a guess: no regulation yet"),
    "ước đoán: máy vi tính, TT 23/2023/TT-BTC": N_("a guess: computers, TT 23/2023/TT-BTC"),
    "ước đoán: như máy vi tính, TT 23/2023/TT-BTC": N_("a guess: as computers, TT 23/2023/TT-BTC"),
}

Source = Annotated[str, msgspec.Meta(max_length=500)]


class UsefulLife(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many years a type is in use. verified: a person compared it with the source."""

    years: Annotated[int, msgspec.Meta(ge=1, le=100)]
    source: Source
    verified: bool = False


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one item of a type costs anew, in đồng."""

    vnd: Annotated[int, msgspec.Meta(ge=0, le=MAX_COST_VND)]
    source: Source
    verified: bool = False


class LifeTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Both tables, by type: a code of the vocabulary, or a book's own word."""

    note: Source = ""
    life: Mapping[str, UsefulLife] = {}
    price: Mapping[str, Price] = {}


class LifeTableError(LopHocError):
    """The tables cannot be used; `code` says why, `hint` what to do."""


def table_in(folder: Path) -> LifeTable:
    """The folder's tables; the shipped ones where it has none. Raises LifeTableError."""
    own = folder / FILE
    return table_at(own if own.exists() else _SHIPPED)


def years_in(folder: Path) -> Mapping[str, int]:
    """For how many years types are in use, by the folder's tables. Raises LifeTableError."""
    return {type_: life.years for type_, life in table_in(folder).life.items()}


def table_at(path: Path) -> LifeTable:
    """The tables in a file. Raises LifeTableError."""
    try:
        tree = tree_in(path, MAX_BYTES)
        if not tree:  # as a power cut may leave it: never "no lives"
            raise ValueError("empty")
        life_table = shaped(tree, LifeTable, path)
        return msgspec.structs.replace(
            life_table, life=_by_code(life_table.life), price=_by_code(life_table.price)
        )
    except (OSError, ValueError, SettingsError) as error:
        cause = cause_of(error)
        raise LifeTableError("life_table_broken", _BROKEN, _MEND, path=path, cause=cause) from error


def source_words(source: str, say: Translate) -> str:
    """A source or note as a page tells it: what people wrote as they wrote it."""
    return say(_SHIPPED_WORDS[source]) if source in _SHIPPED_WORDS else source


def init_table(folder: Path) -> tuple[Path, bool]:
    """Write the shipped tables into the folder; False where it has its own. Raises OSError."""
    own = folder / FILE
    if own.exists():
        return own, False
    write_whole(own, _SHIPPED.read_bytes(), EVERYBODY)
    return own, True


def _by_code(rows: Mapping[str, _Row]) -> dict[str, _Row]:
    """The rows by their type's code. Raises ValueError if a type stands there twice."""
    by_code: dict[str, _Row] = {}
    for name, row in rows.items():
        code = name if name in TYPE_WORDS else type_of(name)
        if code in by_code:
            raise ValueError(f"{name}: the type {code} stands there twice")
        by_code[code] = row
    return by_code
