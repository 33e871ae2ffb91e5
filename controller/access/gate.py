"""This file lets through who may see pupils' marks: the server itself, or who gave the password."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import Final

from fastapi import Request

from controller.access.password import Office, OfficeError
from controller.access.store import note_access
from controller.database.store import Store
from controller.feature import Program
from controller.web.refusals import HttpError
from protocol.model import Place
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

COOKIE: Final = "lophoc_office"
HERE: Final = "server"  # how a look from the server itself stands in the access log
# A request that passed on another's behalf does not come from the server itself.
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Gate:
    """Who may look; and a note of each who did."""

    def __init__(
        self, office: Office, store: Store, scope: Place, now_ms: Callable[[], int]
    ) -> None:
        self.office = office
        self._store = store
        self._scope = scope
        self._now_ms = now_ms

    def who(self, request: Request) -> str | None:
        """The session that looks, or the server; None for one who may not."""
        session = self.office.session(request.cookies.get(COOKIE, ""))
        return session or (HERE if is_here(request) else None)

    def require(self, request: Request, what: str, subject: str) -> None:
        """Let the request through and note it. subject: a class or days. Raises HttpError."""
        session = self.who(request)
        if session is None:
            raise HttpError(
                401,
                "password_needed",
                N_("Pupils' marks are shown only after the office's password."),
                N_("Open /login, or ask on the server itself."),
            )
        self._store.write(
            note_access, self._scope, session, what, subject[:200], now_ms=self._now_ms()
        )


def is_here(request: Request) -> bool:
    """Whether the request comes from this very machine, for itself."""
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def gate_of(program: Program) -> Gate:
    """The program's gate."""
    office = Office(program.config.data / "office.json", lambda: program.clock.look() / 1000)
    try:
        _ = office.has_password
    except OfficeError as error:  # told at once, not when somebody needs it
        _LOGGER.warning("nobody can enter by the office's password: %s", error)
    return Gate(office, program.store, program.school, program.now_ms)
