"""This file has each peer's requests worked on a few at a time: one peer's flood delays its own."""

from __future__ import annotations

import asyncio

from protocol.doors.limits import DoorLimits
from protocol.guard import App, Receive, Scope, Send


class Turns:
    """ASGI middleware: a request waits until fewer of its peer's are worked on.

    The peer is the one that the scope names, so that a trusted proxy's callers are told apart.
    """

    def __init__(self, app: App, limits: DoorLimits) -> None:
        self._app = app
        self._limits = limits
        self._peers: dict[str, _Peer] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it have its turn; what is no request needs none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name = (scope.get("client") or ("", 0))[0]
        peer = self._peers.setdefault(name, _Peer(self._limits.turns_of(name)))
        peer.present += 1
        try:
            async with peer.turn:
                await self._app(scope, receive, send)
        finally:
            peer.present -= 1
            if not peer.present:
                del self._peers[name]


class _Peer:
    def __init__(self, turns: int) -> None:
        self.turn = asyncio.Semaphore(turns)
        self.present = 0
