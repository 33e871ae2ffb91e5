"""This file tells programs what became of an item over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request

from controller.areas.store import atlas_of
from controller.department.item_steps import steps_of
from controller.equipment import store
from controller.equipment.items import ItemPastItem, past_item
from controller.equipment.past import day_on
from controller.feature import Program
from controller.people.person import Permission
from controller.web.paging import ERRORS, Code
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.words import N_

ItemId = Annotated[str, Query(alias="id", max_length=200, description="its `device_id`")]


def api(program: Program) -> FeatureRouter:
    """The past of items, at a department."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)

    @router.get("/item-history")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def past(request: Request, school: Code, item: ItemId) -> ItemPastItem:
        """What became of an item: rooms, states, conditions, schools, each from when on.

        school: in whose list it stands, as `school` of `/api/v1/inventory` says it.
        """
        scope = person_of(request).part_of(program.scope)
        with program.store.view() as db:
            asset = store.told_of(db, scope, school, item, program.now_ms())
            if asset is None:
                message = N_("There is no such item here.")
                raise HttpError(404, "item_unknown", message, N_("See /api/v1/inventory."))
            atlas = atlas_of(db, program.scope.province)
            steps = steps_of(db, asset.place, asset.device_id)
        own, zone = asset.place.school, program.zone
        return past_item(asset, steps, lambda at_ms: atlas.heir_of(own, day_on(at_ms, zone)))

    return router
