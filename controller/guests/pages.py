"""This file serves the page of guests: whose copies are here, how many, how much room they have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from controller.copies.remote import GuestFile
from controller.feature import Program
from controller.guests.registry import Guest, GuestError, guests_in
from controller.guests.store import GuestShelf
from controller.people.person import Permission
from controller.web.page import PageRenderer
from controller.web.router import FeatureRouter
from controller.web.rules import needs


class ShownGuest(NamedTuple):
    """A guest as the page shows it; sizes in MB."""

    guest: Guest
    files: Sequence[GuestFile]
    size_mb: float
    newest_ms: int


def pages(program: Program) -> FeatureRouter:
    """The guests, for administrators."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)

    @router.get("/guests")
    @needs(Permission.MANAGE)
    async def listed(request: Request) -> Response:
        try:
            guests = await run_in_threadpool(_shown, program.config.data)
        except GuestError as error:
            words = screens.words(request)
            return screens.page(
                request, "guests.html", guests=[], trouble=error.text(words.translate)
            )
        return screens.page(request, "guests.html", guests=guests, trouble="")

    return router


def _shown(data: Path) -> list[ShownGuest]:
    return [_shown_guest(data, guest) for guest in guests_in(data)]


def _shown_guest(data: Path, guest: Guest) -> ShownGuest:
    files = GuestShelf(data, guest, 1).files()
    size_mb = sum(each.size for each in files) / 1_000_000
    newest_ms = 0
    if files:
        newest_ms = int((guest.folder(data) / files[-1].file).stat().st_mtime * 1000)
    return ShownGuest(guest, files, size_mb, newest_ms)
