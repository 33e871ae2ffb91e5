"""This file measures how long one agent's acks take while another sends all at once."""

from __future__ import annotations

from tests.flooding import measured

EVENTS = 60_000


def measure(*, quick: bool) -> dict[str, object]:
    """At the real controller; the flood's own time is what the machine allows."""
    waits = measured(EVENTS // 3 if quick else EVENTS)
    return {
        "flood_ack_s": max(waits.beside),
        "flood_ack_ratio": max(waits.beside) / waits.flood_s,
        "flood_ack_alone_s": max(waits.alone),
    }
