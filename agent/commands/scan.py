"""This file shows what this computer can see right now: a table for people, JSON for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from agent.commands.explain import saved_devices
from agent.config import NO_PASSWORDS, Passwords
from agent.database import DOCUMENTS
from agent.database.documents import Documents, SavedState
from agent.equipment.description import device_id_of, device_of
from agent.equipment.devices import THIS_MACHINE, Devices
from agent.equipment.logins import DeviceLogins
from agent.equipment.merge import SightingGroup
from agent.equipment.traces import Trace, Traces
from agent.placement import PlacementSource
from agent.room import AgentRoom
from hardware.network.probe import ask
from hardware.readings import IdentityKind
from hardware.scan import HardwareScan, Secrets, look
from hardware.usb.export import DumpError, read_export
from hardware.usb.foreign import sightings_of
from protocol.clock import wall_ms
from protocol.errors import LopHocError
from protocol.formats import phrase
from protocol.health import ReasonCode
from protocol.model import Device, DeviceKind, Place, Reason, iso
from protocol.words import N_, Translate, kind_word, preferred_language, sentence, translator

# How sure it is that the same key is the same thing tomorrow; with any other identity, high.
_CONFIDENCE: Final[Mapping[IdentityKind, str]] = {
    IdentityKind.PORT: "medium",
    IdentityKind.HOST: "low",
}
_HEADS: Final = (N_("Kind"), N_("Name"), N_("Maker"), N_("Model"), N_("Serial number"), N_("Id"))
_ABSENT: Final = N_("Known here, but not seen now:")
_LAST: Final = N_("{name}: last answer {time} at {address}, heard on {via}. {why}")

# By DumpError.code: what to say, and what to do.
_FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "no_such_file": (N_("There is no file {path}."), N_("Check its name and folder.")),
    "unreadable": (
        N_("The file {path} cannot be read ({cause})."),
        N_("Copy it once more from the other computer, and check its owner."),
    ),
    "too_large": (
        N_("The file {path} is too large to be a list of one computer's devices."),
        N_("Make it again there: udevadm info --export-db > FILE"),
    ),
    "not_a_dump": (
        N_("The file {path} is no list of a computer's devices."),
        N_("Make it again there: udevadm info --export-db > FILE"),
    ),
}


class ExportUnreadableError(LopHocError):
    """Another machine's list of devices cannot be read; `code` says why, `hint` what to do."""


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
        code = self.trace.sighting.reason
        if self.trace.sighting.address:
            return Reason(ReasonCode.NO_ANSWER)
        return Reason(code or ReasonCode.UNPLUGGED)


async def scan(
    seconds: float,
    *,
    as_json: bool,
    environ: Mapping[str, str],
    data: Path | None = None,
    secrets: Passwords = NO_PASSWORDS,
) -> str:
    """Look around for so many seconds; the answer as text ready to print.

    data: an agent's folder, so that what it knows and what is not seen now is told as well.
    secrets: for the devices that people there called this room's; no other gets one.
    Raises DocumentError if that folder's documents are damaged.
    """
    saved = _saved_state(data)
    ours = saved.ours if saved else ()
    logins = DeviceLogins(secrets, lambda: ours)
    known = [trace.sighting for trace in saved.traces] if saved else []
    access = Secrets(camera=logins.camera, pjlink=logins.pjlink)
    result = await look(seconds, access, known=known)
    absent = await absent_of(result, saved)
    if as_json:
        return json_of(result, saved, absent) + "\n"
    return table_of(result, preferred_language(environ), saved, absent)


def scan_export(path: Path, *, as_json: bool, environ: Mapping[str, str]) -> str:
    """Say which devices another machine has, as text ready to print; blocks.

    path: what `udevadm info --export-db` wrote, packed by gzip or not. Raises
    ExportUnreadableError with the code "no_such_file", "unreadable", "too_large" or "not_a_dump".
    """
    try:
        export = read_export(path)
    except DumpError as error:
        message, hint = _FAULTS[error.code]
        raise ExportUnreadableError(
            error.code, message, hint, path=path, cause=error.cause
        ) from error
    result = HardwareScan(sightings=sightings_of(export))
    if as_json:
        return json_of(result) + "\n"
    return table_of(result, preferred_language(environ))


