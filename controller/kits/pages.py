"""This file serves the page on which a school chooses what its rooms should have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.fleet.store import agents_of
from controller.kits.kits import ALL_ROOMS, Kits, TypeOfRoom, type_from
from controller.kits.store import choose, drop_type, keep_type, kits_in, unchoose
from controller.people.person import Permission
from controller.sheets.names import natural, room_code
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import ActionError
from protocol.words import N_

FIELDS: Final = {
    "computers": N_("computers"),
    "boards": N_("boards"),
    "cameras": N_("cameras"),
    "projectors": N_("projectors"),
    "access_points": N_("access points"),
    "tablets": N_("tablets"),
}
NOT_CHOSEN: Final = "-"
NOTHING: Final = "="
TROUBLES: Final = {
    "type_nameless": N_("What is this type of room called?"),
    "count_wrong": N_("A number of things is from 0 to 400."),
    "types_many": N_("There are enough types of rooms."),
}
Code = Annotated[str, Query(max_length=64)]


def pages(program: Program) -> FeatureRouter:
    """The choice, and its buttons."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.get("/kits")
    @needs(Permission.BOOK)
    async def chosen(request: Request, type: Code = "", trouble: Code = "") -> Response:  # noqa: A002
        kits, rooms = await run_in_threadpool(_known, program)
        return screens.page(
            request,
            "kits.html",
            kits=kits,
            rooms=rooms,
            edited=kits.types.get(type),
            fields=FIELDS,
            not_chosen=NOT_CHOSEN,
            nothing=NOTHING,
            trouble=TROUBLES.get(trouble, ""),
        )

    @router.post("/kits")
    @needs(Permission.BOOK)
    async def kept(request: Request) -> Response:
        try:
            kind = type_from(await fields_of(request))
            await program.writing.write(keep_type, program.school, kind)
        except ActionError as error:
            return RedirectResponse(f"/kits?{urlencode({'trouble': error.code})}#trouble", 303)
        return RedirectResponse("/kits#types", 303)

    @router.post("/kits/drop")
    @needs(Permission.BOOK)
    async def dropped(request: Request) -> Response:
        name = (await fields_of(request)).get("name", "")
        await program.writing.write(drop_type, program.school, name)
        return RedirectResponse("/kits#types", 303)

    @router.post("/kits/rooms")
    @needs(Permission.BOOK)
    async def rooms_chosen(request: Request) -> Response:
        form = await fields_of(request)
        kits, rooms = await run_in_threadpool(_known, program)
        for room, label in ((ALL_ROOMS, ""), *rooms.items()):
            wish = form.get(f"room:{room}")
            if wish is not None and wish != word_of(kits, room):
                await _choose(program, kits, TypeOfRoom(room=room, label=label, type=wish))
        return RedirectResponse("/kits#rooms", 303)

    return router


async def _choose(program: Program, kits: Kits, wish: TypeOfRoom) -> None:
    if wish.type == NOT_CHOSEN:
        await program.writing.write(unchoose, program.school, wish.room)
    elif wish.type == NOTHING or wish.type in kits.types:
        kind = "" if wish.type == NOTHING else wish.type
        choice = TypeOfRoom(room=wish.room, label=wish.label, type=kind)
        await program.writing.write(choose, program.school, choice)


def word_of(kits: Kits, room: str) -> str:
    """What a room's field says: a type, that nothing is asked for, or that nobody chose."""
    choice = kits.rooms.get(room)
    return NOT_CHOSEN if choice is None else choice.type or NOTHING


def _known(program: Program) -> tuple[Kits, Mapping[str, str]]:
    """The choices, and the rooms that there are: their names by their codes, in order."""
    with program.store.view() as db:
        kits = kits_in(db, program.school)
        agents = agents_of(db, program.school, limit=None)
    return kits, dict(_in_order([*(one.room for one in agents), *_labels(kits)]))


def _labels(kits: Kits) -> Iterable[str]:
    return (one.label for one in kits.rooms.values() if one.label)


def _in_order(names: Iterable[str]) -> list[tuple[str, Any]]:
    by_code = {room_code(name): name for name in names if name}
    return sorted(by_code.items(), key=lambda pair: natural(pair[1]))
