"""This file gives a browser what it keeps of a login, and notes whose it was."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from controller.access.gate import device_cookie, is_secure, session_cookie
from controller.access.service import SESSION_S, Entrance
from controller.people.person import Person

_DEVICE_S: Final = 400 * 24 * 3600  # as long as browsers keep a cookie at most


def note_entry(request: Request, account: str) -> None:
    """Whoever came in is whose deed it was."""
    request.state.person = Person(account=account.strip().casefold(), permissions=frozenset())


def give_entrance(request: Request, answer: Response, entrance: Entrance) -> Response:
    """The answer, with the session's cookie and the browser's own."""
    _give(request, answer, session_cookie(request), entrance.cookie, SESSION_S)
    return give_device(request, answer, entrance.device)


def give_device(request: Request, answer: Response, device: str) -> Response:
    """The answer, with the cookie by which a browser is known again."""
    _give(request, answer, device_cookie(request), device, _DEVICE_S)
    return answer


def _give(request: Request, answer: Response, name: str, value: str, age_s: int) -> None:
    """A cookie that scripts cannot read and other sites' pages cannot send."""
    answer.set_cookie(
        name, value, max_age=age_s, httponly=True, samesite="strict", secure=is_secure(request)
    )
