"""This file releases the checkout that it is run in: version, changelog, wheel, commit and tag.

python tools/release.py 0.2.0        which is what `make release VERSION=0.2.0` runs
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

_VERSION: Final = Path("protocol/__init__.py")
_CHANGELOG: Final = Path("CHANGELOG.md")
_ASSIGNED: Final = re.compile(r'(?<=^__version__ = ")([^"]+)', re.MULTILINE)
_UNRELEASED: Final = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
# Recorded documents that name the version: the file, and the module that prints it.
_DOCUMENTS: Final = {
    "docs/wire/asyncapi.json": "protocol.schema",
    "docs/wire/openapi.json": "controller.openapi",
}


class ReleaseError(Exception):
    """Nothing is released; the text says why."""


def main(arguments: list[str]) -> int:
    """Release what is checked out, as the version that is named. Answers the exit code."""
    version = " ".join(arguments)
    try:
        _release(version, _checked(version))
    except ReleaseError as refusal:
        print(f"no release: {refusal}", file=sys.stderr)
        return 1
    print(
        f"v{version} is committed and tagged, its wheel is in dist/. Next: git push --follow-tags"
    )
    return 0


def numbers_of(version: str) -> tuple[int, ...]:
    """A version's three numbers. Raises ReleaseError."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ReleaseError(f"'{version}' is no version; say VERSION=x.y.z")
    return tuple(map(int, version.split(".")))


def notes_in(changelog: str) -> str:
    """What the changelog says under "Unreleased". Raises ReleaseError where that is nothing."""
    section = _UNRELEASED.search(changelog)
    if section is None or not re.search(r"^- ", section[1], re.MULTILINE):
        raise ReleaseError(f"{_CHANGELOG} says nothing under 'Unreleased'")
    return section[1].strip()


def dated(changelog: str, version: str, day: date) -> str:
    """The changelog with what was unreleased under the version and its day."""
    return changelog.replace("## Unreleased\n", f"## Unreleased\n\n## {version} - {day}\n", 1)


def _checked(version: str) -> str:
    """The version's notes, if it may be released. Raises ReleaseError."""
    (current,) = _ASSIGNED.findall(_VERSION.read_text("utf-8"))
    if numbers_of(version) <= numbers_of(current):
        raise ReleaseError(f"{version} is not after {current}")
    if changed := _run("git", "status", "--porcelain"):
        raise ReleaseError(f"not everything is committed:\n{changed}")
    if _run("git", "tag", "--list", f"v{version}"):
        raise ReleaseError(f"there is a tag v{version} already")
    return notes_in(_CHANGELOG.read_text("utf-8"))


def _release(version: str, notes: str) -> None:
    """Write, build, commit and tag; leave the checkout as it was where one of these fails."""
    try:
        _write(version)
        _run(
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            "dist",
            ".",
        )
        _run("git", "commit", "--quiet", "--all", "--message", f"chore: release {version}")
    except ReleaseError:
        _run("git", "checkout", "--quiet", "--", ".")
        raise
    _run(
        "git",
        "tag",
        "--annotate",
        f"v{version}",
        "--cleanup=verbatim",
        "--message",
        f"LopHoc {version}\n\n{notes}",
    )


def _write(version: str) -> None:
    _VERSION.write_text(_ASSIGNED.sub(version, _VERSION.read_text("utf-8")), "utf-8")
    changelog = dated(_CHANGELOG.read_text("utf-8"), version, datetime.now(UTC).date())
    _CHANGELOG.write_text(changelog, "utf-8")
    for document, module in _DOCUMENTS.items():
        text = _run(sys.executable, "-m", module)
        Path(document).write_text(f"{text}\n", "utf-8")


def _run(*command: str) -> str:
    """What the command printed, without its last line end. Raises ReleaseError if it fails."""
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if ended.returncode:
        raise ReleaseError(f"{' '.join(command)} failed:\n{ended.stderr or ended.stdout}")
    return ended.stdout.rstrip("\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
