"""This file says by which bands areas are coloured on a map that needs no borders; pure.

Where nobody gave us borders, a tile for each area in the order of its code stands for it. A tile
says its figure in words, so that no colour alone does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from controller.reconcile.kpi import TARGET_PCT

_HALF_PCT: Final = 50.0
_BANDS: Final = 4


class Band(NamedTuple):
    """A band of the legend: the colour's name, and the values it is for; None for unknown."""

    colour: str
    least: float | None
    most: float | None


class AreaTile(NamedTuple):
    """A tile: the area, its figure, the band's colour, what stands beside, where it leads."""

    code: str
    label: str
    value: float | None
    colour: str
    note: str = ""
    link: str = ""


class AreaMap(NamedTuple):
    """The tiles, and the legend of the bands that are in use."""

    tiles: tuple[AreaTile, ...]
    legend: tuple[Band, ...]


def mapped(tiles: Iterable[AreaTile], *, is_share: bool) -> AreaMap:
    """The map; shares are coloured by the target, counts by where they lie among each other."""
    ordered = sorted(tiles, key=lambda tile: tile.code)
    values = [tile.value for tile in ordered if tile.value is not None]
    bands = _shares(values) if is_share else _counts(values)
    if len(values) < len(ordered):
        bands = [*bands, Band("unknown", None, None)]
    coloured = (tile._replace(colour=_colour(tile.value, bands)) for tile in ordered)
    return AreaMap(tuple(coloured), tuple(bands))


def _shares(values: Sequence[float]) -> list[Band]:
    bands = [
        Band("good", float(TARGET_PCT), 100.0),
        Band("middling", _HALF_PCT, float(TARGET_PCT)),
        Band("bad", 0.0, _HALF_PCT),
    ]
    return [band for band in bands if any(_is_in(value, band, bands) for value in values)]


def _counts(values: Sequence[float]) -> list[Band]:
    """Four bands with as many areas each, as far as their values differ; 0 stands alone."""
    ordered = sorted(value for value in values if value)
    bands = [Band("none", 0.0, 0.0)] if len(ordered) < len(values) else []
    parts = [ordered[len(ordered) * at // _BANDS : len(ordered) * (at + 1) // _BANDS]
             for at in range(_BANDS)]  # fmt: skip
    least = 0.0
    for number, part in enumerate(parts, start=1):
        own = [value for value in part if value > least]
        if own:
            bands.append(Band(f"much-{number}", own[0], own[-1]))
            least = own[-1]
    return bands


def _is_in(value: float, band: Band, bands: Sequence[Band]) -> bool:
    return _colour(value, bands) == band.colour


def _colour(value: float | None, bands: Sequence[Band]) -> str:
    """The band with the greatest least value that is not above it."""
    if value is None:
        return "unknown"
    fitting = [band for band in bands if band.least is not None and band.least <= value]
    return max(fitting, key=lambda band: band.least or 0.0).colour if fitting else "unknown"
