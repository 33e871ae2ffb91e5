"""This file makes pages from templates, in the language that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader

from controller.feature import MenuEntry, Program, packages_with
from controller.people.person import Person
from controller.web.refusals import HttpError
from controller.web.rules import visitor_of
from controller.web.words import Words, language_of
from protocol.words import LANGUAGES, Translate

_NOBODY: Final = Person(account="", permissions=frozenset())
_YEAR_S: Final = 365 * 24 * 3600
SomeWords = TypeVar("SomeWords", bound=Words)


class PageRenderer:
    """Makes pages: a feature's template within what every page shows."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._menu = sorted(
            (entry for feature in program.features for entry in feature.menu),
            key=lambda entry: entry.rank,
        )
        self._templates = Environment(
            loader=ChoiceLoader(
                [PackageLoader(package) for package in packages_with(program, "templates")]
            ),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

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
        answer = HTMLResponse(text, status_code, {"Content-Language": words.language})
        if request.query_params.get("lang") == words.language:
            answer.set_cookie(
                "lang", words.language, max_age=_YEAR_S, samesite="lax", httponly=True
            )
        return answer

    def _frame(self, request: Request, words: Words) -> dict[str, Any]:
        """What every page shows, by name."""
        program, now_ms = self._program, self._program.now_ms()
        frame: dict[str, Any] = {}
        for feature in program.features:
            if feature.frame:
                frame |= feature.frame(program, words.language)
        person = visitor_of(request) or _NOBODY
        shown = [entry for entry in self._menu if _is_for(entry, person, frame)]
        return frame | {
            "_": words.say,
            "person": person,
            "words": words,
            "number": words.number,
            "school": program.name,
            "scope": program.school,
            "many_schools": not program.school.school,
            "at": words.iso(now_ms),
            "now_ms": now_ms,
            "languages": [(code, _with_language(request, code)) for code in LANGUAGES],
            "menu": [entry for entry in shown if not entry.is_tool],
            "tools": [entry for entry in shown if entry.is_tool],
        }

    def error(self, request: Request, refused: HttpError) -> HTMLResponse:
        """A page that says what cannot be shown."""
        return self.page(request, "error.html", status_code=refused.status, refused=refused)

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
    return person.may(*entry.permissions) and entry.is_shown(frame)


def _with_language(request: Request, language: str) -> str:
    """This page's own address in another language."""
    query = {name: value for name, value in request.query_params.items() if name != "lang"}
    return f"?{urlencode({**query, 'lang': language})}"
