"""This file forgives an application what it cannot finish because its peer has gone."""

from __future__ import annotations

from protocol.guard import App, Message, Receive, Scope, Send


class Departures:
    """ASGI middleware: an error after the peer has gone is no fault of ours, and not logged.

    Each application has an error of its own for a body that ends too soon, and a stranger who
    leaves in the middle would write a traceback into the log each time.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry the request on."""
        gone = False

        async def receive_or_note() -> Message:
            nonlocal gone
            message = await receive()
            gone = gone or message["type"] == "http.disconnect"
            return message

        try:
            await self._app(scope, receive_or_note, send)
        except Exception:
            if not gone:
                raise
