"""These tests hold how a browser is named on the page of sessions."""

from __future__ import annotations

import pytest

from controller.access.browsers import browser_name

BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0) {BLINK} Chrome/131.0 Safari/537.36", "Chrome · Windows"),
        (
            f"Mozilla/5.0 (Windows NT 10.0) {BLINK} coc_coc_browser/131.0 Chrome/125.0",
            "Cốc Cốc · Windows",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) {BLINK} Chrome/131.0 Edg/131.0", "Edge · Windows"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {BLINK} Chrome/131.0 Mobile", "Chrome · Android"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox · Linux",
        ),
        (f"{MAC} Version/17.0 Safari/605.1.15", "Safari · macOS"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", ""),
    ],
)
def test_a_browser_is_named_as_its_user_knows_it(user_agent: str, name: str) -> None:
    """Program and system; what is no browser keeps its own name."""
    assert browser_name(user_agent) == name
