"""This file is the way in of files: looked at first, taken in by a second press.

What is alike for all of them stands here: choosing, reading, what is refused or gone, dropping.
How a file is read and shown, its feature says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, ClassVar, Final, Generic, TypeVar

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.web.forms import upload_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.waiting import WaitingFile, WaitingFiles
from protocol.errors import LopHocError
from protocol.words import N_

SOON_S: Final = 1.0  # what takes longer is shown on a page of its own
GONE: Final = N_("That file is not here any more: choose it again.")

Short = Annotated[str, Query(max_length=64)]
Held = TypeVar("Held", bound=WaitingFile[Any])


class Intake(ABC, Generic[Held]):
    """Where files of one kind come in: what they pass through, and the pages that show it.

    home: the address below which they do. after_drop: where dropping one leads. failures: what a
    page says by the code in its address. uploads: those that wait.
    """

    home: ClassVar[str]
    after_drop: ClassVar[str]
    failures: ClassVar[Mapping[str, str]]
    uploads: WaitingFiles[Held]

    def __init__(self, program: Program) -> None:
        self.program = program
        self.store = program.store
        self.school = program.school
        self.screens = program.service(PageRenderer)

    @abstractmethod
    async def begin(self, waiting: Held) -> None:
        """Have a file read as the person wants it."""

    @abstractmethod
    def form(self, request: Request, failed: str, status: int) -> Response:
        """The page on which a file is chosen; on a thread. failed: what was wrong with the last."""

    async def read(self, waiting: Held) -> None:
        """Have a file read, and wait a little: a big one goes on."""
        await self.begin(waiting)
        await waiting.read_within(SOON_S)

    async def find(self, request: Request, token: str) -> tuple[Held, Any] | Response:
        """A file of the caller's own and what was read of it; else what to answer.

        A file that is read for the first time is waited for a little, and then its progress shown.
        """
        waiting = self.uploads.find(token, person_of(request).account)
        if waiting is None:
            return self.gone()
        if waiting.content is None:
            await waiting.read_within(SOON_S)
        return self.to(waiting) if waiting.content is None else (waiting, waiting.content)

    async def choose(self, request: Request, failed: str) -> Response:
        """The page on which a file is chosen."""
        why = self.failures.get(failed)
        said = self.screens.say(request)(why) if why else ""
        return await run_in_threadpool(self.form, request, said, 200)

    async def take(self, request: Request) -> Response:
        """Take a file, and show what would become of it."""
        try:
            waiting = self.uploads.add(await upload_of(request), person_of(request).account)
        except HttpError as refused:
            return await self._refuse(request, refused)
        await self.read(waiting)
        if waiting.refused is None:
            return self.to(waiting)
        self.uploads.drop(waiting.token, waiting.who)
        return await self._refuse(request, waiting.refused)

    async def look(
        self, request: Request, token: str, show: Callable[[Held, Any], Awaitable[Response]]
    ) -> Response:
        """How far a file is read, why it cannot be, or what `show` makes of its content."""
        waiting = self.uploads.find(token, person_of(request).account)
        if waiting is None:
            return self.gone()
        if not await waiting.read_within(0):
            here = f"{self.home}/{waiting.token}"
            return self.screens.page(request, "reading.html", waiting=waiting, here=here)
        if waiting.refused is not None:
            return await self._refuse(request, waiting.refused)
        return await show(waiting, waiting.content)

    def drop(self, request: Request, token: str) -> Response:
        """Let a file of one's own go."""
        self.uploads.drop(token, person_of(request).account)
        return RedirectResponse(self.after_drop, 303)

    def to(self, waiting: Held, query: str = "") -> Response:
        """Lead to what would become of a file."""
        return RedirectResponse(f"{self.home}/{waiting.token}{query}", 303)

    def gone(self) -> Response:
        """Lead to where the file can be chosen again."""
        return RedirectResponse(f"{self.home}?failed=gone", 303)

    def add_addresses(self, router: FeatureRouter, permission: Permission) -> None:
        """Answer where a file is chosen, taken and dropped."""

        @router.get(self.home)
        @needs(permission)
        async def choose(request: Request, failed: Short = "") -> Response:
            return await self.choose(request, failed)

        @router.post(self.home)
        @needs(permission)
        async def take(request: Request) -> Response:
            return await self.take(request)

        @router.post(self.home + "/{token}/drop")
        @needs(permission)
        async def drop(request: Request, token: str) -> Response:
            return self.drop(request, token)

    async def _refuse(self, request: Request, trouble: LopHocError | HttpError) -> Response:
        say = self.screens.say(request)
        failed = trouble.text(say)
        status = trouble.status if isinstance(trouble, HttpError) else 422
        return await run_in_threadpool(self.form, request, failed, status)
