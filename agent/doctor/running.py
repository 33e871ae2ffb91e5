"""This file asks the agent that runs on this computer, through its door, what it is and does."""

from __future__ import annotations

import json
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from typing import Final

import msgspec

from agent.joining.reports import Report, report_in
from protocol import probing
from protocol.door_key import bearer

_MOST_BYTES: Final = 4096
_OK: Final = 200


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
    """The beginning of what it answers; empty where it does not, or refuses."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=probing.LINE_S)) as line:
        try:
            line.request("GET", path, headers=bearer(key))
            answer = line.getresponse()
            return answer.read(_MOST_BYTES) if answer.status == _OK else b""
        except (OSError, HTTPException):
            return b""
