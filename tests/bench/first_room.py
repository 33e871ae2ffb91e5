"""This file measures how long a school's first room takes, by clicks: from an empty folder."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.browser import Page, browser_program, fresh_profile, opened_tab, running_browser
from tests.flows.test_first_room import first_day, first_room


def measure(*, quick: bool) -> dict[str, object]:
    """Server, account, code, room; nothing where there is no browser."""
    del quick
    if browser_program() is None:
        print("first room: not measured, without chromium")
        return {}
    print("first room: an account, a code, four words")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_browser(Path(folder) / "browser") as browser,
        fresh_profile(browser) as profile,
        opened_tab(profile, Page) as page,
    ):
        began_s = time.monotonic()
        with first_day(Path(folder)) as day:
            first_room(page, day)
            took_s = time.monotonic() - began_s
    return {"first_room_s": took_s}
