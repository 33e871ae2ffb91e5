"""This file lets a room's computer live: busy and warm in waves, its disk filling slowly. Pure."""

from __future__ import annotations

from math import sin, tau
from random import Random
from typing import NamedTuple

from protocol.messages import HostMeasures

WAVE_S = 600.0


class PlayedMachine(NamedTuple):
    """A computer's habits: where its waves begin, and how full and warm it usually is."""

    phase: float
    memory_mb: float
    memory_percent: float
    disk_mb: float
    disk_percent: float
    warm_c: float


def machine_of(room: str, seed: int) -> PlayedMachine:
    """The room's computer; about one in eight has a full disk, one in eight bad air vents."""
    rng = Random(f"{seed}/{room}/machine")  # noqa: S311 - a play, not a secret
    return PlayedMachine(
        phase=rng.random(),
        memory_mb=rng.choice((2048.0, 4096.0, 8192.0)),
        memory_percent=rng.uniform(35, 70),
        disk_mb=rng.choice((32_000.0, 128_000.0, 256_000.0)),
        disk_percent=93.0 if rng.random() < 1 / 8 else rng.uniform(25, 75),
        warm_c=74.0 if rng.random() < 1 / 8 else rng.uniform(42, 58),
    )


def measures_of(machine: PlayedMachine, uptime_s: float) -> HostMeasures:
    """What the computer measures after so long a time."""
    wave = sin(tau * (uptime_s / WAVE_S + machine.phase))
    memory = machine.memory_percent + 8 * wave
    disk = min(99.0, machine.disk_percent + uptime_s / 36_000)
    return HostMeasures(
        cpu_percent=round(25 + 20 * wave, 1),
        memory_used_percent=round(memory, 1),
        memory_free_mb=round(machine.memory_mb * (1 - memory / 100)),
        disk_used_percent=round(disk, 1),
        disk_free_mb=round(machine.disk_mb * (1 - disk / 100)),
        temperature_c=round(machine.warm_c + 8 * wave, 1),
        on_mains=True,
        uptime_s=round(uptime_s),
        clock_jump_s=0.0,
    )
