"""This file counts nonsense from the network, and reports no more of it than a person can read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from hardware.readings import Report, SourceFlaw

EVERY_S: Final = 60.0
# Of one fault of one host once a minute, and of all together so many: addresses can be forged.
A_MINUTE: Final = 20
_ADDRESSES_LIMIT: Final = 256


class FlawReporter:
    """Reports each kind of flaw of each address once a minute, with how often it came since.

    source: as in Sighting. now: steady seconds. count: how many there were in all.
    """

    def __init__(self, report: Report, source: str, now: Callable[[], float]) -> None:
        self._report = report
        self._source = source
        self._now = now
        self._reported_at: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._unreported = 0
        self._minute = float("-inf")
        self._reported = 0
        self.count = 0

    def say(self, code: str, address: str) -> None:
        """Take in one flaw."""
        self.count += 1
        self._unreported += 1
        now = self._now()
        if now - self._minute >= EVERY_S:
            self._minute, self._reported = now, 0
        recent = now - self._reported_at.get((code, address), float("-inf")) < EVERY_S
        if recent or self._reported >= A_MINUTE:
            return
        self._reported += 1
        self._reported_at[code, address] = now
        if len(self._reported_at) > _ADDRESSES_LIMIT:
            self._reported_at.popitem(last=False)
        count, self._unreported = self._unreported, 0
        self._report(SourceFlaw(source=self._source, code=code, address=address, count=count))
