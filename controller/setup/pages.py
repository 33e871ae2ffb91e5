"""This file serves the first start: one question a screen, and why it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from controller.cli.own_settings import change_own_settings, is_unnamed
from controller.enrolment.rooms import MAX_ROOMS
from controller.enrolment.service import Enrolment
from controller.enrolment.store import rooms_without_computer
from controller.enrolment.words import STATES
from controller.feature import Program
from controller.people.person import Permission
from controller.setup import settings_pages
from controller.setup.answers import CLOCK_MS, answers_to, clock_off_ms
from controller.setup.joining import joined_department
from controller.setup.moving import MAX_GIVEN, FoundCopies, Moving, copies_about
from controller.setup.provinces import PROVINCES
from controller.setup.steps import (
    AFTER,
    BEFORE,
    WORDS,
    FirstStart,
    SetupStep,
    step_after,
    step_before,
)
from controller.setup.store import change_first_start, first_start
from controller.web.addresses import reachable_addresses
from controller.web.forms import fields_of, stream_upload
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.restarting import Restarting
from controller.web.router import FeatureRouter
from controller.web.rules import needs, public
from protocol.errors import ActionError, LopHocError
from protocol.words import N_

PATH: Final = "/start"
_MINUTE_MS: Final = 60_000
_MAX_TROUBLE: Final = 300


def pages(program: Program) -> FeatureRouter:
    """The steps, for administrators."""
    router = FeatureRouter()
    setup = Setup(program)
    router.take_in(settings_pages.pages(program))
    if setup.is_before:
        _add_only_page(router, program)
        _add_move(router, program, setup)

    @router.get(PATH)
    @needs(Permission.MANAGE)
    async def begun(request: Request) -> Response:
        state = await run_in_threadpool(setup.state)
        if setup.is_before and not state.passed and not state.answers:
            return setup.page(request, "start_welcome.html", state, None)
        return RedirectResponse(f"{PATH}/{setup.next_step(state)}", 303)

    @router.get(f"{PATH}/{{step}}")
    @needs(Permission.MANAGE)
    async def asked(request: Request, step: str, trouble: str = "") -> Response:
        known = setup.step(step)
        if known is None:
            return RedirectResponse(PATH, 303)
        told = ActionError("told", "{told}", told=trouble[:_MAX_TROUBLE]) if trouble else None
        return await run_in_threadpool(setup.shown, request, known, setup.state(), None, told)

    @router.post(f"{PATH}/{{step}}")
    @needs(Permission.MANAGE)
    async def answered(request: Request, step: str) -> Response:
        known = setup.step(step)
        if known is None:
            return RedirectResponse(PATH, 303)
        return await setup.answer(request, known, await fields_of(request))

    return router


def _add_only_page(router: FeatureRouter, program: Program) -> None:
    """There is nothing else yet: the server's own address leads here, and it lives."""

    @router.get("/")
    @public
    async def home() -> Response:
        return RedirectResponse(PATH, 303)

    @router.get("/livez")
    @public
    async def livez() -> Mapping[str, str]:
        program.service(Restarting).note_look()
        return {"status": "ok", "boot": program.boot}

    @router.get("/healthz")
    @public
    async def healthz() -> Mapping[str, str]:
        return {"status": "ok", "setup": "waiting"}


def _add_move(router: FeatureRouter, program: Program, setup: Setup) -> None:
    """Everything from the old server's copy, in the place of answers."""
    moving = Moving(program.config.data, program.restart or (lambda: None))

    @router.get(f"{PATH}/move")
    @needs(Permission.MANAGE)
    async def shown(request: Request) -> Response:
        return await _move_page(request, setup, moving)

    @router.post(f"{PATH}/move")
    @needs(Permission.MANAGE)
    async def move(request: Request) -> Response:
        form = await fields_of(request)
        moving.start(form.get("source", ""), form.get("passphrase", ""))
        return RedirectResponse(f"{PATH}/move", 303)

    @router.post(f"{PATH}/copy")
    @needs(Permission.MANAGE)
    async def take(request: Request) -> Response:
        try:
            with closing(await run_in_threadpool(moving.taking)) as taking:
                await stream_upload(request, taking.write, MAX_GIVEN)
                await run_in_threadpool(taking.finish)
        except HttpError as refused:
            error = ActionError(refused.code, refused.message, refused.hint, **refused.values)
            return await _move_page(request, setup, moving, error)
        except ActionError as error:
            return await _move_page(request, setup, moving, error)
        return RedirectResponse(f"{PATH}/move", 303)


async def _move_page(
    request: Request, setup: Setup, moving: Moving, trouble: LopHocError | None = None
) -> Response:
    state = await run_in_threadpool(setup.state)
    return setup.page(
        request,
        "start_move.html",
        state,
        None,
        is_running=moving.is_running,
        is_done=moving.is_done,
        megabytes=await run_in_threadpool(moving.megabytes) if moving.is_running else 0,
        found=[]
        if moving.is_running or moving.is_done
        else await run_in_threadpool(_found, moving),
        trouble=setup.said(request, trouble or moving.trouble),
    )


def _found(moving: Moving) -> list[FoundCopies]:
    return [*moving.given(), *copies_about()]


