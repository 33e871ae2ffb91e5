"""This file lists the devices that Windows knows of, and hears when one comes or goes.

Source: Microsoft, SetupAPI (setupapi.h), CM_Register_Notification (cfgmgr32.h, Windows 8).
"""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import wintypes
from functools import cache
from typing import Any, Final
from uuid import UUID

from hardware.readings import clean
from hardware.usb.pnp import PnpDevice

_PRESENT_OF_ALL: Final = 0x2 | 0x4
_NONE: Final = ctypes.c_void_p(-1).value
_DESCRIPTION, _HARDWARE, _COMPATIBLE, _SERVICE, _CLASS, _MAKER, _NAME = 0, 1, 2, 4, 7, 11, 12
_REMOVAL, _LOCATION = 0x1F, 0x23
_STRING_BYTES: Final = 8192
_DEVICES_MOST: Final = 4096
_OF_DEVICES: Final = 1  # CM_NOTIFY_FILTER_TYPE_DEVICEINSTANCE
_OF_ALL: Final = 0x2  # CM_NOTIFY_FILTER_FLAG_ALL_DEVICE_INSTANCES


class _Info(ctypes.Structure):
    """SP_DEVINFO_DATA."""

    _fields_ = (
        ("size", wintypes.DWORD),
        ("guid", ctypes.c_byte * 16),
        ("instance", wintypes.DWORD),
        ("reserved", ctypes.c_size_t),
    )


class _Key(ctypes.Structure):
    """DEVPROPKEY."""

    _fields_ = (("guid", ctypes.c_byte * 16), ("number", wintypes.DWORD))


class _Filter(ctypes.Structure):
    """CM_NOTIFY_FILTER, of all devices."""

    _fields_ = (
        ("size", wintypes.DWORD),
        ("flags", wintypes.DWORD),
        ("type", wintypes.DWORD),
        ("reserved", wintypes.DWORD),
        ("instance", wintypes.WCHAR * 200),
    )


def _key(guid: str, number: int) -> _Key:
    return _Key((ctypes.c_byte * 16).from_buffer_copy(UUID(guid).bytes_le), number)


_BUS_NAME: Final = _key("540b947e-8b40-45bc-a8a2-6a0b894cbda2", 4)  # DEVPKEY_..BusReported..Desc
_PARENT: Final = _key("4340a6c5-93fa-4706-972c-7b648008a5a7", 8)  # DEVPKEY_Device_Parent


def devices() -> list[PnpDevice]:
    """Every device that is there now. Raises OSError where Windows gives no list."""
    api = _api()
    listed = api.SetupDiGetClassDevsW(None, None, None, _PRESENT_OF_ALL)
    if listed in {None, _NONE}:
        raise OSError(ctypes.get_last_error(), "no list of devices")
    try:
        return [_device(listed, info) for info in _infos(listed)]
    finally:
        api.SetupDiDestroyDeviceInfoList(listed)


@contextmanager
def changes(changed: Callable[[], None]) -> Iterator[bool]:
    """Call `changed` whenever a device comes or goes; from a thread of Windows' own.

    Gives whether Windows does so: where it does not, who wants to know looks again at times.
    """
    try:
        register = ctypes.WinDLL("cfgmgr32").CM_Register_Notification
        unregister = ctypes.WinDLL("cfgmgr32").CM_Unregister_Notification
    except (OSError, AttributeError):  # Wine 8
        yield False
        return

    def heard(_handle: Any, _context: Any, _action: Any, _data: Any, _size: Any) -> int:
        changed()
        return 0

    kind = ctypes.WINFUNCTYPE(
        wintypes.DWORD,
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_int,
        ctypes.c_void_p,
        wintypes.DWORD,
    )
    callback, handle = kind(heard), ctypes.c_void_p()
    wanted = _Filter(size=ctypes.sizeof(_Filter), flags=_OF_ALL, type=_OF_DEVICES)
    refused = register(ctypes.byref(wanted), None, callback, ctypes.byref(handle))
    try:
        yield not refused
    finally:
        if not refused:
            unregister(handle)


def _infos(listed: Any) -> Iterator[_Info]:
    for number in range(_DEVICES_MOST):
        info = _Info(size=ctypes.sizeof(_Info))
        if not _api().SetupDiEnumDeviceInfo(listed, number, ctypes.byref(info)):
            return
        yield info


def _device(listed: Any, info: _Info) -> PnpDevice:
    def text(number: int) -> str:
        return next(iter(_texts(listed, info, number)), "")

    name = _told(listed, info, _BUS_NAME) or text(_NAME) or text(_DESCRIPTION)
    return PnpDevice(
        instance=_instance(listed, info),
        parent=_told(listed, info, _PARENT),
        name=name,
        maker=text(_MAKER),
        setup_class=text(_CLASS),
        service=text(_SERVICE),
        ids=(*_texts(listed, info, _HARDWARE), *_texts(listed, info, _COMPATIBLE)),
        location=text(_LOCATION),
        removal=int.from_bytes(_property(listed, info, _REMOVAL)[:4], "little"),
    )


def _instance(listed: Any, info: _Info) -> str:
    buffer = ctypes.create_unicode_buffer(_STRING_BYTES // 2)
    _api().SetupDiGetDeviceInstanceIdW(listed, ctypes.byref(info), buffer, len(buffer), None)
    return buffer.value


def _texts(listed: Any, info: _Info, number: int) -> list[str]:
    text = _property(listed, info, number).decode("utf-16-le", "replace")
    return [clean(one) for one in text.split("\0") if one]


def _property(listed: Any, info: _Info, number: int) -> bytes:
    buffer = ctypes.create_string_buffer(_STRING_BYTES)
    kind, needed = wintypes.DWORD(), wintypes.DWORD()
    found = _api().SetupDiGetDeviceRegistryPropertyW(
        listed,
        ctypes.byref(info),
        number,
        ctypes.byref(kind),
        buffer,
        len(buffer),
        ctypes.byref(needed),
    )
    return buffer.raw[: needed.value] if found else b""


def _told(listed: Any, info: _Info, key: _Key) -> str:
    """A property of the newer kind, which is a text; "" where there is none."""
    buffer = ctypes.create_unicode_buffer(_STRING_BYTES // 2)
    kind = wintypes.DWORD()
    found = _api().SetupDiGetDevicePropertyW(
        listed,
        ctypes.byref(info),
        ctypes.byref(key),
        ctypes.byref(kind),
        buffer,
        _STRING_BYTES,
        None,
        0,
    )
    return clean(buffer.value) if found else ""


@cache
def _api() -> Any:
    api = ctypes.WinDLL("setupapi", use_last_error=True)
    pointer, word = ctypes.c_void_p, wintypes.DWORD
    api.SetupDiGetClassDevsW.restype = pointer
    api.SetupDiGetClassDevsW.argtypes = (pointer, wintypes.LPCWSTR, pointer, word)
    api.SetupDiEnumDeviceInfo.argtypes = (pointer, word, pointer)
    api.SetupDiDestroyDeviceInfoList.argtypes = (pointer,)
    api.SetupDiGetDeviceInstanceIdW.argtypes = (pointer, pointer, wintypes.LPWSTR, word, pointer)
    api.SetupDiGetDeviceRegistryPropertyW.argtypes = (
        *(pointer, pointer, word, pointer),
        *(pointer, word, pointer),
    )
    api.SetupDiGetDevicePropertyW.argtypes = (
        *(pointer, pointer, pointer, pointer),
        *(pointer, word, pointer, word),
    )
    return api
