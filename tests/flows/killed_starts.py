"""This file starts a controller and pulls its plug at one step of the start: at a call or return.

The steps are named by functions of the program itself, so each is met exactly, whatever the
machine's speed. Starts are forked off a process that has the modules imported.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple

CALL, RETURN = "call", "return"


class Step(NamedTuple):
    """A function of a module, and whether the plug is pulled as it begins or as it ends."""

    module: str
    name: str
    when: str = CALL

    def __str__(self) -> str:
        """As a test's name has it."""
        return f"{self.module}.{self.name} {self.when}"


# In the order of a start; what is looked for by none of them would be a step that nobody takes.
STEPS: Final = (
    Step("controller.app", "run"),
    Step("controller.database.store", "Store.__enter__"),
    Step("controller.database.store", "Store.__enter__", RETURN),
    Step("controller.features", "prepare_batches", RETURN),
    Step("controller.features", "adopt_plan", RETURN),
    Step("controller.features", "note_start", RETURN),
    Step("controller.app", "_ears", RETURN),
    Step("controller.app", "_jobs"),
    Step("controller.web.site", "create_web", RETURN),
    Step("controller.broker.brokerage", "Brokerage.__aenter__"),
    Step("controller.broker.brokerage", "Brokerage.__aenter__", RETURN),
    Step("controller.ingest", "Ingest.listen"),
    Step("controller.ingest", "Ingest.greet"),
    Step("controller.ingest", "Ingest.greet", RETURN),
    Step("controller.ingest", "Ingest._load_all"),
    Step("controller.attendance.listener", "PlanListener.load"),
    Step("controller.attendance.listener", "PlanListener._take_plan", RETURN),
    Step("controller.attendance.listener", "PlanListener.load", RETURN),
    Step("controller.fleet.listener", "FleetListener.load"),
    Step("controller.ingest", "Ingest._hear"),
    Step("controller.features", "keep_batch"),
    Step("controller.features", "keep_batch", RETURN),
    Step("controller.ingest", "Ingest._settle"),
    Step("controller.ingest", "Ingest._answer", RETURN),
    Step("controller.attendance.listener", "PlanListener.follow"),
    Step("controller.ingest", "Ingest._expire_now"),
    Step("controller.attendance.listener", "PlanListener.poll"),
    Step("controller.attendance.listener", "PlanListener.poll", RETURN),
    Step("controller.ingest", "Ingest._follow", RETURN),
)


def _pull_at(step: Step) -> None:
    """End this process as a power cut does, in whatever thread it takes the step."""

    def is_step(code: CodeType, frame: FrameType) -> bool:
        return code.co_qualname == step.name and frame.f_globals.get("__name__") == step.module

    def look(frame: FrameType, event: str, _argument: Any) -> None:
        if event == step.when and is_step(frame.f_code, frame):
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(look)
    sys.setprofile(look)


def _run(arguments: Sequence[str], log: str, step: Step | None) -> None:
    from controller.__main__ import main  # noqa: PLC0415 - preloaded by the server of forks

    with Path(log).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if step is not None:
        _pull_at(step)
    sys.exit(main([*arguments]))


class Starts:
    """Starts the controller of these arguments, again and again."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self._context: ForkServerContext = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["controller.__main__", "controller.app"])
        self._arguments, self._log = tuple(arguments), log

    def begin(self, step: Step | None = None) -> ForkServerProcess:
        """Begin a start; with a step it ends there."""
        process = self._context.Process(
            target=_run, args=(self._arguments, str(self._log), step), daemon=False
        )
        process.start()
        return process
