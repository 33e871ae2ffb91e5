"""This file serves the teacher's page: its words and its files."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.words import LANGUAGES, N_, Translate, translator

_FOLDER: Final = Path(__file__).parent
_KINDS: Final = {
    "page.js": "text/javascript",
    "choices.js": "text/javascript",
    "display.js": "text/javascript",
    "dom.js": "text/javascript",
    "door.js": "text/javascript",
    "earlier.js": "text/javascript",
    "screens.css": "text/css",
    "lines.js": "text/javascript",
    "doubts.js": "text/javascript",
    "rooms.js": "text/javascript",
    "proof.js": "text/javascript",
    "vouching.js": "text/javascript",
    "questions.js": "text/javascript",
    "faults.js": "text/javascript",
    "offers.js": "text/javascript",
    "joining.js": "text/javascript",
    "doctor.js": "text/javascript",
    "page.css": "text/css",
    "icon.svg": "image/svg+xml",
}
_SAFE: Final = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'"
    ),
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_COOKIE: Final = "lophoc_language"
_YEAR_S: Final = 365 * 24 * 3600
_WORDS: Final[Mapping[str, str]] = {
    "here": N_("This computer's LopHoc is running."),
    "waiting_agent": N_("Connecting to this computer's LopHoc…"),
    "away_short": N_("Not connected"),
    "no_agent": N_(
        "LopHoc on this computer does not answer. What is below may be old; the page comes back "
        "by itself."
    ),
    "not_done": N_("Not done: LopHoc did not answer. Please press again."),
    "chosen": N_("Chosen by you"),
    "other_class": N_("Another class"),
    "which_class": N_("Which class is it?"),
    "joint": N_("Several classes together"),
    "substitute": N_("I am a substitute"),
    "which_room": N_("Which room is this?"),
    "find_room": N_("Room or class"),
    "no_room_found": N_("No room is called so."),
    "report_fault": N_("Report a fault"),
    "what_broken": N_("What is broken?"),
    "waiting": N_("waits to be sent"),
    "board_page": N_("Page for the board"),
    "counts": N_("on the list / present / absent"),
    "confirmed": N_("Confirmed"),
    "mark_hint": N_("All are present. Tap whoever is absent."),
    "tap_hint": N_("Tap whoever is absent; a second tap takes it back."),
    "correct_hint": N_("To correct a mark, tap the pupil and choose."),
    "needs_a_look": N_("Only those to look at"),
    "nothing_to_look": N_("Nobody needs a look."),
    "confirm": N_("Confirm attendance"),
    "earlier": N_("Earlier lessons"),
    "owed": N_("{n} not confirmed"),
    "find": N_("Name or number"),
    "nobody_found": N_("Nobody is called so."),
    "undo_mark": N_("Undo number {n}"),
    "large": N_("Larger text"),
    "contrast": N_("High contrast"),
    "sound": N_("Sound when a pupil is seen"),
    "flash": N_("Flash when a pupil is seen"),
    "who_confirms": N_("Who confirms?"),
    "who_corrects": N_("Who corrects?"),
    "who_undoes": N_("Who undoes it?"),
    "teacher": N_("Name of the teacher"),
    "without_pin": N_("Confirm without a PIN"),
    "correct": N_("Correct"),
    "correct_without_pin": N_("Correct without a PIN"),
    "undo_without_pin": N_("Undo without a PIN"),
    "whose_cards": N_("Whose cards were these?"),
    "choose": N_("Choose"),
    "all_of_them": N_("All of these pupils"),
    "all_of": N_("All: {class_code}"),
    "both": N_("Both"),
    "nobody": N_("Neither"),
    "copy": N_("Copy"),
    "copied": N_("Copied"),
    "selected": N_("Selected: press Ctrl+C"),
    "close": N_("Close"),
    "looking": N_("Looking; this takes some seconds…"),
    "undo": N_("Undo"),
    "look_failed": N_("Not looked at: LopHoc did not answer. Press again."),
    "yes": N_("Yes"),
    "no": N_("No"),
}


def routes(language: str = "vi") -> list[Route]:
    """The addresses of the pages and their files. language: where nobody has chosen one."""
    return [
        Route("/", partial(_page, language=language, name="page.html")),
        Route("/doctor", partial(_page, language=language, name="doctor.html")),
        *(Route(f"/page/{name}", partial(_file, name=name)) for name in _KINDS),
    ]


async def _page(request: Request, *, language: str, name: str) -> Response:
    """A page in the language that is asked for now, or was the last time."""
    lang = request.query_params.get("lang", "")
    last = request.cookies.get(_COOKIE, "")
    chosen = next((code for code in (lang, last) if code in LANGUAGES), language)
    answer = Response(_page_text(chosen, name), headers=_SAFE, media_type="text/html")
    if lang == chosen:
        answer.set_cookie(_COOKIE, chosen, max_age=_YEAR_S, httponly=True, samesite="strict")
    return answer


async def _file(_request: Request, *, name: str) -> Response:
    return Response(_read(name), headers=_SAFE, media_type=_KINDS[name])


@lru_cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@lru_cache
def _page_text(language: str, name: str) -> str:
    """A page's text with the language's words in their places."""
    say = translator(language)
    words = {name: say(text) for name, text in _WORDS.items()}
    compact = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    # Between single quotes, so that JSON's own need no escape.
    quoted = html.escape(compact, quote=False).replace("'", "&#39;")
    values = {"language": language, "words": quoted}
    return re.sub(r"\{\{ (.+?) \}\}", lambda match: _word(match[1], values, say), _read(name))


def _word(mark: str, values: Mapping[str, str], say: Translate) -> str:
    text = re.fullmatch(r'_\("(.+)"\)', mark)
    return html.escape(say(text[1])) if text else values[mark]
