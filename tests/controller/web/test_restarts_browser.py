"""A page that goes on by itself goes nowhere while nothing would answer it there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Final

import pytest

from controller.web.restarting import Restarting
from tests.browser import Page
from tests.controller.web_school import Served, a_program, a_store

ROOT: Final = Path(__file__).parents[3]
LOOKS: Final = "performance.getEntriesByType('resource').filter(e => /livez/.test(e.name)).length"
RESTART: Final = """(() => {
  const form = document.createElement("form");
  [form.method, form.action] = ["post", "/settings/restart"];
  document.body.append(form);
  form.submit();
})()"""
SOURCES: Final = ("*.html", "*.py", "*.js")
IN_A_FRAME: Final = {"agent/tablets/page.py"}  # its page stands around it


def look_again(page: Page) -> None:
    """Three times, whatever it finds."""
    before = page.see(LOOKS)
    page.wait(f"{LOOKS} > {before} + 2")


def test_a_page_waits_for_the_next_start_however_long_it_takes(page: Page, tmp_path: Path) -> None:
    """It goes on neither while the old one still answers, nor while nothing does."""
    with a_store(tmp_path) as store:
        with Served(store) as served:
            page.open(f"{served.url}settings?lang=vi")
            page.see(RESTART)
            page.wait("document.querySelector('[data-boot=face]')")
            look_again(page)
        look_again(page)
        assert page.see("location.pathname") == "/settings/restart"
        assert page.see("document.querySelector('meta[http-equiv]') === null")
        with Served(store, port=served.port, boot="next"):
            page.wait("location.pathname === '/settings'")
            page.wait("document.querySelector('h1')")
    assert not [error for error in page.errors if "CONNECTION_REFUSED" not in error]


def test_a_server_begins_anew_once_its_page_can_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looked for the first time; without scripts after a while."""
    begun = list[float]()

    async def play(patience_s: float, *, is_looked_for: bool) -> None:
        with a_store(tmp_path) as store:
            program = a_program(store)
        program.restart = lambda: begun.append(1)
        monkeypatch.setattr("controller.web.restarting.PATIENCE_S", patience_s)
        restarting = program.service(Restarting)
        restarting.note_look()  # a monitor's, before
        task = asyncio.create_task(restarting.restart())
        await asyncio.sleep(0)
        before = len(begun)
        await asyncio.sleep(0)
        assert len(begun) == before
        if is_looked_for:
            restarting.note_look()
        await task

    asyncio.run(play(3600.0, is_looked_for=True))
    asyncio.run(play(0.05, is_looked_for=False))
    assert len(begun) == 2


@pytest.mark.parametrize("package", ["agent", "controller", "hardware", "protocol", "simulators"])
def test_no_browser_is_sent_on_blindly(package: str) -> None:
    """By a clock, a browser leaves its page for one that cannot be reached; scripts look first."""
    for source in SOURCES:
        for path in (ROOT / package).rglob(source):
            if str(path.relative_to(ROOT)) in IN_A_FRAME:
                continue
            text = path.read_text("utf-8")
            assert not re.search(r"(?<!<noscript>)<meta http-equiv=\W?refresh", text), path
            assert '["Refresh"]' not in text, path
