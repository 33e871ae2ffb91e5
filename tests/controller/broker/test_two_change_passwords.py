"""The command and the running controller change one file: nothing that either wrote is lost."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from controller.broker.credentials import CONTROLLER_USER, Credentials
from controller.guests.registry import add_guest, guests_in
from protocol import folder
from protocol.folder import changing
from protocol.model import Place

WRITERS, WRITES = 4, 6
_WRITER = """
import sys
from pathlib import Path
from controller.broker.credentials import Credentials
from controller.guests.registry import add_guest
from protocol.model import Place
data, name, writes = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for number in range(writes):
    Credentials(data / "agents.json").add(f"{name}-{number}")
    add_guest(data, Place("14", f"{name}-{number}"), 1)
"""
_HOLDER = """
import sys
from pathlib import Path
from protocol.folder import changing
with changing(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def program(text: str, *arguments: object) -> subprocess.Popen[str]:
    """A program that has begun, and waits for a line."""
    made = subprocess.Popen(
        [sys.executable, "-c", text, *map(str, arguments)], stdin=PIPE, stdout=PIPE, text=True
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "ready\n"
    return made


def test_what_several_programs_add_at_once_is_all_there(tmp_path: Path) -> None:
    """Each reads, changes and writes while nobody else does."""
    writers = [program(_WRITER, tmp_path, f"room{no}", WRITES) for no in range(WRITERS)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [writer.communicate() and writer.returncode for writer in writers] == [0] * WRITERS
    expected = {f"room{no}-{number}" for no in range(WRITERS) for number in range(WRITES)}
    assert set(Credentials(tmp_path / "agents.json").users()) == expected | {CONTROLLER_USER}
    assert {guest.school for guest in guests_in(tmp_path)} == expected


def test_who_is_killed_at_a_change_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lives the others wait, and one that never ends is told of."""
    path = tmp_path / "agents.json"
    holder = program(_HOLDER, path)
    monkeypatch.setattr(folder, "CHANGE_PATIENCE_S", 0.05)
    with pytest.raises(TimeoutError), changing(path):
        pytest.fail("two at once")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    Credentials(path).add("p203")
    assert "p203" in Credentials(path).names()
    assert add_guest(tmp_path, Place("14", "S1"), 1)
