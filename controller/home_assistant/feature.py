"""This file says what Home Assistant brings: topics that it reads; nothing until it is let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from controller.feature import Feature, Jobs, Level, Listener, MenuEntry, Program
from controller.people.person import Permission
from protocol.words import N_

PATH: Final = "/home-assistant"


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    from controller.home_assistant.service import Teller  # noqa: PLC0415 - commands need no web

    line = program.line
    yield {"home assistant": lambda: program.service(Teller).run(line)} if line else {}


def _publish(program: Program) -> Callable[[Sequence[object]], None]:
    from controller.home_assistant.service import Teller  # noqa: PLC0415 - commands need no web

    return lambda _: program.service(Teller).stir()


def _listener(program: Program) -> Listener[Any]:
    from controller.home_assistant.listener import SessionListener  # noqa: PLC0415

    return SessionListener(program)


FEATURE: Final = Feature(
    name="home_assistant",
    level=Level.SCHOOL,
    jobs=_jobs,
    publish=_publish,
    listener=_listener,
    menu=(MenuEntry(PATH, N_("Home Assistant"), (Permission.MANAGE,), rank=9, is_tool=True),),
)
