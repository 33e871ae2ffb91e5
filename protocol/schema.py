"""This file describes the wire for other programs: JSON Schema and AsyncAPI 3.0, from the code.

python -m protocol.schema            the AsyncAPI document, kept as docs/wire/asyncapi.json
python -m protocol.schema messages   JSON Schema alone, kept as docs/wire/messages.schema.json
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from protocol import __version__
from protocol.messages import (
    MAX_BYTES,
    Ack,
    AnyEvent,
    Birth,
    CameraOff,
    ControllerState,
    CorrectionsGiven,
    DeviceForgotten,
    DeviceState,
    Down,
    EraseCommand,
    EventsStored,
    Explained,
    GuideGiven,
    Health,
    IdentityShared,
    InspectionGiven,
    KindsAnswered,
    KitGiven,
    ListsRefused,
    MarksAsked,
    MarksContested,
    NotEnrolled,
    PairsAnswered,
    PlanGiven,
    Presence,
    PupilsErased,
    Rebirth,
    Retell,
    SchoolClock,
    TabletsConfirmed,
    Up,
    UpdateOffered,
    WhoSpeaks,
)
from protocol.topics import CONTROLLER, ROOT, Channel
from protocol.upward import Upward

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SCHOOL: Final = f"{ROOT}/{{province}}/{{school}}"
_AGENT: Final = f"{_SCHOOL}/{{agent}}"
_PARAMETERS: Final = {
    "province": "The province's code, as one topic level.",
    "school": "The school's code, as one topic level.",
    "agent": "The agent's id, as one topic level; also its user name at the broker."
    " At a department: the school's code, and {school} is the department's.",
    "device": "The device's id, as one topic level.",
}


class Route(NamedTuple):
    """A channel: where it is, what is said there, by whom to whom, and how it is carried."""

    name: str
    address: str
    says: str
    kinds: tuple[type, ...]
    speaker: str = "agent"
    hearer: str = "controller"
    qos: int = 1
    retain: bool = False


def _command(name: str, says: str, kind: type, hearer: str = "agent", qos: int = 0) -> Route:
    address = f"{_AGENT}/{Channel.COMMAND}/{name}"
    return Route(name, address, says, (kind,), "controller", hearer, qos)


ROUTES: Final = (
    Route(
        "state",
        f"{_AGENT}/{Channel.STATE}",
        "Whether the agent's session is up; as a last will, that it is gone.",
        (Presence,),
        retain=True,
    ),
    Route("birth", f"{_AGENT}/{Channel.BIRTH}", "Everything the agent knows.", (Birth,)),
    Route("health", f"{_AGENT}/{Channel.HEALTH}", "The agent's beat.", (Health,)),
    Route(
        "device",
        f"{_AGENT}/{Channel.DEVICE}/{{device}}",
        "One device as it is now, or that it is no longer the room's.",
        (DeviceState, DeviceForgotten),
    ),
    Route(
        "explained",
        f"{_AGENT}/{Channel.EXPLAINED}",
        "Which marks of devices the agent believes, and of which two it is in doubt.",
        (Explained,),
    ),
    Route("event", f"{_AGENT}/{Channel.EVENT}", "What happened, each once.", AnyEvent.__args__),
    Route(
        "retold",
        f"{_AGENT}/{Channel.RETOLD}",
        "An event that the controller no longer has, as it was told once.",
        AnyEvent.__args__,
    ),
    _command("ack", "What the controller has committed; only now may the agent forget it.", Ack),
    _command("rebirth", "The controller asks for a full birth.", Rebirth),
    _command(
        "plan",
        "The room's part of the school's plan, whenever the agent holds another one.",
        PlanGiven,
        qos=1,
    ),
    _command(
        "stored",
        "Which events the controller has; the agent tells again what of the others it still has.",
        EventsStored,
        qos=1,
    ),
    _command(
        "erased",
        "In which events a pupil was erased; the agent erases there, too.",
        PupilsErased,
        qos=1,
    ),
    _command(
        "erase",
        "A pupil whom the agent erases wherever it has them; it answers by an erasure_proof.",
        EraseCommand,
        qos=1,
    ),
    _command(
        "camera",
        "The room's cameras are to be off; the agent answers by a camera event, once.",
        CameraOff,
        qos=1,
    ),
    _command(
        "refused",
        "Which class lists the agent is not given today, so that the teacher reads why.",
        ListsRefused,
        qos=1,
    ),
    _command(
        "guide",
        "What the agent may know of its school beyond its room: rooms to choose, teachers' PINs.",
        GuideGiven,
        qos=1,
    ),
    _command(
        "kit",
        "What the agent's room should have, as the school has chosen; in each session, and anew.",
        KitGiven,
        qos=1,
    ),
    _command(
        "enrolment",
        "The agent goes by a typed password, so that its page offers to join by a code.",
        NotEnrolled,
        qos=1,
    ),
    _command(
        "shared",
        "Which computers go by the agent's identity, while there are several; every half minute.",
        IdentityShared,
    ),
    _command(
        "clock",
        "The school's time and zone, by which the agent dates lessons; in each session, at times.",
        SchoolClock,
    ),
    _command(
        "tablets",
        "Which of the agent's tablets the school's book names; in each session, and as it changes.",
        TabletsConfirmed,
        qos=1,
    ),
    _command(
        "pairs",
        "Which two of the agent's devices are one by the school's word; as tablets.",
        PairsAnswered,
        qos=1,
    ),
    _command(
        "kinds",
        "What devices of the agent's are by the school's word; as pairs.",
        KindsAnswered,
        qos=1,
    ),
    _command(
        "corrections",
        "What the school corrected in the agent's latest lessons; it answers by corrections_kept.",
        CorrectionsGiven,
        qos=1,
    ),
    _command(
        "update",
        "A later version lies ready on the school's server; the agent answers by update_told.",
        UpdateOffered,
        qos=1,
    ),
    Route(
        "school",
        f"{_AGENT}/{Channel.SCHOOL}",
        "What a school tells its department: equipment and counts, and no person.",
        Upward.__args__,
        "school",
    ),
    _command(
        "retell",
        "The department asks a school for its list of items anew.",
        Retell,
        hearer="school",
    ),
    _command(
        "who",
        "The department asks every server that bears a school's code to answer, by school_here.",
        WhoSpeaks,
        qos=1,
        hearer="school",
    ),
    _command(
        "marks",
        "The department asks which devices of a mark that two schools tell a school sees now.",
        MarksAsked,
        hearer="school",
    ),
    _command(
        "contested",
        "Which devices of a school have a mark that is another school's device's, too.",
        MarksContested,
        hearer="school",
    ),
    _command(
        "inspection",
        "The department asks a school to show items by a deadline; it answers by inspection_told.",
        InspectionGiven,
        qos=1,
        hearer="school",
    ),
    Route(
        "controller",
        f"{_SCHOOL}/{CONTROLLER}/{Channel.STATE}",
        "Whether the school's controller listens; as a last will, that it does not.",
        (ControllerState,),
        "controller",
        "agent",
        retain=True,
    ),
)


def messages_schema() -> dict[str, Any]:
    """JSON Schema of any one message, each kind under $defs."""
    kinds = (*Up.__args__, *Upward.__args__, *Down.__args__)
    references, definitions = _schemas(kinds, "#/$defs/{name}")
    return {
        "$schema": _DIALECT,
        "title": "LopHoc: one message on the wire",
        "oneOf": references,
        "$defs": definitions,
    }


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: channels, and what agent and controller do there."""
    kinds = (*Up.__args__, *Upward.__args__, *Down.__args__)
    _, schemas = _schemas(kinds, "#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "LopHoc",
            "version": __version__,
            "description": "Classrooms' agents and their school's controller, over MQTT 3.1.1."
            f" A message has at most {MAX_BYTES} bytes.",
        },
        "defaultContentType": "application/json",
        "channels": {route.name: _channel(route) for route in ROUTES},
        "operations": _operations(),
        "components": {
            "messages": {_name(kind): _message(kind) for kind in kinds},
            "schemas": schemas,
        },
    }


