"""This file tells which tests take long, so that who works on something can do without them.

    .venv/bin/pytest -n 6 --dist loadfile --ignore=tests/packages -p tests.long_tests

writes down anew what it saw of those that ran: processor time, children's too, on any machine.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

LIST: Final = Path(__file__).with_name("long_tests.txt")
LONG_S: Final = 0.1  # of a core, for a case of a test on average
_BEGAN: Final = pytest.StashKey[float]()
_CPU: Final = "cpu_s"

_took_s: Final = defaultdict[str, list[float]](list)


@cache
def long_tests() -> frozenset[str]:
    """Those that are written down, by file and name, whatever their case."""
    return frozenset(LIST.read_text().split())


def name_of(nodeid: str) -> str:
    """A test's file and name, without its case."""
    return nodeid.partition("[")[0]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note when it begins."""
    item.stash[_BEGAN] = sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Have the report tell what the test took, to whichever process gathers them."""
    report = yield
    if call.when == "teardown":
        report.user_properties.append((_CPU, sum(os.times()[:4]) - item.stash[_BEGAN]))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather it."""
    _took_s[name_of(report.nodeid)] += [
        took for name, took in report.user_properties if name == _CPU
    ]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write them down; of what did not run, what was known stays."""
    if hasattr(session.config, "workerinput") or session.config.getoption("--tier") != "all":
        return  # a search that is cut short is no measure of it
    seen = {name: sum(took) / len(took) for name, took in _took_s.items() if took}
    found = {name for name, mean_s in seen.items() if mean_s > LONG_S}
    LIST.write_text("\n".join(sorted(found | (long_tests() - seen.keys()))) + "\n")
