"""This file is the page for the board: the code as QR and digits, and how many are in."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from agent.tablets.checkins import CheckIns
from agent.tablets.lesson import CheckInPhase
from agent.tablets.page import digest
from agent.tablets.service import TabletService
from protocol.words import N_, Translate, translator

POLL_S: Final = 3.0

_STYLE: Final = """body{margin:0;font-family:sans-serif;color:#111;background:#fff}
main{display:flex;align-items:center;justify-content:space-evenly;height:100vh;gap:2vw;padding:2vw;
box-sizing:border-box}
.qr{flex:none;width:min(46vw,84vh)}.qr svg{display:block;width:100%;height:auto}
.right{text-align:center}p{margin:1vh 0;font-size:4vh}
.code{font:bold 26vh/1.1 monospace;letter-spacing:.06em}.in{font-size:12vh;font-weight:bold}
.at{font:bold 5.4vh monospace}.big{font-size:14vh;font-weight:bold;text-align:center}"""

_SCRIPT: Final = """(function(){var now=document.querySelector("main");
function ask(){var x=new XMLHttpRequest();x.open("GET","/board/now");x.timeout=5000;
x.onloadend=function(){var wait=3000,at;
if(x.status===200){at=x.responseText.indexOf("\\n");wait=+x.responseText.slice(0,at)||wait;
if(now.innerHTML!==x.responseText.slice(at+1)){now.innerHTML=x.responseText.slice(at+1)}}
setTimeout(ask,wait)};x.send()}
ask()})()"""


_HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        f"default-src 'none'; style-src {digest(_STYLE)}; script-src {digest(_SCRIPT)};"
        " connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_TITLE: Final = N_("Check in")
_HOW: Final = N_("Scan, or open the address and type:")
_IN: Final = N_("checked in")
_CLOSED: Final = {
    CheckInPhase.BEFORE: N_("Not started yet"),
    CheckInPhase.OVER: N_("The lesson is over"),
    CheckInPhase.NO_LIST: N_("No class list yet"),
}
_NO_NETWORK: Final = N_(
    "Tablets cannot reach this computer: it is in no network, or its network gave it no address."
)


def routes(service: TabletService, language: Callable[[Request], str]) -> list[Route]:
    """The board's page and what it asks for; to be mounted on the door of loopback."""
    board = _Board(service, language)
    return [Route("/board", board.page), Route("/board/now", board.now)]


class _Board:
    def __init__(self, service: TabletService, language: Callable[[Request], str]) -> None:
        self._service = service
        self._language = language
        self._drawn = ("", "")

    async def page(self, request: Request) -> Response:
        """The whole page."""
        language = self._language(request)
        say = translator(language)
        text = (
            f"<!doctype html><html lang={language}><meta charset=utf-8>"
            f"<title>{escape(say(_TITLE))}</title><style>{_STYLE}</style>"
            f"<noscript><meta http-equiv=refresh content={POLL_S:.0f}></noscript>"
            f"<main>{self._inside(say)}</main><script>{_SCRIPT}</script>"
        )
        return Response(text, headers=_HEADERS, media_type="text/html")

    async def now(self, request: Request) -> Response:
        """When to ask again, in milliseconds, and what the page holds now."""
        text = f"{self._wait_ms()}\n{self._inside(translator(self._language(request)))}"
        return Response(text, headers=_HEADERS, media_type="text/plain")

    def _inside(self, say: Translate) -> str:
        checkins = self._service.checkins()
        if (
            checkins.phase is not CheckInPhase.OPEN
            or checkins.code is None
            or checkins.lesson is None
        ):
            sentence = _CLOSED.get(checkins.phase, _CLOSED[CheckInPhase.BEFORE])
            return f"<h1 class=big>{escape(say(sentence))}</h1>"
        if not self._service.url:
            return f"<h1 class=big>{escape(say(_NO_NETWORK))}</h1>"
        now_s = self._service.now_s()
        url = f"{self._service.url}c/{checkins.code.token(now_s)}"
        return (
            f'<div class="qr">{self._qr(url, say)}</div><div class="right">'
            f"<p>{escape(say(_HOW))}</p>"
            f'<p class="at">{escape(self._service.place)}</p>'
            f'<p class="code">{checkins.code.digits(now_s)}</p>'
            f'<p class="in">{_count(checkins)}</p><p>{escape(say(_IN))}</p></div>'
        )

    def _qr(self, url: str, say: Translate) -> str:
        if self._drawn[0] != url:
            import segno  # noqa: PLC0415 - only where a board is looked at

            drawn = segno.make_qr(url, error="m").svg_inline(
                omitsize=True, border=4, title=say(_TITLE), svgclass=None, lineclass=None
            )
            self._drawn = url, drawn
        return self._drawn[1]

    def _wait_ms(self) -> int:
        """Until the code changes, if that is sooner than the next look at the numbers."""
        code = self._service.checkins().code
        left_s = code.left_s(self._service.now_s()) if code else POLL_S
        return int(1000 * min(POLL_S, left_s)) + 20


def _count(checkins: CheckIns) -> str:
    total = len(checkins.lesson.pupils) if checkins.lesson else 0
    return f"{len(checkins.checked_in)}/{total}"
