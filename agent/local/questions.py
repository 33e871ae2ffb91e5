"""This file says what only a person can tell of the devices. Pure."""

from __future__ import annotations

from typing import Any

from agent.classroom import Classroom
from protocol.model import DeviceKind
from protocol.words import N_, Translate, kind_word


def questions(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """The devices of which a person should say what they are, with the two answers."""
    records = classroom.devices.by_id
    return [
        {
            "device_id": device_id,
            "name": records[device_id].device.name,
            "kind": kind,
            "question": f"{kind_word(DeviceKind(kind), say)}?",
            "yes": say(N_("Yes")),
            "no": say(N_("No")),
        }
        for device_id, kind in classroom.devices.questions().items()
        if device_id in records
    ]
