"""This file says small facts on the screens: of a machine, its line, a device, a room's kit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from controller.fleet.records import DeviceRecord
from protocol.formats import number, phrase
from protocol.messages import HostMeasures, KitLine, LineMeasures, Part
from protocol.model import Identity
from protocol.words import N_, Translate, kind_word

Fact = tuple[str, str]  # a word, and the figure or word that goes with it

_MEASURES: Final[Mapping[str, tuple[str, str]]] = {
    "cpu_percent": (N_("processor"), "%"),
    "memory_used_percent": (N_("memory"), "%"),
    "disk_used_percent": (N_("disk"), "%"),
    "temperature_c": (N_("temperature"), "°C"),
    "battery_percent": (N_("battery"), "%"),
    "battery_wear_percent": (N_("battery wear"), "%"),
}
_WIFI: Final = N_("Wi-Fi signal")
# Above; the usual steps of signal bars, the last one being where a warning begins.
_STRENGTHS: Final = ((-60.0, N_("strong")), (-70.0, N_("good")), (-78.0, N_("fair")))
_WEAK: Final = N_("weak")
_REACHES: Final[Mapping[str, str]] = {
    "gateway": N_("network"),
    "dns": N_("domain names"),
    "controller": N_("school's server"),
    "internet": N_("internet"),
}
_REACHED, _LOST = N_("reached"), N_("out of reach")
_ROUND_TRIP, _OUTAGE = N_("round trip"), N_("server out of reach for")
IDENTITIES: Final[Mapping[Identity, str]] = {
    Identity.USB: N_("by its serial number"),
    Identity.PORT: N_("by the socket it is plugged into"),
    Identity.MAC: N_("by its MAC address"),
    Identity.UUID: N_("by an id that it tells"),
    Identity.TOKEN: N_("by an id that LopHoc gave it"),
    Identity.HOST: N_("by its name or address only"),
}
POWERS: Final[Mapping[str, str]] = {
    "off": N_("switched off"),
    "on": N_("switched on"),
    "cooling": N_("cooling down"),
    "warming": N_("warming up"),
}
PICTURES: Final[Mapping[str, str]] = {
    "ok": N_("good picture"),
    "disconnected": N_("no picture"),
    "frozen": N_("picture stands still"),
    "black": N_("black picture"),
    "overexposed": N_("picture too bright"),
    "covered": N_("picture covered"),
    "colour_cast": N_("picture of one colour"),
    "partly_covered": N_("picture partly covered"),
    "blurred": N_("blurred picture"),
    "slow": N_("slow picture"),
}
PARTS: Final[Mapping[Part, str]] = {
    Part.BOARD: N_("board"),
    Part.CAMERA: N_("camera"),
    Part.TABLET: N_("tablet"),
    Part.NETWORK: N_("network"),
    Part.POWER: N_("power"),
    Part.OTHER: N_("something else"),
}
LAMP, FILTER = N_("lamp {n} h"), N_("filter {n} h")
_PROGRAM: Final[Mapping[bool | None, str]] = {
    True: N_("running"),
    False: N_("installed, not running"),
    None: N_("not known to be missing"),
}
NOT_INSTALLED: Final = N_("not installed")


def machine_facts(measures: HostMeasures, translate: Translate) -> list[Fact]:
    """What a machine measured; nothing of what it has no sensor for."""
    facts = [
        (translate(word), f"{number(round(value), translate)} {unit}")
        for name, (word, unit) in _MEASURES.items()
        if (value := getattr(measures, name)) is not None
    ]
    signal = measures.wifi_signal_dbm
    if signal is not None:
        strength = next((word for least, word in _STRENGTHS if signal > least), _WEAK)
        dbm = number(round(signal), translate)
        facts.append((translate(_WIFI), f"{translate(strength)} ({dbm} dBm)"))
    return facts


def line_facts(line: LineMeasures, translate: Translate) -> list[Fact]:
    """How far a machine's line reaches; nothing of what it did not try."""
    facts = [
        (translate(word), translate(_REACHED if reached else _LOST))
        for name, word in _REACHES.items()
        if (reached := getattr(line, name)) is not None
    ]
    if line.rtt_ms is not None:
        facts.append((translate(_ROUND_TRIP), f"{number(round(line.rtt_ms, 1), translate)} ms"))
    if line.outage_min:
        minutes = phrase(N_("{n} {n:minute|minutes}"), translate, n=round(line.outage_min))
        facts.append((translate(_OUTAGE), minutes))
    return facts


def device_facts(device: DeviceRecord, translate: Translate) -> str:
    """What a device told of itself; its picture only where no reason says the same."""
    device_measures = device.measures
    if device_measures is None:
        return ""
    codes = {reason.code for reason in device.reasons}
    power, picture = (
        POWERS.get(device_measures.power or ""),
        PICTURES.get(device_measures.picture or ""),
    )
    is_reason = f"picture_{device_measures.picture}" in codes
    facts = [
        power and translate(power),
        device_measures.input,
        device_measures.lamp_hours and phrase(LAMP, translate, n=device_measures.lamp_hours),
        device_measures.filter_hours and phrase(FILTER, translate, n=device_measures.filter_hours),
        picture and not is_reason and translate(picture),
    ]
    return " · ".join(str(fact) for fact in facts if fact)


def kit_fact(line: KitLine, translate: Translate) -> Fact:
    """A line of a room's kit: a kind and how many of how many, or a program and how it is."""
    if line.kind is not None:
        return kind_word(line.kind, translate), f"{line.here}/{line.wanted}"
    return line.name, translate(_PROGRAM[line.running] if line.here else NOT_INSTALLED)


def said_of(words: Mapping[Any, str], say: Callable[[str], str]) -> dict[str, str]:
    """Codes and what is said of them, for the page's script."""
    return {str(code): say(word) for code, word in words.items()}


def listed(facts: Iterable[Fact]) -> str:
    """Facts in a row, such as camera 0/1, tablet 38/40."""
    return ", ".join(" ".join(fact) for fact in facts)
