"""This file names a browser as its user knows it, from what it says of itself."""

from __future__ import annotations

from typing import Final

# The first that fits: most browsers also say the names of those that they are built like.
_PROGRAMS: Final = (
    ("coc_coc_browser/", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPad", "iPad"),
    ("iPhone", "iPhone"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Program and system, such as ``Cốc Cốc · Windows``; an unknown one as it calls itself.

    user_agent: the header's text (RFC 9110, section 10.1.5).
    """
    names = [_first(table, user_agent) for table in (_PROGRAMS, _SYSTEMS)]
    return " · ".join(filter(None, names)) or user_agent


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for mark, name in table if mark in text), "")
