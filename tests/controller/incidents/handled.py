"""This file has people press buttons about a generated day's incidents, and says what must stand.

The real service keeps everything in a real database, which is closed and opened at each restart.
The model knows what people said last, and no rule.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import NamedTuple, Self

from controller.database.store import Store
from controller.incidents.handling import Handling, HandlingDeed
from controller.incidents.incident import Incident, Look
from controller.incidents.quiet import SchoolHours
from controller.incidents.service import Incidents
from tests.controller.incidents.day import HOUR, MINUTE, ZONE, Day, is_peopled
from tests.controller.web_school import a_program
from tests.databases import sqlite_in

PEOPLE = ("chi", "dung", "")  # no name: a program's key
DAY_MS = 24 * HOUR


class Press(NamedTuple):
    """A button that somebody presses. page_ms: when the page was opened; pick: at which line.

    for_ms: for how long a snooze puts off; None: to the next day of school. restart_ms: when the
    controller is started anew between page and press.
    """

    at_ms: int
    page_ms: int
    deed: HandlingDeed
    pick: float
    who: str
    for_ms: int | None = None
    restart_ms: int | None = None


def presses_of(day: Day) -> list[Press]:
    """What people press on a day: soon after something failed, and whenever they please."""
    rng = Random(f"presses of {day.seed}")
    moments = [rng.randrange(day.start, day.end) for _ in range(rng.randint(0, 4))]
    for outage in day.outages:
        begins, ends = outage.falls[0][0], outage.falls[-1][1]
        moments += [rng.randint(begins, ends + HOUR) for _ in range(rng.randint(0, 5))]
    return sorted(_press(rng, at_ms) for at_ms in moments if at_ms < day.end)


def _press(rng: Random, at_ms: int) -> Press:
    page_ms = at_ms - rng.choice([1_000, 20_000, 10 * MINUTE])
    spans = [2 * MINUTE, 20 * MINUTE, HOUR, 7 * DAY_MS, None]
    restart_ms = rng.randint(page_ms, at_ms) if rng.random() < 0.25 else None
    deed, pick, who = rng.choice([*HandlingDeed]), rng.random(), rng.choice(PEOPLE)
    for_ms = rng.choice(spans) if deed is HandlingDeed.SNOOZE else None
    return Press(at_ms, page_ms, deed, pick, who, for_ms, restart_ms)


def next_day_of(day: Day, at_ms: int) -> int:
    """The first bell of the next day of school, by hand."""
    midnight = datetime.fromtimestamp(at_ms / 1000, ZONE).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    bells = (midnight + timedelta(days=number, hours=7) for number in range(1, 9))
    return next(int(bell.timestamp() * 1000) for bell in bells if is_peopled(day, _ms(bell)))


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


class _Said(NamedTuple):
    """What somebody said of an incident and did not take back."""

    number: int
    who: str
    until_ms: int | None


@dataclass
class Model:
    """What people said of each incident, the newest last: plain sense."""

    said: dict[int, list[_Said]] = field(default_factory=dict)
    presses: int = 0

    def press(self, incident: int, who: str, until_ms: int | None, now_ms: int) -> None:
        """Somebody takes it, or puts it off until then."""
        stands = self._taken(incident) if until_ms is None else self._put_off(incident, now_ms)
        if stands and (stands.who, stands.until_ms) == (who, until_ms):
            return  # they have said so
        self.presses += 1
        self.said.setdefault(incident, []).append(_Said(self.presses, who, until_ms))

    def undo(self, incident: int, seen: int | None, now_ms: int) -> None:
        """Somebody takes back what the page showed last, unless another was said since."""
        if seen is not None and seen == self.last(incident, now_ms):
            self.said[incident] = [one for one in self.said[incident] if one.number != seen]

    def last(self, incident: int, now_ms: int) -> int | None:
        """The number of what stands and was said last."""
        stands = filter(None, [self._taken(incident), self._put_off(incident, now_ms)])
        return max((one.number for one in stands), default=None)

    def handling(self, incident: int, now_ms: int) -> tuple[str | None, int | None, str]:
        """Who has it, until when it is put off, by whom."""
        taken, put_off = self._taken(incident), self._put_off(incident, now_ms)
        until_ms, by = (put_off.until_ms, put_off.who) if put_off else (None, "")
        return taken.who if taken else None, until_ms, by

    def ends(self) -> Iterator[int]:
        """When what was put off is due again."""
        said = (one for some in self.said.values() for one in some)
        return (one.until_ms for one in said if one.until_ms is not None)

    def _taken(self, incident: int) -> _Said | None:
        taken = [one for one in self.said.get(incident, ()) if one.until_ms is None]
        return taken[-1] if taken else None

    def _put_off(self, incident: int, now_ms: int) -> _Said | None:
        put_off = [one for one in self.said.get(incident, ()) if one.until_ms is not None]
        return put_off[-1] if put_off and now_ms < (put_off[-1].until_ms or 0) else None


class _Line(NamedTuple):
    """A line of an open page: an incident, the move that its undo names, and the model's."""

    incident: int
    move: int | None
    seen: int | None


