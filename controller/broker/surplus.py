"""This file keeps each user to its share of lines at the broker: what is more is cut.

Whoever floods is cut at once: what the broker has taken from it stands before all others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

from controller.broker.system_line import TROUBLES, USER, HeldLine, SystemLine, system_line
from protocol.door_key import LOCAL_USER
from protocol.link import is_session_of

_LOGGER = logging.getLogger(__name__)

MAX_LINES: Final = 4  # a room has one: its next one takes the place of a dead one
MAX_LOCAL_LINES: Final = 1024  # of all played rooms on this machine, which share one key
LOOK_EVERY_S: Final = 2.0


def surplus(lines: Iterable[HeldLine], exempt: Collection[str]) -> list[HeldLine]:
    """Those beyond each user's share; the oldest of a user stay. lines: the oldest first."""
    held: Counter[str] = Counter()
    beyond = []
    for line in lines:
        user = line.authorized_user
        held[user] += 1
        if held[user] > share_of(user) and user not in exempt:
            beyond.append(line)
    return beyond


def share_of(user: str) -> int:
    """How many lines a user may hold."""
    return MAX_LOCAL_LINES if user == LOCAL_USER else MAX_LINES


class LineKeeper:
    """Looks at the broker's lines every few seconds, and at once where somebody floods.

    port: where the broker listens for this now. authority: the file of who signed its certificate.
    note: of whom how many were cut. exempt: our own
    users; whoever has not logged in yet is cut by the broker itself.
    """

    def __init__(
        self,
        port: Callable[[], int],
        password: str,
        authority: Path,
        exempt: Collection[str],
        note: Callable[[str, int], None],
    ) -> None:
        self._port = port
        self._password = password
        self._authority = authority
        self._ours = frozenset({*exempt, USER, ""})
        self._note = note
        self._held: list[HeldLine] = []
        self._flooding: set[str] = set()
        self._stirred = asyncio.Event()

    def cut_off(self, user: str) -> None:
        """End all lines of a user who sends more than anybody may: it may come again."""
        if user not in self._ours:
            self._flooding.add(user)
            self._stirred.set()

    def address_of(self, user: str, start: str) -> str:
        """Whence a start of a user's speaks; "" where that is not known."""
        for line in self._held:
            is_users = line.authorized_user in {user, LOCAL_USER}
            if is_users and is_session_of(line.mqtt_client, start):
                return line.ip
        return ""

    async def run(self) -> None:
        """Keep everybody to the share, until cancelled."""
        while True:
            try:
                async with system_line(self._port(), self._password, self._authority) as line:
                    while True:
                        await self._look(line)
                        await self._rest()
            except TROUBLES as error:  # it is starting, or starts again
                _LOGGER.debug("the broker's lines are not looked at: %s", error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await self._stirred.wait()
        self._stirred.clear()

    async def _look(self, line: SystemLine) -> None:
        held, flooding = await line.held(), self._flooding
        self._held = held
        self._flooding = set()
        for each in held:
            if each.authorized_user in flooding:
                await line.end(each)
        beyond = surplus(held, self._ours | flooding)
        for each in beyond:
            await line.end(each)
        for user, count in Counter(each.authorized_user for each in beyond).items():
            _LOGGER.warning("%d lines of %r cut: it has more than %d", count, user, share_of(user))
            self._note(user, count)
