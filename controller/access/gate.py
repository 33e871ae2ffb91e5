"""This file stands before every address: who asks, and whether its rule lets them in."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote, urlsplit

from fastapi import Request, WebSocketException
from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from controller.access.codes import fits_line
from controller.access.service import Access, Browser
from controller.access.store import note_access
from controller.database.store import StoreError
from controller.feature import Level, Program
from controller.people.deed import WebDeed
from controller.people.person import GUEST, Person
from controller.sheets.text import clean
from controller.web.noting import mark_noted
from controller.web.refusals import ElsewhereError, HttpError, PageRefusedError
from controller.web.rules import PASSED, Rule, person_of, rule_of, visitor_of
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

MAX_SUBJECT: Final = 200
_SESSION: Final = "lophoc_session"
_DEVICE: Final = "lophoc_device"
_HOST_ONLY: Final = "__Host-"  # a browser takes it over TLS alone, and from this very name
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY_VIOLATION: Final = 1008  # RFC 6455, 7.4.1


class Gate:
    """Lets in who may come in by an address's rule; an address without a rule lets nobody in."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._access = program.service(Access)

    async def admit(self, connection: HTTPConnection) -> None:
        """Note who asks. Raises what answers the request where they may not."""
        connection.state.person = None
        await self._note_person(connection, await self._admitted(connection))

    async def recognise(self, connection: HTTPConnection) -> None:
        """Note who asks, whether or not they may, unless that is noted. Raises StoreError."""
        if visitor_of(connection) is None:
            person = await self._who(connection)
            if person is None and self._program.config.open_screens:
                person = GUEST
            await self._note_person(connection, person)

    async def _note_person(self, connection: HTTPConnection, person: Person | None) -> None:
        if person and person.sees_part:
            person = await run_in_threadpool(self._in_part, person)
        connection.state.person = person

    async def goes_on(self, connection: HTTPConnection) -> bool:
        """Whether who has a line open is still who they were: nothing ended, taken or given."""
        was = person_of(connection)
        try:
            now = await self._admitted(connection)
        except (WebSocketException, ElsewhereError, HttpError):
            return False
        except StoreError:  # a page that is open stays so while the database is away
            return True
        return now is not None and replace(now, schools=was.schools) == was

    async def _admitted(self, connection: HTTPConnection) -> Person | None:
        rule = rule_of(connection.scope.get("endpoint"))
        person = await self._who(connection)
        if rule == Rule():
            return person
        if person is None and rule and rule.is_open and self._program.config.open_screens:
            return GUEST
        if person is None:
            raise _unknown(connection, rule)
        if not (_may_come_in(person, rule) or await self._may_from_above(person, rule)):
            raise _refused(connection, rule)
        return person

    async def _may_from_above(self, person: Person, rule: Rule | None) -> bool:
        """Whether somebody of the department comes in who could not in a school. Raises StoreError.

        Who sees some of its schools does only where the rule lets parts be seen.
        """
        if not rule or not person.may(*rule.above) or (person.sees_part and not rule.in_parts):
            return False
        return Level.DEPARTMENT in await run_in_threadpool(self._program.levels)

    def note(self, request: Request, what: str, subject: str) -> None:
        """Keep that the person looked at a pupil's record or changed it. Raises StoreError."""
        self._keep(person_of(request), what, subject)
        mark_noted(request)

    def note_deed(self, deed: WebDeed) -> None:
        """Keep that somebody changed something; what a stranger does is no deed of an account.

        A line that the disk does not take is told in the log: what was done is done.
        """
        if deed.person is None:
            return
        values = " ".join(f"{name}={value}" for name, value in deed.values.items())
        try:
            self._keep(deed.person, deed.code, values)
        except StoreError as error:
            _LOGGER.warning("a deed is not noted: deed=%s: %s", deed.code, error)

    def _keep(self, person: Person, what: str, subject: str) -> None:
        self._program.store.write(
            note_access,
            self._program.school,
            (person.account, person.session),
            what,
            clean(subject)[:MAX_SUBJECT],
            now_ms=self._program.now_ms(),
        )

    def _in_part(self, person: Person) -> Person:
        """The same, with the schools that their area or token comes to today."""
        if person.areas is None:
            return replace(person, schools=frozenset({person.school}))
        found = frozenset(
            code
            for feature in self._program.features
            if feature.areas
            for area in person.areas
            for code in feature.areas(self._program)(area)
        )
        own = found & {person.school} if person.school else found
        return replace(person, schools=own)

    async def _who(self, connection: HTTPConnection) -> Person | None:
        if PASSED in connection.scope:  # nothing from a line is in a scope by itself
            passed: Person | None = connection.scope[PASSED]
            return passed
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "bearer":  # RFC 6750, 2.1
            return await run_in_threadpool(self._access.by_token, token.strip())
        cookie = connection.cookies.get(session_cookie(connection), "")
        is_made_for_this = fits_line(cookie, is_secure=is_secure(connection))
        if not cookie or not is_made_for_this or _is_blind_write(connection):
            return None
        return await run_in_threadpool(self._access.by_cookie, cookie)