class Desk:
    """A controller's incidents in a database of their own, and the people who look after them."""

    def __init__(self, day: Day) -> None:
        self._day = day
        self.model = Model()
        self.wrong: list[str] = []
        self.history: dict[int, Incident] = {}
        self._now_ms = day.start
        self._deeds = sorted(self._planned(), key=lambda deed: deed[:2])
        self._pages: dict[Press, list[_Line]] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._store.__exit__()
        self._open.close()

    def look(self, look: Look) -> None:
        """Have people do what they do until then; then look."""
        while self._deeds and self._deeds[0][0] <= look.now_ms:
            moment, _, do = self._deeds.pop(0)
            self._pass(moment)
            do()
            self._check()
        self._pass(look.now_ms)
        self._service.keep(look)
        book = self._service._book
        assert book is not None
        self.history |= {incident.no: incident for incident in book.incidents}

    def _planned(self) -> Iterator[tuple[int, int, Callable[[], None]]]:
        """When anybody opens a page, starts the controller anew, or presses."""
        for press in presses_of(self._day):
            yield press.page_ms, 0, partial(self._open_page, press)
            yield press.at_ms, 2, partial(self._press, press)
            if press.restart_ms:
                yield press.restart_ms, 1, self._restart
        yield from ((moment, 1, self._restart) for moment in self._day.restarts)

    def _start(self) -> None:
        self._store = Store(sqlite_in(self._folder)).__enter__()
        program = a_program(self._store, folder=self._folder, now_ms=lambda: self._now_ms)
        self._service = program.service(Incidents)

    def _restart(self) -> None:
        self._store.__exit__()
        self._start()

    def _pass(self, until_ms: int) -> None:
        """Let time go on; what is put off is due to the millisecond."""
        for due_ms in sorted({*self.model.ends()}):
            if self._now_ms < due_ms <= until_ms:
                for self._now_ms in (due_ms - 1, due_ms):
                    self._check()
        self._now_ms = until_ms

    def _open_page(self, press: Press) -> None:
        """What is open, and was lately: an old page's lines may be over."""
        self._pages[press] = [
            _Line(
                incident.no,
                handling.last.no if handling.last else None,
                self.model.last(incident.no, self._now_ms),
            )
            for incident, handling in self._shown()
        ]

    def _shown(self) -> list[tuple[Incident, Handling]]:
        return [*self._service.open(), *self._service.closed(None, "", 3)]

    def _press(self, press: Press) -> None:
        page = self._pages.pop(press)
        if not page:
            return
        line = page[int(press.pick * len(page))]
        until_ms = None
        if press.deed is HandlingDeed.UNDO:
            if line.move is None:
                return  # the page has no such button
            self.model.undo(line.incident, line.seen, self._now_ms)
        else:
            until_ms = self._until(press)
            self.model.press(line.incident, press.who, until_ms, self._now_ms)
        move = line.move if press.deed is HandlingDeed.UNDO else None
        self._service.handle(line.incident, press.deed, press.who, until_ms, move=move)

    def _until(self, press: Press) -> int | None:
        if press.deed is HandlingDeed.TAKE:
            return None
        if press.for_ms is not None:
            return self._now_ms + press.for_ms
        hours = SchoolHours(self._day.plan, ZONE)
        until_ms = next_day_of(self._day, self._now_ms)
        if hours.next_day(self._now_ms) != until_ms:
            self.wrong.append(f"{self._day.seed}: the next day is none at {self._now_ms}")
        return until_ms

    def _check(self) -> None:
        """Each incident is handled as people said last, and its undo is there if theirs stands."""
        for incident, handling in self._shown():
            last = self.model.last(incident.no, self._now_ms)
            wanted = (*self.model.handling(incident.no, self._now_ms), last is not None)
            put_off_by = handling.snoozed_by if handling.until_ms is not None else ""
            found = (handling.taken_by, handling.until_ms, put_off_by, handling.last is not None)
            if found != wanted:
                self.wrong.append(
                    f"{self._day.seed}: {incident.no} at {self._now_ms} {found}, wants {wanted}"
                )
