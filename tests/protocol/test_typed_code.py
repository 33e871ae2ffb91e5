"""These tests hold that a code that was typed does not stay in the list of processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from protocol.typed_code import STDIN, code_of

CODE = ["ABC", "DEF"]
BIN = Path(sys.executable).parent
COMMANDS = {"lophoc-agent": "--controller", "lophoc-controller": "--department"}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the command line stays as it is")
@pytest.mark.parametrize("program", COMMANDS)
def test_a_typed_code_leaves_the_list_of_processes(program: str, tmp_path: Path) -> None:
    """While the program waits for an answer, its command line has a dash where the code stood."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = [COMMANDS[program], f"127.0.0.1:{silent.getsockname()[1]}"]
        running = subprocess.Popen(
            [BIN / program, "enrol", *CODE, *where, "--data", tmp_path],
            env={
                **os.environ,
                "LOPHOC_CONTROLLER_SCHOOL": "001",
                "LOPHOC_CONTROLLER_PROVINCE": "14",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            line, _ = silent.accept()  # it has read its code, and asks for the controller
            with line:
                command = Path(f"/proc/{running.pid}/cmdline").read_bytes().split(b"\0")
                assert command[-6:-1] == [
                    os.fsencode(each) for each in (STDIN, *where, "--data", tmp_path)
                ]
                assert not {*command} & {each.encode() for each in CODE}
        finally:
            running.kill()
            running.wait()


def test_a_dash_asks_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first that stands there, without the end of its line; no word is no code."""
    typed = tmp_path / "typed"
    typed.write_text("ABC DEF\n")
    with typed.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert code_of([STDIN]) == "ABC DEF"
    assert code_of([]) == ""


def test_a_code_within_another_program_is_taken_as_it_is() -> None:
    """Whose command line is not this command's."""
    assert code_of(CODE) == "ABC DEF"
