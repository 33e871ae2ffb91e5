"""This file says for a command whether the room's cameras are off: by settings, or by people."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from agent.config import DEFAULT_DATA, PREFIX, AgentConfig
from agent.database import DOCUMENTS
from agent.database.documents import Documents
from agent.school.credential import settings_with
from hardware.camera.shutter import Shutter
from protocol.settings import SettingsError, load

SYSTEM_SETTINGS: Final = Path("/etc/lophoc/agent.toml")  # as the handbook installs them


def shutter_for(data: Path | None, environ: Mapping[str, str]) -> Shutter:
    """Closed where the settings say so, or people whose agent keeps its records in this folder.

    data: None for the one that the settings name. Raises DocumentError where that cannot be read:
    what is not known to be open is not opened.
    """
    config = _config(environ)
    if config is not None and config.camera == "off":
        return Shutter(lambda: True)
    folder = data or (config.data if config else DEFAULT_DATA)
    saved = Documents(folder / DOCUMENTS).load()
    return Shutter(lambda: saved.camera.off or saved.camera_off)


def _config(environ: Mapping[str, str]) -> AgentConfig | None:
    """The agent's settings; None on a computer that has none."""
    options = argparse.Namespace()
    if not environ.get(f"{PREFIX}CONFIG") and SYSTEM_SETTINGS.exists():
        options.config = SYSTEM_SETTINGS
    try:
        complete = partial(settings_with, default_data=DEFAULT_DATA)
        return load(AgentConfig, PREFIX, options, environ, complete)
    except SettingsError:
        return None
