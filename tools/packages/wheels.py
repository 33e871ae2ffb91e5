"""This file fetches the pinned wheels for machines that this one need not be, each by its hash."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from packaging.utils import parse_wheel_filename

from tools.packages.target import Target, canonical, names_for, pins_for

_TRIES: Final = 2
_PAUSE_S: Final = 15.0  # mirrors are sometimes busy


class FetchError(Exception):
    """A wheel could not be had; the message is pip's."""


class Chosen(NamedTuple):
    """Which wheels a role unpacks: for every minor, and for one minor alone, by its folder."""

    common: tuple[Path, ...]
    own: Mapping[str, tuple[Path, ...]]

    def all(self) -> list[Path]:
        """Each once, by name."""
        return sorted({*self.common, *(wheel for wheels in self.own.values() for wheel in wheels)})


def fetch(target: Target, texts: Iterable[str], cache: Path) -> list[Path]:
    """The wheels of every pin of these files for the target. Raises FetchError.

    cache: keeps them from build to build; what lies there of a pin is not asked for again.
    """
    pins = "".join(sorted({*_blocks(target, texts)}))
    digest = hashlib.sha256(pins.encode()).hexdigest()[:16]
    folder = cache / f"{target.arch}-{target.folder}-{digest}"
    if not folder.is_dir():
        with tempfile.TemporaryDirectory(dir=_made(cache)) as part:
            whole = Path(part, "wheels")
            _download(target, pins, whole)
            whole.rename(folder)
    return sorted(folder.glob("*.whl"))


def chosen(targets: Sequence[Target], wheels: Mapping[Target, Sequence[Path]], text: str) -> Chosen:
    """What a role takes of the wheels: common is only what every minor chose for itself.

    A wheel for "3.12 and later" would hide another one from 3.11, which cannot load it.
    """
    picked = {target: _of_role(target, wheels[target], text) for target in targets}
    names = [{wheel.name for wheel in one} for one in picked.values()]
    common = set.intersection(*names) if names else set()
    first = picked[targets[0]]
    return Chosen(
        tuple(wheel for wheel in first if wheel.name in common),
        {
            target.folder: tuple(wheel for wheel in one if wheel.name not in common)
            for target, one in picked.items()
        },
    )


def _of_role(target: Target, wheels: Sequence[Path], text: str) -> list[Path]:
    wanted = names_for(target, text)
    named = {_project(wheel): wheel for wheel in wheels}
    if missing := sorted(name for name, version in wanted if (name, version) not in named):
        raise FetchError(f"no wheel for {target.folder} on {target.arch}: {', '.join(missing)}")
    return sorted(named[one] for one in wanted)


def _project(wheel: Path) -> tuple[str, str]:
    name, version, *_ = parse_wheel_filename(wheel.name)
    return canonical(name), str(version)


def _blocks(target: Target, texts: Iterable[str]) -> Iterable[str]:
    """Every pin with its hashes, as one text each."""
    for text in texts:
        block = ""
        for line in pins_for(target, text).splitlines(keepends=True):
            if block and not line.startswith(" "):
                yield block
                block = ""
            block += line
        if block:
            yield block


def _download(target: Target, pins: str, folder: Path) -> None:
    """Two tries: what fails twice is no chance. Raises FetchError."""
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(folder)),
        *("--implementation", "cp", "--python-version", f"3.{target.minor}"),
        *("--abi", f"cp3{target.minor}", "--abi", "abi3", "--abi", "none"),
        *(word for platform in target.platforms() for word in ("--platform", platform)),
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", dir=folder.parent) as file:
        file.write(pins)
        file.flush()
        for attempt in range(1, _TRIES + 1):
            done = subprocess.run(
                [*command, "--requirement", file.name],
                stderr=subprocess.PIPE, text=True, check=False,
                env={**os.environ, "PIP_NO_INPUT": "1"},
            )  # fmt: skip
            if not done.returncode:
                return
            if attempt < _TRIES:
                time.sleep(_PAUSE_S)
    raise FetchError(done.stderr.strip()[-2000:])


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
