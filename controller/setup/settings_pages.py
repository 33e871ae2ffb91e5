"""This file serves the settings: what each does, its default and unit, who set it, and undo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from msgspec import NODEFAULT
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from controller.cli.own_settings import (
    change_own_settings,
    own_settings_before,
    own_settings_in,
    undo_own_settings,
)
from controller.feature import Program
from controller.people.person import Permission
from controller.setup.settings import CHOICES, ON_PAGES, SETTINGS, shown_value, value_of
from controller.web.forms import fields_of
from controller.web.page import PageRenderer
from controller.web.restarting import Restarting
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import LopHocError
from protocol.settings import SettingsError

PATH: Final = "/settings"
_SECRET: Final = frozenset({"database", "broker"})  # an address may hold a password


class ShownSetting(NamedTuple):
    """A setting as the page shows it. value: what holds now; wanted: from the next start on."""

    name: str
    meaning: str
    unit: str
    default: str
    value: str
    wanted: str
    choices: tuple[str, ...]
    is_fixed: bool
    is_on_page: bool


def pages(program: Program) -> FeatureRouter:
    """The list and its buttons, for administrators."""
    router = FeatureRouter()
    screens, folder = program.service(PageRenderer), program.config.data

    async def shown(request: Request, trouble: LopHocError | None = None) -> Response:
        status = 422 if trouble else 200
        try:
            own = await run_in_threadpool(own_settings_in, folder)
        except SettingsError as error:
            own, trouble = {}, trouble or error
        settings = [_shown(program, name, own) for name in (*ON_PAGES, *_others())]
        return screens.page(
            request,
            "settings.html",
            status_code=status,
            settings=settings,
            is_waiting=any(each.value != each.wanted for each in settings),
            can_restart=program.restart is not None,
            can_undo=await run_in_threadpool(_can_undo, folder),
            trouble=trouble.text(screens.say(request)) if trouble else "",
        )

    @router.get(PATH)
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        return await shown(request)

    @router.post(PATH)
    @needs(Permission.MANAGE)
    async def changed(request: Request) -> Response:
        form = await fields_of(request)
        name = form.get("name", "")
        try:
            value = value_of(name, form.get("value", ""))
            await run_in_threadpool(change_own_settings, folder, {name: value})
        except LopHocError as error:
            return await shown(request, error)
        return RedirectResponse(PATH, 303)

    @router.post(f"{PATH}/undo")
    @needs(Permission.MANAGE)
    async def undone(request: Request) -> Response:
        try:
            await run_in_threadpool(undo_own_settings, folder)
        except LopHocError as error:
            return await shown(request, error)
        return RedirectResponse(PATH, 303)

    @router.post(f"{PATH}/restart")
    @needs(Permission.MANAGE)
    async def restarted(request: Request) -> Response:
        answer = screens.page(request, "restarting.html")
        if program.restart:
            answer.background = BackgroundTask(program.service(Restarting).restart)
        return answer

    return router


def _others() -> list[str]:
    """Those that no page changes."""
    return [name for name in SETTINGS if name not in ON_PAGES]


def _can_undo(folder: Path) -> bool:
    """Whether what was before can be put back."""
    try:
        return own_settings_before(folder) is not None
    except SettingsError:
        return False


def _shown(program: Program, name: str, own: Mapping[str, Any]) -> ShownSetting:
    setting, value = SETTINGS[name], getattr(program.config, name)
    is_fixed = name in program.fixed
    default = "" if setting.default is NODEFAULT else setting.default
    from_page = own.get(name, default if name in ON_PAGES else value)
    is_hidden = name in _SECRET and bool(value)
    now = "•••" if is_hidden else shown_value(value)
    return ShownSetting(
        name=name,
        meaning=setting.description,
        unit=setting.unit,
        default=shown_value(default),
        value=now,
        wanted=now if is_fixed or name not in ON_PAGES else shown_value(from_page),
        choices=CHOICES.get(name, ()),
        is_fixed=is_fixed,
        is_on_page=name in ON_PAGES,
    )
