"""Nobody reads the machine's clock by himself: it may stand in 1970, or in 2031."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("protocol", "hardware", "agent", "controller", "simulators")
READS: Final[Mapping[str, frozenset[str]]] = {
    "time": frozenset(
        {"time", "time_ns", "localtime", "gmtime", "ctime", "strftime", "clock_gettime"}
    ),
    "datetime": frozenset({"now", "utcnow", "today"}),
    "date": frozenset({"today"}),
}
SEEN: Final = "when a sense saw it, for whoever looks at that sense alone: the agent has its own"
ALLOWED: Final[Mapping[str, str]] = {
    "protocol/clock.py": "where all others get it from",
    "hardware/camera/watch.py": SEEN,
    "hardware/host/line.py": SEEN,
    "hardware/network/liveness.py": SEEN,
    "hardware/onvif/watch.py": SEEN,
    "hardware/pjlink/ask.py": SEEN,
    "hardware/pjlink/switch.py": SEEN,
    "hardware/pjlink/watch.py": SEEN,
    "hardware/onvif/camera.py": "a camera's login counts from the difference to its clock",
    "simulators/devices/camera.py": "a camera's own clock, which may be told to be wrong",
}
# Who may ask for the wall's clock by `protocol.clock`; all else of the controller is guarded.
WALL: Final[Mapping[str, str]] = {
    "controller/app.py": "given to the guarded clock",
    "controller/database/clock.py": "guarded there",
    "controller/copies/command.py": "when a copy was made by hand, of what cannot be read perhaps",
    "controller/cli/repair_command.py": "a name for what is set aside; the database cannot be read",
    "controller/web/stand_in.py": "no database takes the guarded time while the disk takes nothing",
    "controller/access/codes.py": "how old the first code is, by the clock that dated its file",
    "controller/doctor/probes.py": "how old copies are, also where the database cannot be read",
    "controller/roster/command.py": "the day of a trial without a database",
}


def reads_in(source: str) -> Iterator[str]:
    """Where a program reads the wall's clock, called or handed on."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in READS.get(owner, ()):
                yield f"{owner}.{name}"
            case ast.Attribute(
                value=ast.Attribute(value=ast.Name(id="datetime"), attr=owner), attr=name
            ) if name in READS.get(owner, ()):
                yield f"datetime.{owner}.{name}"
            case ast.ImportFrom(module="time", names=names):
                yield from (f"time.{each.name}" for each in names if each.name in READS["time"])


def sources() -> dict[str, str]:
    """Every module of ours by its path."""
    paths = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in paths}


def test_only_few_read_the_machines_clock() -> None:
    """Each with its reason; what needs none any more leaves the list."""
    found = {path for path, source in sources().items() if [*reads_in(source)]}
    assert found == {*ALLOWED}


def test_in_the_controller_all_but_few_go_by_the_guarded_clock() -> None:
    """`program.now_ms`, `program.today`, and `now_in` for commands."""
    found = {
        path
        for path, source in sources().items()
        if path.startswith("controller/") and _imports_wall(source)
    }
    assert found == {*WALL}


def _imports_wall(source: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "protocol.clock"
        and any(name.name == "wall_ms" for name in node.names)
        for node in ast.walk(ast.parse(source))
    )


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "from time import time_ns",
        "import time\nclock = time.time",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import datetime\ndatetime.date.today()",
    ],
)
def test_every_way_to_read_it_is_found(source: str) -> None:
    """Also where it is handed on."""
    assert [*reads_in(source)]
