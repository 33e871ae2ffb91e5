"""This file tells which tests take long, so that who works on something can do without them.

    .venv/bin/pytest -n 6 --dist loadfile --ignore=tests/packages -p tests.long_tests

writes down anew what it saw of those that ran, on any machine: processor time, children's too, and
what a test waited for, without what the machine kept it waiting.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

FOLDER: Final = Path(__file__).parent
LONG: Final = FOLDER / "long_tests.txt"  # they take a tenth of a second of a core, or more
SLOW: Final = FOLDER / "slow_tests.txt"  # beside them: half as much, or they wait
LISTS: Final = {"long": LONG, "slow": SLOW}  # by the mark that a test gets
LONG_S: Final = 0.1  # of a core, for a case of a test on average
SLOW_S: Final = 0.05
WAIT_S: Final = 0.3  # for clocks, children and other programs
_BEGAN: Final = pytest.StashKey["Spent"]()
_SPENT: Final = "spent"


class Spent(NamedTuple):
    """What went by until now, or in a test, in seconds."""

    cpu_s: float
    wall_s: float
    queued_s: float  # ready to run, and not let

    @classmethod
    def now(cls) -> Spent:
        """Of this thread's and its children's lives."""
        queued_ns = int(Path("/proc/thread-self/schedstat").read_text().split()[1])
        return cls(sum(os.times()[:4]), time.perf_counter(), queued_ns / 1e9)

    def since(self, began: Spent) -> Spent:
        """What went by from then on."""
        return Spent(*(now - then for now, then in zip(self, began, strict=True)))

    @property
    def waited_s(self) -> float:
        """Neither worked nor kept by the machine."""
        return self.wall_s - self.cpu_s - self.queued_s


class Mean(NamedTuple):
    """What a case of a test takes."""

    cpu_s: float
    waited_s: float

    @property
    def list(self) -> Path | None:
        """Where it belongs, if anywhere."""
        if self.cpu_s > LONG_S:
            return LONG
        return SLOW if self.cpu_s > SLOW_S or self.waited_s > WAIT_S else None


_spent: Final = defaultdict[str, list[Spent]](list)


@cache
def listed(path: Path) -> frozenset[str]:
    """Those that are written down there, by file and name, whatever their case."""
    return frozenset(path.read_text().split())


def name_of(nodeid: str) -> str:
    """A test's file and name, without its case."""
    return nodeid.partition("[")[0]


def mean_of(cases: list[Spent]) -> Mean:
    """What one of them takes on average."""
    return Mean(
        sum(case.cpu_s for case in cases) / len(cases),
        sum(case.waited_s for case in cases) / len(cases),
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note when it begins."""
    item.stash[_BEGAN] = Spent.now()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have the report tell what the test took, to whichever process gathers them."""
    report = yield
    if call.when == "teardown":
        report.user_properties.append((_SPENT, tuple(Spent.now().since(item.stash[_BEGAN]))))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather it."""
    _spent[name_of(report.nodeid)] += [
        Spent(*spent) for name, spent in report.user_properties if name == _SPENT
    ]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write them down; of what did not run, what was known stays."""
    if hasattr(session.config, "workerinput") or session.config.getoption("--tier") != "all":
        return  # a search that is cut short is no measure of it
    seen = {name: mean_of(cases).list for name, cases in _spent.items() if cases}
    for path in LISTS.values():
        found = {name for name, where in seen.items() if where == path}
        path.write_text("\n".join(sorted(found | (listed(path) - seen.keys()))) + "\n")
