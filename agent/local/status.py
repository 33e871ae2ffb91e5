"""This file says everything the teacher's screen shows, as one tree ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import asdict

from agent.classroom import Classroom, ClassroomView
from agent.health.vitals import line_measures
from agent.local.surroundings import Surroundings
from agent.school.connection import ConnectionState
from agent.store import ClassroomStore
from protocol.formats import phrase, with_kind
from protocol.grounds import kind_question
from protocol.health import ReasonCode
from protocol.kit import missing
from protocol.messages import KitLine
from protocol.model import PERSON, SCHOOL, Device, DeviceKind, Reason, iso
from protocol.version import BUILD
from protocol.words import N_, Translate, kind_word, sentence, status_word, translator

LOGIN: Final = "login"  # likewise: it asks for a login of its own
PAIR: Final = "pair"  # likewise: whether two devices are one
_PAIR_WORDS: Final = {
    (True, PERSON): N_("{one}, {other}: one device, as was said in this room."),
    (False, PERSON): N_("{one}, {other}: two devices, as was said in this room."),
    (True, SCHOOL): N_("{one}, {other}: one device, by the school's word."),
    (False, SCHOOL): N_("{one}, {other}: two devices, by the school's word."),
}
CLAIM: Final = "claim"  # in a question's kind: it asks whose the device is


def status_of(store: ClassroomStore, surroundings: Surroundings, language: str) -> dict[str, Any]:
    """The room as it is now, in codes and in the language's sentences."""
    say = translator(language)
    view, classroom = store.view(), store.classroom
    running = classroom.lesson.running
    return {
        "agent_id": surroundings.place.agent,
        "school": surroundings.place.school,
        "province": surroundings.place.province,
        "version": BUILD,
        **_room(classroom),
        "status": view.judgement.status,
        "status_word": status_word(view.judgement.status, say),
        "reasons": [reason_of(reason, say) for reason in view.judgement.reasons],
        "measures": classroom.vitals.measures,
        "lesson": {
            "state": "running" if running else "idle",
            "lesson": classroom.lesson.code,
            "since": iso(running.since_ms) if running else None,
        },
        "kit": _kit(view.kit, say),
        "devices": _devices(classroom, view, say),
        "questions": questions(classroom, say),
        "suggestions": [list(pair) for pair in classroom.devices.suggestions()],
        "pairs": _pairs(classroom, say),
        "typed": [{"host": address.host, "port": address.port} for address in classroom.typed],
        "camera_off": classroom.camera_off,
        "camera": _camera(classroom, surroundings),
        "flaws": classroom.flaws,
        "line": line_measures(classroom.line),
        "link": _link(surroundings.line()),
        "outbox": _outbox(store),
    }


def _camera(classroom: Classroom, surroundings: Surroundings) -> dict[str, Any]:
    switch = classroom.camera
    return {
        "off": switch.off,
        "by": switch.by,
        "name": switch.name,
        "since": iso(switch.since_ms) if switch.since_ms else None,
        "looks": [
            {"camera": look.key, "use": look.use, "since": iso(look.since_ms)}
            for look in surroundings.looks()
        ],
    }


