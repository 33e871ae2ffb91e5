"""This file makes settings of what the first steps were answered; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.config import TIMEZONE, zone_of
from controller.setup.provinces import PROVINCES
from controller.setup.steps import SetupStep
from controller.sheets.text import clean
from protocol.errors import ActionError
from protocol.model import is_name
from protocol.words import N_

CLOCK_MS: Final = 2 * 60_000  # two people's watches differ by less
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - what "the whole network" is called
_HERE: Final = "127.0.0.1"
_ROLES: Final = frozenset({"school", "department"})
_MAX_NAME: Final = 120


def answers_to(step: SetupStep, form: Mapping[str, str]) -> dict[str, str]:
    """The settings that a form of this step gives, by name. Raises ActionError."""
    match step:
        case SetupStep.SCHOOL:
            return _school(form)
        case SetupStep.TIME:
            return _time(form)
        case SetupStep.NETWORK:
            host = _HERE if form.get("open") == "no" else EVERYWHERE
            return {"http_host": host, "mqtt_host": host}
        case _:
            return {}


def clock_off_ms(form: Mapping[str, str], now_ms: int) -> int | None:
    """By how much the browser's clock is ahead of the server's; None where it told none."""
    told = form.get("browser_ms", "")
    return int(told) - now_ms if told.isascii() and told.isdecimal() and len(told) <= 15 else None  # noqa: PLR2004 - until the year 33658


def _school(form: Mapping[str, str]) -> dict[str, str]:
    role, name = form.get("role", "school"), clean(form.get("name", ""))[:_MAX_NAME]
    code, province = clean(form.get("school", "")), form.get("province", "")
    if role not in _ROLES:
        role = "school"
    if not name:
        raise ActionError(
            "name_missing", N_("What is it called? Write its name as its sign has it.")
        )
    if not is_name(code):
        raise ActionError(
            "code_missing",
            N_("Which code does it have?"),
            N_("Write it as the ministry's database has it, with its zeros; at most 64 letters."),
        )
    if province not in PROVINCES:
        raise ActionError("province_missing", N_("Choose the province from the list."))
    return {"role": role, "name": name, "school": code, "province": province}


def _time(form: Mapping[str, str]) -> dict[str, str]:
    zone = form.get("timezone", "").strip() or TIMEZONE
    zone_of(zone)
    return {"timezone": zone}
