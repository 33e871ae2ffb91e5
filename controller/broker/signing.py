"""This file gives what is said to enrolled agents a proof, by the secret of their enrolment."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from controller.broker.credentials import CredentialError, Credentials, Enrolled
from protocol.proof import proven
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
MAX_STARTS: Final = 4
BESIDE_S: Final = 180.0  # three beats: an earlier start that spoke again is here beside the newer


class CommandSigner:
    """The secrets as they are now, and which start of each agent is spoken to.

    sender: this start of the controller. To who was not enrolled all goes as it is.
    """

    def __init__(
        self, credentials: Credentials, sender: str, now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._credentials = credentials
        self._sender = sender
        self._now_s = now_s
        self._numbers = itertools.count(1)
        self._boots: dict[str, dict[str, float]] = {}
        self._returned_s: dict[str, float] = {}
        self._enrolled: Mapping[str, Enrolled] = {}
        self._changed_at = 0
        self._look_at_s = float("-inf")
        self._trouble = StateLog(_LOGGER, "signing goes on with the secrets it knows")

    def note_start(self, agent: str, boot: str) -> None:
        """An agent is there, in this start of its own."""
        heard, now_s = self._boots.setdefault(agent, {}), self._now_s()
        if boot in heard and next(reversed(heard)) != boot:
            self._returned_s[agent] = now_s
        heard.pop(boot, None)
        heard[boot] = now_s
        if len(heard) > MAX_STARTS:
            del heard[next(iter(heard))]

    def starts(self, agent: str) -> Sequence[str]:
        """To which starts it is to be said: the one that spoke last, and whoever is beside it."""
        self._look()
        since_s = self._now_s() - BESIDE_S
        if self._returned_s.get(agent, since_s) <= since_s or agent not in self._enrolled:
            return [self._last(agent)]
        return [boot for boot, at_s in self._boots[agent].items() if at_s >= since_s]

    def _last(self, agent: str) -> str:
        return next(reversed(self._boots.get(agent, {})), "")

    def is_other(self, name: str, *, upward: bool) -> bool:
        """Whether it was enrolled as a room and speaks as a school, or the other way round."""
        self._look()
        enrolled = self._enrolled.get(name)
        return enrolled is not None and enrolled.is_school is not upward

    def signed(self, agent: str, payload: bytes, boot: str = "") -> bytes:
        """The payload as it goes to an agent. boot: of its starts the one that is meant."""
        self._look()
        enrolled = self._enrolled.get(agent)
        if enrolled is None:
            return payload
        start = boot or self._last(agent)
        return proven(enrolled.secret, agent, self._sender, next(self._numbers), start, payload)

    def _look(self) -> None:
        """Take in who was enrolled or cut off meanwhile."""
        if (now_s := self._now_s()) < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_EVERY_S
        if (changed_at := self._credentials.changed_at()) == self._changed_at:
            return
        try:
            enrolled = self._credentials.enrolled()
        except CredentialError as error:
            self._trouble.failed(error)
            return
        self._trouble.went_well()
        self._changed_at = changed_at
        self._enrolled = enrolled
