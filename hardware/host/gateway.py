"""This file tells of the gateway by which this machine reaches the world."""

from __future__ import annotations

from pathlib import Path

from hardware.network.neighbours import mac_of
from hardware.network.routes import gateway
from hardware.readings import IdentityKind, Kind, Sighting


def gateway_sighting(root: Path = Path("/")) -> Sighting | None:
    """Give the gateway as a device of the network, or None while its MAC is not known."""
    route = gateway(root)
    mac = mac_of(route.address, root, route.interface) if route else ""
    if route is None or not mac:
        return None
    return Sighting(
        source="line",
        key=f"mac:{mac}",
        identity=IdentityKind.MAC,
        kind=Kind.NETWORK,
        address=route.address,
        via=route.interface,
    )
