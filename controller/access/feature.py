"""This file says what access brings: who may ask, accounts, and the log of who looked."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from controller.access.codes import FirstCode, setup_link
from controller.access.office import OfficeError, drop_office, office_in
from controller.access.store import has_password, keep_account
from controller.access.tables import accesses, web_sessions
from controller.feature import Feature, Jobs, MenuEntry, Program
from controller.people.deed import WebDeed
from controller.people.person import Permission
from protocol.door_key import key_file, own_folder
from protocol.left_key import left_key
from protocol.words import N_

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

_LOGGER = logging.getLogger(__name__)
_FIRST: Final = N_("Set up the first account here, once:")


def _admit(program: Program) -> Callable[[HTTPConnection], Awaitable[None]]:
    from controller.access.gate import Gate  # noqa: PLC0415 - commands need no web

    return program.service(Gate).admit


def _recognise(program: Program) -> Callable[[HTTPConnection], Awaitable[None]]:
    from controller.access.gate import Gate  # noqa: PLC0415 - commands need no web

    return program.service(Gate).recognise


def _note(program: Program) -> Callable[[WebDeed], None]:
    from controller.access.gate import Gate  # noqa: PLC0415 - commands need no web

    return program.service(Gate).note_deed


def _started(db: Connection, program: Program) -> None:
    """Take over what an older version kept; where nobody can log in, show how to begin."""
    folder = program.config.data
    if has_password(db):
        with suppress(OSError):
            drop_office(folder)
        return
    try:
        office = office_in(folder, program.now_ms())
    except OfficeError as error:
        _LOGGER.warning("nobody can enter by the office's password: %s", error)
        office = None
    if office:
        keep_account(db, office)
    else:
        _show_first_link(program)


def _show_first_link(program: Program) -> None:
    """On the server's console alone: a log is read by others, too."""
    first = FirstCode(program.config.data)
    code = first.read() or first.renew()
    _LOGGER.info("nobody can log in yet; run: lophoc-controller password setup-link")
    if sys.stderr.isatty():
        say = program.translate_to(program.default_language)
        link = setup_link(program.config.base_address, code)
        sys.stderr.write(f"{say(_FIRST)} {link}\n")


@contextmanager
def _key_left(program: Program) -> Iterator[Jobs]:
    """Leave the server's own person a key, as an agent leaves the teacher's programs one."""
    from controller.access.service import Access  # noqa: PLC0415 - commands need no web

    path = key_file(own_folder(os.environ), program.config.http_port)
    with ExitStack() as stack:
        try:
            stack.enter_context(left_key(program.service(Access).own_key, path))
        except OSError as error:
            _LOGGER.info("no key left for this account's own programs: %s", error)
        yield {}


FEATURE: Final = Feature(
    name="access",
    is_first=True,
    started=_started,
    admit=_admit,
    recognise=_recognise,
    note=_note,
    jobs=_key_left,
    forget=(web_sessions.c.seen_ms,),
    forget_pupils=(accesses.c.at_ms,),
    menu=(
        MenuEntry("/accounts", N_("Accounts"), (Permission.MANAGE,), rank=9, is_tool=True),
        MenuEntry("/tokens", N_("Tokens"), (Permission.MANAGE,), rank=9, is_tool=True),
    ),
)
