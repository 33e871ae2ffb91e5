"""This file is what the agent and the program that fetches for it say to each other."""

from __future__ import annotations

import platform
import sys
from enum import StrEnum

import msgspec

from protocol.package import Arch, Fit, System


class Trouble(StrEnum):
    """What a later try may mend."""

    UNREACHABLE = "unreachable"
    NO_SPACE = "no_space"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be fetched, and from where. authority: PEM text, or a file's path."""

    data: str
    host: str
    port: int
    authority: str
    is_file: bool = False
    manifest: str
    signature: str
    keys: tuple[str, ...]


class Fetched(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How it went. flaw: what no later try mends; trouble: what one may; neither: it is there."""

    flaw: str = ""
    trouble: str = ""


def this_fit() -> Fit:
    """For which packages this computer is."""
    system = System.WINDOWS if sys.platform == "win32" else System.LINUX
    arm = platform.machine().lower() in {"aarch64", "arm64"}
    return Fit(system, Arch.ARM64 if arm else Arch.AMD64, sys.version_info[1])
