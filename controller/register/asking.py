"""This file says how an address asks for what the register alone knows."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from controller.register.warranty import WARRANTY, WarrantyWord
from controller.web.paging import one_of

WarrantyAsked = Annotated[
    str,
    Query(pattern=WARRANTY, description="the year in which it ends, or valid, over, unknown"),
    one_of([*WarrantyWord], "yyyy"),
]