class Setup:
    """The first start of a program."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._screens = program.service(PageRenderer)
        self.is_before = is_unnamed(program.config)
        self._steps = BEFORE if self.is_before else AFTER

    def state(self) -> FirstStart:
        """How far it is. Raises StoreError."""
        return self._program.store.read(first_start) or FirstStart()

    def step(self, name: str) -> SetupStep | None:
        """The step of this name, if it can be answered now."""
        return next((step for step in self._steps if step == name), None)

    def next_step(self, state: FirstStart) -> SetupStep:
        """Where it goes on."""
        return state.next_step(is_known=not self.is_before)

    def shown(
        self,
        request: Request,
        step: SetupStep,
        state: FirstStart,
        form: Mapping[str, str] | None = None,
        trouble: LopHocError | None = None,
    ) -> Response:
        """A step as it stands, or with what is wrong with what was typed."""
        program = self._program
        fixed = {name: str(getattr(program.config, name)) for name in program.fixed}
        usual = {"timezone": program.config.timezone, "role": "school"}
        answer = self.page(
            request,
            f"start_{step}.html",
            state,
            step,
            status_code=422 if trouble else 200,
            trouble=self.said(request, trouble),
            form={**usual, **state.answers, **fixed, **(form or {})},
            fixed=program.fixed,
            **self._values(step),
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def page(
        self,
        request: Request,
        template: str,
        state: FirstStart,
        step: SetupStep | None,
        status_code: int = 200,
        **values: Any,
    ) -> Response:
        """A page within the first start's frame."""
        return self._screens.page(
            request,
            template,
            status_code=status_code,
            state=state,
            step=step,
            step_words=WORDS,
            steps=(*BEFORE, *AFTER),
            open_steps=self._steps,
            before=step_before(step) if step else None,
            is_before=self.is_before,
            **values,
        )

    def said(self, request: Request, trouble: LopHocError | None) -> str:
        """What is wrong, in a sentence; nothing where nothing is."""
        return trouble.text(self._screens.say(request)) if trouble else ""

    async def answer(self, request: Request, step: SetupStep, form: Mapping[str, str]) -> Response:
        """Take what a step was answered, and lead on."""
        state = await run_in_threadpool(self.state)
        try:
            answers = answers_to(step, form)
            self._check_clock(step, form)
            words = await self._join(step, form)
        except LopHocError as error:
            return self.shown(request, step, state, form, error)
        state = await run_in_threadpool(
            self._change, lambda known: known.with_answers(answers).with_passed(step)
        )
        if step is SetupStep.BEGIN:
            return await self._begin(request, state)
        if words:
            return self._begin_anew(request, state, step, words)
        if step is SetupStep.DONE:
            return RedirectResponse("/", 303)
        return RedirectResponse(f"{PATH}/{step_after(step)}", 303)

    def _change(self, change: Callable[[FirstStart], FirstStart]) -> FirstStart:
        return self._program.store.write(change_first_start, change)

    async def _begin(self, request: Request, state: FirstStart) -> Response:
        """Keep the settings and begin anew with them."""
        program = self._program
        lacking = [
            step for step in BEFORE if step not in state.passed and step is not SetupStep.BEGIN
        ]
        if lacking:
            return RedirectResponse(f"{PATH}/{lacking[0]}", 303)
        folder = program.config.data
        await run_in_threadpool(change_own_settings, folder, state.answers)
        return self._begin_anew(request, state, SetupStep.BEGIN)

    async def _join(self, step: SetupStep, form: Mapping[str, str]) -> str:
        """Join the department whose code was typed; the words of both screens. ActionError."""
        code = form.get("code", "").strip() if step is SetupStep.DEPARTMENT else ""
        if not code:
            return ""
        return await joined_department(self._program.config, code, form.get("address", ""))

    def _begin_anew(
        self, request: Request, state: FirstStart, step: SetupStep, words: str = ""
    ) -> Response:
        """Show that it begins anew, and do. words: to be compared with the department's page."""
        answer = self.page(request, "start_wait.html", state, step, joined=words)
        if self._program.restart:
            shown = self._program.service(Restarting)  # nothing waits where words are compared
            answer.background = BackgroundTask(self._program.restart if words else shown.restart)
        return answer

    def _check_clock(self, step: SetupStep, form: Mapping[str, str]) -> None:
        """Refuse to go on while two clocks differ and nobody has said which is right."""
        off_ms = clock_off_ms(form, self._program.wall_ms()) if step is SetupStep.TIME else None
        if off_ms is None or abs(off_ms) <= CLOCK_MS or form.get("sure"):
            return
        minutes = round(abs(off_ms) / _MINUTE_MS)
        raise ActionError(
            "clocks_differ",
            N_("The server's clock and this browser's differ by {n} {n:minute|minutes}."),
            N_("Set the wrong one right and send this again, or say that the server's is right."),
            n=minutes,
        )

    def _values(self, step: SetupStep) -> Mapping[str, Any]:
        """What a step shows besides."""
        config = self._program.config
        match step:
            case SetupStep.SCHOOL | SetupStep.BEGIN:
                return {"provinces": PROVINCES}
            case SetupStep.TIME:
                clock = self._program.clock
                return {"server_ms": self._program.wall_ms(), "is_kept": clock.is_synchronized()}
            case SetupStep.NETWORK:
                ports = config.own_ports
                return {"addresses": reachable_addresses(), "ports": ports, "config": config}
            case SetupStep.ROOMS:
                sheet = self._program.service(Enrolment).sheet
                known = self._program.store.read(rooms_without_computer, self._program.school)
                return {
                    "sheet": sheet.recent(),
                    "states": STATES,
                    "known": known,
                    "most": MAX_ROOMS,
                }
            case _:
                return {}