def questions(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """The devices of which a person should say what they are, with the two answers."""
    records = classroom.devices.by_id
    return (
        _claims(classroom, say)
        + _logins(classroom, say)
        + _regulars(classroom, say)
        + _doubts(classroom, say)
        + [
            {
                "device_id": device_id,
                "name": records[device_id].device.name,
                "kind": kind,
                "question": kind_question(DeviceKind(kind), say),
                "yes": say(N_("Yes")),
                "no": say(N_("No")),
            }
            for device_id, kind in classroom.devices.questions().items()
            if device_id in records
        ]
    )


def _claims(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """The devices that ask for a password, and of which a person should say whose they are."""
    records = classroom.devices.by_id
    return [
        {
            "device_id": device_id,
            "name": records[device_id].device.name,
            "kind": CLAIM,
            "question": say(N_("Is it this room's? Then it gets the room's password.")),
            "yes": say(N_("Yes")),
            "no": say(N_("No")),
        }
        for device_id in classroom.devices.unclaimed()
    ]


def _logins(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """The devices of this room that want another login, which a person may give them here."""
    records = classroom.devices.by_id
    return [
        {
            "device_id": device_id,
            "name": records[device_id].device.name,
            "kind": LOGIN,
            "question": say(N_("It does not take the room's password: enter its own.")),
            "user": say(N_("User name")),
            "password": say(N_("Password")),
            "yes": say(N_("Save")),
            "no": "",
        }
        for device_id in classroom.devices.locked()
    ]


def _regulars(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """The first tablet that has checked in here for long, and of which nobody said whose it is."""
    records = classroom.devices.by_id
    names = sorted((records[one].device.name, one) for one in classroom.devices.regulars())
    return [
        {
            "device_id": device_id,
            "name": name,
            "kind": CLAIM,
            "question": say(N_("Is it this room's tablet, and no pupil's own?")),
            "yes": say(N_("Yes")),
            "no": say(N_("No")),
        }
        for name, device_id in names[:1]
    ]


def _doubts(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """The first two devices at one address, of which a person should say whether they are one."""
    records = classroom.devices.by_id
    return [
        {
            "device_id": one,
            "other": other,
            "name": f"{_called(records[one].device, say)}, {_called(records[other].device, say)}",
            "kind": PAIR,
            "question": say(N_("They answer at one address: one device or two?")),
            "yes": say(N_("One")),
            "no": say(N_("Two")),
        }
        for one, other in classroom.devices.suggestions()[:1]
    ]


def _pairs(classroom: Classroom, say: Translate) -> list[dict[str, Any]]:
    """What was answered of two devices, and whether this room may take it back."""
    names = {
        name: _called(record.device, say)
        for record in classroom.devices.by_id.values()
        for name in (*record.device.aliases, record.device.device_id)
    }
    return [
        {
            "device_id": one,
            "other": other,
            "is_one": is_one,
            "by": by,
            "words": phrase(
                _PAIR_WORDS[is_one, by], say, one=names.get(one, one), other=names.get(other, other)
            ),
        }
        for one, other, is_one, by in classroom.devices.pair_answers()
    ]


def _called(device: Device, say: Translate) -> str:
    return with_kind(kind_word(device.kind, say), device.name)


def reason_of(reason: Reason, say: Translate) -> dict[str, Any]:
    """A reason with its sentence."""
    return {
        "code": reason.code,
        "value": reason.value,
        "limit": reason.limit,
        "sentence": sentence(reason, say),
    }


def _room(classroom: Classroom) -> Mapping[str, Any]:
    placement = classroom.placement
    return {
        "room": classroom.room.room,
        "room_how": placement.how,
        "roaming": placement.roaming,
        "rooms": list(placement.candidates()),
    }


def _link(line: ConnectionState) -> dict[str, Any]:
    """How the line stands; what is refused or offered on it the teacher reads in words."""
    words = {"refused", "is_invited", "sharing"}
    return {name: value for name, value in line._asdict().items() if name not in words}


def _kit(lines: tuple[KitLine, ...], say: Translate) -> dict[str, Any]:
    lacking = [
        reason_of(Reason(ReasonCode.KIT_MISSING, line.kind or line.name), say)
        for line in missing(lines)
    ]
    return {"complete": not lacking, "lines": lines, "missing": lacking}


def _devices(classroom: Classroom, view: ClassroomView, say: Translate) -> dict[str, Any]:
    grounds = classroom.devices.all_grounds(say)
    listed = [
        _device(device, device.device_id in view.present_ids, say)
        | {"grounds": grounds.get(device.device_id, [])}
        for device in view.devices
    ]
    return {
        "count": len(listed),
        "present": len(view.present_ids),
        "missing": len(listed) - len(view.present_ids),
        "list": listed,
    }


def _device(device: Device, present: bool, say: Translate) -> dict[str, Any]:  # noqa: FBT001
    tree = asdict(device)
    first_ms, last_ms = tree.pop("first_seen_ms"), tree.pop("last_seen_ms")
    return tree | {
        "kind_word": kind_word(device.kind, say),
        "present": present,
        "status_word": status_word(device.status, say),
        "reasons": [reason_of(reason, say) for reason in device.reasons],
        "first_seen": iso(first_ms),
        "last_seen": iso(last_ms),
    }


def _outbox(store: ClassroomStore) -> dict[str, Any]:
    outbox = store.outbox_report()
    return {
        "pending": outbox.pending,
        "pending_bytes": outbox.pending_bytes,
        "dropped": outbox.dropped,
        "refused": store.refused,
    }
