"""This file says for which machines packages are built, and which pins each of them takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from packaging.markers import Marker
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

MINORS: Final = (11, 12, 13, 14)
# Debian's name of an architecture, and Python's.
MACHINES: Final = {"amd64": "x86_64", "arm64": "aarch64"}
NEWEST_GLIBC: Final = 36  # Debian 12 has 2.36
_PIN: Final = re.compile(
    r"^(?P<pin>[A-Za-z0-9][^\s;#]*==[^\s;\\]+)(?: *; *(?P<marker>[^\\\n]*))?"
    r"(?P<rest>(?: *\\\n[^\\\n]*)*)",
    re.MULTILINE,
)
_GLIBC: Final = re.compile(r"manylinux_2_(\d+)_")
_OLD_GLIBC: Final = {"manylinux1_": 5, "manylinux2010_": 12, "manylinux2014_": 17}


class Target(NamedTuple):
    """One Python minor on one architecture, named as Debian does."""

    arch: str
    minor: int

    @property
    def folder(self) -> str:
        """Where what is only for this minor lies, such as cp311."""
        return f"cp3{self.minor}"

    @property
    def machine(self) -> str:
        """The architecture as Python names it."""
        return MACHINES[self.arch]

    def environ(self) -> dict[str, str]:
        """What markers are held against: pip itself would take the builder's machine."""
        return {
            "implementation_name": "cpython",
            "implementation_version": f"3.{self.minor}.0",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": f"3.{self.minor}.0",
            "python_version": f"3.{self.minor}",
            "sys_platform": "linux",
            "extra": "",
        }

    def platforms(self) -> list[str]:
        """The platforms of wheels that run there, the newest first."""
        newest = range(NEWEST_GLIBC, 16, -1)
        named = [f"manylinux_2_{glibc}_{self.machine}" for glibc in newest]
        return [*named, f"manylinux2014_{self.machine}", f"linux_{self.machine}"]

    def runs(self, wheel: str) -> bool:
        """Whether a wheel of this file name is for this target."""
        version = (3, self.minor)
        mine = {*cpython_tags(version, platforms=self.platforms())}
        mine |= {*compatible_tags(version, f"cp3{self.minor}", self.platforms())}
        return not mine.isdisjoint(parse_wheel_filename(wheel)[3])


def pins_for(target: Target, text: str) -> str:
    """What a file of pins means on the target: no markers any more, every hash."""
    return "".join(f"{pin}{rest}\n" for pin, rest in _meant(target, text))


def _meant(target: Target, text: str) -> Iterator[tuple[str, str]]:
    for match in _PIN.finditer(text):
        marker = (match["marker"] or "").strip()
        if not marker or Marker(marker).evaluate(target.environ()):
            hashes = re.findall(r"--hash=\S+", match["rest"])
            yield match["pin"], "".join(f" \\\n    {one}" for one in hashes)


def names_for(target: Target, text: str) -> frozenset[tuple[str, str]]:
    """The names, as Python compares them, and versions of what is pinned for the target."""
    pairs = (pin.partition("==") for pin, _ in _meant(target, text))
    return frozenset((canonical(name.partition("[")[0]), version) for name, _, version in pairs)


def canonical(name: str) -> str:
    """A project's name as Python compares it: typing-extensions."""
    return re.sub(r"[-_.]+", "-", name).lower()


def glibc_of(wheels: Iterable[str]) -> int:
    """The oldest glibc 2.N that all wheels run with; 0 where none asks for any."""
    return max((_glibc(wheel) for wheel in wheels), default=0)


def _glibc(wheel: str) -> int:
    """Of several platforms of a wheel the least demanding counts."""
    named = [int(number) for number in _GLIBC.findall(wheel)]
    named += [number for name, number in _OLD_GLIBC.items() if name in wheel]
    return min(named, default=0)
