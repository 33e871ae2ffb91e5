"""This file shows what this computer can see right now: a table for people, JSON for programs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from agent.database.documents import Documents, SavedState
from agent.database.folder import DOCUMENTS
from agent.equipment.devices import THIS_MACHINE, Devices, described, device_id_of
from agent.equipment.merge import SightingGroup
from agent.equipment.traces import Trace, Traces
from agent.placement import PlacementSource
from agent.room import AgentRoom
from hardware.network.probe import ask
from hardware.readings import IdentityKind
from hardware.scan import HardwareScan, Missing, Secrets, look
from protocol.health import ReasonCode
from protocol.model import Device, DeviceKind, Place, Reason, iso
from protocol.words import N_, Translate, kind_word, preferred_language, sentence, translator

# How sure it is that the same key is the same thing tomorrow.
_CONFIDENCE: Final[Mapping[IdentityKind, str]] = {
    IdentityKind.USB: "high",
    IdentityKind.MAC: "high",
    IdentityKind.UUID: "high",
    IdentityKind.TOKEN: "high",
    IdentityKind.PORT: "medium",
    IdentityKind.HOST: "low",
}
_HEADS: Final = (N_("Kind"), N_("Name"), N_("Maker"), N_("Model"), N_("Serial number"), N_("Id"))
_ABSENT: Final = N_("Known here, but not seen now:")
_LAST: Final = N_("{name}: last answer {time} at {address}, heard on {via}. {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentDevice:
    """A known device that the look did not see: where it was asked now, and what it last said.

    answered: whether anything answers at its last address, though it was not seen.
    """

    device: Device
    trace: Trace
    asked_ms: int
    answered: bool

    @property
    def reason(self) -> Reason:
        """Why it is missing, as far as this computer can tell."""
        if self.answered:
            return Reason(ReasonCode.NOT_REPORTED)
        told = self.trace.sighting.reason
        if self.trace.sighting.address:
            return Reason(ReasonCode.NO_ANSWER)
        return Reason(told or ReasonCode.UNPLUGGED)


async def scan(
    seconds: float,
    *,
    as_json: bool,
    environ: Mapping[str, str],
    data: Path | None = None,
    secrets: Secrets | None = None,
) -> str:
    """Look around for so many seconds; the answer as text ready to print.

    data: an agent's folder, so that what it knows and what is not seen now is told as well.
    Raises DocumentError if that folder's documents are damaged.
    """
    saved = _remembered(data)
    found = await look(seconds, secrets)
    absent = await absent_of(found, saved)
    if as_json:
        return json_of(found, saved, absent) + "\n"
    return table_of(found, preferred_language(environ), saved, absent)


def json_of(
    found: HardwareScan, saved: SavedState | None = None, absent: Iterable[AbsentDevice] = ()
) -> str:
    """The scan as one JSON object: host, devices, absent, flaws, missing."""
    groups = _groups(found, saved or SavedState())
    host = next((each for each in groups if each.sightings[0].source == THIS_MACHINE), None)
    tree = {
        "host": _entry(host) if host else None,
        "devices": [_entry(each) for each in groups],
        "absent": [_absent_entry(each) for each in absent],
        "flaws": found.flaws,
        "missing": [
            {"sense": each.sense, "code": each.code, "hint": each.hint} for each in found.missing
        ],
    }
    return msgspec.json.format(msgspec.json.encode(tree)).decode()


def table_of(
    found: HardwareScan,
    language: str,
    saved: SavedState | None = None,
    absent: Iterable[AbsentDevice] = (),
) -> str:
    """The scan as a table in the language."""
    say = translator(language)
    rows = [tuple(say(head) for head in _HEADS)]
    for each in map(_entry, _groups(found, saved or SavedState())):
        kind = kind_word(DeviceKind(each["kind"]), say)
        rows.append((kind, *(each[name] for name in _COLUMNS)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += _absent_lines(list(absent), say)
    return "".join(f"{line}\n" for line in (*lines, *_missing_lines(found.missing)))


_COLUMNS: Final = ("name", "vendor", "model", "serial", "device_id")


def _remembered(data: Path | None) -> SavedState | None:
    """What the agent of this folder knows; None where there is none."""
    if data is None or not (data / DOCUMENTS).exists():
        return None
    return Documents(data / DOCUMENTS).load()


def _devices(saved: SavedState) -> Devices:
    """An agent's way of naming devices: what people said of them, and its room if it roams."""
    stay = saved.stay
    traces = Traces(
        room=stay.room,
        roaming=bool(saved.agent_id) and stay.how is not PlacementSource.SETTINGS,
        answers=saved.answers,
    )
    room = AgentRoom(place=Place(), room=stay.room, boot="scan", beat_s=1, new_id=str)
    return Devices(room=room, traces=traces, decisions=saved.decisions)


