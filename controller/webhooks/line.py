"""This file posts a body to an address: to the very machine that was looked at, and no further."""

from __future__ import annotations

import socket
import ssl
import string
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import ip_address
from threading import Event, Timer
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from controller.webhooks.hook import Hook, Trouble, Untaken, may_be_reached

TIMEOUT_S: Final = 10.0  # of one wait
LONGEST_S: Final = 60.0  # of all that is said on a line, however it is dealt out
_TAKEN: Final = range(200, 300)


class UntakenError(Exception):
    """The other side did not take it; its text names no address and no content. why: in a code."""

    def __init__(self, text: str, why: Untaken) -> None:
        super().__init__(text)
        self.why = why


def post(hook: Hook, body: bytes, headers: Mapping[str, str], longest_s: float = LONGEST_S) -> None:
    """Send the body; a redirection is not followed. Raises UntakenError."""
    parts = urlsplit(hook.url)
    host, is_https = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_https else 80)
    try:
        raw = line_to(host, port, allow_private=hook.allow_private)
        with ended_after(raw, longest_s), closing(_spoken(raw, hook, host, port)) as line:
            line.request("POST", _target(parts), body, dict(headers))
            with closing(line.getresponse()) as answer:
                status = answer.status
    except (OSError, HTTPException, ValueError) as error:
        raise UntakenError(type(error).__name__, Untaken(trouble_of(error))) from error
    if status not in _TAKEN:
        raise UntakenError(f"HTTP {status}", Untaken(Trouble.STATUS, status))


def trouble_of(error: Exception) -> Trouble:
    """Why a line came to nothing."""
    match error:
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return Trouble.NO_ANSWER
        case ssl.SSLError():
            return Trouble.CERTIFICATE
        case socket.gaierror() | UnicodeError():
            return Trouble.NO_NAME
        case TimeoutError() | HTTPException():
            return Trouble.NO_ANSWER
        case _:
            return Trouble.NO_LINE


def line_to(host: str, port: int, *, allow_private: bool) -> socket.socket:
    """A line to an address that was looked at: what the name says a moment later does not count.

    Raises UntakenError, OSError.
    """
    address = reachable(host, port, allow_private=allow_private)
    return socket.create_connection((address, port), TIMEOUT_S)


@contextmanager
def ended_after(line: socket.socket, longest_s: float) -> Iterator[None]:
    """Close a line at the end; cut it before where it lasts longer, whatever is being said on it.

    The time of one read is no limit: who sends a byte in nine seconds would hold it for ever.
    Raises TimeoutError where a line that was cut ends what is being said on it.
    """
    own = line.dup()  # what speaks TLS takes the other
    was_cut = Event()
    timer = Timer(longest_s, _cut, (own, was_cut))
    timer.daemon = True
    timer.start()
    try:
        yield
    except ConnectionError as error:  # a line that we broke off says nothing about the way there
        if was_cut.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
        timer.join()
        own.close()
        line.close()


def _cut(line: socket.socket, was_cut: Event) -> None:
    was_cut.set()
    with suppress(OSError):  # it has ended already
        line.shutdown(socket.SHUT_RDWR)


def _target(parts: SplitResult) -> str:
    """What is asked for of the machine, in the letters that a line takes."""
    target = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    return quote(target, safe=string.punctuation)


def _spoken(raw: socket.socket, hook: Hook, host: str, port: int) -> HTTPConnection:
    if urlsplit(hook.url).scheme != "https":
        line = HTTPConnection(host, port, timeout=TIMEOUT_S)
        line.sock = raw
        return line
    tls = ssl.create_default_context(cafile=hook.ca_file or None)
    line = HTTPSConnection(host, port, timeout=TIMEOUT_S, context=tls)
    line.sock = tls.wrap_socket(raw, server_hostname=host)
    return line


def reachable(host: str, port: int, *, allow_private: bool) -> str:
    """The first address of a name, where all of them may be reached. Raises UntakenError."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    addresses = [ip_address(one.partition("%")[0]) for one in found]
    if not all(may_be_reached(one, allow_private=allow_private) for one in addresses):
        text = "it leads into a network that allow_private does not allow"
        raise UntakenError(text, Untaken(Trouble.PRIVATE))
    return found[0]
