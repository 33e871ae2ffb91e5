"""This file carries what was stored between processes, so that every browser sees it at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from controller.database.handover import Channel, tell
from controller.database.store import StoreError
from controller.feature import Program
from protocol.shapes import from_json, json_decoder
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

NOTICE_BYTES: Final = 7_900  # PostgreSQL takes 7,999
AHEAD: Final = 1_000  # notices that wait; with more, the others read all of it anew
ANEW: Final = "*"

_Told = tuple[str, list[tuple[str, msgspec.Raw]]]  # the start that tells, and kinds with records
_told: Final = json_decoder(_Told)


def kinds_of(program: Program) -> dict[str, type[Any]]:
    """What is carried, by name."""
    return {kind.__name__: kind for feature in program.features for kind in feature.shown}


def notices_of(boot: str, changes: Sequence[object], kinds: dict[str, type[Any]]) -> Iterator[str]:
    """The changes that others show, in as many notices as they need."""
    known = {kind: name for name, kind in kinds.items()}
    bunch: list[bytes] = []
    head = b'["' + boot.encode() + b'",['
    room = NOTICE_BYTES - len(head) - 2
    for change in changes:
        if (name := known.get(type(change))) is None:
            continue
        item = msgspec.json.encode((name, change))
        if len(item) > room:
            yield ANEW + boot
            return
        if sum(map(len, bunch)) + len(bunch) + len(item) > room:
            yield (head + b",".join(bunch) + b"]]").decode()
            bunch = []
        bunch.append(item)
    if bunch:
        yield (head + b",".join(bunch) + b"]]").decode()


class Shown:
    """What this process stores is told to the others; what they store is shown here."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._kinds = kinds_of(program)
        self._waiting: asyncio.Queue[str] = asyncio.Queue(AHEAD)
        program.tell = self.tell

    def tell(self, changes: Sequence[object]) -> None:
        """Tell the others. Call it on the event loop."""
        for notice in notices_of(self._program.boot, changes, self._kinds):
            if self._waiting.full():
                while not self._waiting.empty():
                    self._waiting.get_nowait()
                notice = ANEW + self._program.boot  # noqa: PLW2901 - instead of all that waited
            self._waiting.put_nowait(notice)

    async def run(self) -> None:
        """Carry what waits, in its order, until cancelled."""
        trouble = StateLog(_LOGGER, "other processes read it at their next look")
        while True:
            notices = [await self._waiting.get()]
            while not self._waiting.empty():
                notices.append(self._waiting.get_nowait())
            try:
                await asyncio.to_thread(self._program.store.write, tell, Channel.SHOWN, notices)
                trouble.went_well()
            except StoreError as error:
                trouble.failed(error)

    def hear(self, payload: str) -> None:
        """Show what another process has stored."""
        if payload.startswith(ANEW):
            if payload != ANEW + self._program.boot:
                self.read_anew()
            return
        boot, told = _told.decode(payload)
        if boot != self._program.boot:
            kinds = self._kinds
            self._program.show([from_json(raw, kinds[name]) for name, raw in told if name in kinds])

    def read_anew(self) -> None:
        """Some of it was missed: what is stored is shown."""
        for feature in self._program.features:
            if feature.read_anew:
                feature.read_anew(self._program)
