"""This file looks up the known holes of every pinned library, by pip-audit, and says what it saw.

pip-audit ends well, too, where the registry knew none of the libraries: here that is told as
nothing looked up. Exit codes: 0 all were looked up and none has a hole, 1 one has, 3 not all could
be looked up.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from protocol.shapes import from_json

PINNED: Final = Path("requirements/lock.txt")
EXIT_WELL: Final = 0
EXIT_HOLES: Final = 1
EXIT_UNSEEN: Final = 3
_LONGEST_S: Final = 300.0


class Hole(msgspec.Struct, frozen=True):
    """A hole that somebody has published."""

    id: str
    fix_versions: tuple[str, ...] = ()


class Library(msgspec.Struct, frozen=True):
    """One library, as pip-audit tells of it. skip_reason: why it could not be looked up."""

    name: str
    version: str = ""
    vulns: tuple[Hole, ...] = ()
    skip_reason: str = ""


class Report(msgspec.Struct, frozen=True):
    """What pip-audit writes as JSON."""

    dependencies: tuple[Library, ...]


class Verdict(NamedTuple):
    """What is to be said, line by line, and the exit code."""

    lines: tuple[str, ...]
    code: int


def verdict_of(text: str) -> Verdict:
    """What a report means; what is no report is nothing looked at."""
    try:
        report = from_json(text, Report)
    except msgspec.DecodeError:
        return Verdict(("The registry could not be reached: nothing was looked up.",), EXIT_UNSEEN)
    unseen = [each.name for each in report.dependencies if each.skip_reason]
    lines = [*_holes(report), _sum(report, unseen)]
    if any(each.vulns for each in report.dependencies):
        return Verdict(tuple(lines), EXIT_HOLES)
    return Verdict(tuple(lines), EXIT_UNSEEN if unseen or not report.dependencies else EXIT_WELL)


def audit(folder: Path) -> Verdict:
    """Look all of them up, with a pip-audit installed for this one look."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    install = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip-audit")
    if _run(python, *install) is None:
        missing = "pip-audit could not be installed: nothing was looked up."
        return Verdict((missing,), EXIT_UNSEEN)
    look = ("-m", "pip_audit", "-r", str(PINNED), "--require-hashes", "--disable-pip")
    return verdict_of(
        _run(python, *look, "-f", "json", "--progress-spinner", "off", ok=(0, 1)) or ""
    )


def main() -> int:
    """Look, and tell."""
    with tempfile.TemporaryDirectory() as folder:
        verdict = audit(Path(folder))
    sys.stdout.writelines(f"{line}\n" for line in verdict.lines)
    return verdict.code


def _holes(report: Report) -> Iterator[str]:
    for library in report.dependencies:
        for hole in library.vulns:
            mended = ", ".join(hole.fix_versions) or "no version yet"
            yield f"{library.name} {library.version}: {hole.id}, mended in {mended}"


def _sum(report: Report, unseen: list[str]) -> str:
    total = len(report.dependencies)
    if not unseen:
        return f"Looked up: all {total} libraries."
    return f"Looked up: {total - len(unseen)} of {total}. Not looked up: {', '.join(unseen)}"


def _run(python: Path, *arguments: str, ok: tuple[int, ...] = (0,)) -> str | None:
    try:
        done = subprocess.run(
            [python, *arguments], capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode in ok else None


if __name__ == "__main__":
    sys.exit(main())
