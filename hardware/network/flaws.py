"""This file counts nonsense from the network and reports of it no more than a person can read."""

from __future__ import annotations

from collections.abc import Callable

from hardware.readings import Flaw, Report

EVERY_S = 60.0
_PLACES_LIMIT = 256


class Flaws:
    """Reports each kind of flaw of each address once a minute; the others are only counted.

    source: as in Sighting. now: steady seconds.
    """

    def __init__(self, report: Report, source: str, now: Callable[[], float]) -> None:
        self._report = report
        self._source = source
        self._now = now
        self._said: dict[tuple[str, str], float] = {}
        self.count = 0

    def say(self, code: str, address: str) -> None:
        """Take in one flaw."""
        self.count += 1
        now = self._now()
        if now - self._said.get((code, address), -EVERY_S) < EVERY_S:
            return
        if len(self._said) >= _PLACES_LIMIT and not self._forget(now):
            return
        self._said[code, address] = now
        self._report(Flaw(source=self._source, code=code, address=address))

    def _forget(self, now: float) -> bool:
        """Make room; False where a forged crowd of addresses leaves none this minute."""
        self._said = {key: at for key, at in self._said.items() if now - at < EVERY_S}
        return len(self._said) < _PLACES_LIMIT
