"""This file asks a Raspberry Pi whether its voltage is too low and its processor slowed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from hardware.text import entries, read_number, read_text

_SYSFS = "sys/devices/platform/soc/soc:firmware/get_throttled"
# Kernel drivers/hwmon/raspberrypi-hwmon.c.
_MONITOR, _ALARM = "rpi_volt", "in0_lcrit_alarm"
_PROGRAM = "vcgencmd"
_PROGRAM_S = 2.0
# "50005" (sysfs) or "throttled=0x50005" (the program).
_BITS = re.compile(r"(?:throttled=)?(?:0x)?([0-9a-f]{1,8})", re.IGNORECASE)

_UNDER_VOLTAGE = 1 << 0
# Capped to a lower frequency, or throttled. The soft limit (bit 3) is left out: the 3B+ reaches
# it at 60 degrees, on any warm day, and works on as it is meant to.
_THROTTLED = 1 << 1 | 1 << 2
# Bits 16 to 19 say that bits 0 to 3 have been set since the machine started.
_SINCE_BOOT = 16

Ask = Callable[[], str]


class PiReading(NamedTuple):
    """Whether the voltage was too low and the processor slowed; None where it is not told."""

    under_voltage: bool | None = None
    throttled: bool | None = None


class Raspberry:
    """The Raspberry Pi's own watch on its power; found at the first reading.

    root: where `sys` is found. ask: runs `vcgencmd get_throttled`; used only where the kernel
    has no monitor: its older file may say 0 for ever (raspberrypi/linux issue 2367), so that
    whatever says that the voltage is low is believed. Source: Raspberry Pi documentation,
    "vcgencmd", get_throttled.
    """

    def __init__(self, root: Path, ask: Ask | None = None) -> None:
        self._root = root
        self._ask = ask
        self._ways: list[Callable[[], PiReading]] | None = None

    def read(self) -> PiReading:
        """Say what is so now, or came about since the reading before. May wait 2 s: in a thread."""
        if self._ways is None:
            self._ways = list(self._find_ways())
        readings = [read() for read in self._ways]
        return PiReading(
            _any_of(one.under_voltage for one in readings),
            _any_of(one.throttled for one in readings),
        )

    def _find_ways(self) -> Iterator[Callable[[], PiReading]]:
        sysfs = self._root / _SYSFS
        if _bits(read_text(sysfs)) is not None:
            yield _Bits(lambda: read_text(sysfs)).read
        monitors = entries(self._root / "sys/class/hwmon")
        monitor = next((one for one in monitors if read_text(one / "name") == _MONITOR), None)
        if monitor is not None:
            yield lambda: PiReading(under_voltage=_alarm(monitor / _ALARM))
        elif (ask := self._ask or program()) is not None:
            yield _Bits(ask).read


class _Bits:
    """One place that tells the bits of get_throttled."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._before: int | None = None

    def read(self) -> PiReading:
        bits = _bits(self._ask())
        if bits is None:
            return PiReading()
        reading = pi_reading(self._before, bits)
        self._before = bits
        return reading


def pi_reading(before: int | None, bits: int) -> PiReading:
    """Read the bits of get_throttled beside those of the reading before, if there was one.

    What has occurred since the start counts once, when it is first seen to have; what occurred
    before the first reading does not.
    """
    fresh = 0 if before is None else (bits & ~before) >> _SINCE_BOOT
    present = bits | fresh
    return PiReading(bool(present & _UNDER_VOLTAGE), bool(present & _THROTTLED))


def program() -> Ask | None:
    """Find vcgencmd; None where this machine has none."""
    path = shutil.which(_PROGRAM)
    return None if path is None else _Program(path).ask


class _Program:
    """vcgencmd; one that hangs in the kernel cannot be killed, and is not joined by others."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._hung: subprocess.Popen[bytes] | None = None

    def ask(self) -> str:
        """Give what it prints; "" if it cannot be run or does not answer in time."""
        if self._hung is not None and self._hung.poll() is None:
            return ""
        try:
            process = subprocess.Popen(
                [self._path, "get_throttled"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return ""
        return self._answer(process)

    def _answer(self, process: subprocess.Popen[bytes]) -> str:
        try:
            output, _ = process.communicate(timeout=_PROGRAM_S)
        except subprocess.TimeoutExpired:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()
            self._hung = process
            return ""
        # Without rights to the firmware's device it says so here, and that is no number.
        return output[:100].decode("ascii", "replace").strip()


def _any_of(said: Iterable[bool | None]) -> bool | None:
    known = [one for one in said if one is not None]
    return any(known) if known else None


def _bits(text: str) -> int | None:
    match = _BITS.fullmatch(text)
    return int(match[1], 16) if match else None


def _alarm(path: Path) -> bool | None:
    number = read_number(path)
    return bool(number) if number in {0, 1} else None
