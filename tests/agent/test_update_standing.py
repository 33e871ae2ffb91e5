"""Whatever happens to a version that is tried, one that works is started in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.updates.standing import (
    INSTALLED,
    TRIES,
    Failure,
    Standing,
    Trial,
    at_start,
    from_text,
    to_text,
)

OLD, NEW, NEWER = "0.1.0", "0.2.0", "0.3.0"
BUILDS = [OLD, NEW, NEWER, "0.2.0+20261130.111923.9120b954"]


def whole(_build: str, _by_sums: bool) -> bool:  # noqa: FBT001 - as at_start asks
    """Every folder is."""
    return True


def gone(_build: str, _by_sums: bool) -> bool:  # noqa: FBT001 - likewise
    """None is."""
    return False


TRIED = Standing().try_out(NEW, "o1", OLD)
KEPT = TRIED.keep()


@pytest.mark.parametrize(
    ("standing", "installed", "is_whole", "started"),
    [
        (Standing(), OLD, whole, INSTALLED),
        (TRIED, OLD, whole, NEW),
        (TRIED, OLD, gone, INSTALLED),
        (TRIED, NEW, whole, INSTALLED),  # its package was installed meanwhile
        (TRIED, NEWER, whole, INSTALLED),
        (KEPT, OLD, whole, NEW),
        (KEPT, OLD, gone, INSTALLED),
        (KEPT, NEWER, whole, INSTALLED),
        (KEPT, "0.1.1", whole, NEW),  # a later package that is older than the folder
        (KEPT.try_out(NEWER, "o2", OLD).give_up("x"), OLD, whole, NEW),
        (KEPT.go_back(), OLD, whole, INSTALLED),
        # On purpose back, behind what is installed: until another package comes.
        (Standing().try_out(OLD, "o1", NEW).keep(), NEW, whole, OLD),
        (Standing().try_out(OLD, "o1", NEW).keep(), NEWER, whole, INSTALLED),
    ],
)
def test_what_is_started(
    standing: Standing, installed: str, is_whole: object, started: str
) -> None:
    """A newer package wins, a damaged folder never runs."""
    assert at_start(standing, installed, is_whole)[1] == started  # type: ignore[arg-type]  # above


def test_a_version_that_falls_is_started_so_often_and_no_more() -> None:
    """Then the one before, which tells why."""
    standing, started = KEPT.try_out(NEWER, "o2", OLD), []
    for _ in range(TRIES + 2):
        standing, build = at_start(standing, OLD, whole)
        started.append(build)
    assert started == [NEWER] * TRIES + [NEW, NEW]
    assert standing.failed == (Failure(NEWER, "o2", "crashed"),)
    assert standing.failure_of(NEWER, "o2")
    assert not standing.failure_of(NEWER, "o3")
    assert [one.is_told for one in standing.tell().failed] == [True]
    assert standing.try_out(NEWER, "o3", OLD).failed == ()


standings = st.builds(
    Standing,
    current=st.sampled_from([INSTALLED, *BUILDS]),
    previous=st.sampled_from([INSTALLED, *BUILDS]),
    over=st.sampled_from(["", *BUILDS]),
    trial=st.none() | st.builds(Trial, st.sampled_from(BUILDS), st.just("o"), st.just(OLD),
                                st.integers(0, TRIES)),
    failed=st.lists(st.builds(Failure, st.sampled_from(BUILDS), st.just("o"), st.just("x"),
                              st.booleans()), max_size=3).map(tuple),
)  # fmt: skip


@given(standings)
def test_it_is_read_as_it_was_written(standing: Standing) -> None:
    """By this version; what a later one adds is passed over."""
    assert from_text(to_text(standing)) == standing
    assert from_text(to_text(standing)[:-1] + ', "more": 1}') == standing


@given(st.text(max_size=80) | st.sampled_from([
    '{"current": "../x"}', '{"trial": {"build": "/etc", "offer": "o", "over": "", "tries": 1}}',
    '{"trial": 1}', "[]", "null", '{"failed": [1]}', '{"failed": 5}',
]))  # fmt: skip
def test_what_is_no_standing_is_refused(text: str) -> None:
    """It names folders that are started."""
    try:
        assert from_text(text) == Standing()
    except ValueError:
        return


class Life(RuleBasedStateMachine):
    """A computer through offers, crashes, proofs, packages and damage; what works is known here."""

    def __init__(self) -> None:
        super().__init__()
        self.standing = Standing()
        self.installed = OLD
        self.damaged: set[str] = set()
        self.running = INSTALLED
        self.starts: dict[tuple[str, str], int] = {}
        self.offers = 0

    def _whole(self, build: str, _by_sums: bool) -> bool:  # noqa: FBT001 - as at_start asks
        return build not in self.damaged

    @rule()
    def start(self) -> None:
        """A start, after a crash, a cut of the power or a press."""
        trial = self.standing.trial
        self.standing, self.running = at_start(self.standing, self.installed, self._whole)
        if trial and self.standing.trial:
            key = trial.build, trial.offer
            self.starts[key] = self.starts.get(key, 0) + 1

    @rule(build=st.sampled_from(BUILDS))
    def take(self, build: str) -> None:
        """An offer was fetched."""
        if build != (self.running or self.installed):
            self.offers += 1
            self.damaged.discard(build)
            self.standing = self.standing.try_out(build, f"o{self.offers}", self.installed)

    @precondition(lambda self: self.standing.trial and self.running == self.standing.trial.build)
    @rule(is_good=st.booleans())
    def judge(self, *, is_good: bool) -> None:
        """What is tried proves itself, or does not."""
        self.standing = self.standing.keep() if is_good else self.standing.give_up("not_proven")

    @rule(build=st.sampled_from(BUILDS))
    def damage(self, build: str) -> None:
        """A folder loses a file."""
        self.damaged.add(build)

    @rule(build=st.sampled_from(BUILDS))
    def install(self, build: str) -> None:
        """Somebody installs a package."""
        self.installed = build

    @rule()
    def cut(self) -> None:
        """What was written is read again."""
        self.standing = from_text(to_text(self.standing))

    @invariant()
    def one_that_works_is_started_in_the_end(self) -> None:
        """Whatever is tried now."""
        standing = self.standing
        for _ in range(TRIES + 1):
            standing, build = at_start(standing, self.installed, self._whole)
            assert build == INSTALLED or build not in self.damaged
        assert standing.trial is None
        assert at_start(standing, self.installed, self._whole) == (standing, build)

    @invariant()
    def none_is_tried_more_often_than_it_may(self) -> None:
        """By one offer."""
        assert all(count <= TRIES for count in self.starts.values())

    @invariant()
    def what_may_run_stays(self) -> None:
        """Its folder is wanted."""
        wanted = self.standing.wanted
        assert {self.standing.current, self.standing.previous} <= wanted | {INSTALLED}
        assert replace(self.standing, trial=None).wanted <= wanted


TestLife = Life.TestCase