def json_of(
    result: HardwareScan, saved: SavedState | None = None, absent: Iterable[AbsentDevice] = ()
) -> str:
    """The scan as one JSON object: host, devices, absent, flaws, missing."""
    groups = _groups(result, saved or SavedState())
    host = next((group for group in groups if group.sightings[0].source == THIS_MACHINE), None)
    tree = {
        "host": _entry(host) if host else None,
        "devices": [_entry(group) for group in groups],
        "absent": [_absent_entry(absence) for absence in absent],
        "flaws": result.flaws,
        "missing": [
            {"sense": missing.sense, "code": missing.code, "hint": missing.hint}
            for missing in result.missing
        ],
    }
    return msgspec.json.format(msgspec.json.encode(tree)).decode()


def table_of(
    result: HardwareScan,
    language: str,
    saved: SavedState | None = None,
    absent: Iterable[AbsentDevice] = (),
) -> str:
    """The scan as a table in the language."""
    say = translator(language)
    rows = [tuple(say(head) for head in _HEADS)]
    for entry in map(_entry, _groups(result, saved or SavedState())):
        kind = kind_word(DeviceKind(entry["kind"]), say)
        rows.append((kind, *(entry[name] for name in _COLUMNS)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += _absent_lines(list(absent), say)
    lines += [f"{missing.sense}: {missing.hint}" for missing in result.missing]
    return "".join(f"{line}\n" for line in lines)


_COLUMNS: Final = ("name", "vendor", "model", "serial", "device_id")


def _saved_state(data: Path | None) -> SavedState | None:
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


def _groups(result: HardwareScan, saved: SavedState) -> tuple[SightingGroup, ...]:
    devices, _ = _devices(saved).see(result.sightings, 0)
    return tuple(sorted(devices.groups(), key=_order))


def _order(group: SightingGroup) -> tuple[bool, int, str]:
    """This computer first, then boards, projectors, cameras, as people look for them."""
    own = group.sightings[0].source == THIS_MACHINE
    return not own, list(DeviceKind).index(device_of(group).kind), group.key


async def absent_of(result: HardwareScan, saved: SavedState | None) -> list[AbsentDevice]:
    """The known devices that were not seen, each asked once more where it last answered."""
    if saved is None:
        return []
    seen_ids = {device_id_of(claim) for group in _groups(result, saved) for claim in group.claims}
    devices = saved_devices(saved)
    gone = [device for device in saved.devices if device.device_id not in seen_ids]
    traced = [
        (device, devices.traces.of(sightings[0]))
        for device in gone
        if (sightings := devices.sightings_of(device.device_id))
    ]
    asked_ms = wall_ms()
    answered = await asyncio.gather(*(_answers(trace) for _, trace in traced))
    return [
        AbsentDevice(device=device, trace=trace, asked_ms=asked_ms, answered=did)
        for (device, trace), did in zip(traced, answered, strict=True)
    ]


async def _answers(trace: Trace) -> bool:
    sighting = trace.sighting
    return bool(sighting.address) and (await ask(sighting.address, sighting.port)).alive


def _absent_lines(absent: list[AbsentDevice], say: Translate) -> Iterable[str]:
    if not absent:
        return
    yield say(_ABSENT)
    for absence in absent:
        sighting = absence.trace.sighting
        yield phrase(
            _LAST,
            say,
            name=absence.device.name or absence.device.device_id,
            time=iso(absence.trace.at_ms),
            address=f"{sighting.address}:{sighting.port}" if sighting.address else sighting.key,
            via=sighting.via or "?",
            why=sentence(absence.reason, say),
        )


def _entry(group: SightingGroup) -> dict[str, Any]:
    """A device, as its sources describe it together."""
    sightings = group.sightings
    best = next(sighting for sighting in sightings if sighting.key == group.key)
    own = sightings[0].source == THIS_MACHINE
    device = device_of(group)
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
        "confidence": "high" if own else _CONFIDENCE.get(best.identity, "high"),
        "address": device.address,
        "nodes": [node for sighting in sightings for node in sighting.nodes],
        "asks": next((sighting.asks for sighting in sightings if sighting.asks), None),
    }


def _absent_entry(absence: AbsentDevice) -> dict[str, Any]:
    sighting = absence.trace.sighting
    return {
        "device_id": absence.device.device_id,
        "kind": absence.device.kind,
        "name": absence.device.name,
        "source": sighting.source,
        "interface": sighting.via,
        "address": sighting.address,
        "port": sighting.port,
        "last_query": iso(absence.asked_ms),
        "last_answer": iso(absence.trace.at_ms),
        "answered": absence.answered,
        "reason": absence.reason.code,
    }
