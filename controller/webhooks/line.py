"""This file posts a body to an address: to the very machine that was looked at, and no further."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from controller.webhooks.hook import Hook, Trouble, Untaken, may_be_reached

TIMEOUT_S: Final = 10.0
_TAKEN: Final = range(200, 300)


class UntakenError(Exception):
    """The other side did not take it; its text names no address and no content. why: in a code."""

    def __init__(self, text: str, why: Untaken) -> None:
        super().__init__(text)
        self.why = why


def post(hook: Hook, body: bytes, headers: Mapping[str, str]) -> None:
    """Send the body; a redirection is not followed. Raises UntakenError."""
    parts = urlsplit(hook.url)
    try:
        with closing(_line(hook, parts)) as line:
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            line.request("POST", path, body, dict(headers))
            with closing(line.getresponse()) as answer:
                status = answer.status
    except (OSError, HTTPException, UnicodeError) as error:
        raise UntakenError(type(error).__name__, Untaken(_trouble_of(error))) from error
    if status not in _TAKEN:
        raise UntakenError(f"HTTP {status}", Untaken(Trouble.STATUS, status))


def _trouble_of(error: Exception) -> Trouble:
    match error:
        case ssl.SSLError():
            return Trouble.CERTIFICATE
        case socket.gaierror() | UnicodeError():
            return Trouble.NO_NAME
        case TimeoutError() | HTTPException():
            return Trouble.NO_ANSWER
        case _:
            return Trouble.NO_LINE


def _line(hook: Hook, parts: SplitResult) -> HTTPConnection:
    """A line to an address that was looked at: what the name says a moment later does not count."""
    host, is_https = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_https else 80)
    address = reachable(host, port, allow_private=hook.allow_private)
    raw = socket.create_connection((address, port), TIMEOUT_S)
    if not is_https:
        line = HTTPConnection(host, port, timeout=TIMEOUT_S)
        line.sock = raw
        return line
    try:
        tls = ssl.create_default_context(cafile=hook.ca_file or None)
        line = HTTPSConnection(host, port, timeout=TIMEOUT_S, context=tls)
        line.sock = tls.wrap_socket(raw, server_hostname=host)
    except BaseException:
        raw.close()
        raise
    return line


def reachable(host: str, port: int, *, allow_private: bool) -> str:
    """The first address of a name, where all of them may be reached. Raises UntakenError."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = [ip_address(one.partition("%")[0]) for one in found]
    if not all(may_be_reached(one, allow_private=allow_private) for one in addresses):
        text = "it leads into a network that allow_private does not allow"
        raise UntakenError(text, Untaken(Trouble.PRIVATE))
    return found[0]
