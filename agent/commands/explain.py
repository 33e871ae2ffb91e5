"""This file explains a device: what it is known by, who says so, and why it may be missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from agent.database.documents import SavedState
from agent.database.generations import DocumentError
from agent.equipment.description import device_id_of
from agent.equipment.devices import Devices
from agent.equipment.merge import Decision, DistinctDecision, JoinDecision, SplitDecision
from agent.equipment.traces import Trace, Traces
from agent.room import AgentRoom
from hardware.readings import IdentityKind
from protocol.formats import made, moment_in_text, phrase
from protocol.grounds import mark_word
from protocol.health import ReasonCode
from protocol.model import Device, DeviceKind, Identity, Place, Reason, iso
from protocol.words import (
    N_,
    Translate,
    kind_word,
    preferred_language,
    sentence,
    status_word,
    translator,
)

_IDENTITIES: Final[Mapping[Identity, str]] = {
    Identity.USB: N_("It is known by its serial number."),
    Identity.PORT: N_("It is known by its socket: its serial number cannot be trusted."),
    Identity.MAC: N_("It is known by the MAC address that it told."),
    Identity.UUID: N_("It is known by an id that it told over the network."),
    Identity.TOKEN: N_("It is known by the address that a person typed."),
    Identity.HOST: N_("It is known by its name only, which may change."),
}
_ANSWERS: Final = N_("It is known only by the address where it answers, which may change.")
# By whom a device was seen; what is not here is called by its own name.
_SOURCES: Final[Mapping[str, str]] = {
    "host": N_("This computer itself"),
    "usb": N_("At a socket of this computer"),
    "mdns": N_("By what it announces (mDNS)"),
    "onvif": N_("As a camera (ONVIF)"),
    "pjlink": N_("As a projector (PJLink)"),
    "typed": N_("At the address that a person typed"),
    "checkin": N_("On the tablets' page"),
    "line": N_("On this computer's way into the network"),
}
_LINES: Final[Mapping[str, str]] = {
    "source": N_("{source}: {key}, {when}."),
    "socket": N_("{source}, {when}."),
    "at": N_("  It answered at {address}."),
    "via": N_("  It answered at {address}, heard on {via}."),
    "also": N_("  It also tells {marks}."),
    "before": N_("Other ids that led to it: {ids}."),
    "here": N_("here since {time}"),
    "gone": N_("last seen {time}: {why}"),
    "joined": N_("A person said that {one} and {other} are one device."),
    "distinct": N_("A person said that {one} and {other} are two devices."),
    "parted": N_("A person said that {keys} are devices of their own."),
    "asks": N_("It may be this, and waits for an answer: {kind}."),
}


def explain(saved: SavedState, device_id: str, *, as_json: bool, environ: Mapping[str, str]) -> str:
    """Everything that is known of a device; the answer as text ready to print.

    Raises DocumentError if no device has this id.
    """
    devices = saved_devices(saved)
    device = next(
        (device for device in saved.devices if device_id in {device.device_id, *device.aliases}),
        None,
    )
    if device is None:
        raise DocumentError(
            "device_unknown",
            N_("No device is known as {id}."),
            N_("The ids stand in the agent's status and in lophoc-agent scan."),
            id=device_id[:80],
        )
    tree = _tree(devices, device)
    if as_json:
        return msgspec.json.format(msgspec.json.encode(tree)).decode() + "\n"
    say = translator(preferred_language(environ))
    return "".join(f"{line}\n" for line in _lines(devices, device, say))


def saved_devices(saved: SavedState) -> Devices:
    """The devices as the agent left them, none of them doubted."""
    held = {trace.at: trace for trace in saved.traces}
    room = AgentRoom(place=Place(), room="", boot="", beat_s=1, new_id=str)
    traces = Traces(room="", answers=saved.answers, held=held)
    return Devices(room=room, traces=traces, decisions=saved.decisions)


def _traces(devices: Devices, device: Device) -> list[Trace]:
    return [devices.traces.of(sighting) for sighting in devices.sightings_of(device.device_id)]


def _decisions(devices: Devices, device: Device) -> list[Decision]:
    keys = devices.keys_of(device.device_id)
    return [
        decision
        for decision in devices.decisions
        if keys
        & (
            set(decision.keys)
            if isinstance(decision, SplitDecision)
            else {decision.one, decision.other}
        )
    ]


def _tree(devices: Devices, device: Device) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(device),
        "first_seen": iso(device.first_seen_ms),
        "last_seen": iso(device.last_seen_ms),
        "traces": [
            {
                "source": trace.sighting.source,
                "key": trace.sighting.key,
                "device_id": device_id_of(trace.sighting.key),
                "told": trace.key,
                "aliases": trace.sighting.aliases,
                "contested": trace.sighting.contested,
                "weak": trace.sighting.weak,
                "former": trace.sighting.former,
                "proof": trace.sighting.proof,
                "identity": trace.sighting.identity,
                "kind": trace.sighting.kind,
                "asks": trace.sighting.asks,
                "product": trace.sighting.product,
                "address": trace.sighting.address,
                "port": trace.sighting.port,
                "interface": trace.sighting.via,
                "nodes": trace.sighting.nodes,
                "present": trace.sighting.present,
                "reason": trace.sighting.reason,
                "last_seen": iso(trace.at_ms),
                "room": trace.room,
            }
            for trace in _traces(devices, device)
        ],
        "decisions": msgspec.to_builtins(_decisions(devices, device)),
    }


def _lines(devices: Devices, device: Device, say: Translate) -> Iterator[str]:
    yield f"{device.device_id}: {kind_word(device.kind, say)} {device.name}".rstrip()
    make = made(device.vendor, device.model)
    if about := ", ".join(part for part in (make, device.serial) if part):
        yield about
    reasons = " ".join(sentence(reason, say) for reason in device.reasons)
    status = status_word(device.status, say)
    yield f"{status[:1].upper()}{status[1:]}. {reasons}".rstrip()
    if device.identity is not None:
        yield say(_ANSWERS if _answers_only(devices, device) else _IDENTITIES[device.identity])
    if device.aliases:
        yield _line(say, "before", ids=", ".join(device.aliases))
    for trace in _traces(devices, device):
        yield from _source_lines(trace, say)
    yield from devices.grounds_of(device.device_id, say)
    for decision in _decisions(devices, device):
        yield _decision_line(decision, say)


def _answers_only(devices: Devices, device: Device) -> bool:
    """Whether nothing tells it from others but where it answers."""
    keys = devices.keys_of(device.device_id)
    return bool(keys) and all(key.startswith(("name:onvif-at:", "name:pjlink-at:")) for key in keys)


def _source_lines(trace: Trace, say: Translate) -> Iterator[str]:
    sighting = trace.sighting
    why = sentence(Reason(sighting.reason or ReasonCode.NOT_REPORTED), say).rstrip(".")
    time = moment_in_text(trace.at_ms, None, say)
    when = _line(say, "here" if sighting.present else "gone", time=time, why=why)
    source = say(_SOURCES[sighting.source]) if sighting.source in _SOURCES else sighting.source
    name = "socket" if sighting.identity is IdentityKind.PORT else "source"
    yield _line(say, name, source=source, key=mark_word(sighting.key, say), when=when)
    if sighting.address:
        port = f":{sighting.port}" if sighting.port else ""
        address = f"{sighting.address}{port}"
        yield _line(say, "via" if sighting.via else "at", address=address, via=sighting.via)
    if sighting.aliases:
        yield _line(say, "also", marks=_marks(sighting.aliases, say))
    if sighting.asks is not None:
        yield _line(say, "asks", kind=kind_word(DeviceKind(sighting.asks), say))


def _decision_line(decision: Decision, say: Translate) -> str:
    match decision:
        case JoinDecision() | DistinctDecision():
            name = "joined" if isinstance(decision, JoinDecision) else "distinct"
            one, other = (mark_word(key, say) for key in (decision.one, decision.other))
            return _line(say, name, one=one, other=other)
        case SplitDecision():
            return _line(say, "parted", keys=_marks(decision.keys, say))


def _marks(marks: Iterable[str], say: Translate) -> str:
    return ", ".join(mark_word(mark, say) for mark in marks)


def _line(say: Translate, name: str, **values: str) -> str:
    return phrase(_LINES[name], say, **values)