def gate_of(program: Program) -> Gate:
    """The program's gate."""
    return program.service(Gate)


def browser_of(request: Request) -> Browser:
    """From where a person tries to log in."""
    return Browser(
        address=request.client.host if request.client else "",
        device=request.cookies.get(device_cookie(request), "")[:64],
        label=request.headers.get("user-agent", ""),
        is_secure=is_secure(request),
    )


def session_cookie(connection: HTTPConnection) -> str:
    """What the session's cookie is called on this line."""
    return _named(_SESSION, connection)


def device_cookie(connection: HTTPConnection) -> str:
    """What the cookie is called by which a browser is known again."""
    return _named(_DEVICE, connection)


def is_secure(connection: HTTPConnection) -> bool:
    """Whether the browser speaks by TLS."""
    return connection.url.scheme in {"https", "wss"}


def _may_come_in(person: Person, rule: Rule | None) -> bool:
    if rule is None or (person.sees_part and not rule.in_parts):
        return False
    return person.may(*rule.permissions)


def _named(name: str, connection: HTTPConnection) -> str:
    return _HOST_ONLY + name if is_secure(connection) else name


def _is_blind_write(connection: HTTPConnection) -> bool:
    """Whether something is to be changed by a request that does not say which page sent it.

    Every browser says so (Fetch, 3.2), and what it says was compared already.
    """
    changes = connection.scope.get("method", "GET") not in _SAFE
    return changes and "origin" not in connection.headers


def _is_page(connection: HTTPConnection, rule: Rule | None) -> bool:
    return not (connection.url.path.startswith("/api/") or (rule and rule.is_data))


def _unknown(connection: HTTPConnection, rule: Rule | None) -> Exception:
    """What answers somebody who did not log in."""
    if connection.scope["type"] == "websocket":
        return WebSocketException(_POLICY_VIOLATION, "login_needed")
    if _is_page(connection, rule):
        return ElsewhereError(f"/login?next={quote(_way_back(connection))}")
    return HttpError(
        401,
        "login_needed",
        N_("This is shown only after logging in."),
        N_("Open /login; a program needs a token: lophoc-controller token create."),
    )


def _refused(connection: HTTPConnection, rule: Rule | None) -> Exception:
    """What answers somebody whose account or token is not for this."""
    if connection.scope["type"] == "websocket":
        return WebSocketException(_POLICY_VIOLATION, "not_allowed")
    kind = PageRefusedError if _is_page(connection, rule) else HttpError
    return kind(
        403,
        "not_allowed",
        N_("This account may not do that."),
        N_("Ask the school's administrator for it."),
    )


def _way_back(connection: HTTPConnection) -> str:
    """The page to show after logging in: this one, or that of the button that was pressed."""
    path = connection.url.path
    if connection.scope["method"] in _SAFE:
        return path
    pressed_on = urlsplit(connection.headers.get("referer", "")).path
    return pressed_on or f"/{path.split('/')[1]}"
