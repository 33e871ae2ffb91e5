"""This file keeps copies in the running controller: what is due is done by a worker, in turn."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from controller.config import places_in
from controller.copies.content import COPIES, SETTINGS_FILE, settings_text
from controller.copies.errors import CopyError
from controller.copies.job import Deed, copy_due, rehearsal_due
from controller.copies.keys import has_key
from controller.copies.standing import PlaceStanding, Standing, standing_in
from controller.copies.worker import Order, line_of, note_trouble
from controller.feature import Program
from protocol.backoff import Backoff
from protocol.folder import OWNER_ONLY, write_whole
from protocol.process import running_module
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

_WORKER: Final = "controller.copies.worker"
LOOK_EVERY_S: Final = 30.0
AGAIN_FIRST_S: Final = 60.0
AGAIN_CAP_S: Final = 900.0
LONGEST_S: Final = 6 * 3600.0  # a slow share; one that hangs is given up
STOP_PATIENCE_S: Final = 3.0


class Copies:
    """The copies of the program's data; `wish` has one made at once."""

    def __init__(self, program: Program) -> None:
        config = program.config
        self._config = config
        self._program = program
        self._folder = config.data / COPIES
        self.places = places_in(config.copies)
        self._wished = asyncio.Event()
        self._backoffs = {place: Backoff(AGAIN_FIRST_S, AGAIN_CAP_S) for place in self.places}
        self._from_s = dict.fromkeys(self.places, 0.0)
        self.at_work = False

    @property
    def has_key(self) -> bool:
        """Whether a passphrase was ever set."""
        return has_key(self._folder)

    def standing(self) -> Standing:
        """What is known now."""
        return standing_in(self._folder)

    def wish(self) -> None:
        """Have a full copy made in every place, at once."""
        self._wished.set()

    async def run(self) -> None:
        """Do what is due until cancelled."""
        await asyncio.to_thread(self._keep_settings)
        while True:
            wished = self._wished.is_set()
            self._wished.clear()
            if self.has_key:
                await self._do_due(wished=wished)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wished.wait()
            except TimeoutError:
                pass

    async def _do_due(self, *, wished: bool) -> None:
        for place in self.places:
            deed = Deed.FULL if wished else self._deed(place)
            if deed:
                await self._copy(place, deed)
        if rehearsed := self._rehearsal_place():
            await self._work(rehearsed, Deed.REHEARSE)

    def _rehearsal_place(self) -> str | None:
        """The place from which a restore is to be tried now."""
        standing = self.standing()
        if standing.newest is None or not rehearsal_due(
            standing.rehearsal, self._program.clock.look()
        ):
            return None
        place, newest = standing.newest
        return place if newest.trouble is None and place in self.places else None

    def _deed(self, place: str) -> Deed | None:
        if asyncio.get_running_loop().time() < self._from_s[place]:
            return None
        return copy_due(
            self._of(place), self._program.clock.look(), has_steps=self._program.store.is_file
        )

    async def _copy(self, place: str, deed: Deed) -> None:
        before = self._of(place).trouble
        if not await self._work(place, deed):
            error = CopyError("copy_failed", N_("The copy failed; the server's log says why."))
            await asyncio.to_thread(note_trouble, self._config, place, error)
        trouble = self._of(place).trouble
        if trouble is None:
            self._backoffs[place].reset()
            return
        if trouble != before:
            _LOGGER.warning("no copy made: %s", trouble.code)
        now_s = asyncio.get_running_loop().time()
        self._from_s[place] = now_s + self._backoffs[place].next_s()

    def _of(self, place: str) -> PlaceStanding:
        return self.standing().places.get(place, PlaceStanding())

    async def _work(self, place: str, deed: Deed) -> bool:
        """Have a process of its own do it; False if it ended badly, or never."""
        order = Order(self._config, place, deed, self._program.clock.look())
        self.at_work = True
        try:
            async with (
                running_module(_WORKER, STOP_PATIENCE_S) as worker,
                asyncio.timeout(LONGEST_S),
            ):
                await worker.communicate(line_of(order))
        except TimeoutError:
            _LOGGER.warning("a copy took longer than %d hours and was given up", LONGEST_S / 3600)
        finally:
            self.at_work = False
        return worker.returncode == 0

    def _keep_settings(self) -> None:
        """Keep the settings for `backup`, which a person runs without them."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        text = settings_text(self._config)
        write_whole(self._folder / SETTINGS_FILE, text.encode(), OWNER_ONLY)


def copies_of(program: Program) -> Copies:
    """The program's copies."""
    return Copies(program)
