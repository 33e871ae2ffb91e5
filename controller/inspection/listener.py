"""This file is the inspections' part in a department's ingest: schools are told what to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace
from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.department.school_record import SchoolRecord
from controller.department.store import schools_of
from controller.feature import Command, Listener, Program
from controller.inspection import store
from controller.inspection.delivery import InspectionDelivery, Owed
from controller.inspection.inspection import given
from protocol.messages import InspectionGiven
from protocol.model import Place


class InspectionListener(Listener[object]):
    """Which schools are there, and which words they should hold."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._delivery = InspectionDelivery()
        self._schools: dict[str, SchoolRecord] = {}
        self._owed: list[Owed] = []
        self._words: dict[tuple[str, str], InspectionGiven] = {}

    @property
    def _province(self) -> Place:
        return Place(self._program.school.province)

    def load(self, db: Connection) -> None:
        """Read the schools, and what they are asked."""
        self._schools = {record.code: record for record in schools_of(db, self._province)}
        self._take(db, self._program.now_ms())

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """What an officer asks, or takes back, is said within seconds."""
        self._take(db, now_ms)
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Tell the schools that are there what they do not hold yet."""
        changed = {record.code: record for record in of_kind(changes, SchoolRecord)}
        self._schools |= changed
        owed = [word for word in self._owed if not changes or word.school in changed]
        for word in self._delivery.due(owed, self._schools, now_ms):
            yield from self._commands(word, now_ms)

    def _commands(self, word: Owed, now_ms: int) -> Iterator[Command]:
        """The word, as it was read when it was found to be owed."""
        message = self._words.get((word.school, word.inspection))
        if message is not None:
            told = replace(message, boot=self._program.boot, at_ms=now_ms)
            start = self._schools[word.school].boot
            yield Command(word.school, "inspection", told, qos=1, start=start)

    def _take(self, db: Connection, now_ms: int) -> None:
        """Read what is owed, and the words that are not at hand yet."""
        self._owed = store.owed_words(db, self._province.province, now_ms)
        numbers = {(word.school, word.inspection): word.number for word in self._owed}
        known = {
            key: message
            for key, message in self._words.items()
            if numbers.get(key) == message.number
        }
        missing = {name for school, name in numbers if (school, name) not in known}
        for inspection in store.inspections_of(db, self._province.province) if missing else ():
            if inspection.inspection in missing:
                for school in store.schools_asked(db, self._province.province, inspection):
                    message = given(inspection, school, self._program.boot, now_ms)
                    known[school.place.school, inspection.inspection] = message
        self._words = known
