"""This file makes pages from templates, in the language that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import ChoiceLoader, Environment, PackageLoader

from controller.feature import Level, MenuEntry, Program, packages_with
from controller.people.person import Person
from controller.sheets.names import natural
from controller.web.bare_page import wants_page
from controller.web.refusals import HttpError, PendingError, problem_answer
from controller.web.rules import visitor_of
from controller.web.seen import MarkedPage
from controller.web.words import Words, language_of
from protocol.words import LANGUAGES, N_, Translate

_NOBODY: Final = Person(account="", permissions=frozenset())
_HOMES: Final = {True: N_("All rooms"), False: N_("All schools")}  # by whether it has rooms
_ADVICE: Final = {  # what to do, where an error has advice for programs alone
    400: N_("Go back, look at what was entered, and try again."),
    404: N_("Look at the address: what was here may be gone, or have another name now."),
    405: N_("Go back, open the page anew, and press its button."),
    500: N_("Try again; if it breaks again, tell who looks after the server when it was."),
}
_YEAR_S: Final = 365 * 24 * 3600
SomeWords = TypeVar("SomeWords", bound=Words)


def _in_order(areas: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What begins with something that has a label, in the one order of names."""
    return sorted(areas, key=lambda pair: natural(pair[0].label))


class PageRenderer:
    """Makes pages: a feature's template within what every page shows."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._menu = sorted(
            (
                (entry.level or feature.level, entry)
                for feature in program.features
                for entry in feature.menu
            ),
            key=lambda pair: pair[1].rank,
        )
        self._templates = Environment(
            loader=ChoiceLoader(
                [PackageLoader(package) for package in packages_with(program, "templates")]
            ),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["in_order"] = _in_order

    def page(
        self,
        request: Request,
        template: str,
        status_code: int = 200,
        *,
        words: Words | None = None,
        **values: Any,
    ) -> HTMLResponse:
        """A page made from a template. words: its own; those of every page if it has none."""
        words = words or self.words(request)
        frame = self._frame(request, words)
        text = self._templates.get_template(template).render(**frame, **values)
        language = {"Content-Language": words.language}
        answer: HTMLResponse = (
            MarkedPage(text, status_code, language, self._program.store)
            if visitor_of(request)
            else HTMLResponse(text, status_code, language)
        )
        if request.query_params.get("lang") == words.language:
            answer.set_cookie(
                "lang", words.language, max_age=_YEAR_S, samesite="lax", httponly=True
            )
        return answer

    def _frame(self, request: Request, words: Words) -> dict[str, Any]:
        """What every page shows, by name."""
        program, now_ms = self._program, self._program.now_ms()
        levels = program.levels()
        frame: dict[str, Any] = {
            "own_rooms": Level.SCHOOL in levels,
            "above_schools": Level.DEPARTMENT in levels,
            "home_word": _HOMES[Level.SCHOOL in levels],
        }
        for feature in program.features:
            if feature.frame:
                frame |= feature.frame(program, words.language)
        person = visitor_of(request) or _NOBODY
        shown = [
            entry
            for level, entry in self._menu
            if level in {None, *levels} and _is_for(entry, person, frame)
        ]
        return frame | {
            "_": words.say,
            "person": person,
            "words": words,
            "number": words.number,
            "school": program.name,
            "school_name_of": program.school_name,
            "scope": program.school,
            "many_schools": not program.school.school,
            "boot": program.boot,
            "at": words.iso(now_ms),
            "now_ms": now_ms,
            "languages": [(code, _with_language(request, code)) for code in LANGUAGES],
            "menu": [entry for entry in shown if not entry.is_tool],
            "tools": [entry for entry in shown if entry.is_tool],
        }

    def error(self, request: Request, refused: HttpError) -> Response:
        """A page that says what cannot be shown; to a program a problem."""
        if not wants_page(request.scope, usually=True):
            words = self.words(request)
            return problem_answer(refused, words.language, words.translate)
        if isinstance(refused, PendingError):
            return self.page(request, "pending.html", refused=refused)
        lead, hint = ("", refused.hint)
        if hint.startswith("/"):
            lead, hint = hint, ""
        if not hint or "/openapi.json" in hint:
            hint = _ADVICE.get(refused.status, _ADVICE[refused.status // 500 * 100 + 400])
        answer = self.page(
            request, "error.html", status_code=refused.status, refused=refused, hint=hint, lead=lead
        )
        answer.headers.update(refused.headers or {})
        return answer

    def today(self) -> str:
        """The school's local date."""
        return self._program.today().isoformat()

    def say(self, request: Request) -> Translate:
        """What says a text in the language that was asked for."""
        return self.words(request).say

    def words(self, request: Request) -> Words:
        """The words in the language that was asked for."""
        return self.words_as(request, Words)

    def words_as(self, request: Request, kind: type[SomeWords]) -> SomeWords:
        """The same, of a feature's own kind."""
        language = language_of(
            request.query_params.get("lang", ""),
            request.cookies.get("lang", ""),
            self._program.default_language,
        )
        return kind(language, self._program.translate_to(language), self._program.zone)


def _is_for(entry: MenuEntry, person: Person, frame: Mapping[str, Any]) -> bool:
    above = entry.above if frame["above_schools"] and person.account else None
    return person.may(*entry.permissions, *filter(None, [above])) and entry.is_shown(frame)


def _with_language(request: Request, language: str) -> str:
    """This page's own address in another language."""
    query = {name: value for name, value in request.query_params.items() if name != "lang"}
    return f"?{urlencode({**query, 'lang': language})}"
