"""What strangers call themselves writes no lines of its own into a log."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.log import LINE_CHARS, LineFormatter, plain
from protocol.repeats import CauseCounter

FORMATTER = LineFormatter("%(levelname)s %(name)s: %(message)s")


@given(st.text())
@example("phòng\n2026-11-29 ERROR lophoc: all pupils are gone")
@example("a\0b\x1b[2J\u202e\u2028\ud800")
def test_an_entry_is_one_line_that_can_be_shown(name: str) -> None:
    """And what can be shown stays as it is."""
    record = logging.makeLogRecord({"msg": "asking agent %s for a birth", "args": (name,)})
    line = FORMATTER.format(record)
    assert line.isprintable()
    assert line.splitlines() == [line]
    line.encode()
    if name.isprintable() and len(name) < LINE_CHARS - 99:
        assert f"asking agent {name} for a birth" in line


@given(st.text())
@example("\n")
def test_a_traceback_is_set_in_whatever_its_error_says(text: str) -> None:
    """No line of it can be taken for an entry."""
    try:
        raise ValueError(text)
    except ValueError:
        record = logging.makeLogRecord({"msg": "lost", "exc_info": sys.exc_info()})
    first, *others = FORMATTER.format(record).split("\n")
    assert first.endswith("lost")
    assert all(line.startswith("  ") and line.isprintable() for line in others)
    assert "ValueError" in others[-1] or any("ValueError" in line for line in others)


def test_a_line_has_an_end() -> None:
    """However long a name is."""
    assert len(plain("x" * 99_999)) == LINE_CHARS
    assert plain("x" * 99_999).endswith("...")


@pytest.mark.parametrize("program", ["controller", "agent"])
def test_both_programs_set_it_up_and_a_strangers_form_is_no_line(program: str) -> None:
    """As they are started."""
    code = (
        f"import logging, {program}.__main__; from protocol.log import set_up_log;"
        "set_up_log('INFO', '%(message)s'); logging.info('a\\nb%s', chr(0));"
        "logging.getLogger('python_multipart.multipart').warning('bad form')"
    )
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=True)
    assert done.stderr == b"a\\nb\\x00\n"


def test_each_cause_is_logged_once_and_all_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A peer that speaks wrongly for a year writes a line a cause."""
    counter = CauseCounter(logging.getLogger("x"), "not understood flaw=%s")
    for cause in ("a", "b", "a", "a"):
        counter.note(cause)
    assert caplog.messages == ["not understood flaw=a", "not understood flaw=b"]
    assert counter.counts == {"a": 3, "b": 1}
