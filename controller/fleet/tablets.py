"""This file decides which agent is told which of its tablets the school's book names. Pure.

Told once in each of an agent's sessions and whenever it is otherwise, like a guide: what was said
before may be lost. An agent that never told of a tablet hears nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from controller.database.changes import of_kind
from controller.fleet.records import AgentRecord, DeviceRecord
from protocol.messages import MAX_CONFIRMED
from protocol.model import SCHOOL, DeviceKind

_Telling = tuple[str, int, frozenset[str] | None]  # boot, session, ids; None: nothing was said


class TabletTellings:
    """Which agents are to be looked at, and what each was told in its session."""

    def __init__(self) -> None:
        self._told: dict[str, _Telling] = {}
        self._due: set[str] = set()

    def forget(self) -> None:
        """What was said may be lost: tell everyone again."""
        self._told.clear()

    def see(self, changes: Sequence[object]) -> None:
        """Look at what was stored: new sessions, and tablets that were confirmed or no more."""
        for agent in of_kind(changes, AgentRecord):
            told = self._told.get(agent.place.agent)
            if told is None or told[:2] != (agent.boot, agent.session):
                self._due.add(agent.place.agent)
        for device in of_kind(changes, DeviceRecord):
            if device.kind is DeviceKind.TABLET and self._is_otherwise(device):
                self._due.add(device.place.agent)

    def due(
        self, agents: Mapping[str, AgentRecord], devices: Iterable[DeviceRecord]
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Who is to be told now, and the whole of it; what is returned counts as told."""
        ready = {name for name in self._due & agents.keys() if _hears(agents[name])}
        self._due -= ready
        confirmed = confirmed_by_agent(devices) if ready else {}
        for name in sorted(ready):
            ids = confirmed.get(name)
            telling = agents[name].boot, agents[name].session, ids
            if ids is not None and self._told.get(name) != telling:
                yield name, tuple(sorted(ids)[:MAX_CONFIRMED])
            self._told[name] = telling

    def _is_otherwise(self, device: DeviceRecord) -> bool:
        _, _, ids = self._told.get(device.place.agent, ("", 0, None))
        return ids is None or (device.device_id in ids) != (SCHOOL in device.sources)


def confirmed_by_agent(devices: Iterable[DeviceRecord]) -> dict[str, frozenset[str]]:
    """The ids of its confirmed tablets, of each agent that told of any tablet.

    Also of one whose number was given back: the same tablet may come again.
    """
    ids = defaultdict[str, set[str]](set)
    for device in devices:
        if device.kind is DeviceKind.TABLET:
            ids[device.place.agent] |= {device.device_id} if SCHOOL in device.sources else set()
    return {agent: frozenset(confirmed) for agent, confirmed in ids.items()}


def _hears(agent: AgentRecord) -> bool:
    return agent.online and agent.rev > 0
