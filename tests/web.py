"""This file gives HTTP clients for doors of this computer: patient, and without the cost of TLS."""

from __future__ import annotations

import ssl
from typing import Any, Final

import httpx

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
