"""This file reads the list of programs that Windows keeps in its registry."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from hardware.readings import clean

_UNINSTALL = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
_PROGRAMS_MOST = 5000

if sys.platform == "win32":
    import winreg

    _PLACES = (
        (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_64KEY),
        (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_WOW64_32KEY),
        (winreg.HKEY_CURRENT_USER, 0),
    )

    def listed_programs() -> Iterator[str]:
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

    def listed_programs() -> Iterator[str]:
        """Give nothing: only Windows has a registry."""
        return iter(())
