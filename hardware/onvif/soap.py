"""This file calls one ONVIF service and reads its answer.

Source: ONVIF Core Specification, section 5; WS-Security UsernameToken Profile 1.0, section 3.1.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import secrets
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from hardware.onvif.discovery import Garbage, elements, parse_xml

TIMEOUT_S = 2.5
CALL_S = 4.0
_BYTES_LIMIT = 256 * 1024
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    "#PasswordDigest"
)
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:trt="http://www.onvif.org/ver10/media/wsdl"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema">'
    "<s:Header>{security}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
_REFUSED = frozenset({401, 403})
_OK = 200


class CallFailed(Exception):  # noqa: N818 - how a call went, not a fault of ours
    """A call without an answer to use. reason: "needs_password", "no_answer" or "nonsense"."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who calls. clock_ahead: how far the camera's clock is ahead of ours, which it checks."""

    user: str = ""
    password: str = field(default="", repr=False)
    clock_ahead: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where a camera's service is: its address, port and path."""

    address: str
    port: int
    path: str


def call(service: ServiceAddress, body: str, login: Login, now: datetime) -> Element:
    """Call a service; gives its answer. Blocks for at most some 2.5 s a step: for a thread.

    body: the XML of the call, with the prefixes tds, trt and tt. Raises CallFailed.
    """
    envelope = _ENVELOPE.format(security=_security(login, now) if login.user else "", body=body)
    status, answer = _post(service, envelope.encode())
    if status in _REFUSED:
        raise CallFailed("needs_password")
    try:
        root = parse_xml(answer)
    except Garbage as error:
        raise CallFailed("nonsense", error.code) from error
    faults = {node.text or "" for node in elements(root, "Value", "Text")}
    if any(elements(root, "Fault")):
        denied = any("NotAuthorized" in text or "not authorized" in text.lower() for text in faults)
        raise CallFailed("needs_password" if denied else "nonsense", "fault")
    if status != _OK:
        raise CallFailed("nonsense", "status")
    return root


def digest(nonce: bytes, created: str, password: str) -> str:
    """Give the password digest: base64 of SHA-1 over nonce, time and password."""
    salted = nonce + created.encode() + password.encode()
    return base64.b64encode(hashlib.sha1(salted).digest()).decode()  # noqa: S324 - the standard's


def _security(login: Login, now: datetime) -> str:
    nonce = secrets.token_bytes(16)
    created = (now.astimezone(UTC) + login.clock_ahead).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<wsse:Security xmlns:wsse="{_WSSE}" xmlns:wsu="{_WSU}"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(login.user)}</wsse:Username>"
        f'<wsse:Password Type="{_DIGEST}">{digest(nonce, created, login.password)}</wsse:Password>'
        f"<wsse:Nonce>{base64.b64encode(nonce).decode()}</wsse:Nonce>"
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def _post(service: ServiceAddress, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(service.address, service.port, timeout=TIMEOUT_S)
    # A peer that sends a byte now and then would never time out.
    deadline = threading.Timer(CALL_S, _hang_up, [connection])
    deadline.daemon = True
    deadline.start()
    headers = {"Content-Type": "application/soap+xml; charset=utf-8", "Connection": "close"}
    try:
        connection.request("POST", service.path, body, headers)
        response = connection.getresponse()
        answer = response.read(_BYTES_LIMIT + 1)
    except (OSError, ValueError) as error:
        raise CallFailed("no_answer") from error
    except http.client.HTTPException as error:
        raise CallFailed("nonsense", "http") from error
    finally:
        deadline.cancel()
        connection.close()
    if len(answer) > _BYTES_LIMIT:
        raise CallFailed("nonsense", "oversized")
    return response.status, answer


def _hang_up(connection: http.client.HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
