"""This file shows what another machine would report, from an export of its udev database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agent.commands.scan import json_of, table_of
from agent.errors import ExportUnreadableError
from hardware.scan import HardwareScan
from hardware.usb.export import DumpError, read_export
from hardware.usb.foreign import sightings_of
from protocol.words import N_, preferred_language

# By DumpError.code: what to say, and what to do.
_FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "no_such_file": (N_("There is no file {path}."), N_("Check its name and folder.")),
    "unreadable": (
        N_("The file {path} cannot be read ({cause})."),
        N_("Copy it once more from the other computer, and check its owner."),
    ),
    "too_large": (
        N_("The file {path} is too large to be a list of one computer's devices."),
        N_("Make it again there: udevadm info --export-db > FILE"),
    ),
    "not_a_dump": (
        N_("The file {path} is no list of a computer's devices."),
        N_("Make it again there: udevadm info --export-db > FILE"),
    ),
}


def report(path: Path, *, as_json: bool, environ: Mapping[str, str]) -> str:
    """Say which devices that machine has, as text ready to print; blocks.

    path: what `udevadm info --export-db` wrote, packed by gzip or not. Raises
    ExportUnreadableError with the code "no_such_file", "unreadable", "too_large" or "not_a_dump".
    """
    try:
        export = read_export(path)
    except DumpError as error:
        message, hint = _FAULTS[error.code]
        raise ExportUnreadableError(
            error.code, message, hint, path=path, cause=error.cause
        ) from error
    scan = HardwareScan(sightings=sightings_of(export))
    if as_json:
        return json_of(scan) + "\n"
    return table_of(scan, preferred_language(environ))
