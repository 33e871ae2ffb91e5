"""The teacher's icon on a Windows desktop: one for each person, and it goes when asked."""

from __future__ import annotations

from pathlib import Path

from tests.waiting import until
from tests.windows.wine import PYTHON, WindowsProgram, Wine

_TRAY = (PYTHON, "-X", "utf8", "-m", "agent.windows.tray")
_IS_SHOWN = """
import ctypes
user = ctypes.WinDLL("user32")
user.FindWindowW.restype = ctypes.c_void_p
window = user.FindWindowW("LopHocTray", None)
print("shown" if window else "away")
if window and {closes}:
    user.PostMessageW(ctypes.c_void_p(window), 0x10, 0, 0)
"""


def test_one_icon_is_shown_and_ends_when_it_is_asked(wine: Wine, tmp_path: Path) -> None:
    """A second start ends at once, and well."""

    def state(*, closes: bool = False) -> str:
        (wine.drive / "shown.py").write_text(_IS_SHOWN.format(closes=closes))
        return wine.run(PYTHON, "shown.py").stdout.strip()

    tray = WindowsProgram(wine, tmp_path / "tray.log", *_TRAY).start()
    try:
        until(state, "the icon is there", holds=lambda it: it == "shown")
        assert wine.run(*_TRAY).returncode == 0
        assert not tray.ended(), tray.log.read_text()
        state(closes=True)
        until(tray.ended, "it has gone")
        assert tray.process is not None
        assert tray.process.wait() == 0, tray.log.read_text()
    finally:
        tray.close()
