"""This file is the teacher's icon on Windows: the next deed, and the way to the page.

pythonw -m agent.windows.tray [--open]     one for each person; a second start opens the page

Source: Microsoft, Shell_NotifyIconW and NOTIFYICONDATAW (shellapi.h), winuser.h.
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
import os
import queue
from collections.abc import Callable, Sequence
from ctypes import wintypes
from functools import cache
from typing import Any, Final

from agent.tray.__main__ import AGENT
from agent.tray.desk import TrayDesk
from agent.tray.drawing import pixels_of
from agent.tray.view import OPEN, QUIT, TrayView, deed_words, tooltip
from agent.windows.browser import open_page
from protocol.language import Translate, preferred_language, translator

_NAME: Final = "LopHocTray"
_ICON_PX: Final = 32
_DESTROY, _COMMAND_NULL, _APP = 0x0002, 0x0000, 0x8000
_ON_ICON, _ON_NEWS, _ON_OPEN = _APP + 1, _APP + 2, _APP + 3
_LEFT_UP, _RIGHT_UP = 0x0202, 0x0205
_ADD, _MODIFY, _DELETE = 0, 1, 2
_MESSAGE, _ICON, _TIP, _INFO = 0x1, 0x2, 0x4, 0x10
_RETURN_COMMAND: Final = 0x0100 | 0x0002  # TPM_RETURNCMD, TPM_RIGHTBUTTON
_ACT, _OPEN, _QUIT = 1, 2, 3
_EXISTS: Final = 183  # ERROR_ALREADY_EXISTS
_TIP_CHARS, _INFO_CHARS = 127, 255

_Procedure = ctypes.WINFUNCTYPE(
    ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM
)


class _WindowClass(ctypes.Structure):
    """WNDCLASSW."""

    _fields_ = (
        ("style", wintypes.UINT),
        ("procedure", _Procedure),
        ("class_bytes", ctypes.c_int),
        ("window_bytes", ctypes.c_int),
        ("instance", wintypes.HINSTANCE),
        ("icon", wintypes.HANDLE),
        ("cursor", wintypes.HANDLE),
        ("background", wintypes.HANDLE),
        ("menu", wintypes.LPCWSTR),
        ("name", wintypes.LPCWSTR),
    )


class _IconData(ctypes.Structure):
    """NOTIFYICONDATAW."""

    _fields_ = (
        ("size", wintypes.DWORD),
        ("window", wintypes.HWND),
        ("number", wintypes.UINT),
        ("flags", wintypes.UINT),
        ("message", wintypes.UINT),
        ("icon", wintypes.HANDLE),
        ("tip", wintypes.WCHAR * 128),
        ("state", wintypes.DWORD),
        ("state_mask", wintypes.DWORD),
        ("info", wintypes.WCHAR * 256),
        ("version", wintypes.UINT),
        ("title", wintypes.WCHAR * 64),
        ("info_flags", wintypes.DWORD),
        ("guid", ctypes.c_byte * 16),
        ("balloon", wintypes.HANDLE),
    )


class Tray:
    """The icon, its menu, and what the agent tells. Its methods run in the window's own thread."""

    def __init__(self, *, is_wanted: bool) -> None:
        self._say: Translate = translator(preferred_language(os.environ))
        self._view: TrayView | None = None
        self._sentence = ""
        self._news: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._icon = 0
        self._taskbar = _user().RegisterWindowMessageW("TaskbarCreated")
        self._procedure = _Procedure(self._hear)
        self._window = _window(self._procedure)
        self._desk = TrayDesk(AGENT, "", self, is_wanted=is_wanted)
        self._show(_ADD)

    def run(self) -> int:
        """Show it until the teacher quits."""
        self._desk.open()
        message = wintypes.MSG()
        while _user().GetMessageW(ctypes.byref(message), None, 0, 0) > 0:
            _user().DispatchMessageW(ctypes.byref(message))
        return 0

    def post(self, deed: Callable[[], None]) -> None:
        """From any thread: have this done in the window's own."""
        self._news.put(deed)
        _user().PostMessageW(self._window, _ON_NEWS, 0, 0)

    def show(self, view: TrayView | None, sentence: str = "") -> None:
        """Show this; without a view that nothing is known, and why, if anybody said it."""
        self._view, self._sentence = view, sentence
        if view is not None:
            self._say = translator(view.language)
        self._show(_MODIFY)

    def tell(self, sentence: str = "") -> None:
        """Say why a press did nothing; without a sentence, what is shown."""
        self._show(_MODIFY, info=sentence or tooltip(self._view, self._sentence, self._say))

    def open_page(self, url: str) -> None:
        """Have a browser show it."""
        open_page(url)

    def _hear(self, window: int, message: int, first: int, second: int) -> int:
        """What Windows calls for whatever happens."""
        if message == _ON_NEWS:
            while not self._news.empty():
                self._news.get()()
        elif message == _ON_OPEN or (message == _ON_ICON and second == _LEFT_UP):
            self._desk.come()
        elif message == _ON_ICON and second == _RIGHT_UP:
            self._ask()
        elif message == self._taskbar:  # it was started again, and knows no icon
            self._show(_ADD)
        elif message == _DESTROY:
            self._show(_DELETE)
            _user().PostQuitMessage(0)
        else:
            return int(_user().DefWindowProcW(window, message, first, second))
        return 0

    def _ask(self) -> None:
        """Show the menu, and do what is chosen."""
        shown = self._view  # what is done is what was said as it opened
        deed = deed_words(shown, self._say)
        entries = [(_ACT, deed)] if deed else []
        entries += [(_OPEN, self._say(OPEN)), (_QUIT, self._say(QUIT))]
        menu = _user().CreatePopupMenu()
        for number, words in entries:
            _user().AppendMenuW(menu, 0, number, words.replace("&", "&&"))
        place = wintypes.POINT()
        _user().GetCursorPos(ctypes.byref(place))
        _user().SetForegroundWindow(self._window)  # else it stays when somebody clicks elsewhere
        chosen = _user().TrackPopupMenu(
            menu, _RETURN_COMMAND, place.x, place.y, 0, self._window, None
        )
        _user().PostMessageW(self._window, _COMMAND_NULL, 0, 0)
        _user().DestroyMenu(menu)
        self._choose(chosen, shown)

    def _choose(self, chosen: int, shown: TrayView | None) -> None:
        if chosen == _QUIT:
            _user().DestroyWindow(self._window)
        elif chosen == _ACT:
            self._desk.act(shown)
        elif chosen == _OPEN:
            self._desk.come()

    def _show(self, how: int, info: str = "") -> None:
        before = self._icon
        view = self._view
        running = view is not None and view.is_running
        self._icon = _icon(view.state if view else "unknown", running=running)
        data = _IconData(
            size=ctypes.sizeof(_IconData),
            window=self._window,
            number=1,
            flags=_MESSAGE | _ICON | _TIP | (_INFO if info else 0),
            message=_ON_ICON,
            icon=self._icon,
            tip=tooltip(view, self._sentence, self._say)[:_TIP_CHARS],
            info=info[:_INFO_CHARS],
            title="LopHoc" if info else "",
        )
        ctypes.WinDLL("shell32").Shell_NotifyIconW(how, ctypes.byref(data))
        if before:
            _user().DestroyIcon(before)