def main(arguments: Sequence[str]) -> None:
    """Write the document that the argument names; without one, the AsyncAPI document."""
    document = messages_schema() if list(arguments) == ["messages"] else asyncapi()
    sys.stdout.write(to_text(document))


def to_text(document: dict[str, Any]) -> str:
    """The document as it is kept in docs/wire."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _schemas(
    kinds: Sequence[type], reference: str
) -> tuple[list[dict[str, Any]], dict[str, dict[str, Any]]]:
    references, components = msgspec.json.schema_components(kinds, ref_template=reference)
    for component in components.values():
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
    return list(references), components


def _channel(route: Route) -> dict[str, Any]:
    named = {
        name: {"description": text}
        for name, text in _PARAMETERS.items()
        if f"{{{name}}}" in route.address
    }
    return {
        "address": route.address,
        "description": route.says,
        "messages": {
            _name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in route.kinds
        },
        "parameters": named,
    }


def _operations() -> dict[str, Any]:
    """Every channel twice: one program sends what the other receives."""
    return {
        f"{program}-{route.name}": {
            "action": "send" if program == route.speaker else "receive",
            "channel": {"$ref": f"#/channels/{route.name}"},
            "summary": route.says,
            "tags": [{"name": program}],
            "bindings": {"mqtt": {"qos": route.qos, "retain": route.retain}},
        }
        for program in ("agent", "controller", "school")
        for route in ROUTES
        if program in {route.speaker, route.hearer}
    }


def _message(kind: type) -> dict[str, Any]:
    return {
        "name": _name(kind),
        "summary": inspect.getdoc(kind),
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }


def _name(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main(sys.argv[1:])
