"""This file is the school's part: it takes what the department asks, and tells how far it is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from controller.feature import Program
from controller.inspection import request_store as requests
from controller.inspection.request import InspectionRequest, told_of
from protocol.formats import phrase
from protocol.messages import Down, InspectionGiven
from protocol.outbox import Sendable
from protocol.upward import InspectionTold
from protocol.words import N_

TOLD_FOR_MS = 60 * 86_400_000  # after its end or deadline a request is told no more by itself


class InspectionPart:
    """What the department knows of each inspection, and what it is to be told.

    A word of the department's that says nothing new is answered all the same: it asks whether the
    school still holds it.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._told: dict[str, InspectionTold] = {}

    def hear(self, message: Down) -> bool:
        """Take a word of the department's. Raises StoreError."""
        if not isinstance(message, InspectionGiven):
            return False
        program, now_ms = self._program, self._program.now_ms()
        name = phrase(
            N_("Inspection: {title}"),
            program.translate_to(program.default_language),
            title=message.title or message.inspection,
        )
        with program.store.locked(program.school) as db:
            requests.take(db, program.school, message, name, now_ms)
        self._told.pop(message.inspection, None)
        return True

    def owed(self) -> Sequence[Sendable]:
        """What is other than was told last. Raises StoreError."""
        now_ms = self._program.now_ms()
        with self._program.store.view() as db:
            every = requests.requests_of(db, self._program.school)
        return [told for request in every for told in self._owed(request, now_ms)]

    def _owed(self, request: InspectionRequest, now_ms: int) -> list[InspectionTold]:
        last = self._told.get(request.inspection)
        is_old = now_ms > max(request.due_here_ms, request.finished_ms) + TOLD_FOR_MS
        if last is not None and not request.is_open and _same_request(last, request):
            return []  # nothing of it changes any more
        if last is None and is_old:
            return []
        told = self._telling(request, now_ms)
        return [] if last is not None and _said(last) == _said(told) else [told]

    def _telling(self, request: InspectionRequest, now_ms: int) -> InspectionTold:
        store, school = self._program.store, self._program.school
        if request.is_open and request.items:
            with store.locked(school) as db:
                requests.note_seen(db, request)
        with store.view() as db:
            answers = requests.answers_now(db, request)
        return told_of(request, answers, self._program.boot, now_ms)

    def note_told(self, messages: Sequence[Sendable]) -> None:
        """These are on their way, which they do not lose."""
        for message in messages:
            if isinstance(message, InspectionTold):
                self._told[message.inspection] = message

    def forget_told(self) -> None:
        """All is to be told anew: another start, or a department that forgot."""
        self._told.clear()


def _same_request(told: InspectionTold, request: InspectionRequest) -> bool:
    said = (told.number, told.finished_ms, told.refused)
    return said == (request.number, request.finished_ms, request.refused)


def _said(told: InspectionTold) -> InspectionTold:
    """What of it counts as news: not when it was said, nor by which start."""
    return replace(told, at_ms=0, rev=0, boot="-")
