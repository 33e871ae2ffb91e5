"""This file pulls an inventory into a copy, through whatever the line does."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from controller.inventory.pulling.address import PullError
from controller.inventory.pulling.copy import Copy, Standing
from controller.inventory.pulling.source import FeedGoneError, PassingError, Reply
from protocol.words import N_

TRIES: Final = 8  # without a single row in between
_LONGEST_WAIT_S: Final = 60.0
_MOST_ANEW: Final = 5  # of one run: whoever is told so each time would never end


class Asked(Protocol):
    """What answers with a page behind a place."""

    def ask(self, since: str) -> Reply:
        """The next page. Raises FeedGoneError, PassingError, PullError."""


class Pulled(msgspec.Struct):
    """What a pull brought: items that came or changed, such as went, and how often it broke."""

    told: int = 0
    gone: int = 0
    anew: int = 0
    cuts: int = 0


def pull(source: Asked, copy: Copy, sleep: Callable[[float], None], tries: int = TRIES) -> Pulled:
    """Pull until there is no more. Raises PullError, StoreError; what came until then is kept."""
    pulled, failures = Pulled(), 0
    while True:
        before = copy.standing()
        try:
            reply = source.ask(before.token)
        except FeedGoneError:
            _begin_anew(copy, before, pulled)
            continue
        except PassingError as error:
            failures += 1
            _wait(failures, tries, str(error), sleep, error.wait_s)
            continue
        _take(copy, before, reply, pulled)
        if reply.is_end:
            return pulled
        failures = 0 if reply.items else failures + bool(reply.cause)
        if reply.cause:
            pulled.cuts += 1
            _wait(failures, tries, reply.cause, sleep)


def _take(copy: Copy, before: Standing, reply: Reply, pulled: Pulled) -> None:
    copy.take(before, reply.items, reply.next, is_end=reply.is_end)
    gone = sum(bool(item.get("removed")) for item in reply.items)
    pulled.gone += gone
    pulled.told += len(reply.items) - gone


def _begin_anew(copy: Copy, before: Standing, pulled: Pulled) -> None:
    if not before.token or pulled.anew >= _MOST_ANEW:
        raise PullError(
            "feed_unsteady",
            N_("The other side says again and again that all is to be told anew."),
            N_("Tell its administrator: two databases may answer at this address."),
        )
    pulled.anew += 1
    copy.begin_anew(before)


def _wait(
    failures: int, tries: int, cause: str, sleep: Callable[[float], None], wait_s: float = 0.0
) -> None:
    """Wait longer each time. Raises PullError after so many."""
    if failures >= tries:
        raise PullError(
            "pull_interrupted",
            N_("The line does not hold ({cause}); what came is kept."),
            N_("Run the same command later: it goes on behind the last row."),
            cause=cause,
        )
    backoff_s = min(2.0**failures, _LONGEST_WAIT_S) if failures else 0.0
    sleep(max(wait_s, backoff_s * random.uniform(0.5, 1.0)))  # noqa: S311 - so that many do not come at once
