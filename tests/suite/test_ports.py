"""Ports that tests are given: nobody else on this computer gives them, nor the kernel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import ports
from tests.ports import BLOCK, FIRST, HELD, LAST, free_port, free_row

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
MANY = BLOCK * 3
# What another run of tests would be given, were it to begin at the same place.
SAME_PLACE = """
import os, sys
os.getpid = lambda: int(sys.argv[1])
from tests.ports import free_port
print(*(free_port() for _ in range(int(sys.argv[2]))))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="by Linux's abstract names")
def test_two_processes_that_begin_alike_are_given_nothing_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While both run; the programs of one may be away for a while and find their ports again."""
    begins = LAST  # a place that is no process's
    monkeypatch.setattr("os.getpid", lambda: begins)
    monkeypatch.setattr(ports, "_OURS", [])
    monkeypatch.setattr(ports, "_ports", ports._walk())
    ours = {free_port() for _ in range(MANY)}
    words = [sys.executable, "-c", SAME_PLACE, str(begins), str(MANY)]
    root = Path(__file__).parents[2]
    said = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout
    theirs = {int(each) for each in said.split()}
    assert len(ours) == len(theirs) == MANY
    assert not ours & theirs
    assert all(FIRST <= port < LAST for port in ours | theirs)
    for claim in ports._OURS:
        claim.close()


def test_a_process_lets_go_of_what_it_was_given_long_ago() -> None:
    """So that a day of tests takes no more than its share."""
    for _ in range(BLOCK * (HELD + 2)):
        free_port()
    assert len(ports._OURS) <= HELD


def test_a_row_is_one_above_the_other() -> None:
    """For a program that looks further where a port is taken."""
    first, *more = free_row(6)
    assert more == [*range(first + 1, first + 6)]


@pytest.mark.skipif(not EPHEMERAL.exists(), reason="of Linux")
def test_the_kernel_gives_none_of_them() -> None:
    """To a line that goes out, or to whoever asks for any port."""
    assert int(EPHEMERAL.read_text().split()[0]) >= LAST
