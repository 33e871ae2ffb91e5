"""This file lists the names of what is installed on this machine, wherever it says so."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hardware.readings import clean
from hardware.text import entries, read_raw

_DPKG = "var/lib/dpkg/status"
_FLATPAKS = ("var/lib/flatpak/app",)
_SNAPS = ("snap", "var/lib/snapd/snap")
_EXPORTS = ("/var/lib/flatpak/exports/share", "/var/lib/snapd/desktop")
_OWN_DATA = "~/.local/share"
_DATA_FOLDERS = "/usr/local/share:/usr/share"
_UNINSTALL = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
_PROGRAMS_MOST = 5000
# What a large installation has, several times over.
_DPKG_LIMIT, _ENTRY_LIMIT, _ENTRIES_MOST = 64_000_000, 16_000, 5000


class Installed(NamedTuple):
    """What is installed. plain: of programs and packages. titles: as people see them."""

    plain: frozenset[str]
    titles: frozenset[str]


def read_installed(root: Path = Path("/")) -> Installed | None:
    """Give the names of what is installed; None where this machine does not tell.

    Programs on PATH, Debian's packages, desktop entries, Flatpaks, snaps, macOS applications and
    Windows' list of what can be uninstalled. Reads some hundred files: to be called in a thread.
    """
    plain = frozenset({*_programs(root), *_packages(root)})
    titles = frozenset({*_desktop_entries(root), *_bundles(root), *_listed_programs()})
    return Installed(plain, titles) if plain or titles else None


def _programs(root: Path) -> Iterator[str]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if folder:
            yield from (path.name for path in entries(_below(root, folder)))


def _packages(root: Path) -> Iterator[str]:
    """Give Debian's packages that are installed, not those removed but for their settings."""
    package = ""
    for line in read_raw(root / _DPKG, _DPKG_LIMIT).splitlines():
        if line.startswith(b"Package: "):
            package = clean(line[9:].decode("utf-8", "replace"))
        elif line.startswith(b"Status: ") and line.endswith(b" installed"):
            yield package


def _desktop_entries(root: Path) -> Iterator[str]:
    """Give the names in the menu. Source: freedesktop Desktop Entry and Base Directory."""
    own = os.environ.get("XDG_DATA_HOME") or os.path.expanduser(_OWN_DATA)  # noqa: PTH111 - Path raises where there is no home
    listed = os.environ.get("XDG_DATA_DIRS") or _DATA_FOLDERS
    folders = dict.fromkeys((own, *listed.split(os.pathsep), *_EXPORTS))
    for folder in folders:
        for path in entries(_below(root, folder) / "applications")[:_ENTRIES_MOST]:
            if path.suffix == ".desktop":
                yield from _entry_names(path)


def _entry_names(path: Path) -> Iterator[str]:
    text = read_raw(path, _ENTRY_LIMIT).decode("utf-8", "replace")
    # Further groups hold actions such as "New Window", which are no programs.
    main = text.split("\n[Desktop Action", 1)[0]
    for line in main.splitlines():
        key, _, value = line.partition("=")
        # Name[vi] is the same name in Vietnamese.
        if key.split("[", 1)[0].strip() == "Name":
            yield clean(value)
        elif key.strip() == "Exec" and value.split():
            yield clean(Path(value.split()[0].strip('"')).name)


def _bundles(root: Path) -> Iterator[str]:
    for folder in (*_FLATPAKS, *_SNAPS):
        yield from (clean(path.name) for path in entries(root / folder))
    for path in entries(root / "Applications"):
        if path.suffix == ".app":
            yield clean(path.stem)


def _below(root: Path, folder: str) -> Path:
    return Path(folder) if root == Path("/") else root / folder.lstrip("/")


# The list of programs that Windows keeps in its registry; no other system has one.
if sys.platform == "win32":
    import winreg

    _PLACES = (
        (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_64KEY),
        (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_32KEY),
        (winreg.HKEY_CURRENT_USER, 0),
    )

    def _listed_programs() -> Iterator[str]:
        """Give the names under "Apps", for all users and for this one."""
        for hive, view in _PLACES:
            try:
                with winreg.OpenKey(hive, _UNINSTALL, 0, winreg.KEY_READ | view) as key:
                    count = min(winreg.QueryInfoKey(key)[0], _PROGRAMS_MOST)
                    yield from (_display_name(key, at) for at in range(count))
            except OSError:
                continue

    def _display_name(key: winreg.HKEYType, at: int) -> str:
        # Updates and parts have no name, for Windows does not show them.
        try:
            with winreg.OpenKey(key, winreg.EnumKey(key, at)) as program:
                return clean(str(winreg.QueryValueEx(program, "DisplayName")[0]))
        except OSError:
            return ""

else:

    def _listed_programs() -> Iterator[str]:
        return iter(())
