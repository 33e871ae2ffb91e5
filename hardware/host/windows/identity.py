"""This file says what this machine is, by its firmware and by Windows' registry."""

from __future__ import annotations

import sys

assert sys.platform == "win32"  # for mypy: read on Windows alone

import ctypes
import winreg
from typing import Final

from hardware.host.smbios import serial_in
from hardware.readings import clean

_BIOS: Final = r"HARDWARE\DESCRIPTION\System\BIOS"
_WINDOWS: Final = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_INSTALLATION: Final = r"SOFTWARE\Microsoft\Cryptography"
_ELEVEN: Final = 22000  # the build from which "Windows 10" calls itself 11
_FIRMWARE: Final = int.from_bytes(b"RSMB", "big")
_FIRMWARE_MOST: Final = 1 << 20


def vendor() -> str:
    """Who made it."""
    return _text(_BIOS, "SystemManufacturer")


def model() -> str:
    """What it is called."""
    return _text(_BIOS, "SystemProductName")


def serial() -> str:
    """Its number, as its firmware tells it."""
    kernel = ctypes.WinDLL("kernel32")
    size = kernel.GetSystemFirmwareTable(_FIRMWARE, 0, None, 0)
    if not 0 < size <= _FIRMWARE_MOST:
        return ""
    buffer = ctypes.create_string_buffer(size)
    kernel.GetSystemFirmwareTable(_FIRMWARE, 0, buffer, size)
    return clean(serial_in(buffer.raw))


def system_name() -> str:
    """Which Windows it runs, such as "Windows 11 23H2 (22631)"."""
    build = _text(_WINDOWS, "CurrentBuildNumber")
    release = _text(_WINDOWS, "DisplayVersion")
    number = 11 if build.isdecimal() and int(build) >= _ELEVEN else 10
    return " ".join(filter(None, (f"Windows {number}", release, f"({build})" if build else "")))


def installation() -> str:
    """What Windows calls this very installation; "" where it does not."""
    return _text(_INSTALLATION, "MachineGuid")


def _text(key: str, name: str) -> str:
    try:
        access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key, 0, access) as opened:
            return clean(str(winreg.QueryValueEx(opened, name)[0]))
    except OSError:
        return ""
