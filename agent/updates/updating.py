"""This file brings an update to its end: fetched, tried between two lessons, kept or gone back.

What the school said last is what counts. Each step is told; the school says its offer again in each
session until it has heard how it ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import shutil
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from agent.classroom import Classroom, ClassroomStep
from agent.store import ClassroomStore
from agent.updates.launcher import (
    INSTALLED_BUILD,
    LAUNCHED,
    VERSIONS,
    read_standing,
    write_standing,
)
from agent.updates.order import Fetched, Order, this_fit
from agent.updates.standing import Standing
from agent.updates.verdict import Answered, Here, Plain, Taken, verdict_on
from protocol.messages import UpdateOffered, UpdateStep, UpdateTold
from protocol.outbox import OutboxError
from protocol.process import running_module
from protocol.shapes import from_json
from protocol.state_log import StateLog
from protocol.unreadable import UNREADABLE
from protocol.version import BUILD

_LOGGER = logging.getLogger(__name__)

PROVE_S: Final = 300.0
LOOK_S: Final = 1.0
RETRY_S, RETRY_CAP_S = 10.0, 600.0
_WORKER: Final = "agent.updates.worker"
_TIMEOUT_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Door:
    """Where packages are fetched. authority: the school's certificate, PEM or a file's path."""

    address: Callable[[], tuple[str, int] | None]
    authority: str
    is_file: bool = False


class Updating:
    """The updates of one computer.

    answers: whether the agent's own page does. swap: ends the agent, so that another version is
    started. session: the present one with the school; 0 for none.
    """

    def __init__(
        self,
        data: Path,
        keys: tuple[str, ...],
        door: Door,
        *,
        swap: Callable[[], None],
        answers: Callable[[], bool],
        session: Callable[[], int],
        environ: Mapping[str, str] = os.environ,
        running: str = BUILD,
        prove_s: float = PROVE_S,
    ) -> None:
        self._data, self._versions = data.absolute(), data.absolute() / VERSIONS
        self._door, self._swap, self._answers = door, swap, answers
        self._session, self._said_in = session, 0
        self._said = asyncio.Event()
        self._installed = environ.get(INSTALLED_BUILD, running)
        self._prove_s = prove_s
        self._here = Here(
            running=running,
            fit=this_fit(),
            is_launched=environ.get(LAUNCHED) == str(self._versions),
            is_enrolled=bool(door.authority),
            keys=keys,
        )
        self._offer: UpdateOffered | None = None
        self._offered = asyncio.Event()
        self.is_busy = False  # an offer is followed now

    def hear(self, offer: UpdateOffered) -> None:
        """The school offers something, or takes it back.

        The same again changes nothing while it is followed; later it is answered again.
        """
        self._said_in = self._session()
        self._said.set()
        if self.is_busy and self._offer and self._key(offer) == self._key(self._offer):
            return
        self._offer = offer
        self._offered.set()

    async def run(self, store: ClassroomStore) -> None:
        """Prove what is tried, then do what the school says; never returns."""
        if self._here.is_launched:
            await self._settle(store)
        while True:
            await self._offered.wait()
            self._offered.clear()
            offer = self._offer
            if offer is None:
                continue
            self.is_busy = True
            working = asyncio.create_task(self._follow(offer, store), name="update")
            working.add_done_callback(self._rest)
            waiting = asyncio.create_task(self._offered.wait())
            try:
                await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                working.cancel()
                waiting.cancel()
            await asyncio.wait({working})
            if not working.cancelled() and (error := working.exception()):
                raise error

    def _rest(self, _: asyncio.Task[None]) -> None:
        self.is_busy = False

    async def _settle(self, store: ClassroomStore) -> None:
        """Prove the version that is tried; tell what failed; sweep what nobody wants."""
        standing = await asyncio.to_thread(self._read)
        trial = standing.trial
        if trial and trial.build == self._here.running:
            proving = await self._tell(store, UpdateStep.PROVING, trial.offer, trial.build)
            if not await self._is_proven(store, proving):
                _LOGGER.error("version %s does not prove itself: back", trial.build)
                await self._change(lambda now: now.give_up("not_proven"))
                self._swap()
                await asyncio.Event().wait()
            standing = await self._change(Standing.keep)
            _LOGGER.info("version %s is kept", trial.build)
            await self._tell(store, UpdateStep.KEPT, trial.offer, trial.build)
        for failure in standing.failed:
            if not failure.is_told:
                step, offer = UpdateStep.FAILED, failure.offer
                await self._tell(store, step, offer, failure.build, failure.reason)
        if any(not failure.is_told for failure in standing.failed):
            standing = await self._change(Standing.tell)
        await asyncio.to_thread(self._sweep, standing)

    async def _is_proven(self, store: ClassroomStore, proving: str) -> bool:
        """Whether the school has stored what this version said, and its page answers, in time."""
        until_s = time.monotonic() + self._prove_s
        while time.monotonic() < until_s:
            with contextlib.suppress(OutboxError):
                is_stored = not await store.waiting_ids([proving])
                # Asked on a thread: the page is served by this very loop.
                if is_stored and await asyncio.to_thread(self._answers):
                    return True
            await asyncio.sleep(LOOK_S)
        return False

    async def _follow(self, offer: UpdateOffered, store: ClassroomStore) -> None:
        standing = await asyncio.to_thread(self._read)
        match verdict_on(offer, standing, self._here):
            case Answered(step=step, reason=reason):
                await self._tell(store, step, offer.offer, offer.version, reason)
            case Plain.LEFT:
                _LOGGER.info("the offer of %s was taken back", offer.version)
            case Plain.BACK:
                await self._swap_between_lessons(store, offer, Standing.go_back)
            case Taken() as taken:
                await self._take(taken, offer, store)

    async def _take(self, taken: Taken, offer: UpdateOffered, store: ClassroomStore) -> None:
        await self._tell(store, UpdateStep.FETCHING, offer.offer, offer.version)
        fetched = await self._fetch(taken, offer)
        if fetched.flaw:
            await self._change(
                lambda now: now.fail(offer.version, offer.offer, fetched.flaw).tell()
            )
            step = UpdateStep.FAILED
            await self._tell(store, step, offer.offer, offer.version, fetched.flaw)
            return
        await self._swap_between_lessons(
            store, offer, lambda now: now.try_out(offer.version, offer.offer, self._installed)
        )

    async def _fetch(self, taken: Taken, offer: UpdateOffered) -> Fetched:
        """Until it is there, or will never be."""
        pause_s = RETRY_S
        while True:
            address = self._door.address()
            if address is not None:
                order = Order(
                    data=str(self._data), host=address[0], port=offer.port,
                    authority=self._door.authority, is_file=self._door.is_file,
                    manifest=taken.text, signature=taken.signature, keys=self._here.keys,
                )  # fmt: skip
                fetched = await fetched_by_child(order)
                if not fetched.trouble:
                    return fetched
                _LOGGER.info("version %s is not here yet: %s", offer.version, fetched.trouble)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 - rooms come apart
            pause_s = min(pause_s * 2, RETRY_CAP_S)

    async def _swap_between_lessons(
        self, store: ClassroomStore, offer: UpdateOffered, change: Callable[[Standing], Standing]
    ) -> None:
        """Have another version started, once no lesson is on and the school still says so."""
        step, is_told = store.step, False
        while self._is_in_lesson(store) or not self._is_still_said():
            if not is_told:
                await self._tell(store, UpdateStep.WAITING, offer.offer, offer.version)
                is_told = True
            if self._is_in_lesson(store):
                step = await store.wait_for_step(step, 60.0)
            else:
                await self._hear_again()
        before = await asyncio.to_thread(self._read)
        await self._change(change)
        if self._is_in_lesson(store):  # it began in this very moment
            await self._change(lambda _: before)
            await self._swap_between_lessons(store, offer, change)
            return
        _LOGGER.info("ends for another version offer=%s", offer.version)
        self._swap()

    async def _tell(
        self, store: ClassroomStore, step: UpdateStep, offer: str, version: str, reason: str = ""
    ) -> str:
        """Tell the school; the event's id. A disk that refuses is asked until it takes it."""
        said: list[str] = []

        def tell(room: Classroom, at_ms: int) -> ClassroomStep:
            event = UpdateTold(
                boot=room.room.boot, id=room.room.new_id(), at_ms=at_ms, room=room.room.room,
                offer=offer, step=step, version=version, running=self._here.running, reason=reason,
            )  # fmt: skip
            said.append(event.id)
            return ClassroomStep(room, [event])

        while True:
            try:
                await store.do(tell)
            except OutboxError:
                await asyncio.sleep(RETRY_S)
            else:
                return said[-1]

    def _read(self) -> Standing:
        try:
            return read_standing(self._versions)
        except (OSError, ValueError):
            return Standing()

    async def _change(self, change: Callable[[Standing], Standing]) -> Standing:
        """Have it kept, however long the disk refuses."""
        trouble = StateLog(_LOGGER, "which version runs cannot be kept")
        while True:
            after = change(await asyncio.to_thread(self._read))
            try:
                await asyncio.to_thread(write_standing, self._versions, after)
            except OSError as error:
                trouble.failed(error)
                await asyncio.sleep(RETRY_S)
            else:
                trouble.went_well()
                return after

    def _sweep(self, standing: Standing) -> None:
        """Let go of folders that are neither run nor gone back to."""
        with contextlib.suppress(OSError):
            for folder in self._versions.iterdir():
                if folder.is_dir() and folder.name not in standing.wanted:
                    shutil.rmtree(folder, ignore_errors=True)

    def _is_still_said(self) -> bool:
        """Whether the offer was heard in this session: what was said before may be over."""
        return self._said_in == self._session() != 0

    async def _hear_again(self) -> None:
        self._said.clear()
        await self._said.wait()

    @staticmethod
    def _is_in_lesson(store: ClassroomStore) -> bool:
        return store.classroom.lesson.running is not None

    @staticmethod
    def _key(offer: UpdateOffered) -> tuple[object, ...]:
        return offer.offer, offer.version, offer.packages, offer.is_back


async def fetched_by_child(order: Order) -> Fetched:
    """Have a program of its own fetch it; what it does not say is said by no answer."""
    try:
        async with (
            asyncio.timeout(_TIMEOUT_S),
            running_module(_WORKER, 0, stdout=PIPE, stderr=DEVNULL) as child,
        ):
            answer, _ = await child.communicate(msgspec.json.encode(order) + b"\n")
        return from_json(answer, Fetched)
    except (OSError, TimeoutError, *UNREADABLE) as error:
        _LOGGER.warning("fetching ended: %s", type(error).__name__)
        return Fetched(trouble="ended")
