"""This file serves the page of webhooks: how far each is, and why one takes nothing."""

from __future__ import annotations

from fastapi import Request, Response

from controller.feature import Program
from controller.people.person import Permission
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from controller.webhooks.hook import FILE, HookError
from controller.webhooks.standing import hooks_standing, waiting_for
from controller.webhooks.words import TROUBLES


def pages(program: Program) -> FeatureRouter:
    """The page, for administrators; made in a thread, for it looks what waits."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.get("/webhooks")
    @needs(Permission.MANAGE)
    def webhooks(request: Request) -> Response:
        try:
            standings, trouble = hooks_standing(program), ""
        except HookError as error:
            standings, trouble = [], error.text(screens.say(request))
        return screens.page(
            request,
            "webhooks.html",
            hooks=[(each, waiting_for(program, each)) for each in standings],
            file=FILE,
            troubles=TROUBLES,
            trouble=trouble,
        )

    return router
