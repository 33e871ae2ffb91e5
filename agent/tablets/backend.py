"""This file is what the tablets ask of the agent: its store's lesson, and the cart's file."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import msgspec
from tinydb import TinyDB

from agent.database.generations import DocumentError, GenerationStorage, damaged_error
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import NoLesson
from agent.store import ClassroomStore
from agent.tablets.cart import Slot, token_of
from agent.tablets.checkins import CheckInOutcome
from agent.tablets.lesson import TabletLesson, TabletPupil
from agent.tablets.service import SuggestionRefused, TabletBackend
from protocol.model import Method
from protocol.outbox import OutboxError
from protocol.shapes import from_plain

_LOGGER = logging.getLogger(__name__)

CART: Final = "tablets.json"
_TABLE: Final = "slots"


class CartFile:
    """The file of the cart's numbers over a restart: a TinyDB table, no child and no cookie."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._storage = GenerationStorage(path)
        self._slots = TinyDB(storage=lambda: self._storage).table(_TABLE)

    def load(self) -> tuple[Slot, ...]:
        """The slots; none if there has never been a file. Raises DocumentError."""
        rows = [dict(row) for row in self._slots.all()]
        try:
            return from_plain(rows, tuple[Slot, ...])
        except msgspec.ValidationError as error:
            raise damaged_error(self._path, str(error)) from error

    def save(self, slots: tuple[Slot, ...]) -> None:
        """Write them through to the disk. Raises DocumentError; the old file then stays."""
        self._slots.truncate()
        self._slots.insert_multiple(msgspec.to_builtins(slots))
        self._storage.save()


def backend_of(store: ClassroomStore, cart: CartFile) -> TabletBackend:
    """The backend in a running agent; a cart whose file is damaged is numbered anew."""

    async def suggest(student: str, tablet: str, flags: tuple[str, ...]) -> None:
        try:
            await store.suggest(student, Method.TABLET, tablet=tablet, flags=flags)
        except NoLesson as error:
            raise SuggestionRefused(CheckInOutcome.OVER) from error
        except NotOnRoll as error:
            raise SuggestionRefused(CheckInOutcome.NOT_ON_ROSTER) from error
        except OutboxError as error:
            raise SuggestionRefused from error

    async def keep(keys: frozenset[str]) -> bool:
        tokens = frozenset(map(token_of, keys))
        try:
            await store.do(
                lambda room, at_ms: room.change_devices(
                    lambda devices, at: devices.keep_presences(tokens, at), at_ms
                )
            )
        except OutboxError:  # the store has said so
            return False
        return True

    try:
        slots = cart.load()
    except DocumentError as error:
        _LOGGER.warning("tablets are numbered anew: %s", error)
        slots = ()
    return TabletBackend(
        lesson=lambda: lesson_of(store),
        suggest=suggest,
        slots=slots,
        save=cart.save,
        is_confirmed=lambda key: store.classroom.devices.is_own([token_of(key)]),
        keep=keep,
    )


def lesson_of(store: ClassroomStore) -> TabletLesson | None:
    """The running lesson without its names; without pupils while its list is not here."""
    running = store.classroom.lesson.running
    if running is None:
        return None
    sheet = running.sheet
    if sheet is None:
        return TabletLesson(id=running.lesson, classes=running.classes)
    pupils = tuple(
        TabletPupil(pupil.class_code, pupil.number, pupil.student) for pupil in sheet.pupils
    )
    return TabletLesson(
        id=running.lesson,
        classes=tuple(dict.fromkeys(pupil.class_code for pupil in pupils)),
        pupils=pupils,
        seated={
            student: suggestion.tablet
            for student, suggestion in sheet.suggestions.items()
            if suggestion.method is Method.TABLET
        },
    )
