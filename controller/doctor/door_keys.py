"""This file says what the doctor thinks of the keys of door cards that rooms are given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from controller.cards.words import END_KEYS, KEYS_GIVEN, KEYS_KEPT
from protocol.doctor import Check, Diagnosis
from protocol.model import Status


@dataclass(frozen=True, slots=True)
class DoorKeysFact:
    """How many computers of rooms are given what signs the whole school's cards."""

    computers: int

    def judge(self) -> Diagnosis:
        """Whether one that is stolen could make cards."""
        say = partial(Diagnosis, Check.PASSWORD, values={"count": self.computers})
        if self.computers:
            return say(Status.WARNING, "door_keys_given", KEYS_GIVEN, END_KEYS)
        return say(Status.OK, "door_keys_kept", KEYS_KEPT)
