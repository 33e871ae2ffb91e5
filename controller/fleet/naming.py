"""This file says what a device is called, in the one place that every reader shares. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.fleet.bearers import bearers_of
from controller.fleet.records import DeviceRecord
from controller.sheets.text import clean
from protocol.errors import ActionError
from protocol.formats import made, with_kind
from protocol.words import N_, Translate, kind_word

MAX_NAME: Final = 80


def device_title(device: DeviceRecord, say: Translate) -> str:
    """What to call a device: its name, else who made it, else its kind."""
    return device.called or made(device.vendor, device.model) or kind_word(device.kind, say)


def kind_beside(device: DeviceRecord, say: Translate) -> str:
    """Its kind, to stand beside its title; empty where the title says that already."""
    kind = kind_word(device.kind, say)
    return "" if device_title(device, say) == kind else kind


def named_kind(device: DeviceRecord, say: Translate) -> str:
    """The same with its kind before it, where that is not all that is known."""
    return with_kind(kind_word(device.kind, say), device_title(device, say))


def given_names(devices: Iterable[DeviceRecord]) -> dict[str, str]:
    """What people call devices, by each id that one alone bears. devices: all of a school."""
    here = [*devices]
    given = {device.device_id: device.given_name for device in here if device.given_name}
    if not given:
        return {}
    return {name: given[bearer] for name, bearer in bearers_of(here).items() if bearer in given}


def name_in(text: str) -> str:
    """A name as a person wrote it, without what is unseen. Raises ActionError for a long one."""
    name = clean(text)
    if len(name) > MAX_NAME:
        raise ActionError(
            "name_too_long",
            N_("A device's name has at most {n} {n:character|characters}."),
            N_("Give it a shorter name."),
            n=MAX_NAME,
        )
    return name


def renamed_since() -> ActionError:
    """Somebody gave it another name meanwhile."""
    return ActionError(
        "name_changed",
        N_("Somebody has given this device another name meanwhile."),
        N_("Look at its page again."),
    )
