"""This file makes messages of causes and days, and sends them until each is taken or too late."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time
from typing import Final

from msgspec.structs import replace

from controller.alerts import store as kept
from controller.alerts.alert import TEST, Alert, about_cause, owed_causes, owed_digest, surplus
from controller.alerts.letters import Letters, alert_of
from controller.alerts.receivers import OWN_FILE, AlertError, Receiver, receivers_in
from controller.alerts.ways import send
from controller.database.store import StoreError
from controller.feature import Program
from controller.incidents.handling import Handling
from controller.incidents.incident import Incident
from controller.incidents.service import Incidents
from controller.incidents.words import IncidentWords
from controller.webhooks.line import UntakenError
from protocol.errors import LopHocError
from protocol.folder import changing
from protocol.model import instant
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 20.0


class Alerts:
    """Tells people of the administrator's file; what waits is in the database."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._incidents = program.service(Incidents)
        self._stirred = asyncio.Event()
        self._has_ended = False
        self._said = ""
        self._is_idle = False
        self._trouble = StateLog(_LOGGER, "people are told later")

    async def run(self) -> None:
        """Look for what is owed, for ever."""
        try:
            while True:
                self._stirred.clear()
                try:
                    await asyncio.to_thread(self.look)
                    self._trouble.went_well()
                except StoreError as error:
                    self._trouble.failed(error)
                try:
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._stirred.wait()
                except TimeoutError:
                    pass
        finally:
            self._has_ended = True  # a thread that sends ends with this message

    def stir(self) -> None:
        """Causes are others: look soon."""
        self._stirred.set()

    def receivers(self) -> Mapping[str, Receiver]:
        """Who is told. Raises AlertError."""
        return receivers_in(self._program.config.data)

    def change(self, action: Callable[..., object], *given: object) -> object:
        """Change, by one at a time, whom pages have set. Raises AlertError, OSError."""
        folder = self._program.config.data
        with changing(folder / OWN_FILE):
            return action(folder, *given)

    def look(self) -> int:
        """Make what is owed and send what is due; how many were taken. Raises StoreError."""
        try:
            receivers = self.receivers()
        except AlertError as error:
            self._note(str(error))
            return 0
        self._note("")
        if not receivers and self._is_idle:
            return 0
        causes = self._incidents.open()
        if receivers:
            self._make(receivers, causes)
        taken = self._send(receivers, {about_cause(incident) for incident, _ in causes})
        self._is_idle = not receivers  # what was owed to the last one is let go
        return taken

    def test(self, name: str, receiver: Receiver) -> Alert:
        """Send a test now, and note how it went. Raises StoreError.

        A person looks now: it waits for no later try, nor for the job that sends what waits.
        """
        program, now_ms = self._program, self._program.now_ms()
        said = self._letters(receiver).test()
        about = f"{TEST}/{secrets.token_hex(8)}"
        alert = Alert(
            receiver=name,
            about=about,
            title=said.title,
            text=said.text,
            made_ms=now_ms,
            dropped=True,
        )
        program.store.write(kept.keep_new, program.school, [alert])
        made = program.store.read(kept.alert_about, program.school, name, about)
        tried = self._tried(receiver, made)
        if tried.sent_ms is None:
            tried = _dropped(tried)
        program.store.write(kept.change, program.school, [tried])
        return tried

    def _make(
        self, receivers: Mapping[str, Receiver], causes: Sequence[tuple[Incident, Handling]]
    ) -> None:
        program, now_ms = self._program, self._program.now_ms()
        told = program.store.read(kept.told_by, program.school)
        local = instant(now_ms).astimezone(program.zone)
        new: list[Alert] = []
        for name, receiver in receivers.items():
            letters, known = self._letters(receiver), told.get(name, frozenset())
            new += [
                alert_of(name, incident, letters.cause(incident), now_ms)
                for incident in owed_causes(receiver, known, causes)
            ]
            day, about = owed_digest(receiver, known, local)
            if about and self._is_school_day(day):
                incidents = [incident for incident, handling in causes if handling.until_ms is None]
                said = letters.digest(incidents, self._incidents.open_repairs())
                new.append(
                    Alert(
                        receiver=name,
                        about=about,
                        title=said.title,
                        text=said.text,
                        made_ms=now_ms,
                    )
                )
        if new:
            program.store.write(kept.keep_new, program.school, new)

    def _is_school_day(self, day: date) -> bool:
        """Whether anybody comes to school on this day. Raises StoreError."""
        midnight = datetime.combine(day, time(), self._program.zone)
        begins_ms = int(midnight.timestamp() * 1000)
        hours = self._incidents.hours(self._program.now_ms())
        first_ms = hours.next_awake(begins_ms - 1)
        return first_ms is not None and first_ms < begins_ms + 86_400_000

    def _send(self, receivers: Mapping[str, Receiver], still: Collection[str]) -> int:
        program, now_ms = self._program, self._program.now_ms()
        waiting = program.store.read(kept.waiting, program.school)
        by_receiver: dict[str, list[Alert]] = {}
        for alert in waiting:
            by_receiver.setdefault(alert.receiver, []).append(alert)
        due: list[tuple[Receiver, Sequence[Alert]]] = []
        for name, own in by_receiver.items():
            gone = surplus(own) if name in receivers else [_dropped(alert) for alert in own]
            program.store.write(kept.change, program.school, gone)
            left = _left(own, gone)
            if name in receivers and any(alert.is_due(now_ms) for alert in left):
                due.append((receivers[name], left))
        taken = self._send_each(due, now_ms)
        horizon_ms = now_ms - kept.REMEMBER_MS
        program.store.write(kept.drop_before, program.school, horizon_ms, still)
        return taken

    def _send_each(self, due: Sequence[tuple[Receiver, Sequence[Alert]]], now_ms: int) -> int:
        """Send to all at once, for one that hangs keeps nobody else waiting. Raises StoreError."""
        if not due:
            return 0
        with ThreadPoolExecutor(len(due)) as threads:
            sending = [threads.submit(self._send_all, *one, now_ms) for one in due]
            return sum(one.result() for one in sending)

    def _send_all(self, receiver: Receiver, own: Iterable[Alert], now_ms: int) -> int:
        """Send a receiver's, the oldest first, until one is not taken; how many were.

        What the other side never takes lets those behind it by, one at a look.
        """
        taken = refused = 0
        for alert in own:
            if self._has_ended or refused > 1:
                break
            if not alert.is_due(now_ms):
                if alert.lets_others_by:
                    continue
                break
            tried = self._tried(receiver, alert)
            self._program.store.write(kept.change, self._program.school, [tried])
            refused += tried.lets_others_by
            if tried.waits and not tried.lets_others_by:
                break
            taken += tried.sent_ms is not None
        return taken

    def _tried(self, receiver: Receiver, alert: Alert) -> Alert:
        """The message after a try; the log names the receiver alone."""
        now_ms = self._program.now_ms()
        try:
            partly = send(receiver, alert, self._program.config.school, now_ms)
        except (UntakenError, LopHocError) as error:
            why = error.why.trouble.value if isinstance(error, UntakenError) else error.code
            if why != alert.trouble:  # tried for days, it is one line
                _LOGGER.warning("a message is not taken: receiver=%s: %s", alert.receiver, why)
            return alert.failed(now_ms, random.random(), why)  # noqa: S311 - that many come apart
        return replace(alert, sent_ms=now_ms, dropped=False, trouble=partly)

    def _letters(self, receiver: Receiver) -> Letters:
        program = self._program
        translate = program.translate_to(receiver.lang)
        words = IncidentWords(receiver.lang, translate, program.zone)
        words.devices = program.service(Incidents).network_devices()
        return Letters(words, program.name)

    def _note(self, trouble: str) -> None:
        if trouble and trouble != self._said:
            _LOGGER.warning("nobody is told: %s", trouble)
        self._said = trouble


def _dropped(alert: Alert) -> Alert:
    return replace(alert, dropped=True)


def _left(own: Sequence[Alert], gone: Iterable[Alert]) -> list[Alert]:
    numbers = {alert.no for alert in gone}
    return [alert for alert in own if alert.no not in numbers]
