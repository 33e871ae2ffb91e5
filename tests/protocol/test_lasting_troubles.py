"""A trouble that is met at each try is one line as it begins and one as it ends, wherever it is."""

from __future__ import annotations

import ast
import logging
from pathlib import Path

import pytest

from protocol.state_log import StateLog

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "controller", "protocol", "hardware")
# Loops that log each failure, and why that is no flood.
ALLOWED = {
    "controller/enrolment/door.py": "a person had a code made each time",
}


def flooding(tree: ast.AST) -> list[int]:
    """The lines that an `except` inside a `while` logs, though it goes on and keeps nothing."""
    found = []
    for loop in (node for node in ast.walk(tree) if isinstance(node, ast.While)):
        for handler in (node for node in ast.walk(loop) if isinstance(node, ast.ExceptHandler)):
            if any(isinstance(node, ast.Raise | ast.Return | ast.Break) for node in handler.body):
                continue
            found += [
                node.lineno
                for node in handler.body
                if isinstance(node, ast.Expr)
                and isinstance(call := node.value, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and ast.unparse(call.func.value) == "_LOGGER"
                and call.func.attr in {"warning", "error", "exception", "info"}
            ]
    return found


def test_no_loop_writes_a_line_at_each_try() -> None:
    """Who tries again for ever keeps a StateLog."""
    found = {
        str(path.relative_to(ROOT)): lines
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if (lines := flooding(ast.parse(path.read_text("utf-8"))))
    }
    assert {path: lines for path, lines in found.items() if path not in ALLOWED} == {}


def test_a_loop_that_writes_each_time_is_found() -> None:
    """Else nothing is held."""
    text = "while True:\n try:\n  go()\n except OSError as error:\n  _LOGGER.warning('x', error)\n"
    assert flooding(ast.parse(text)) == [5]


def test_a_thousand_tries_are_two_lines(caplog: pytest.LogCaptureFixture) -> None:
    """And another trouble meanwhile is a third."""
    caplog.set_level(logging.INFO)
    trouble = StateLog(logging.getLogger("x"), "settling failed")
    for _ in range(1000):
        trouble.failed(OSError(28, "full"))
    trouble.failed(OSError(30, "read-only"))
    trouble.went_well()
    trouble.went_well()
    assert len(caplog.records) == 3
