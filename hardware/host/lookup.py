"""This file looks names up without ever letting a hung resolver hold up anything else."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

# Gives the address of a name, blocking; raises OSError.
Resolve = Callable[[str], str]


def resolve(name: str) -> str:
    """Ask this system for the address of a name; blocks for as long as it pleases the system."""
    try:
        answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("no name that DNS can hold") from error
    return str(answers[0][4][0])


class Lookup:
    """Looks names up in threads of its own, one for each name that is being asked for.

    getaddrinfo cannot be cancelled, and of asyncio's own threads a hung resolver would take one
    at every try until none is left. A thread here is joined by nobody: it holds up no exit.
    """

    def __init__(self, resolve: Resolve = resolve) -> None:
        self._resolve = resolve
        self._pending: dict[str, asyncio.Future[str]] = {}

    async def address_of(self, name: str, timeout_s: float) -> str:
        """Give an address of the name; "" if there is none, or none in time."""
        if is_address(name):
            return name
        pending = self._pending.get(name) or self._ask(name)
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(pending), timeout_s)
        return ""

    def _ask(self, name: str) -> asyncio.Future[str]:
        loop = asyncio.get_running_loop()
        pending = self._pending[name] = loop.create_future()

        def settle(address: str) -> None:
            self._pending.pop(name, None)
            pending.set_result(address)

        def work() -> None:
            try:
                address = self._resolve(name)
            except OSError:
                address = ""
            # The loop may have ended long ago.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, address)

        threading.Thread(target=work, name=f"lookup {name}", daemon=True).start()
        return pending


def is_address(name: str) -> bool:
    """Say whether a name is an IPv4 or IPv6 address, and needs no looking up."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
