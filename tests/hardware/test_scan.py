"""Scan: one look with every sense."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hardware import scan
from hardware.network import mdns as network
from hardware.readings import Identity, Kind, SenseMissing, Sighting
from hardware.usb import watch as usb

CAMERA = Sighting(source="usb", key="usb:1", identity=Identity.USB, kind=Kind.CAMERA)
GONE = Sighting(source="usb", key="usb:2", identity=Identity.USB, kind=Kind.CAMERA)


def test_a_look_gives_what_is_there_at_its_end_and_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each device once, the last word on it; a missing sense does not stop the others."""

    async def watch_usb(report: Callable[[Sighting], None], *, host: str) -> None:
        assert len(host) == 32
        for one in (CAMERA, CAMERA, GONE):
            report(one)
        report(Sighting(source="usb", key="usb:2", identity="usb", kind="camera", present=False))
        await asyncio.Event().wait()

    async def watch_network(report: Callable[[Sighting], None]) -> None:
        raise SenseMissing("no_network", {}, "Check the cable.")

    monkeypatch.setattr(usb, "watch", watch_usb)
    monkeypatch.setattr(network, "watch", watch_network)
    found = asyncio.run(scan.look(0.05))
    assert [one.kind for one in found.sightings] == [Kind.HOST, Kind.CAMERA]
    assert found.missing == (
        scan.Missing(sense="mdns", code="no_network", hint="Check the cable."),
    )


def test_a_look_at_this_machine_ends_in_time_and_sees_itself() -> None:
    """The real senses, whatever this machine has."""

    async def look() -> scan.Scan:
        async with asyncio.timeout(10):
            return await scan.look(0.2)

    found = asyncio.run(look())
    assert Kind.HOST in {one.kind for one in found.sightings}
    assert all(one.code and one.hint for one in found.missing)
