"""Scan: one look with every sense."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

from hardware import scan
from hardware.mdns import watch as mdns
from hardware.readings import IdentityKind, Kind, Report, SenseMissing, Sighting, SourceFlaw
from hardware.usb import watch as usb
from tests.waiting import LIMIT_S

CAMERA = Sighting(source="usb", key="usb:1", identity=IdentityKind.USB, kind=Kind.CAMERA)
GONE = Sighting(source="usb", key="usb:2", identity=IdentityKind.USB, kind=Kind.CAMERA)


def test_a_look_gives_what_is_there_at_its_end_and_what_is_missing() -> None:
    """Each device once, the last word on it; a missing sense does not stop the others."""

    async def watch_usb(report: Report) -> None:
        for one in (CAMERA, CAMERA, GONE, replace(GONE, present=False)):
            report(one)
        report(SourceFlaw(source="usb", code="nonsense", count=3))
        await asyncio.Event().wait()

    async def watch_network(report: Report) -> None:
        raise SenseMissing("no_network", {}, "Check the cable.")

    found = asyncio.run(scan.look(0.05, senses={"usb": watch_usb, "mdns": watch_network}))
    assert {one.kind for one in found.sightings} >= {Kind.HOST, Kind.CAMERA}
    assert [one.key for one in found.sightings if one.source == "usb"] == ["usb:1"]
    assert found.missing == (
        scan.Missing(sense="mdns", code="no_network", hint="Check the cable."),
    )
    assert found.flaws == {"usb": 3}


def test_a_look_at_this_machine_ends_in_time_and_sees_itself() -> None:
    """The real senses, whatever this machine has."""

    async def look() -> scan.HardwareScan:
        async with asyncio.timeout(LIMIT_S):
            senses = {"usb": partial(usb.watch, host="h"), "mdns": mdns.watch}
            return await scan.look(0.2, senses=senses)

    found = asyncio.run(look())
    assert Kind.HOST in {one.kind for one in found.sightings}
    assert all(one.code and one.hint for one in found.missing)
