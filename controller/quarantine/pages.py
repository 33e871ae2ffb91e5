"""This file serves the quarantine: what could not be taken, why, and two buttons for each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.quarantine.service import TROUBLES, Quarantine, quarantine_of
from controller.quarantine.store import QuarantinedLine
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.errors import LopHocError
from protocol.messages import MessageError, MessageFlaw
from protocol.words import N_

FLAWS: Final[Mapping[str, str]] = {
    MessageFlaw.OVERSIZED: N_("It is longer than any message may be."),
    MessageFlaw.MALFORMED: N_("It is not written as a message should be."),
    MessageFlaw.NEWER_SCHEMA: N_(
        "It comes from a newer LopHoc: update this controller, then try again."
    ),
    MessageFlaw.UNKNOWN_KIND: N_("It is of a kind that this controller does not know."),
    MessageFlaw.WRONG_TOPIC: N_("It was sent in a place where it does not belong."),
    MessageFlaw.LEFT_OUT: N_("Some of its lines cannot be read; the others were stored."),
    MessageFlaw.NOT_APPLIED: N_("It is well written, and yet it could not be stored."),
}
_TROUBLES: Final[Mapping[str, str]] = {
    **TROUBLES,
    "message_not_applied": N_("This message still cannot be stored."),
    **FLAWS,
}
_OTHER_TROUBLE: Final = N_("The database does not answer.")
Number = Annotated[int, Path(ge=1, lt=1 << 53)]


class ShownMessage(NamedTuple):
    """A message as the page shows it. text: its beginning, readable."""

    line: QuarantinedLine
    why: str
    text: str


def pages(program: Program) -> FeatureRouter:
    """The list, for administrators: a message may hold pupils' marks."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    quarantine = program.service(quarantine_of)

    @router.get("/quarantine")
    @needs(Permission.MANAGE)
    async def listed(
        request: Request, trouble: Annotated[str, Query(max_length=64)] = ""
    ) -> Response:
        return screens.page(
            request,
            "quarantine.html",
            messages=await run_in_threadpool(_shown, quarantine),
            trouble=_TROUBLES.get(trouble, _OTHER_TROUBLE) if trouble else "",
        )

    def add(deed: str, act: Callable[[int], Awaitable[None]]) -> None:
        @router.post(f"/quarantine/{{number}}/{deed}")
        @needs(Permission.MANAGE)
        async def pressed(number: Number) -> Response:
            try:
                await act(number)
            except MessageError as error:
                return _back(error.flaw)
            except LopHocError as error:
                return _back(error.code)
            return RedirectResponse("/quarantine", 303)

    add("retry", quarantine.retry)
    add("let-go", quarantine.let_go)
    return router


def _shown(quarantine: Quarantine) -> list[ShownMessage]:
    return [
        ShownMessage(line, FLAWS.get(line.flaw, ""), line.raw.decode("utf-8", "replace"))
        for line in quarantine.lines()
    ]


def _back(trouble: str) -> Response:
    return RedirectResponse(f"/quarantine?{urlencode({'trouble': trouble})}#trouble", 303)
