"""This file gives HTTP clients for doors of this computer: patient, and without the cost of TLS."""

from __future__ import annotations

import os
import ssl
from collections.abc import Generator
from typing import Any, Final

import httpx

from protocol.door_key import bearer, door_key
from tests.waiting import LIMIT_S

# The certificates of the world take longer to read than most doors to answer.
_PLAIN: Final = {
    "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    "trust_env": False,
    "timeout": LIMIT_S,
}


def http_client(url: str, **more: Any) -> httpx.Client:
    """A client of one door. more: for httpx.Client."""
    return httpx.Client(base_url=url, **(_PLAIN | more))


def http_client_async(url: str, **more: Any) -> httpx.AsyncClient:
    """The same on a loop. more: for httpx.AsyncClient."""
    return httpx.AsyncClient(base_url=url, **(_PLAIN | more))


def http_request(method: str, url: str, **more: Any) -> httpx.Response:
    """One answer. more: for httpx.request."""
    return httpx.request(method, url, **(_PLAIN | more))


class DoorAuth(httpx.Auth):
    """Shows the key that the agent on the asked port has left, read each time."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with its key."""
        request.headers.update(bearer(door_key(request.url.port or 0, os.environ)))
        yield request
