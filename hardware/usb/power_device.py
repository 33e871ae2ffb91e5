"""This file reads HID report descriptors: which is a UPS's, and where its charge stands. Pure.

The kernel makes no battery of a UPS: it tells its charge in a report that has to be asked for.
Sources: USB-IF, Device Class Definition for HID 1.11, 6.2.2; Usage Tables for Power Devices 1.0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

DESCRIPTOR_LIMIT: Final = 4096  # HID_MAX_DESCRIPTOR_SIZE of Linux
REPORT_LIMIT: Final = 64  # bytes of the report that holds the charge

_UPS: Final = 0x0084_0004  # page and usage: Power Device, UPS
_CHARGE: Final = 0x0085_0066  # Battery System, RemainingCapacity
_FULL: Final = 100  # per cent, as every UPS that Network UPS Tools knows tells it
_WIDEST: Final = 32  # bits
_DEPTH: Final = 100
_SIZES: Final = (0, 1, 2, 4)
_LONG_ITEM: Final = 0xFE
_USAGES_LIMIT: Final = 256


class ItemKind(IntEnum):
    """An item of a descriptor, by its tag and type."""

    PAGE = 0x04
    USAGE = 0x08
    LOWEST = 0x18
    HIGHEST = 0x28
    SIZE = 0x74
    INPUT = 0x80
    REPORT = 0x84
    OUTPUT = 0x90
    COUNT = 0x94
    COLLECTION = 0xA0
    PUSH = 0xA4
    FEATURE = 0xB0
    POP = 0xB4
    END = 0xC0


class ChargePlace(NamedTuple):
    """Where a feature report holds the charge: its id, then bits from behind the id's byte."""

    report: int
    bit: int
    bits: int


class PowerDevice(NamedTuple):
    """What a descriptor tells. charge: where it stands; None where no report of its holds it."""

    is_ups: bool = False
    charge: ChargePlace | None = None


class _Item(NamedTuple):
    kind: int
    value: int
    size: int


@dataclass(slots=True)
class _Globals:
    page: int = 0
    size: int = 0
    report: int = 0
    count: int = 0

    def copy(self) -> _Globals:
        return _Globals(self.page, self.size, self.report, self.count)


@dataclass(slots=True)
class _Reading:
    """How far a descriptor was read: what holds for the next field, and how long reports are."""

    state: _Globals = field(default_factory=_Globals)
    kept: list[_Globals] = field(default_factory=list)
    usages: list[int] = field(default_factory=list)
    lowest: int = 0
    bits: dict[int, int] = field(default_factory=dict)
    is_ups: bool = False
    charge: ChargePlace | None = None

    def take(self, item: _Item) -> None:
        """Take one item; unknown ones change nothing that is read here."""
        state = self.state
        match item.kind:
            case ItemKind.PAGE:
                state.page = item.value
            case ItemKind.SIZE:
                state.size = item.value
            case ItemKind.REPORT:
                state.report = item.value
            case ItemKind.COUNT:
                state.count = item.value
            case ItemKind.PUSH if len(self.kept) < _DEPTH:
                self.kept.append(state.copy())
            case ItemKind.POP if self.kept:
                self.state = self.kept.pop()
            case ItemKind.USAGE | ItemKind.LOWEST | ItemKind.HIGHEST:
                self._note_usage(item)
            case ItemKind.COLLECTION:
                self.is_ups = self.is_ups or _UPS in self.usages
                self.usages.clear()
            case ItemKind.FEATURE:
                self._take_feature()
                self.usages.clear()
            case ItemKind.INPUT | ItemKind.OUTPUT | ItemKind.END:
                self.usages.clear()

    def _note_usage(self, item: _Item) -> None:
        usage = item.value if item.size == _SIZES[-1] else self.state.page << 16 | item.value
        match item.kind:
            case ItemKind.LOWEST:
                self.lowest = usage
            case ItemKind.HIGHEST:
                last = min(usage, self.lowest + _USAGES_LIMIT)
                self.usages += range(self.lowest, last + 1)
            case _:
                self.usages.append(usage)
        del self.usages[_USAGES_LIMIT:]

    def _take_feature(self) -> None:
        state = self.state
        begins = self.bits.get(state.report, 0)
        self.bits[state.report] = begins + state.size * state.count
        if self.charge is None and _CHARGE in self.usages[: state.count]:
            bit = begins + state.size * self.usages.index(_CHARGE)
            if 0 < state.size <= _WIDEST and (bit + state.size) // 8 < REPORT_LIMIT:
                self.charge = ChargePlace(state.report, bit, state.size)


def power_device(descriptor: bytes) -> PowerDevice:
    """Give what a report descriptor tells of a power device; a broken one as far as it goes."""
    reading = _Reading()
    for item in _items(descriptor[:DESCRIPTOR_LIMIT]):
        reading.take(item)
    return PowerDevice(reading.is_ups, reading.charge if reading.is_ups else None)


def charge_in(report: bytes, place: ChargePlace) -> int | None:
    """Give the charge in percent that a feature report holds, its id first; None if it is none."""
    behind = report[1:]
    if len(behind) * 8 < place.bit + place.bits:
        return None
    value = int.from_bytes(behind, "little") >> place.bit & (1 << place.bits) - 1
    return value if value <= _FULL else None


def _items(descriptor: bytes) -> Iterator[_Item]:
    at = 0
    while at < len(descriptor):
        head = descriptor[at]
        if head == _LONG_ITEM:
            at += 3 + (descriptor[at + 1] if at + 1 < len(descriptor) else 0)
            continue
        size = _SIZES[head & 3]
        data = descriptor[at + 1 : at + 1 + size]
        if len(data) < size:
            return
        yield _Item(head & 0xFC, int.from_bytes(data, "little"), size)
        at += 1 + size
