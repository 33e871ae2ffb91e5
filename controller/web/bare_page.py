"""This file makes the page that needs nothing of ours: no file, no database, no known name.

It answers where a page of the whole cannot: before anybody is let in, and when something broke.
"""

from __future__ import annotations

import base64
import hashlib
import html
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import Scope

from protocol.wishes import wishes_in
from protocol.words import N_, Translate

_STYLE: Final = (
    "body{margin:0;padding:2rem 1rem;background:#f4f6f5;color:#1b1f1d;"
    "font:1rem/1.5 system-ui,sans-serif}"
    "main{max-width:38rem;margin:auto;padding:1rem 1.4rem;background:#fff;"
    "border:1px solid #c9d1cd;border-top:6px solid #12372a;border-radius:8px}"
    "h1{font-size:1.3rem;margin:.2rem 0 .6rem}.code{color:#4a544f;font-size:.85rem}"
)
_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGES: Final = ("text/html", "application/xhtml+xml", "text/*")
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; frame-ancestors 'none'"
)
TITLE: Final = N_("This page cannot be shown")


def wants_page(scope: Scope, *, usually: bool = False) -> bool:
    """Whether a person's browser asks, by what it takes. usually: of who takes anything."""
    wishes = wishes_in(Headers(scope=scope).get("accept", "*/*"))
    pages = [wishes[name] for name in _PAGES if name in wishes]
    data = max((wishes[name] for name in wishes if "json" in name), default=0.0)
    if pages:
        return max(pages) > 0 and max(pages) >= data
    return usually and not data


def bare_page(status: int, code: str, language: str, say: Translate, *lines: str) -> HTMLResponse:
    """The page with these lines, which are said already: what is so, and what to do."""
    title = html.escape(say(TITLE))
    told = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} · LopHoc</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{title}</h1>{told}<p class="code">{status} · {html.escape(code)}</p>'
        "</main></body></html>"
    )
    headers = {
        "Content-Language": language,
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
    }
    return HTMLResponse(text, status, headers)
