"""An idle room says one thing a minute, however much its senses see again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest

from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.room import Moment
from agent.store import ClassroomStore
from hardware.readings import (
    CameraReading,
    CameraState,
    IdentityKind,
    Kind,
    LineReading,
    PowerState,
    ProjectorReading,
    Reading,
    Sighting,
)
from protocol.messages import AnyEvent, AnyState, Birth, HostMeasures
from protocol.model import instant
from protocol.outbox import Outbox
from tests.agent.classrooms import PLACE, classroom, host_sighting, sighting
from tests.tiers import one_short

NOW_MS = 1_793_232_000_000
BEAT_S, MINUTES, SETTLED_S = 10, 60, 300


class CountedOutbox(Outbox):
    """An outbox that notes the kinds of all that is said."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self.said: list[str] = []

    def put(
        self, *messages: AnyState | AnyEvent, memos: Mapping[str, bytes | None] | None = None
    ) -> None:
        """Note it, and keep it."""
        self.said += [type(message).__name__ for message in messages]
        super().put(*messages, memos=memos)


@dataclass
class IdleRoom:
    """A room in which nobody is, and what its senses see of it."""

    dice: Random
    ran_s: int = 0
    seen: list[Sighting] = field(default_factory=list)

    def now(self) -> Moment:
        """By clocks that agree."""
        at_ms = NOW_MS + self.ran_s * 1000
        return Moment(at_ms, float(self.ran_s), instant(at_ms).date().isoformat(), 0.0)

    def measures(self) -> HostMeasures:
        """As a calm computer's go up and down."""
        return HostMeasures(
            cpu_percent=self.dice.uniform(1, 20),
            memory_used_percent=self.dice.uniform(38, 42),
            memory_free_mb=self.dice.uniform(3000, 3200),
            disk_used_percent=41.0 + self.ran_s / 10_000,
            temperature_c=self.dice.uniform(38, 52),
        )

    def readings(self) -> list[Reading]:
        """What the senses say again: caches repeat, cameras and projectors are looked at."""
        again = self.dice.sample(self.seen, self.dice.randrange(len(self.seen)))
        said: list[Reading] = [*again]
        if not self.ran_s % 30:
            measures = {"mean": self.dice.uniform(80, 120), "fps": self.dice.uniform(9, 30)}
            said.append(
                CameraReading(key=CAMERA.key, at=0.0, state=CameraState.OK, measures=measures)
            )
            rtt_ms = self.dice.uniform(0.4, 30)
            said.append(LineReading(at=0.0, gateway=True, dns=True, controller=True, rtt_ms=rtt_ms))
        if not self.ran_s % 60:
            said.append(
                ProjectorReading(
                    key=PROJECTOR.key, at=0.0, power=PowerState.OFF, lamp_hours=(1200,)
                )
            )
        if not self.ran_s % 300:
            said.append(replace(UPS, charge_percent=self.dice.choice((88, 89, 90, 91))))
        return said


CAMERA = sighting("mac:00408c000001", source="onvif", identity=IdentityKind.MAC, kind=Kind.CAMERA)
PROJECTOR = sighting(
    "mac:0026ab112233", source="pjlink", identity=IdentityKind.MAC, kind=Kind.PROJECTOR
)
UPS = replace(
    sighting("port:h:1:051d:0002", source="usb", identity=IdentityKind.PORT, kind=Kind.UPS),
    charge_percent=90,
)
CAST = sighting("uuid:4b1f7c2a90de4455", source="mdns", identity=IdentityKind.UUID)


@pytest.mark.parametrize("seed", one_short(range(3)))
def test_an_idle_room_says_one_thing_a_minute(tmp_path: Path, seed: int) -> None:
    """Its health, each minute for an hour; nothing of what is seen as it was."""

    async def run() -> list[str]:
        idle = IdleRoom(Random(seed), seen=[host_sighting(), CAMERA, PROJECTOR, UPS, CAST])
        documents = Documents(tmp_path / DOCUMENTS)
        documents.load()
        with CountedOutbox(tmp_path / OUTBOX, PLACE, boot="b1") as outbox:
            store = ClassroomStore(
                classroom(), outbox, documents, now=idle.now, stirred=lambda: None
            )
            await store.see(idle.seen)
            await store.beat(idle.measures(), ())
            await store.birth(1)
            assert Birth.__name__ in outbox.said
            for _ in range(MINUTES * 60 // BEAT_S):
                if idle.ran_s == SETTLED_S:  # each sense has said what it sees
                    outbox.said.clear()
                idle.ran_s += BEAT_S
                await store.see(idle.readings())
                await store.beat(idle.measures(), ())
            documents.close()
            return outbox.said

    said = asyncio.run(run())
    assert set(said) == {"Health"}
    assert len(said) <= MINUTES - SETTLED_S // 60
