"""This file opens the agent's page in an app window of an installed browser, else as it can."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Final

# Those with a window without tabs first: --app (Chromium's command line), which Firefox lacks.
BROWSERS: Final[Mapping[str, tuple[str, ...]]] = {
    "microsoft-edge": ("--app={url}",),
    "google-chrome": ("--app={url}",),
    "chromium": ("--app={url}",),
    "chromium-browser": ("--app={url}",),
    "firefox": ("--new-window", "{url}"),
    "xdg-open": ("{url}",),
}
Find = Callable[[str], str | None]


def command_of(url: str, find: Find = shutil.which) -> list[str]:
    """How the page is opened here; empty where no browser is installed."""
    for name, arguments in BROWSERS.items():
        if program := find(name):
            return [program, *(argument.format(url=url) for argument in arguments)]
    return []


def open_page(url: str) -> None:
    """Open it; a second window takes the first one's place (agent/local/page/door.js)."""
    if command := command_of(url):
        quiet = subprocess.DEVNULL
        subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
