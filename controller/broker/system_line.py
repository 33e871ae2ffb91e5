"""This file asks nats-server, as its system account, who holds which line, and ends lines.

It has no bound for the lines of one user. Its own protocol is text; of it this needs five words.
Source: NATS documentation, client protocol and system events.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from asyncio import IncompleteReadError, StreamReader, StreamWriter, open_connection, timeout
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from protocol.pin import CONTROLLER_NAME, pinned
from protocol.settings import SettingsError
from protocol.shapes import from_json

ACCOUNT: Final = "SYS"
USER: Final = " supervisor"  # no agent may be called so, for the blank in front
PATIENCE_S: Final = 5.0
TROUBLES: Final = (OSError, EOFError, ValueError, SettingsError)  # of whoever speaks with it
PAGE: Final = 1024  # lines in one answer: some 400 KB
_INBOX: Final = "_INBOX.lophoc"  # before a line's own part, and that of each question
_HEAD_BYTES: Final = 1 << 16


class HeldLine(msgspec.Struct, frozen=True):
    """A line to the broker. cid: its number, which grows; authorized_user: empty before login.

    ip: whence it comes; mqtt_client: its session's name.
    """

    cid: int
    authorized_user: str = ""
    ip: str = ""
    mqtt_client: str = ""


class _Lines(msgspec.Struct):
    connections: tuple[HeldLine, ...]
    total: int


class _Answer(msgspec.Struct):
    data: _Lines


class _Info(msgspec.Struct):
    server_id: str
    tls_required: bool = False
    tls_available: bool = False


class _Ports(msgspec.Struct):
    nats: tuple[str, ...]


class SystemLine(NamedTuple):
    """A conversation with the broker, one question at a time.

    All raise OSError, EOFError, TimeoutError or ValueError when it is over.
    """

    reader: StreamReader
    writer: StreamWriter
    server: str
    inbox: str

    async def held(self) -> list[HeldLine]:
        """Every line that is held, the oldest first."""
        lines: list[HeldLine] = []
        while True:
            wish = {"auth": True, "limit": PAGE, "offset": len(lines)}
            page = from_json(await self._ask("CONNZ", wish), _Answer).data
            lines += page.connections
            if not page.connections or len(lines) >= page.total:
                return sorted(lines, key=lambda line: line.cid)

    async def end(self, line: HeldLine) -> None:
        """Cut a line; whoever holds it may come again."""
        await self._ask("KICK", {"cid": line.cid})

    async def reload(self) -> None:
        """Have it read its configuration, and wait until it goes by that."""
        await self._ask("RELOAD", {})

    async def _ask(self, what: str, wish: Mapping[str, Any]) -> bytes:
        body = json.dumps(wish).encode()
        subject = f"$SYS.REQ.SERVER.{self.server}.{what}"
        here = f"{self.inbox}.{secrets.token_hex(8)}"
        self.writer.write(f"PUB {subject} {here} {len(body)}\r\n".encode() + body + b"\r\n")
        async with timeout(PATIENCE_S):
            while True:
                word, *rest = (await self.reader.readuntil(b"\r\n")).split()
                if word == b"MSG":
                    answer = await self.reader.readexactly(int(rest[-1]) + 2)
                    if rest[0] == here.encode():  # else it is late, to a question given up
                        return answer
                elif word == b"PING":
                    self.writer.write(b"PONG\r\n")
                elif word == b"-ERR":
                    raise OSError(b" ".join(rest).decode("utf-8", "replace"))


@contextlib.asynccontextmanager
async def system_line(port: int, password: str, authority: Path) -> AsyncIterator[SystemLine]:
    """Speak with the broker on this machine, encrypted where it can. Raises as SystemLine does.

    authority: the file of the one that must have signed its certificate.
    """
    async with timeout(PATIENCE_S):
        reader, writer = await open_connection("127.0.0.1", port, limit=_HEAD_BYTES)
    try:
        async with timeout(PATIENCE_S):
            _, _, head = (await reader.readuntil(b"\r\n")).partition(b" ")
            info = from_json(head, _Info)
            if info.tls_required or info.tls_available:
                await writer.start_tls(pinned(authority), server_hostname=CONTROLLER_NAME)
        hello = {"user": USER, "pass": password, "verbose": False}
        inbox = f"{_INBOX}.{secrets.token_hex(8)}"  # else who asks at the same time hears it, too
        writer.write(f"CONNECT {json.dumps(hello)}\r\nSUB {inbox}.* 1\r\n".encode())
        yield SystemLine(reader, writer, info.server_id, inbox)
    except IncompleteReadError as error:
        raise EOFError("the broker hung up") from error
    finally:
        writer.close()


def system_port(folder: Path, pid: int) -> int:
    """Where the broker of this process listens, as it wrote down. Raises OSError or ValueError."""
    text = (folder / f"nats-server_{pid}.ports").read_bytes()
    return int(from_json(text, _Ports).nats[0].rpartition(":")[2])