def _groups(found: HardwareScan, saved: SavedState) -> tuple[SightingGroup, ...]:
    devices, _ = _devices(saved).see(found.sightings, 0)
    return tuple(sorted(devices.groups(), key=_order))


def _order(group: SightingGroup) -> tuple[bool, int, str]:
    """This computer first, then boards, projectors, cameras, as people look for them."""
    own = group.sightings[0].source == THIS_MACHINE
    return not own, list(DeviceKind).index(described(group).kind), group.key


async def absent_of(found: HardwareScan, saved: SavedState | None) -> list[AbsentDevice]:
    """The known devices that were not seen, each asked once more where it last answered."""
    if saved is None:
        return []
    seen = {device_id_of(claim) for group in _groups(found, saved) for claim in group.claims}
    held = {each.at: each for each in saved.traces}
    known = Devices(
        room=AgentRoom(place=Place(), room="", boot="scan", beat_s=1, new_id=str),
        traces=Traces(room="", answers=saved.answers, held=held),
        decisions=saved.decisions,
    )
    gone = [each for each in saved.devices if each.device_id not in seen]
    traced = [
        (each, known.traces.of(told[0]))
        for each in gone
        if (told := known.sightings_of(each.device_id))
    ]
    asked_ms = round(time.time() * 1000)
    answered = await asyncio.gather(*(_answers(trace) for _, trace in traced))
    return [
        AbsentDevice(device=device, trace=trace, asked_ms=asked_ms, answered=did)
        for (device, trace), did in zip(traced, answered, strict=True)
    ]


async def _answers(trace: Trace) -> bool:
    seen = trace.sighting
    return bool(seen.address) and (await ask(seen.address, seen.port)).alive


def _absent_lines(absent: list[AbsentDevice], say: Translate) -> Iterable[str]:
    if not absent:
        return
    yield say(_ABSENT)
    for each in absent:
        seen = each.trace.sighting
        line = say(_LAST)
        for name, value in {
            "name": each.device.name or each.device.device_id,
            "time": iso(each.trace.at_ms),
            "address": f"{seen.address}:{seen.port}" if seen.address else seen.key,
            "via": seen.via or "?",
            "why": sentence(each.reason, say),
        }.items():
            line = line.replace(f"{{{name}}}", value)
        yield line


def _missing_lines(missing: Iterable[Missing]) -> Iterable[str]:
    return (f"{each.sense}: {each.hint}" for each in missing)


def _entry(group: SightingGroup) -> dict[str, Any]:
    """A device, as its sources describe it together."""
    told = group.sightings
    best = next(each for each in told if each.key == group.key)
    own = told[0].source == THIS_MACHINE
    device = described(group)
    return {
        "device_id": device.device_id,
        "kind": device.kind,
        "name": device.name,
        "vendor": device.vendor,
        "model": device.model,
        "serial": device.serial,
        "identity": best.identity,
        "aliases": sorted(group.claims),
        "sources": list(device.sources),
        "confidence": "high" if own else _CONFIDENCE[best.identity],
        "address": device.address,
        "nodes": [node for each in told for node in each.nodes],
        "asks": next((each.asks for each in told if each.asks), None),
    }


def _absent_entry(each: AbsentDevice) -> dict[str, Any]:
    seen = each.trace.sighting
    return {
        "device_id": each.device.device_id,
        "kind": each.device.kind,
        "name": each.device.name,
        "source": seen.source,
        "interface": seen.via,
        "address": seen.address,
        "port": seen.port,
        "last_query": iso(each.asked_ms),
        "last_answer": iso(each.trace.at_ms),
        "answered": each.answered,
        "reason": each.reason.code,
    }
