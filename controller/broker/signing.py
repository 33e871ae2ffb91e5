"""This file gives what is said to enrolled agents a proof, by the secret of their enrolment."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Mapping
from typing import Final

from controller.broker.credentials import CredentialError, Credentials, Enrolled
from protocol.proof import proven

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0


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
        self._boots: dict[str, str] = {}
        self._enrolled: Mapping[str, Enrolled] = {}
        self._changed_at = 0
        self._look_at_s = float("-inf")

    def note_start(self, agent: str, boot: str) -> None:
        """An agent is there, in this start of its own."""
        self._boots[agent] = boot

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
        start = boot or self._boots.get(agent, "")
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
            _LOGGER.warning("signing goes on with the secrets it knows: %s", error)
            return
        self._changed_at = changed_at
        self._enrolled = enrolled
