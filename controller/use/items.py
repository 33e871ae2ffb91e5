"""This file holds the shape in which the use of boards is told to programs."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from controller.inventory.items import RestItem
from controller.use.report import BoardUse, SchoolUse, UseVerdict
from controller.web.items import described

_BOARD: Final[Any] = described("BoardUseItem", BoardUse, verdict=UseVerdict)
_SCHOOL: Final[Any] = described("SchoolUseItem", SchoolUse)


class UseItem(BaseModel):
    """Hours of boards in some weeks, the least used first. low_min: less a week is hardly use."""

    since: str = Field(alias="from")
    until: str = Field(alias="to")
    low_min: int
    rests_on_silent: RestItem
    boards: list[_BOARD]
    schools: list[_SCHOOL]
