"""This file shows what this computer can see right now: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from agent.devices import device_id_of
from hardware.readings import Identity, Sighting
from hardware.scan import Missing, Scan, look
from protocol.model import DeviceKind
from protocol.words import N_, kind_word, preferred_language, translator

# How sure it is that the same key is the same thing tomorrow.
_CONFIDENCE: Final[Mapping[Identity, str]] = {
    Identity.USB: "high",
    Identity.MAC: "high",
    Identity.UUID: "high",
    Identity.TOKEN: "high",
    Identity.PORT: "medium",
    Identity.HOST: "low",
}
_HEADS: Final = (N_("Kind"), N_("Name"), N_("Maker"), N_("Model"), N_("Serial number"), N_("Id"))


async def scan(seconds: float, *, as_json: bool, environ: Mapping[str, str]) -> str:
    """Look around for so many seconds; the answer as text ready to print."""
    found = await look(seconds)
    if as_json:
        return json_of(found) + "\n"
    return table_of(found, preferred_language(environ))


def json_of(found: Scan) -> str:
    """The scan as one JSON object: host, devices, missing."""
    devices = [_entry(each) for each in found.sightings]
    host = next((each for each in devices if each["sources"] == ["host"]), None)
    tree = {
        "host": host,
        "devices": devices,
        "missing": [
            {"sense": each.sense, "code": each.code, "hint": each.hint} for each in found.missing
        ],
    }
    return msgspec.json.format(msgspec.json.encode(tree)).decode()


def table_of(found: Scan, language: str) -> str:
    """The scan as a table in the language."""
    say = translator(language)
    rows = [tuple(say(head) for head in _HEADS)]
    for each in found.sightings:
        kind = kind_word(DeviceKind(each.kind), say)
        rows.append((kind, each.name, each.vendor, each.model, each.serial, device_id_of(each.key)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "".join(f"{line}\n" for line in (*lines, *_missing_lines(found.missing)))


def _missing_lines(missing: Iterable[Missing]) -> Iterable[str]:
    return (f"{each.sense}: {each.hint}" for each in missing)


def _entry(sighting: Sighting) -> dict[str, Any]:
    own = sighting.source == "host"
    return {
        "device_id": device_id_of(sighting.key),
        "kind": sighting.kind,
        "name": sighting.name,
        "vendor": sighting.vendor,
        "model": sighting.model,
        "serial": sighting.serial,
        "identity": sighting.identity,
        "aliases": [sighting.key],
        "sources": [sighting.source],
        "confidence": "high" if own else _CONFIDENCE[sighting.identity],
        "address": sighting.address,
        "nodes": list(sighting.nodes),
    }
