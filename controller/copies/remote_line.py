"""This file is the line to another controller: encrypted, and to none but the one that was meant.

A token may name, behind a dot, the SHA-256 of that controller's certificate, which is then taken
from there and held against it: no file is carried from school to school. A token of before, with
an http address, learns it at the first talk; a certificate of a public authority needs none.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPSConnection
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from controller.copies.errors import CopyError
from protocol.enrolment import fingerprint_of
from protocol.pin import pinned
from protocol.this_machine import is_this_machine
from protocol.words import N_

TIMEOUT_S: Final = 60.0
CERTIFICATE: Final = "/trust/lophoc.crt"
_OK: Final = 200
_MAX_BYTES: Final = 64 * 1024
Answered = tuple[int, bytes]


class _Request(NamedTuple):
    """What is asked; by itself for the certificate. most: bytes of the answer."""

    method: str = "GET"
    path: str = CERTIFICATE
    body: bytes | None = None
    headers: Mapping[str, str] = MappingProxyType({})
    most: int = _MAX_BYTES


class RemoteLine:
    """Requests to one place. learned: told the token with the certificate that was found there."""

    def __init__(self, place: str, token: str, learned: Callable[[str], None]) -> None:
        self._place = place
        self._address = urlsplit(place)
        self._token, _, self._fingerprint = token.partition(".")
        self._learned = learned
        self._context: ssl.SSLContext | None = None
        self._is_settled = False

    def ask(self, method: str, path: str, body: bytes | None, most: int) -> Answered:
        """One request with the token: its status, and at most so many bytes of the answer.

        Raises CopyError, OSError, HTTPException, ValueError.
        """
        if not self._is_settled:
            self._context = self._believed()
            self._is_settled = True
        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            return self._talk(self._context, _Request(method, path, body, headers, most))
        except ssl.SSLCertVerificationError as error:
            raise self._not_believed() from error

    def _believed(self) -> ssl.SSLContext | None:
        """With what to encrypt; None for a line of this machine, or to a controller of before."""
        is_https, host = self._address.scheme == "https", self._address.hostname or ""
        if self._fingerprint:
            authority = self._shown()
            if authority is None or fingerprint_of(authority).hex() != self._fingerprint:
                raise self._not_believed()
            return pinned(authority)
        if is_https:
            return ssl.create_default_context()
        if is_this_machine(host) or host == "localhost":
            return None
        return self._found()

    def _found(self) -> ssl.SSLContext | None:
        """The encryption that a place offers which was named without; kept from then on."""
        if (authority := self._shown()) is None:
            return None
        context = pinned(authority)
        try:
            self._talk(context, _Request())
        except ssl.SSLError:  # a proxy stands there that speaks none
            return None
        with suppress(OSError):  # then it is learned again the next time
            self._learned(f"{self._token}.{fingerprint_of(authority).hex()}")
        return context

    def _shown(self) -> str | None:
        """The certificate that the place shows, believed by nobody yet."""
        status, text = self._talk(self._blind(), _Request())
        try:
            pem = text.decode("ascii")
            fingerprint_of(pem)
        except ValueError:
            return None
        return pem if status == _OK else None

    def _blind(self) -> ssl.SSLContext | None:
        if self._address.scheme != "https":
            return None
        unproven = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unproven.check_hostname, unproven.verify_mode = False, ssl.CERT_NONE
        return unproven

    def _talk(self, context: ssl.SSLContext | None, asked: _Request) -> Answered:
        host, port = self._address.hostname or "", self._address.port
        if context is None:
            line = HTTPConnection(host, port, timeout=TIMEOUT_S)
        else:
            default = None if self._address.scheme == "https" else 80
            line = HTTPSConnection(host, port or default, timeout=TIMEOUT_S, context=context)
        with closing(line):
            path = f"{self._address.path.rstrip('/')}{asked.path}"
            line.request(asked.method, path, asked.body, {**asked.headers})
            answer = line.getresponse()
            return answer.status, answer.read(asked.most)

    def _not_believed(self) -> CopyError:
        return CopyError(
            "place_not_believed",
            N_("{place} shows another certificate than it should: nothing was sent there."),
            N_("Ask there for a new token, then run: lophoc-controller backup --to {place}"),
            place=self._place,
        )
