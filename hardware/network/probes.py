"""This file asks one address what it speaks: RTSP, HTTP, or at least TCP."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import replace

from hardware.network.place import TypedPlace
from hardware.network.probe import ask
from hardware.readings import IdentityKind, Kind, Reading, Sighting, clean

PROBE_S = 4.0
_BYTES_LIMIT = 4096
_RTSP_PORT = 554
_HTTP_PORTS = (80, 8080)
_TCP_PORTS = (80, 443, 22, 7000)
_BLANK = re.compile(rb"\r?\n\r?\n")
# As devices write them: behind a blank line, in small letters, under another name.
_RTSP, _HTTP = (
    re.compile(rb"\s*" + name, re.IGNORECASE) for name in (rb"RTSP/1\.", rb"(HTTP/1\.|ICY )")
)
_SERVER = re.compile(rb"^server:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


async def rtsp(place: TypedPlace) -> list[Reading]:
    """Say whether a camera answers OPTIONS there (RFC 2326 section 10.1)."""
    if place.scheme not in {"", "rtsp", "rtsps"}:
        return []
    port = place.port or _RTSP_PORT
    request = f"OPTIONS rtsp://{_bracket(place.host)}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    answer = await _answer(place.host, port, request.encode())
    if not _RTSP.match(answer):
        return []
    url = place.url if place.scheme else ""
    return [replace(_sighting(place, port, answer), kind=Kind.CAMERA, url=url)]


async def http(place: TypedPlace) -> list[Reading]:
    """Say whether a web server answers there (RFC 9110 section 9.3.2); its kind stays open."""
    if place.scheme not in {"", "http", "onvif"}:
        return []
    for port in (place.port,) if place.port else _HTTP_PORTS:
        host = f"{_bracket(place.host)}:{port}"
        request = f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        answer = await _answer(place.host, port, request.encode())
        if _HTTP.match(answer):
            return [_sighting(place, port, answer)]
    return []


async def tcp(place: TypedPlace) -> list[Reading]:
    """Say whether anything is at that address: it takes a connection, or refuses one."""
    for port in (place.port,) if place.port else _TCP_PORTS:
        if (await ask(place.host, port, (PROBE_S / len(_TCP_PORTS),))).alive:
            return [_sighting(place, port, b"")]
    return []


async def _answer(host: str, port: int, request: bytes) -> bytes:
    """Give the head that a peer answers, as far as it came; b"" of silence, refusal and all else.

    Many send it line by line.
    """
    answer = bytearray()
    with suppress(OSError):
        async with asyncio.timeout(PROBE_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                await writer.drain()
                while len(answer) < _BYTES_LIMIT and not _BLANK.search(answer.lstrip()):
                    more = await reader.read(_BYTES_LIMIT - len(answer))
                    if not more:
                        break
                    answer += more
            finally:
                writer.close()
    return bytes(answer)


def _sighting(place: TypedPlace, port: int, answer: bytes) -> Sighting:
    """Give what is there without a name of its own: whoever asked must give it a key."""
    server = _SERVER.search(answer)
    return Sighting(
        source="typed",
        key="",
        identity=IdentityKind.HOST,
        kind=Kind.OTHER,
        model=clean(server[1].decode("utf-8", "replace")) if server else "",
        address=place.host,
        port=port,
    )


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host
