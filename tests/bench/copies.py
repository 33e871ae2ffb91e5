"""This file measures what a step of the copies costs against a full copy."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.controller.copies.copied_school import CopiedSchool

SIZE_MB = 500
QUICK_MB = 40
ROWS_PER_MB = 900
CHANGED = 300  # what a school writes in a quarter of an hour
_CHANGE = (
    "UPDATE pupils_played SET body = randomblob(400) WHERE no ="
    " (SELECT abs(random()) % max(no) FROM pupils_played)"
)
FULL = """
import resource, sys
from pathlib import Path
from controller.config import ControllerConfig
from controller.copies.copying import make_copy
config = ControllerConfig(school="00140708", province="14", data=Path(sys.argv[1]))
make_copy(config, sys.argv[2], 1, full=True, prepare=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def measure(*, quick: bool) -> dict[str, object]:
    """CPU and bytes of a step, of those of the full copy before it; the full one's memory."""
    size_mb = QUICK_MB if quick else SIZE_MB
    print(f"copies: a database of {size_mb} MB, {CHANGED} rows changed")
    with tempfile.TemporaryDirectory() as folder:
        school = CopiedSchool(Path(folder))
        _fill(school.data / "lophoc.db", size_mb)
        command = [sys.executable, "-c", FULL, str(school.data), str(school.place)]
        memory = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        full_s, full_bytes = _copied(school, full=True)
        school.say(*[_CHANGE] * CHANGED)
        step_s, step_bytes = _copied(school, full=False)
    return {
        "copy_step_ratio": step_s / full_s,
        "copy_step_bytes_ratio": step_bytes / full_bytes,
        "copy_full_s": full_s,
        "copy_memory_mib": float(memory),
    }


def _copied(school: CopiedSchool, *, full: bool) -> tuple[float, int]:
    began_s = _cpu_s()
    standing = school.copy(full=full)
    return _cpu_s() - began_s, (school.shelf / standing.name.file).stat().st_size


def _cpu_s() -> float:
    return time.process_time() + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def _fill(path: Path, size_mb: int) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE pupils_played (no INTEGER PRIMARY KEY, name TEXT, body BLOB)")
        rows = (
            (f"Nguyễn Văn {number % 977:04} lớp {number % 40}" * 14, f"{number}".encode() * 60)
            for number in range(size_mb * ROWS_PER_MB)
        )
        db.executemany("INSERT INTO pupils_played (name, body) VALUES (?, ?)", rows)
        db.commit()
