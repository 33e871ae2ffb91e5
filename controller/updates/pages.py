"""This file serves the page of updates: packages, a version on its way, each room's part."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.fleet.store import agents_of
from controller.people.person import Permission
from controller.updates.rollout import RolloutState, is_done
from controller.updates.service import Giver, finished, shelf_of
from controller.updates.shelf import NO_KEY, NO_KEY_HINT
from controller.updates.store import (
    RolloutWish,
    begin_rollout,
    go_on,
    packages_of,
    rollout_of,
    rooms_of,
    stop_rollout,
    take_back,
)
from controller.updates.words import STAGES, STOPS, told_words
from controller.web.forms import fields_of, stream_upload
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import LopHocError
from protocol.model import Place
from protocol.package import MAX_HEAD, MAX_SIZE
from protocol.version import BUILD

_PATH = "/updates"


def pages(program: Program) -> FeatureRouter:
    """The page and its buttons, for administrators."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    school = program.school

    def show(request: Request, trouble: str = "", status: int = 200) -> Response:
        say = screens.say(request)
        with program.store.view() as db:
            shown = _shown(db, school)
        rooms = shown["rooms"]
        told = {place: told_words(one.step, one.reason, say) for place, one in rooms.items()}
        return screens.page(
            request, "updates.html", status, **shown, told=told, trouble=trouble, stages=STAGES,
            stops=STOPS, build=BUILD, is_trusting=shelf_of(program).is_trusting,
            no_key=(NO_KEY, NO_KEY_HINT),
        )  # fmt: skip

    @router.get(_PATH)
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        return await run_in_threadpool(show, request)

    @router.post(f"{_PATH}/packages")
    @needs(Permission.MANAGE)
    async def take(request: Request) -> Response:
        try:
            await _take(request, program)
        except HttpError as refused:
            said = refused.text(screens.say(request))
            return await run_in_threadpool(show, request, said, refused.status)
        except LopHocError as error:
            said = error.text(screens.say(request))
            return await run_in_threadpool(show, request, said, 422)
        return RedirectResponse(_PATH, 303)

    @router.post(f"{_PATH}/begin")
    @needs(Permission.MANAGE)
    async def begin(request: Request) -> Response:
        fields = await fields_of(request)
        version, agent = fields.get("version", ""), school.of_agent(fields.get("agent", ""))
        await program.writing.write(
            begin_rollout, school, RolloutWish(version, agent), _name(request), program.now_ms()
        )
        return RedirectResponse(_PATH, 303)

    @router.post(f"{_PATH}/stop")
    @needs(Permission.MANAGE)
    async def stop(request: Request) -> Response:
        await program.writing.write(stop_rollout, school, _name(request))
        return RedirectResponse(_PATH, 303)

    @router.post(f"{_PATH}/go-on")
    @needs(Permission.MANAGE)
    async def continued(request: Request) -> Response:
        await program.writing.write(go_on, school, _name(request), program.now_ms())
        return RedirectResponse(_PATH, 303)

    @router.post(f"{_PATH}/back")
    @needs(Permission.MANAGE)
    async def back(request: Request) -> Response:
        await program.writing.write(take_back, school, _name(request))
        return RedirectResponse(_PATH, 303)

    return router


def _shown(db: Connection, school: Place) -> dict[str, Any]:
    rollout, rooms = rollout_of(db, school), rooms_of(db, school)
    packages = packages_of(db, school)
    return {
        "packages": packages,
        "versions": [*dict.fromkeys(one.version for one in packages)],
        "rollout": rollout,
        "rooms": rooms,
        "is_running": rollout is not None and rollout.state is RolloutState.RUNNING,
        "is_back": rollout is not None and rollout.state is RolloutState.BACK,
        "is_done": rollout is not None and is_done(rollout, rooms.values()),
        "agents": agents_of(db, school, limit=None),
    }


async def _take(request: Request, program: Program) -> None:
    """Write the package to the disk as it comes. Raises HttpError, LopHocError, OSError."""
    shelf = shelf_of(program)
    with closing(await run_in_threadpool(shelf.taking)) as taking:
        await stream_upload(request, taking.write, MAX_SIZE + MAX_HEAD)
        giver = Giver(program.school, _name(request), program.now_ms())
        await run_in_threadpool(finished, taking, shelf, program.store, giver)


def _name(request: Request) -> str:
    person = person_of(request)
    return person.name or person.account
