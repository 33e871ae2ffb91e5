"""This file asks one address whether anything answers there, by TCP, within a bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from enum import StrEnum
from typing import Final

# One lost packet is no silence: each try sends a SYN of its own. With 5 % lost each way a try
# fails with 9.75 %, all four with 9e-5; a judgement needs two probes in a row: 8e-9.
TRIES_S: Final = (0.4, 0.5, 0.6, 1.0)

# Ports where a bare connection does harm: PJLink takes one client at a time, and a raw printer
# port holds the printer. A closed port of the same host refuses as surely (RFC 9293, 3.10.7.1).
_STAND_IN: Final = {4352: 9, 9100: 9, 515: 9}

_RTSP_PORT: Final = 554
_RTSP_WAIT_S: Final = 2.0
# Source: RFC 2326 section 10.1. It asks for nothing and needs no password.
_OPTIONS: Final = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: LopHoc\r\n\r\n"


class ProbeAnswer(StrEnum):
    """What came back. none: nothing at all; silent: a connection on which nothing is said."""

    ANSWERED = "answered"
    REFUSED = "refused"
    SILENT = "silent"
    NONE = "none"

    @property
    def alive(self) -> bool:
        """Whether there is a host, in whatever state its service is."""
        return self is not ProbeAnswer.NONE


async def ask(address: str, port: int, tries_s: tuple[float, ...] = TRIES_S) -> ProbeAnswer:
    """Connect to a numeric address; port 554 must also answer RTSP's OPTIONS.

    tries_s: how long each try in turn may take; none begins early where one fails at once.
    Ends within their sum, and two seconds more where a connection is silent. Never raises for
    what the network does.
    """
    for within_s in tries_s:
        ends_at = asyncio.get_running_loop().time() + within_s
        answer = await _try(address, _STAND_IN.get(port, port), within_s)
        if answer.alive:
            return answer
        await asyncio.sleep(max(0.0, ends_at - asyncio.get_running_loop().time()))
    return ProbeAnswer.NONE


async def _try(address: str, port: int, within_s: float) -> ProbeAnswer:
    try:
        parsed = ipaddress.ip_address(address)
        connection = socket.socket(_family(parsed), socket.SOCK_STREAM)
    except (ValueError, OSError):
        return ProbeAnswer.NONE
    with connection:
        connection.setblocking(False)
        try:
            async with asyncio.timeout(within_s):
                await asyncio.get_running_loop().sock_connect(connection, _target(parsed, port))
        except ConnectionRefusedError:
            return ProbeAnswer.REFUSED
        except OSError:  # TimeoutError among them
            return ProbeAnswer.NONE
        return await _rtsp(connection) if port == _RTSP_PORT else ProbeAnswer.ANSWERED


async def _rtsp(connection: socket.socket) -> ProbeAnswer:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError):
        async with asyncio.timeout(_RTSP_WAIT_S):
            await loop.sock_sendall(connection, _OPTIONS)
            if (await loop.sock_recv(connection, 16)).startswith(b"RTSP/"):
                return ProbeAnswer.ANSWERED
    return ProbeAnswer.SILENT


def _family(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> socket.AddressFamily:
    return socket.AF_INET if isinstance(address, ipaddress.IPv4Address) else socket.AF_INET6


def _target(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
) -> tuple[str, int] | tuple[str, int, int, int]:
    if isinstance(address, ipaddress.IPv4Address):
        return str(address), port
    # The scope is a number, or an interface's name (RFC 4007, section 11).
    scope = address.scope_id or "0"
    number = int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)
    return str(address).partition("%")[0], port, 0, number
