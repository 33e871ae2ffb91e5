"""This file says measures and what will fail in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.fleet.naming import device_title
from controller.fleet.records import DeviceRecord
from controller.measures.chart import ChartSpan
from controller.measures.series import Measure
from controller.measures.wear import Wear, WearCode
from controller.web.words import Words
from protocol.words import N_

MEASURE_WORDS: Final[Mapping[Measure, str]] = {
    Measure.TEMPERATURE: N_("Temperature (°C)"),
    Measure.DISK: N_("Disk used (%)"),
    Measure.BATTERY: N_("Battery charge (%)"),
    Measure.WEAR: N_("Battery wear (%)"),
    Measure.WIFI: N_("Wi-Fi signal (dBm)"),
    Measure.LAMP: N_("Lamp (hours)"),
    Measure.FILTER: N_("Filter (hours)"),
}
SPAN_WORDS: Final[Mapping[ChartSpan, str]] = {
    ChartSpan.DAY: N_("24 hours"),
    ChartSpan.MONTH: N_("30 days"),
    ChartSpan.YEAR: N_("a year"),
}
UP_WORDS: Final[Mapping[str, str]] = {
    "room": N_("by room"),
    "maker": N_("by maker"),
    "model": N_("by model"),
}
_WHAT: Final[Mapping[WearCode, str]] = {
    WearCode.DISK_FULL: N_("The disk will be full"),
    WearCode.BATTERY_WORN: N_("The battery is worn"),
    WearCode.LAMP_OLD: N_("The lamp is near its end"),
    WearCode.WIFI_WEAK: N_("Wi-Fi is weak"),
    WearCode.HOT: N_("It gets too hot"),
}
_WHY: Final[Mapping[WearCode, str]] = {
    WearCode.DISK_FULL: N_("{value} % of the disk is used: delete or move what is not needed."),
    WearCode.BATTERY_WORN: N_(
        "It has lost {value} % of what it held when new: plan another battery."
    ),
    WearCode.LAMP_OLD: N_(
        "It has burned {value} {value:hour|hours}, and lamps last some 3,000: have one ready."
    ),
    WearCode.WIFI_WEAK: N_(
        "The usual signal of a week is {value} dBm: move the access point, or use a cable."
    ),
    WearCode.HOT: N_("Up to {value} °C on several days of a week: clean the fan and its openings."),
}
_IN_DAYS: Final = N_("in about {n} {n:day|days}")
_NOW: Final = N_("now")


class MeasureWords(Words):
    """What pages say of measures."""

    def device(self, device: DeviceRecord) -> str:
        """What to call a device."""
        return device_title(device, self.translate)

    def what(self, wear: Wear) -> str:
        """What will fail."""
        return self.say(_WHAT[wear.code])

    def why(self, wear: Wear) -> str:
        """By which figure, and what to do."""
        return self.say(_WHY[wear.code], value=self.number(round(wear.value)))

    def due(self, wear: Wear) -> str:
        """When; empty where nobody can say."""
        if wear.days is None:
            return ""
        return self.say(_IN_DAYS, n=wear.days) if wear.days else self.say(_NOW)

    def figure(self, value: float) -> str:
        """A figure of a table, to one decimal."""
        return self.number(round(value, 1))
