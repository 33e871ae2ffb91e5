"""This file turns codes and values into sentences for people, in Vietnamese and English.

Message ids are English; the catalogue under `locale/` holds the Vietnamese. The teacher's
screen, the admin's and the terminal say the same words.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from protocol.health import ReasonCode
from protocol.model import DeviceKind, Reason, Status

LANGUAGES: Final = ("vi", "en")
Translate = Callable[[str], str]

_LOCALE: Final = Path(__file__).with_name("locale")


def N_(text: str) -> str:  # noqa: N802 - gettext's customary mark for text translated later
    """Mark a text for the catalogue."""
    return text


_STATUSES: Final[Mapping[Status, str]] = {
    Status.UNKNOWN: N_("unknown"),
    Status.OK: N_("working"),
    Status.WARNING: N_("needs a look"),
    Status.CRITICAL: N_("needs repair"),
}

_KINDS: Final[Mapping[DeviceKind, str]] = {
    DeviceKind.HOST: N_("computer"),
    DeviceKind.BOARD: N_("interactive board"),
    DeviceKind.PROJECTOR: N_("projector"),
    DeviceKind.CAMERA: N_("camera"),
    DeviceKind.TABLET: N_("tablet"),
    DeviceKind.PRINTER: N_("printer"),
    DeviceKind.NETWORK: N_("network device"),
    DeviceKind.INPUT: N_("keyboard, mouse or pen"),
    DeviceKind.AUDIO: N_("sound device"),
    DeviceKind.STORAGE: N_("USB drive"),
    DeviceKind.OTHER: N_("other device"),
}

_REASONS: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.CPU_HIGH: N_("The processor is very busy ({value} %)."),
    ReasonCode.MEMORY_LOW: N_("Memory is almost full ({value} % used): close some programs."),
    ReasonCode.DISK_LOW: N_("The disk is almost full ({value} % used): delete what is not needed."),
    ReasonCode.TEMPERATURE_HIGH: N_("The computer is hot ({value} °C): clear its air vents."),
    ReasonCode.BATTERY_LOW: N_("The battery is low ({value} %): plug in the charger."),
    ReasonCode.CLOCK_JUMPED: N_("The computer's clock jumped by {value} seconds."),
    ReasonCode.SENSE_MISSING: N_("This computer cannot look for devices by {value}."),
    ReasonCode.OUTBOX_REFUSED: N_("The disk takes no new records: free some space now."),
    ReasonCode.OUTBOX_WAITING: N_("{value} messages wait for the school's server."),
    ReasonCode.EVENTS_DROPPED: N_("{value} old messages had to be dropped for lack of space."),
    ReasonCode.EVENTS_MISSING: N_("{value} messages have not arrived yet."),
    ReasonCode.UNPLUGGED: N_("Unplugged: check the cable."),
    ReasonCode.GOODBYE: N_("Switched off or left the network."),
    ReasonCode.NOT_REPORTED: N_("The room's computer no longer reports it."),
    ReasonCode.AGENT_LOST: N_("The room's computer is off or has no network."),
    ReasonCode.SILENT: N_("Nothing heard for {value} minutes."),
    ReasonCode.PORT_TAKEN: N_(
        "Another program uses port {value}: the teacher's window cannot open."
    ),
    ReasonCode.SIMULATED_FAULT: N_("A simulated fault."),
}


@lru_cache
def translator(language: str) -> Translate:
    """The function that says a message id in `language`; English where nothing is known."""
    return gettext.translation("lophoc", _LOCALE, [language], fallback=True).gettext


def preferred_language(environ: Mapping[str, str]) -> str:
    """Vietnamese, unless the machine is set to English."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "vi"


def status_word(status: Status, translate: Translate) -> str:
    """The status in a word or two."""
    return translate(_STATUSES[status])


def kind_word(kind: DeviceKind, translate: Translate) -> str:
    """The kind of a device as people call it."""
    return translate(_KINDS[kind])


def sentence(reason: Reason, translate: Translate) -> str:
    """One plain sentence; a code from a newer program is shown as it is."""
    if reason.code not in _KNOWN:
        return reason.code
    text = translate(_REASONS[ReasonCode(reason.code)])
    return text.replace("{value}", number(reason.value))


def number(value: float | str | None) -> str:
    """A value as Vietnamese write it: 1.234,5; text as it is."""
    if value is None or isinstance(value, str):
        return value or "?"
    digits = f"{value:,.1f}" if value % 1 else f"{value:,.0f}"
    return digits.translate(str.maketrans(",.", ".,"))


_KNOWN: Final = frozenset(map(str, ReasonCode))
