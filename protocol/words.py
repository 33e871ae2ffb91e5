"""This file turns codes and values into sentences for people, in Vietnamese and English.

Message ids are English; the catalogue under `locale/` holds the Vietnamese. The teacher's
screen, the admin's and the terminal say the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.formats import number
from protocol.health import ReasonCode
from protocol.language import LANGUAGES, N_, Translate, fill, preferred_language, translator
from protocol.messages import Proof
from protocol.model import DeviceKind, Reason, Status

__all__ = [
    "LANGUAGES",
    "N_",
    "PROOF_WORDS",
    "Translate",
    "kind_word",
    "preferred_language",
    "sentence",
    "status_word",
    "translator",
]

PROOF_WORDS: Final[Mapping[Proof, str]] = {
    Proof.PIN: N_("with their PIN"),
    Proof.NONE: N_("without a PIN"),
}
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
    DeviceKind.UPS: N_("UPS"),
    DeviceKind.OTHER: N_("other device"),
}

_REASONS: Final[Mapping[ReasonCode, str]] = {
    ReasonCode.CPU_HIGH: N_("The processor is very busy ({value} %)."),
    ReasonCode.MEMORY_LOW: N_("Memory is almost full ({value} % used): close some programs."),
    ReasonCode.DISK_LOW: N_("The disk is almost full ({value} % used): delete what is not needed."),
    ReasonCode.TEMPERATURE_HIGH: N_("The computer is hot ({value} °C): clear its air vents."),
    ReasonCode.BATTERY_LOW: N_("The battery is low ({value} %): plug in the charger."),
    ReasonCode.BATTERY_WORN: N_("The battery has lost {value} % of its capacity: replace it soon."),
    ReasonCode.WIFI_WEAK: N_("The Wi-Fi signal is weak ({value} dBm): check the access point."),
    ReasonCode.UNDER_VOLTAGE: N_("The power supply is too weak: use the adapter it came with."),
    ReasonCode.THROTTLED: N_("The computer has slowed itself down: check cooling and power."),
    ReasonCode.DISK_READ_ONLY: N_("The disk can no longer be written: restart, then replace it."),
    ReasonCode.DISK_ERRORS: N_(
        "The disk has reported {value} {value:error|errors}: replace it soon."
    ),
    ReasonCode.GATEWAY_UNREACHABLE: N_("The room has no network: check the Wi-Fi or the cable."),
    ReasonCode.DNS_FAILING: N_("Names on the internet cannot be looked up."),
    ReasonCode.INTERNET_UNREACHABLE: N_("The internet is out of reach; lessons go on without it."),
    ReasonCode.CONTROLLER_UNREACHABLE: N_(
        "The school's server has been out of reach for {value} {value:minute|minutes}; records"
        " wait here."
    ),
    ReasonCode.NOT_BELIEVED: N_(
        "A computer that is not the school's server answered as if it were; this room told it"
        " nothing."
    ),
    ReasonCode.SOFTWARE_MISSING: N_("The program {value} is not installed."),
    ReasonCode.KIT_MISSING: N_("Missing in this room: {value}."),
    ReasonCode.ROOM_UNKNOWN: N_("This computer does not know its room: choose the room."),
    ReasonCode.FLAWS_HEARD: N_(
        "{value} {value:message|messages} of devices made no sense and {value:was|were} let go."
    ),
    ReasonCode.CLOCK_JUMPED: N_("The computer's clock jumped by {value} {value:second|seconds}."),
    ReasonCode.CLOCK_OFF: N_(
        "The computer's clock is {value} {value:minute|minutes} off the school's; LopHoc goes by"
        " the school's."
    ),
    ReasonCode.SENSE_MISSING: N_("This computer cannot look for devices by {value}."),
    ReasonCode.OUTBOX_REFUSED: N_("The disk takes no new records: free some space now."),
    ReasonCode.OUTBOX_WAITING: N_(
        "{value} {value:message waits|messages wait} for the school's server."
    ),
    ReasonCode.EVENTS_DROPPED: N_(
        "{value} old {value:message|messages} had to be dropped for lack of space."
    ),
    ReasonCode.EVENTS_MISSING: N_("{value} {value:message has|messages have} not arrived yet."),
    ReasonCode.UNPLUGGED: N_("Unplugged: check the cable."),
    ReasonCode.GOODBYE: N_("Switched off or left the network."),
    ReasonCode.NO_ANSWER: N_("No longer answers: check its power and network cable."),
    ReasonCode.SLEEPING: N_("Asleep: it comes back when it is used."),
    ReasonCode.NEEDS_PASSWORD: N_("Asks for a password: enter it on this room's page."),
    ReasonCode.BUSY: N_("In use by another program; looked at again later."),
    ReasonCode.STALLED: N_("Answers, but sends nothing more: switch it off and on."),
    ReasonCode.NONSENSE: N_("Answers, but oddly: switch it off and on."),
    ReasonCode.NO_RIGHTS: N_("LopHoc may not open it: put its user into the group video."),
    ReasonCode.CHARGE: N_("Charged to {value} %."),
    ReasonCode.CHARGE_LOW: N_("Charged to {value} % only: see whether the mains is there."),
    ReasonCode.CAMERA_OFF: N_("Switched off in this room."),
    ReasonCode.PICTURE_DISCONNECTED: N_("No picture: check the camera's cable and power."),
    ReasonCode.PICTURE_FROZEN: N_("The picture stands still: switch the camera off and on."),
    ReasonCode.PICTURE_BLACK: N_("The picture is black: open the lens cover."),
    ReasonCode.PICTURE_OVEREXPOSED: N_("The picture is far too bright: turn it from the light."),
    ReasonCode.PICTURE_COVERED: N_("Something covers the camera: clear it."),
    ReasonCode.PICTURE_COLOUR_CAST: N_("The picture has one colour only: check the camera."),
    ReasonCode.PICTURE_PARTLY_COVERED: N_("Something covers part of the camera: clear it."),
    ReasonCode.PICTURE_BLURRED: N_("The picture is blurred: wipe the lens, check the focus."),
    ReasonCode.PICTURE_SLOW: N_("The picture comes too slowly: check the network."),
    ReasonCode.PART_FAN: N_("Its fan has trouble: clean it or call for repair."),
    ReasonCode.PART_LAMP: N_("Its lamp has trouble: have it replaced."),
    ReasonCode.PART_TEMPERATURE: N_("It is too hot: clear its air vents."),
    ReasonCode.PART_COVER: N_("Its cover is open: close it."),
    ReasonCode.PART_FILTER: N_("Its air filter is clogged: clean it."),
    ReasonCode.PART_OTHER: N_("It reports a fault: call for repair."),
    ReasonCode.LAMP_OLD: N_(
        "Its lamp has run for {value} {value:hour|hours}: have a new one ready."
    ),
    ReasonCode.NOT_REPORTED: N_("The room's computer no longer reports it."),
    ReasonCode.AGENT_LOST: N_("The room's computer is off or has no network."),
    ReasonCode.SILENT: N_("Nothing heard for {value} {value:minute|minutes}."),
    ReasonCode.CLONED: N_(
        "Two computers share one identity: {value}. Enrol one of them anew: on the page Add a room"
        " make a code, and enter it on LopHoc's page on that computer."
    ),
    ReasonCode.PORT_TAKEN: N_(
        "Another program uses port {value}: the teacher's window cannot open."
    ),
    ReasonCode.TABLET_PORT_TAKEN: N_("Another program uses port {value}: tablets cannot check in."),
    ReasonCode.DOOR_KEY: N_(
        "The teacher's window cannot open: no key can be left in its folder on that computer."
    ),
    ReasonCode.TEXT_CUT: N_("Told a text longer than may be; it was cut: {value}."),
    ReasonCode.LEFT_OUT: N_("Things told that cannot be read, and were left out: {value}."),
    ReasonCode.BASIC_ONLY: N_(
        "Takes its password in clear only: switch its Digest login on, or give it a login of its"
        " own on this room's page."
    ),
    ReasonCode.LOGIN_WAY: N_(
        "Wants its password in a way that LopHoc does not know: switch its Digest login on."
    ),
    ReasonCode.CAMERA_CLOCK: N_("Refuses the password because its clock is wrong: set its clock."),
    ReasonCode.UNCLAIMED: N_(
        "Asks for a password: say on this room's page whether it is this room's."
    ),
    ReasonCode.ANOTHER_DEVICE: N_(
        "Stands at the address of this room's {value} and is another device: it got no password."
    ),
    ReasonCode.SIMULATED_FAULT: N_("A simulated fault."),
}


def status_word(status: Status, translate: Translate) -> str:
    """The status in a word or two."""
    return translate(_STATUSES[status])


def kind_word(kind: DeviceKind, translate: Translate) -> str:
    """The kind of a device as people call it."""
    return translate(_KINDS[kind])


def sentence(reason: Reason, translate: Translate) -> str:
    """One plain sentence; a code from a newer program is shown as it is."""
    if reason.code not in _REASON_CODES:
        return reason.code
    text = translate(_REASONS[ReasonCode(reason.code)])
    return fill(text, {"value": _value_text(reason.value, translate)})


def _value_text(value: float | str | None, translate: Translate) -> str:
    """The value; a kind of device by its word."""
    if value in _KIND_CODES:
        return kind_word(DeviceKind(value), translate)
    return number(value, translate)


_REASON_CODES: Final = frozenset(map(str, ReasonCode))
_KIND_CODES: Final = frozenset(map(str, DeviceKind))
