"""This file asks the agent that runs on this computer, through its door, what it is and does."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final

import msgspec

from agent.joining.reports import Report, report_in
from protocol import probing
from protocol.door_client import OK, ask_door

_MOST_BYTES: Final = 4096


def version_at(port: int) -> str:
    """What the agent that answers at the port says it is; empty for none."""
    with suppress(ValueError, KeyError, TypeError):
        return str(json.loads(_answer(port, "/livez"))["version"])[:64]
    return ""


def report_at(port: int, key: str) -> Report | None:
    """How its joining goes; None where nobody joins, or this account has no key of its door."""
    with suppress(msgspec.DecodeError):
        return report_in(_answer(port, "/api/v1/enrolment", key))
    return None


def _answer(port: int, path: str, key: str = "") -> bytes:
    """What it answers; empty where it does not, or refuses."""
    with suppress(OSError):
        answer = ask_door(port, path, key=key, limit_s=probing.LINE_S, most_bytes=_MOST_BYTES)
        return answer.body if answer.status == OK else b""
    return b""
