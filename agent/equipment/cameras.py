"""This file says where the room's cameras show their picture. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hardware.readings import Kind, Sighting


def pictures(sightings: Iterable[Sighting]) -> list[tuple[str, str]]:
    """Where each camera that is here can be looked at: its key, and a URL or device node."""
    cameras = [
        sighting for sighting in sightings if sighting.present and sighting.kind is Kind.CAMERA
    ]
    by_url = [(camera.key, camera.url) for camera in cameras if camera.url]
    nodes = [(camera.key, node) for camera in cameras for node in camera.nodes[:1]]
    return by_url + [(key, node) for key, node in nodes if node.startswith("/dev/video")]
