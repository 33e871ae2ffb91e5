"""This file says whether the programs that the school wants are installed and running here."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from hardware.host.installed import Installed, read_installed
from hardware.host.sensed import sensed
from hardware.readings import SoftwareReading, clean

INSTALLED_EVERY_S = 600.0
RUNNING_EVERY_S = 60.0

_WORD = re.compile(r"[^\W\d_]+|\d+")
_SUFFIX = ".exe"
# Programs whose process is called otherwise than the product, in the makers' own spelling.
_PROCESSES = {
    "libreoffice": ("soffice",),
    "microsoft word": ("winword",),
    "microsoft excel": ("excel",),
    "microsoft powerpoint": ("powerpnt",),
    "microsoft edge": ("msedge",),
    "google chrome": ("chrome",),
    "obs studio": ("obs", "obs64"),
}
# Gives the names of the processes that run, or None where they cannot be listed.
Processes = Callable[[], "Iterable[str] | None"]


class WantedProgram(NamedTuple):
    """A program that the school wants. also: further names it goes by, such as its process's."""

    name: str
    also: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> WantedProgram:
        """Read a setting: "LibreOffice", or with further names "myViewBoard | vboard"."""
        name, *also = (clean(part) for part in text.split("|"))
        return cls(name, tuple(part for part in also if part))


class Software:
    """Looks for named programs; remembers for a while what it saw, for looking is dear.

    A name is found where its words stand one after the other, as whole words of any case: "Scratch"
    is in "Scratch 3" and "scratch-desktop", and not in "Scratchpad". Digits are words of their own.
    Programs and packages have to be called so altogether, version left out: "LibreOffice" is in
    "libreoffice25.2", and not in "libreoffice-common", which is no program.
    """

    def __init__(
        self,
        names: Sequence[WantedProgram],
        *,
        root: Path = Path("/"),
        processes: Processes | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._programs = names
        self._root = root
        self._processes = processes or running_processes
        self._clock = clock
        self._installed: _Snapshot | None = None
        self._running: _Snapshot | None = None

    def read(self) -> tuple[SoftwareReading, ...]:
        """Give each wanted program's state, in the order asked. To be called in a thread."""
        if not self._programs:
            return ()
        now_s = self._clock()
        if self._installed is None or now_s - self._installed.at_s >= INSTALLED_EVERY_S:
            self._installed = _Snapshot(now_s, self._look_installed())
        if self._running is None or now_s - self._running.at_s >= RUNNING_EVERY_S:
            self._running = _Snapshot(now_s, self._look_running())
        rows = zip(self._programs, self._installed.states, self._running.states, strict=True)
        return tuple(
            SoftwareReading(name=program.name, installed=is_there, running=runs)
            for program, is_there, runs in rows
        )

    def _look_installed(self) -> list[bool | None]:
        installed = sensed("installed", lambda: read_installed(self._root), None)
        if installed is None:
            return [None] * len(self._programs)
        return [is_installed(program, installed) for program in self._programs]

    def _look_running(self) -> list[bool | None]:
        names = sensed("processes", self._processes, None)
        if names is None:
            return [None] * len(self._programs)
        running = {words(name) for name in names}
        return [is_running(program, running) for program in self._programs]


class _Snapshot(NamedTuple):
    at_s: float
    states: list[bool | None]


Words = tuple[str, ...]


def words(text: str) -> Words:
    """Split a name into its words, lower case; ".exe" is no part of a name."""
    folded = text.casefold()
    return tuple(_WORD.findall(folded.removesuffix(_SUFFIX)))


def is_installed(program: WantedProgram, installed: Installed) -> bool:
    """Say whether a program is among what is installed."""
    names = _names_of(program)
    plain = {_without_version(words(name)) for name in installed.plain}
    if any(_without_version(name) in plain for name in names):
        return True
    return any(_holds(words(title), name) for title in installed.titles for name in names)


def is_running(program: WantedProgram, processes: Iterable[Words]) -> bool:
    """Say whether a program is among the processes, given as words."""
    names = _names_of(program)
    return any(_holds(process, name) for process in processes for name in names)


def running_processes() -> set[str]:
    """Give the names of the processes that run, and of their program files where these are told."""
    names: set[str] = set()
    for process in psutil.process_iter(["name", "exe"]):
        names.update(
            re.split(r"[/\\]", text)[-1]
            for text in (process.info["name"], process.info["exe"])
            if text
        )
    return names


def _names_of(program: WantedProgram) -> list[Words]:
    processes = _PROCESSES.get(program.name.casefold(), ())
    spelled = (words(name) for name in (program.name, *program.also, *processes))
    return [name for name in spelled if name]


def _holds(text: Words, name: Words) -> bool:
    size = len(name)
    return any(text[at : at + size] == name for at in range(len(text) - size + 1))


def _without_version(name: Words) -> Words:
    """Leave numbers out, unless there is nothing else."""
    return tuple(word for word in name if not word.isdigit()) or name
