"""This file switches the faults of one simulated device: by names, and by lines that are typed."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar

from protocol.formats import phrase
from protocol.settings import SettingsError, unknown
from protocol.words import N_, Translate

Name = TypeVar("Name", bound=StrEnum)
Switch = Callable[[Name, bool], Awaitable[None]]

HOW: Final = (
    N_("Type +{example} to switch a fault on, -{example} to switch it off."),
    N_("Type faults to see which are on, help to read this again; Ctrl-C ends it."),
    N_("Its faults: {names}."),
)
ON: Final = N_("Faults that are on: {names}.")
NONE_ON: Final = N_("No fault is on.")
_NOT_KNOWN: Final = N_("No such fault: {name}.")
_LINE_BYTES: Final = 4096
_WAITING: Final = 100


def fault_of(text: str, names: type[Name], aliases: Mapping[str, str] | None = None) -> Name:
    """The fault of this name; a-b is a_b. Raises SettingsError with the nearest valid name."""
    word = text.strip().lower().replace("-", "_")
    try:
        return names((aliases or {}).get(word, word))
    except ValueError:
        raise unknown("fault_unknown", _NOT_KNOWN, text.strip()[:80], list(names)) from None


def faults_of(
    text: str, names: type[Name], aliases: Mapping[str, str] | None = None
) -> frozenset[Name]:
    """The faults named between commas. Raises SettingsError with the nearest valid name."""
    return frozenset(fault_of(word, names, aliases) for word in text.split(",") if word.strip())


@dataclass(slots=True)
class Switches(Generic[Name]):
    """A device's faults, and what people type to switch them.

    switch: does it (fault, on). on: the faults that are on; say: translates what is answered.
    """

    names: type[Name]
    switch: Switch[Name]
    say: Translate
    aliases: Mapping[str, str] | None = None
    on: set[Name] = field(default_factory=set)

    async def turn(self, fault: Name, *, on: bool) -> None:
        """Switch one fault; nothing happens where it is so already."""
        if on == (fault in self.on):
            return
        await self.switch(fault, on)
        self.on = self.on | {fault} if on else self.on - {fault}

    async def obey(self, line: str) -> list[str]:
        """Do what a typed line says; gives what to answer. Never raises for what is typed."""
        match words := line.split():
            case []:
                return []
            case ["help"]:
                return self.help()
            case ["faults"]:
                return [self._state_line()]
            case _ if all(word[0] in "+-" for word in words):
                return await self._turn_all(words)
            case _:
                return [phrase(_NOT_KNOWN, self.say, name=words[0][:80]), *self.help()[:2]]

    def help(self) -> list[str]:
        """What may be typed."""
        names = list(self.names)
        values = {"example": names[0], "names": ", ".join(names)}
        return [phrase(line, self.say, **values) for line in HOW]

    async def _turn_all(self, words: Iterable[str]) -> list[str]:
        try:
            faults = [(fault_of(word[1:], self.names, self.aliases), word[0]) for word in words]
        except SettingsError as error:
            return [error.text(self.say)]
        for fault, sign in faults:
            await self.turn(fault, on=sign == "+")
        return [self._state_line()]

    def _state_line(self) -> str:
        if not self.on:
            return self.say(NONE_ON)
        return phrase(ON, self.say, names=", ".join(sorted(self.on)))


async def typed_lines(source: int) -> AsyncIterator[str]:
    """Lines as they are typed, until there are no more; none where it cannot be waited for.

    source: a file descriptor. A line of more than some thousand characters is cut in pieces.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)

    def hear() -> None:
        if queue.full():
            return  # read on when there is room
        data = b""
        with contextlib.suppress(OSError):  # the terminal is gone
            data = os.read(source, _LINE_BYTES)
        if not data:
            loop.remove_reader(source)
        queue.put_nowait(data)

    try:
        loop.add_reader(source, hear)
    except (OSError, NotImplementedError):  # a file or nothing at all; Windows
        return
    try:
        rest = b""
        while data := await queue.get():
            *whole, rest = (rest + data).split(b"\n")
            rest = rest[-_LINE_BYTES:]
            for line in whole:
                yield line.decode("utf-8", "replace").strip()
    finally:
        loop.remove_reader(source)
