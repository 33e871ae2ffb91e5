"""This file says what the forecast brings: what must be replaced when."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from controller.feature import Feature, MenuEntry, Program
from controller.forecast.life_table import LifeTableError, years_in
from controller.people.person import Permission
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)


def _lives(program: Program) -> Mapping[str, int]:
    """For how many years types are in use; none while the folder's tables are broken."""
    try:
        return years_in(program.config.data)
    except LifeTableError as error:
        _LOGGER.warning("no end of life is told: %s", error)
        return {}


def _choose(program: Program) -> Callable[[Any, Any, Any], Any]:
    from controller.forecast.choosing import choosing_of  # noqa: PLC0415 - of pages alone

    return choosing_of(program)


FEATURE: Final = Feature(
    name="forecast",
    choose=_choose,
    lives=_lives,
    menu=(
        MenuEntry(
            "/forecast",
            N_("End of life"),
            (Permission.SCHOOL,),
            lambda frame: frame["above_schools"],
            above=Permission.DEPARTMENT,
        ),
    ),
)