def main(arguments: Sequence[str]) -> int:
    """Show the icon; 0 at once where one runs already: it opens the page."""
    if not _is_first():
        running = _user().FindWindowW(_NAME, None)
        if running:
            _user().PostMessageW(running, _ON_OPEN, 0, 0)
        return 0
    return Tray(is_wanted="--open" in arguments).run()


def _is_first() -> bool:
    """Whether no other runs for this person; the handle is held as long as the program runs."""
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateMutexW(None, False, f"Local\\{_NAME}")
    return ctypes.get_last_error() != _EXISTS


def _window(procedure: Any) -> int:
    instance = _kernel().GetModuleHandleW(None)
    kind = _WindowClass(procedure=procedure, instance=instance, name=_NAME)
    _user().RegisterClassW(ctypes.byref(kind))
    window = _user().CreateWindowExW(0, _NAME, "LopHoc", 0, 0, 0, 0, 0, None, None, instance, None)
    if not window:
        raise OSError("no window")
    return int(window)


def _icon(state: str, *, running: bool) -> int:
    pixels = pixels_of(state, running=running, side=_ICON_PX)
    opaque = bytes(_ICON_PX * _ICON_PX // 8)
    return int(_user().CreateIcon(None, _ICON_PX, _ICON_PX, 1, 32, opaque, pixels) or 0)


@cache
def _kernel() -> Any:
    kernel = ctypes.WinDLL("kernel32")
    kernel.GetModuleHandleW.restype = wintypes.HMODULE
    kernel.GetModuleHandleW.argtypes = (wintypes.LPCWSTR,)
    return kernel


@cache
def _user() -> Any:
    user = ctypes.WinDLL("user32")
    handle, word = ctypes.c_void_p, wintypes.UINT
    user.CreateWindowExW.restype = user.CreateIcon.restype = handle
    user.CreatePopupMenu.restype = user.FindWindowW.restype = handle
    user.CreateWindowExW.argtypes = (
        *(wintypes.DWORD, wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.DWORD),
        *(ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_int),
        *(handle, handle, handle, handle),
    )
    user.CreateIcon.argtypes = (
        *(handle, ctypes.c_int, ctypes.c_int, ctypes.c_ubyte, ctypes.c_ubyte),
        *(ctypes.c_char_p, ctypes.c_char_p),
    )
    user.DefWindowProcW.restype = user.DispatchMessageW.restype = ctypes.c_ssize_t
    message = handle, word, wintypes.WPARAM, wintypes.LPARAM
    user.DefWindowProcW.argtypes = user.PostMessageW.argtypes = message
    user.AppendMenuW.argtypes = (handle, word, ctypes.c_size_t, wintypes.LPCWSTR)
    user.TrackPopupMenu.argtypes = (
        *(handle, word, ctypes.c_int, ctypes.c_int),
        *(ctypes.c_int, handle, handle),
    )
    for name in ("DestroyMenu", "DestroyIcon", "DestroyWindow", "SetForegroundWindow"):
        getattr(user, name).argtypes = (handle,)
    user.FindWindowW.argtypes = (wintypes.LPCWSTR, wintypes.LPCWSTR)
    return user


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
