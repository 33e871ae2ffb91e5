"""A room with simulated projectors and a watch over them, for the tests of PJLink."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from hardware.pjlink.ask import ProjectorEntry
from hardware.pjlink.watch import Projectors, Settings
from hardware.readings import ProjectorReading, Sighting, SourceFlaw
from simulators.devices.projector import Projector, ProjectorMake
from tests.hardware.told import Told
from tests.ports import free_port
from tests.waiting import LIMIT_S, calm_s

NOWHERE = Path("/nonexistent")
SECRET = "secret-5b2c"  # noqa: S105 - of a simulated projector
FIRST = ProjectorMake()
OLD = ProjectorMake(name="PJ-OLD", maker="NEC", model="NP-M403X", serial="", pjlink_class=1)


class Watch:
    """A running watch, and what it told with the seconds since it began."""

    def __init__(self) -> None:
        self.told = Told()
        self.password = ""
        self.typed: list[ProjectorEntry] = []
        self.projectors: Projectors | None = None
        self.listens_at = ("127.0.0.1", free_port(socket.SOCK_DGRAM))

    async def reading(
        self, wanted: Callable[[ProjectorReading], bool] = bool, limit_s: float = LIMIT_S
    ) -> ProjectorReading:
        return await self.told.until_seen(
            lambda seen: isinstance(seen, ProjectorReading) and wanted(seen), limit_s
        )

    async def sighting(
        self, wanted: Callable[[Sighting], bool] = bool, limit_s: float = LIMIT_S
    ) -> Sighting:
        return await self.told.until_seen(
            lambda seen: isinstance(seen, Sighting) and wanted(seen), limit_s
        )

    async def flaw(self) -> SourceFlaw:
        return await self.told.until_seen(lambda seen: isinstance(seen, SourceFlaw))


def settings_for(
    projectors: Iterable[Projector], listen_port: int, neighbours: Path = NOWHERE
) -> Settings:
    """TalkResult for these projectors, which share a TCP port, and for nothing else."""
    rooms = list(projectors)
    return Settings(
        port=rooms[0].port if rooms else 9,
        listen=("127.0.0.1", listen_port),
        targets=lambda: [(one.host, one.udp_port) for one in rooms if one.udp_port],
        neighbours=neighbours,
        networks=tuple,
        jitter=lambda: 0.0,
    )


@asynccontextmanager
async def watching(
    *projectors: Projector,
    password: str = "",
    typed: Iterable[ProjectorEntry] = (),
    neighbours: Path = NOWHERE,
) -> AsyncIterator[Watch]:
    """Watch these projectors as long as the block runs."""
    watch = Watch()
    watch.password, watch.typed = password, list(typed)
    watch.projectors = Projectors(
        watch.told,
        lambda *_: watch.password,
        lambda: watch.typed,
        settings_for(projectors, watch.listens_at[1], neighbours),
    )
    async with asyncio.TaskGroup() as group:
        task = group.create_task(watch.projectors.watch())
        yield watch
        task.cancel()


def projector(make: ProjectorMake = FIRST, host: str = "127.0.0.2", **more: object) -> Projector:
    """Give a projector of our own that answers to where it was asked from."""
    return Projector(make, host=host, answers_to=0, **more)


async def longest_pause(stop: asyncio.Event) -> float:
    """Give the longest time for which the loop stood still, in seconds, until stopped."""
    longest = 0.0
    while not stop.is_set():
        before_s = calm_s()
        await asyncio.sleep(0.005)
        longest = max(longest, calm_s() - before_s - 0.005)
    return longest
