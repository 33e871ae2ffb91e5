"""This file says for a command whether the room's cameras are off: by settings, or by people."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import cache
from typing import Final

from agent.config import INSTALLED, PREFIX
from agent.database import DOCUMENTS
from agent.database.documents import Documents
from hardware.camera.shutter import Shutter
from protocol.installed import is_there
from protocol.settings import settings_tree

_OFF: Final = "off"


def shutter_for(options: argparse.Namespace, environ: Mapping[str, str]) -> Shutter:
    """Closed where settings say so, or the people whose agent keeps its records in the folder.

    The installed agent's settings hold whatever folder is named. Asking it raises SettingsError or
    DocumentError where they cannot be read: what is not known to be open is not opened.
    """

    @cache  # asked four times a second
    def is_closed() -> bool:
        files = {INSTALLED.settings_file(options, environ)}
        files |= {INSTALLED.settings if is_there(INSTALLED.settings) else None}
        trees = [settings_tree(file) for file in files if file]
        told = [environ.get(f"{PREFIX}CAMERA"), *(tree.get("camera") for tree in trees)]
        if _OFF in told:
            return True
        saved = Documents(INSTALLED.folder(options, environ) / DOCUMENTS).load()
        return saved.camera.off or saved.camera_off

    return Shutter(is_closed)
