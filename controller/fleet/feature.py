"""This file says what the fleet brings: agents, devices and what happened to them."""

from __future__ import annotations

from typing import Final

from controller.database.writing import Writing
from controller.feature import Feature
from controller.fleet import store
from controller.fleet.listener import FleetListener
from controller.fleet.tables import agents, devices, events, streams

FEATURE: Final = Feature(
    name="fleet",
    held=("DELETE /api/v1/devices/",),
    keep=store.keep,
    written={
        agents: Writing.UPSERT,
        devices: Writing.UPSERT,
        streams: Writing.UPSERT,
        events: Writing.INSERT_NEW,
    },
    counted=(events,),
    forget=(events.c.received_ms, streams.c.heard_ms),
    listener=lambda program: program.service(FleetListener),
)
