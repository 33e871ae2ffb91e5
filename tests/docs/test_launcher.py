"""The launcher of the teacher's window."""

from __future__ import annotations

import configparser
from pathlib import Path

LAUNCHER = Path(__file__).parents[2] / "systemd/lophoc-tray.desktop"


def test_the_launcher_names_itself_in_both_languages_and_starts_the_window() -> None:
    """By the freedesktop.org Desktop Entry Specification, 1.5."""
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment, method-assign] # keys are case-sensitive
    parser.read_string(LAUNCHER.read_text("utf-8"))
    entry = parser["Desktop Entry"]
    assert (entry["Type"], entry["Exec"]) == ("Application", "/opt/lophoc/bin/lophoc-tray")
    assert entry["Name"] != entry["Name[vi]"]
    assert entry["Comment"] != entry["Comment[vi]"]
