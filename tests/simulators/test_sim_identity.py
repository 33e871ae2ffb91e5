"""A simulated device is known to a real agent by the id that its own room gives it."""

from __future__ import annotations

from hashlib import sha256

from hardware.mdns.announced import service_of as announced_by
from hardware.readings import Kind
from simulators.announce import service_of
from simulators.equipment import device_id_of, equipment_of


def test_what_a_real_agent_hears_has_the_rooms_own_id() -> None:
    """So that a school counts a board once, however many rooms hear it."""
    heard = 0
    for room in ("P101", "P102", "P203"):
        for thing in equipment_of(room, seed=7, tablets=5):
            service = service_of(thing)
            if service is None:
                continue
            txt = {key.encode(): value.encode() for key, value in service.txt.items()}
            announced = announced_by(
                service.type,
                f"{service.instance}.{service.type}",
                f"{service.host}.",
                ["10.0.0.9"],
                txt,
            )
            assert announced is not None
            sighting = announced.sighting
            assert sighting.kind is thing.kind
            real_id = f"net-{sha256(sighting.key.encode()).hexdigest()[:12]}"
            assert real_id == device_id_of(thing)
            heard += thing.kind in {Kind.BOARD, Kind.CAMERA, Kind.TABLET}
    assert heard >= 15
