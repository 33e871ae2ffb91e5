"""This file judges a camera's picture by the numbers measured from it. Pure, without OpenCV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hardware.readings import CameraState

# Thresholds: fitted on generated classrooms, 14 conditions by 6 rooms; those of hidden pictures
# by flat blocks on 10 conditions by 200 other rooms.
_BLACK_MEAN = 16.0
_BLACK_DARK = 0.95
_OVEREXPOSED_SAT = 0.5
_COVERED_EDGES = 0.015
_CAST = 0.9
_CAST_EDGES = 0.08
_PARTLY_EDGES = 0.06
_PARTLY_SOFT_EDGES = 0.065
_PARTLY_FLAT = 0.2
_DIM_MEAN = 40.0
_DIM_FLAT = 0.65
_HIDDEN_EDGES = 0.08
_HIDDEN_FLAT = 0.7
_SOFT_FOCUS = 1.45
# Of what this camera shows on a good day.
_BASELINE_SHARE = 0.4
_SAME_LIGHT = 0.6


class Features(NamedTuple):
    """What is measured of one frame; shares are 0 to 1, levels of grey 0 to 255.

    mean, sd: of the grey. sat, dark: share of it at 250 and more, at 16 and less. ed: share of
    edges. flat: share of 16 x 9 blocks without texture. foc: sharpness, a ratio that depends on
    neither contrast nor light; 1 is blurred, 2 sharp. cast: spread of the three colours over
    their mean. digest: of the small grey picture; equal only where two frames are equal.
    """

    mean: float
    sd: float
    sat: float
    dark: float
    ed: float
    flat: float
    foc: float
    cast: float
    digest: int = 0

    def measures(self) -> Mapping[str, float]:
        """The numbers by name, rounded; without the digest, which says nothing to anyone."""
        return {name: round(value, 4) for name, value in zip(_NAMES, self[:-1], strict=True)}


_NAMES = Features._fields[:-1]


class Baseline(NamedTuple):
    """What one camera shows on a good day."""

    mean: float
    ed: float
    foc: float


def state_of(features: Features, baseline: Baseline | None = None) -> CameraState:
    """Judge one frame; the first rule that hits wins. Says nothing of frozen, slow or lost.

    baseline: of this camera; a picture that has lost most of it is bad though others look so.
    """
    if features.mean < _BLACK_MEAN and features.dark > _BLACK_DARK:
        return CameraState.BLACK
    if features.sat > _OVEREXPOSED_SAT:
        return CameraState.OVEREXPOSED
    if features.ed < _COVERED_EDGES:
        return CameraState.COVERED
    if features.cast > _CAST and features.ed >= _CAST_EDGES:
        return CameraState.COLOUR_CAST
    if _is_partly_covered(features) or (baseline and _lost_edges(features, baseline)):
        return CameraState.PARTLY_COVERED
    if features.foc < _SOFT_FOCUS or (baseline and _lost_focus(features, baseline)):
        return CameraState.BLURRED
    return CameraState.OK


def _is_partly_covered(features: Features) -> bool:
    # Edges fade with the light too: in a dim picture only flat blocks tell that much is hidden.
    dim = features.mean < _DIM_MEAN
    if features.ed < _PARTLY_EDGES:
        return not dim or features.flat > _DIM_FLAT
    if features.ed < _HIDDEN_EDGES and features.flat > _HIDDEN_FLAT and not dim:
        return True
    soft = features.foc < _SOFT_FOCUS and features.ed < _PARTLY_SOFT_EDGES
    return soft and features.flat > _PARTLY_FLAT


def _lost_edges(features: Features, baseline: Baseline) -> bool:
    # Edges fade with the light: in a room that is darker than on that day they prove nothing.
    same_light = features.mean >= _SAME_LIGHT * baseline.mean
    return same_light and features.ed < _BASELINE_SHARE * baseline.ed


def _lost_focus(features: Features, baseline: Baseline) -> bool:
    return features.foc - 1 < _BASELINE_SHARE * (baseline.foc - 1)
