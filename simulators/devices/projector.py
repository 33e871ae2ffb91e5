"""This file is a simulated projector or board: PJLink over real TCP and UDP, with fault switches.

Source: PJLink Specifications, version 2.10 (JBMIA): section 5 for the password, 3.2 and 3.3 for
search and notifications over UDP.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Final, Self

from protocol.doors.closing import take_in_no_more
from protocol.loop import met
from simulators.addresses import open_udp
from simulators.devices.pjlink import (
    MAX_LINE,
    Crowd,
    Lamp,
    Mind,
    PjlinkFaults,
    ProjectorFault,
    ProjectorMake,
    lie_of,
)

__all__ = ["Crowd", "PjlinkFaults", "Projector", "ProjectorMake"]

PORT: Final = 4352
IDLE_S: Final = 30.0  # a projector ends a connection that is idle for so long
TRICKLE_S: Final = 0.2
_SLOW_S: Final = 3.0
_ERROR, _WARNING, _WELL = "2", "1", "0"  # PJLink class 1, ERST
# Faults that are one thing and no more; by what they set.
_FLAGS: Final = {
    ProjectorFault.SILENT: "silent",
    ProjectorFault.MUTE: "mute",
    ProjectorFault.STANDBY: "mute_standby",
    ProjectorFault.OTHER_CLASS: "other_class",
    ProjectorFault.LOOSE: "loose",
    ProjectorFault.WORDS: "words",
    ProjectorFault.ASIDES: "asides",
    ProjectorFault.UNITS: "units",
    ProjectorFault.SLEEPS: "sleeps",
}
_PARTS: Final = ("fan", "lamp", "temperature", "cover", "filter", "other")


@dataclass(eq=False, repr=False)
class Projector:
    """A projector that listens at `host` and `port`, from `async with` on.

    port, udp_port: 0 for any free one; read them after. answers_to: the UDP port that answers to
    a search go to, 4352 by the specification; 0: where the search came from, as some do.
    password: "" for none. pace: how many played seconds one real second is.
    search_answer: what it tells of itself, its MAC by the specification; some tell their address.
    called_at: where the call for all of its network comes in, a broadcast address; "": at host.
    """

    make: ProjectorMake
    _: KW_ONLY
    host: str = "127.0.0.1"
    port: int = 0
    udp_port: int = 0
    answers_to: int = PORT
    password: str = ""
    pace: float = 1.0
    search_answer: str = ""
    called_at: str = ""
    faults: PjlinkFaults = field(default_factory=PjlinkFaults)
    commands: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _ear: asyncio.DatagramTransport | None = None
    _mouth: asyncio.DatagramTransport | None = None
    _talks: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    _served: int = 0
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.lamp = Lamp(self.make, time.monotonic, self.pace)
        self._mind = Mind(self.make, self.lamp, self.faults)

    def __repr__(self) -> str:
        return f"Projector({self.make.name!r}, {self.host}:{self.port})"

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError where the ports are taken."""
        await self.plug_in()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.unplug()

    async def plug_in(self) -> None:
        """Listen again, on the same ports."""
        self._server = await asyncio.start_server(met(self._serve), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        if self.make.pjlink_class > 1:
            try:
                await self._listen_for_search()
            except OSError:
                await self.unplug()
                raise

    async def unplug(self) -> None:
        """Pull its plug: every connection is cut, and new ones are refused."""
        if self._server is not None:
            await take_in_no_more(self._server)
            self._server.close()
            self._server = None
        for transport in (self._ear, self._mouth):
            if transport is not None:
                transport.close()
        self._ear = self._mouth = None
        talks = dict(self._talks)
        for writer in talks.values():
            writer.transport.abort()
        self._left.set()
        await asyncio.gather(*talks)

    def say(self, data: bytes, host: str, port: int = PORT) -> None:
        """Send any datagram, from its own address."""
        self._send(data, (host, port))

    def hear(self, data: bytes, sender: tuple[str | Any, ...]) -> None:
        """Take in a datagram: a search is answered, all else is nothing to a projector."""
        if data == b"%2SRCH\r" and not self.faults.silent:
            answer = f"%2ACKN={self.search_answer or self.make.mac}\r".encode()
            self._send(answer, (str(sender[0]), self.answers_to or int(sender[1])))

    async def _listen_for_search(self) -> None:
        """Open the ear, and the mouth too where they are at two addresses.

        On a computer that is called at its own address a socket there would take the answers
        away from the controller.
        """
        self._ear = await open_udp((self.called_at or self.host, self.udp_port), self.hear)
        self.udp_port = self._ear.get_extra_info("sockname")[1]
        if self.called_at:
            self._mouth = await open_udp((self.host, 0), self.hear)

    def _send(self, data: bytes, target: tuple[str, int]) -> None:
        transport = self._mouth or self._ear
        if transport is not None:
            transport.sendto(data, target)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs this in a task
        self._talks[task] = writer
        try:
            if await self._turn():
                await self._served_now(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the other side left, or talked nonsense: a projector hangs up
        finally:
            del self._talks[task]
            writer.close()

    async def _turn(self) -> bool:
        """Wait for this connection's turn; False where it is sent away."""
        while self._served >= self.faults.connections:
            if self.faults.crowd is Crowd.CLOSED:
                return False
            self._left.clear()
            await self._left.wait()
            if self._server is None:
                return False
        return True

    async def _served_now(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served += 1
        try:
            await self._talk(reader, writer)
        finally:
            self._served -= 1
            self._left.set()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = self.faults
        if faults.silent:
            await reader.read()
        elif faults.lie and faults.lie_at_once:
            await self._lie(writer, faults.lie, "")
        elif await self._greet(reader, writer):
            while True:
                await self._reply(writer, await self._line(reader))

    async def _line(self, reader: asyncio.StreamReader) -> str:
        async with asyncio.timeout(IDLE_S):
            line = await reader.readuntil(b"\r")
        return line[: MAX_LINE + 32].decode("utf-8", "replace").strip()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Greet, and ask for the password where there is one; it comes before the first command."""
        if not self.password:
            writer.write(f"PJLINK 0{self.faults.line_end}".encode())
            return True
        salt = secrets.token_hex(4)
        writer.write(f"PJLINK 1 {salt}{self.faults.line_end}".encode())
        line = await self._line(reader)
        digest = hashlib.md5((salt + self.password).encode(), usedforsecurity=False).hexdigest()
        if line[:32] != digest:
            writer.write(b"PJLINK ERRA\r")
            return False
        await self._reply(writer, line[32:])
        return True

    async def _reply(self, writer: asyncio.StreamWriter, command: str) -> None:
        self.commands.append(command)
        if lie := self.faults.lie:
            await self._lie(writer, lie, command)
        elif not self.faults.mute and not 0 < self.faults.mute_after < len(self.commands):
            await asyncio.sleep(self.faults.delay_s)
            if answer := self._mind.answer(command):
                writer.write(f"{answer}{self.faults.line_end}".encode("utf-8", "surrogateescape"))
            await writer.drain()

    async def _lie(self, writer: asyncio.StreamWriter, lie: ProjectorFault, command: str) -> None:
        writer.write(lie_of(lie, command))
        while lie in {ProjectorFault.ENDLESS, ProjectorFault.TRICKLE}:
            await writer.drain()
            await asyncio.sleep(TRICKLE_S if lie is ProjectorFault.TRICKLE else 0)
            writer.write(b"A" * (1 if lie is ProjectorFault.TRICKLE else 4096))
        await writer.drain()


class FaultyProjector:
    """A projector that runs, with faults by name; of several lies the last one is told."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector
        self._errors: set[str] = set()

    async def switch(self, fault: ProjectorFault, on: bool) -> None:  # noqa: FBT001 - a switch
        """Switch one fault. Raises OSError where its ports are taken when it is plugged in."""
        faults = self._projector.faults
        match fault:
            case ProjectorFault.OFF if on:
                await self._projector.unplug()
            case ProjectorFault.OFF:
                await self._projector.plug_in()
            case ProjectorFault.SLOW:
                faults.delay_s = _SLOW_S if on else 0.0
            case ProjectorFault.LINE_FEEDS:
                faults.line_end = "\n" if on else "\r"
            case ProjectorFault.ODD_LAMP:
                faults.refusals = {"POWR": "OK"} if on else {}
            case ProjectorFault.BUSY:
                faults.connections = 0 if on else 1
            case _ if fault in _FLAGS:
                setattr(faults, _FLAGS[fault], on)
            case _ if fault.removesuffix("_warning") in _PARTS:
                self._errors = self._errors | {fault} if on else self._errors - {fault}
                faults.errors = "".join(map(self._digit, _PARTS))
            case _:
                faults.lie = fault if on else None

    def _digit(self, part: str) -> str:
        if part in self._errors:
            return _ERROR
        return _WARNING if f"{part}_warning" in self._errors else _WELL
