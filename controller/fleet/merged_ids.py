"""This file remembers which ids were folded into another device, and by whose word. Pure.

A device that is told with aliases is one with what was known under them. Words may arrive late,
twice, or in any order: what an agent said last of an id, in one run, decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from controller.fleet.records import DeviceRecord
from protocol.model import Device, Status


class Word(NamedTuple):
    """Which agent said something, in which run, at which revision."""

    agent: str
    boot: str
    rev: int

    def follows(self, other: Word) -> bool:
        """Whether it was said in the same run as the other, and not before it."""
        return self[:2] == other[:2] and self.rev >= other.rev


class Folds:
    """The ids that are another device's aliases, each with the newest word for it."""

    def __init__(self, devices: Iterable[DeviceRecord] = ()) -> None:
        self._words: dict[str, Word] = {}
        for record in devices:
            if record.removed_ms is None:
                for alias in record.aliases:
                    self.note(alias, word_for(record))

    def note(self, device_id: str, word: Word) -> None:
        """The id was told as an alias."""
        last = self._words.get(device_id)
        if last is None or not last.follows(word):
            self._words[device_id] = word

    def hold(self, device: Device, word: Word) -> bool:
        """Whether a device that is not there now stays folded in spite of what is told of it.

        That it is not seen is noted, so that an older word that it was seen comes too late.
        """
        folded = self._words.get(device.device_id)
        if folded is None:
            return False
        if device.status is Status.UNKNOWN:
            if word.follows(folded):
                self._words[device.device_id] = word
            return True
        return folded.follows(word)


def word_for(record: DeviceRecord) -> Word:
    """The word that the record was made by."""
    return Word(record.place.agent, record.boot, record.rev)
