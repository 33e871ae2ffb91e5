"""This file holds the one set of filters of every list, page and export of equipment.

They are read here from an address and written here into one, so that every number can lead to
exactly its rows; what they mean is `Chosen`, made of them with what the features know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Query
from sqlalchemy import Connection, select

from controller.database.scope import counted_in
from controller.database.store import Store
from controller.feature import Program
from controller.inventory.asset import AssetState
from controller.inventory.chosen import NO_TYPE, Chosen
from controller.inventory.counting import counted
from controller.inventory.tables import assets
from controller.people.person import Person
from controller.register.asking import WarrantyAsked
from controller.register.vocabulary import TYPE_WORDS, Condition
from controller.register.warranty import choice_of
from controller.sheets.names import room_key
from controller.web.asked import unknown
from controller.web.paging import Code, one_of
from protocol.model import DeviceKind, Place, Status
from protocol.words import N_

Text = Annotated[str, Query(max_length=200)]
DUE_WORDS: Final = ("overdue", "later", "unknown")
DUE: Final = f"^(|[12][0-9]{{3}}|{'|'.join(DUE_WORDS)})$"
_Q: Final = "words of tag, serial, maker, model, room, name or type; marks do not matter"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What an address asks for; what is empty asks for all.

    school: its code, or that of one that merged into it. area: with those inside it. use: how a
    board is used (low, used, unknown). due: the year in which it reaches its end, or overdue,
    later, unknown. warranty: the year in which it ends, or valid, over, unknown. q: words, as
    `Chosen.text` has them.
    """

    school: str = ""
    area: str = ""
    room: str = ""
    kind: str = ""
    type: str = ""
    status: str = ""
    state: str = ""
    condition: str = ""
    use: str = ""
    due: str = ""
    warranty: str = ""
    q: str = ""

    @property
    def query(self) -> dict[str, str]:
        """What an address says of them, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}

    def address(self, path: str, **others: str | int) -> str:
        """The path with these filters; others stand over them, or beside, empty ones leave."""
        query = {name: value for name, value in (self.query | others).items() if value != ""}
        return f"{path}?{urlencode(query)}" if query else path


def item_filters_of(
    *,
    room: Text = "",
    kind: DeviceKind | Literal[""] = "",
    type: Text = "",  # noqa: A002 - a query's usual name
    status: Status | Literal[""] = "",
    state: AssetState | Literal[""] = "",
    condition: Condition | Literal[""] = "",
    use: Literal["", "low", "used", "unknown"] = "",
    due: Annotated[str, Query(pattern=DUE), one_of(DUE_WORDS, "yyyy")] = "",
    warranty: WarrantyAsked = "",
    q: Annotated[str, Query(max_length=200, description=_Q)] = "",
) -> Filters:
    """The filters of items alone: where the path names the school, no other name does."""
    return Filters(
        room=room.strip(),
        kind=kind,
        type=type.strip(),
        status=status,
        state=state,
        condition=condition,
        use=use,
        due=due,
        warranty=warranty,
        q=q.strip(),
    )


def filters_of(
    items: Annotated[Filters, Depends(item_filters_of)], *, school: Code = "", area: Code = ""
) -> Filters:
    """The filters that a request's address names."""
    return msgspec.structs.replace(items, school=school.strip(), area=area.strip())


def school_filters_of(
    *,
    school: Code = "",
    area: Code = "",
    q: Annotated[str, Query(max_length=200, description="a part of a name or code")] = "",
) -> Filters:
    """The filters of a list of schools that tells nothing of items: no other is one there."""
    return Filters(school=school.strip(), area=area.strip(), q=q.strip())


class Chooser:
    """Makes choices of filters, for whoever asks: what nobody knows is refused by its name."""

    def __init__(self, program: Program) -> None:
        self._store: Store = program.store
        self._scope = program.scope
        self._today = program.today
        self._parts: list[Callable[[Any, Any, Person], Any]] = [
            feature.choose(program) for feature in program.features if feature.choose
        ]

    def chosen(self, filters: Filters, person: Person) -> Chosen:
        """The choice. Raises HttpError, 404 for a school, area, room or type that is not there."""
        chosen = Chosen(
            room=filters.room,
            kind=filters.kind,
            type=filters.type,
            status=filters.status,
            state=filters.state,
            condition=filters.condition,
            text=filters.q,
            warranty=choice_of(filters.warranty, self._today().isoformat()),
        )
        for choose in self._parts:
            chosen = choose(filters, chosen, person)
        self._check(chosen, person)
        return chosen

    def place(self, chosen: Chosen, person: Person) -> Place:
        """What the person sees of the controller's scope, or the school that is chosen of it."""
        seen = person.part_of(self._scope)
        return Place(self._scope.province, chosen.school) if chosen.school else seen

    def _check(self, chosen: Chosen, person: Person) -> None:
        scope = person.part_of(self._scope)
        if not chosen.room and chosen.type in {"", NO_TYPE, *TYPE_WORDS}:
            return
        with self._store.view() as db:
            if chosen.type not in {"", NO_TYPE, *TYPE_WORDS}:
                known = {*_values(db, scope, "type")} - {""}
                _refuse_other("type", N_("There is no type {asked} here."), chosen.type, known)
            if chosen.room:
                rooms = {room_key(room): room for room in _values(db, scope, "room") if room}
                message = N_("There is no room {asked} here.")
                if room_key(chosen.room) not in rooms:
                    _refuse_other("room", message, chosen.room, {*rooms.values()})


def _refuse_other(what: str, message: str, asked: str, known: Any) -> None:
    if asked not in known:
        raise unknown(404, f"{what}_unknown", message, asked, known)


def _values(db: Connection, scope: Place, name: str) -> list[str]:
    """What stands in a column of what counts."""
    query = select(assets.c[name]).where(counted_in(assets, scope), counted()).distinct()
    return [str(value) for value in db.execute(query).scalars()]


def chooser_of(program: Program) -> Chooser:
    """The program's chooser."""
    return Chooser(program)
