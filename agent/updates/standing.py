"""This file says which version of the agent runs, which is tried, and which has failed. Pure.

It stands alone on the standard library: the launcher asks it before anything else is loaded. ""
is the version that is installed by package, to which one can always go back.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from protocol.version import is_later, version_from

TRIES: Final = 3  # starts of a version that has not proved itself: a crash, or a cut of the power
MAX_FAILED: Final = 16
INSTALLED: Final = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A version that has to prove itself. tries: how often it may still be started.

    over: which version was installed by package when it was chosen.
    """

    build: str
    offer: str
    over: str
    tries: int = TRIES


@dataclass(frozen=True, slots=True)
class Failure:
    """A version that did not work when this offer brought it. is_told: the school knows it."""

    build: str
    offer: str
    reason: str
    is_told: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What the file beside the versions says.

    current: which runs, unless one is tried. previous: which ran before it. over: which one was
    installed by package when `current` took its place.
    """

    current: str = INSTALLED
    previous: str = INSTALLED
    over: str = ""
    trial: Trial | None = None
    failed: tuple[Failure, ...] = ()

    def try_out(self, build: str, offer: str, installed: str) -> Standing:
        """At the next start this one is tried; an older failure of it is forgotten."""
        failed = tuple(one for one in self.failed if one.build != build)
        return replace(self, trial=Trial(build, offer, installed), failed=failed)

    def keep(self) -> Standing:
        """What is tried has proved itself."""
        if self.trial is None:
            return self
        build, over = self.trial.build, self.trial.over
        return replace(self, current=build, previous=self.current, over=over, trial=None)

    def give_up(self, reason: str) -> Standing:
        """What is tried has failed: the one before runs from the next start on."""
        if self.trial is None:
            return self
        return replace(self.fail(self.trial.build, self.trial.offer, reason), trial=None)

    def fail(self, build: str, offer: str, reason: str) -> Standing:
        """A version is not tried again until another offer names it."""
        others = tuple(one for one in self.failed if one.build != build)
        return replace(self, failed=(*others, Failure(build, offer, reason))[-MAX_FAILED:])

    def go_back(self) -> Standing:
        """The version before runs from the next start on."""
        return replace(self, current=self.previous, previous=INSTALLED, trial=None)

    def tell(self) -> Standing:
        """The school has been told of what failed."""
        return replace(self, failed=tuple(replace(one, is_told=True) for one in self.failed))

    def failure_of(self, build: str, offer: str) -> Failure | None:
        """Whether this very offer of it has failed."""
        found = (one for one in self.failed if (one.build, one.offer) == (build, offer))
        return next(found, None)

    @property
    def wanted(self) -> frozenset[str]:
        """The folders that must stay."""
        tried = {self.trial.build} if self.trial else set()
        return frozenset({self.current, self.previous, *tried} - {INSTALLED})


Whole = Callable[[str, bool], bool]  # whether a version's folder is whole; True: by every sum


def at_start(standing: Standing, installed: str, is_whole: Whole) -> tuple[Standing, str]:
    """Which version is started now, and what is to be kept before it is.

    A package that was installed since, and is later, wins over a folder; a folder that is not whole
    is nothing.
    """
    if _is_overtaken(standing.current, standing.over, installed):
        standing = replace(standing, current=INSTALLED, previous=INSTALLED, over="")
    trial = standing.trial
    if trial and _is_overtaken(trial.build, trial.over, installed):
        standing, trial = replace(standing, trial=None), None
    if trial and trial.tries <= 0:
        standing, trial = standing.give_up("crashed"), None
    if trial and not is_whole(trial.build, True):
        standing, trial = standing.give_up("damaged"), None
    if trial:
        return replace(standing, trial=replace(trial, tries=trial.tries - 1)), trial.build
    for build in (standing.current, standing.previous):
        if build == INSTALLED or is_whole(build, False):
            return standing, build
    return standing, INSTALLED


def _is_overtaken(build: str, over: str, installed: str) -> bool:
    """Whether another package was installed since, and is not older."""
    return build != INSTALLED and over != installed and not is_later(build, installed)


def to_text(standing: Standing) -> str:
    """As the file holds it."""
    return json.dumps(asdict(standing), sort_keys=True)


def from_text(text: str) -> Standing:
    """What a file holds; fields of a later version are passed over. Raises ValueError."""
    try:
        held = json.loads(text)
        trial = held.get("trial")
        standing = Standing(
            **{name: str(held.get(name, "")) for name in ("current", "previous", "over")},
            trial=_trial(trial) if trial else None,
            failed=tuple(map(_failure, held.get("failed", ())))[-MAX_FAILED:],
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    for build in standing.wanted:
        version_from(build)  # it names a folder
    return standing


def _trial(held: dict[str, Any]) -> Trial:
    build, offer, over = (str(held[name]) for name in ("build", "offer", "over"))
    return Trial(build, offer, over, int(held["tries"]))


def _failure(held: dict[str, Any]) -> Failure:
    build, offer, reason = (str(held[name]) for name in ("build", "offer", "reason"))
    return Failure(build, offer, reason, is_told=held.get("is_told") is True)
