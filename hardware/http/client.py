"""This file is the one way to ask a device something by HTTP: calls, pictures and streams.

The standard library's http.client below it, for it is there and light; what every device of a
school needs besides stands here once: every way to log in, TLS without a certificate that anyone
vouches for, redirects with cookies, and bounds for all that a hostile peer may send.
Sources: RFC 9110, RFC 9112; for logins see login.py.
"""

from __future__ import annotations

import io
import math
import secrets
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    HTTPSConnection,
)
from types import MappingProxyType, TracebackType
from typing import Final, Self, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from hardware.http.contents import Contents
from hardware.http.head import HeadReader
from hardware.http.login import NOBODY, BasicOnly, Challenge, WebLogin, answer, challenges_of
from hardware.http.wire import Wire
from hardware.network.scopes import unscoped

TIMEOUT_S: Final = 2.0  # for connecting, and between two words of the device
HEAD_S: Final = 4.0  # for all up to the end of an answer's head, however slowly it drips

_REQUESTS: Final = 8  # of one question: redirects and ways to log in together
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SEE_OTHER: Final = 303
_BAD_REQUEST: Final = 400
_LOCKED: Final = frozenset({401, 403})
_COOKIES_LIMIT, _COOKIE_LIMIT = 16, 1000
_PORT, _TLS_PORT = 80, 443
_AS_IT_IS: Final = "/%:=&?~#+!$,;'@()*[]"  # what is quoted already stays so
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_LEGACY_SERVER: Final = 0x4  # OP_LEGACY_SERVER_CONNECT, which older ssl modules do not name


class WebTrouble(Exception):  # noqa: N818 - the device's state, not a fault of ours
    """A question without an answer to use.

    reason: "no_answer", "nonsense", "needs_password" (none given, or refused), "basic_only", or
    "login_way" where the device asks in ways that we cannot answer. silent: nothing was said
    within the time.
    """

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.silent = silent


class WebAnswer:
    """An answer whose head is read; its body waits. Close it, or leave it as a context."""

    def __init__(self, response: HTTPResponse, wire: _Wire) -> None:
        self._response = response
        self._wire = wire
        self._contents = Contents(response)

    @property
    def status(self) -> int:
        """The status, such as 200."""
        return self._response.status

    @property
    def headers(self) -> HTTPMessage:
        """Its headers."""
        return self._response.headers

    @property
    def length(self) -> int | None:
        """How much of the body is left, as far as the head tells."""
        return self._contents.left

    @property
    def kind(self) -> str:
        """The type that it gives itself, in lower case; "" where it gives none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def read(self, limit: int, within_s: float = HEAD_S) -> bytes:
        """The body, at most limit and one more byte, as far as it came within the time.

        Raises WebTrouble("no_answer") where nothing came.
        """
        self._wire.ends_at = time.monotonic() + within_s
        body = bytearray()
        try:
            while len(body) <= limit and (more := self.read_some(limit + 1 - len(body))):
                body += more
        except (OSError, HTTPException) as error:
            if not body:
                raise WebTrouble("no_answer") from error
        return bytes(body)

    def read_some(self, limit: int = 1 << 16) -> bytes:
        """What is there, at least a byte; b"" at the end. Raises OSError, HTTPException."""
        return self._contents.some(limit)

    def endless(self) -> None:
        """Expect a stream: it may last for as long as it sends something now and then."""
        self._wire.ends_at = math.inf
        self._contents.endless()

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._response.close()
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class WebClient:
    """Asks one device, and remembers its cookies and how it wants its password said.

    url: http or https, without a password. head_s: for all up to the end of an answer's head.
    Blocks: for a thread, or a process of its own.
    """

    def __init__(
        self,
        url: str,
        login: WebLogin = NOBODY,
        *,
        timeout_s: float = TIMEOUT_S,
        head_s: float = HEAD_S,
    ) -> None:
        self._url = urlsplit(url)
        self._login = login
        self._timeout_s = timeout_s
        self.head_s = head_s
        self._challenge: Challenge | None = None
        self._count = 0
        self._refused: set[str] = set()
        self._cookies: dict[str, str] = {}
        self._may_secure, self._is_secured = True, False

    @property
    def url(self) -> str:
        """Where it asks by now, after redirects."""
        return self._url.geturl()

    @property
    def is_refused(self) -> bool:
        """Whether our password was said, and refused."""
        return bool(self._refused)

    def turn_to(self, url: str) -> None:
        """Ask another of the device's pages from now on; by TLS, where only that was answered."""
        turned = urlsplit(url)
        self._url = _secured(turned) if self._is_secured and turned.scheme == "http" else turned

    def ask(
        self,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] = _NOTHING,
        *,
        logs_in: bool = True,
    ) -> WebAnswer:
        """Ask, and give the answer, whatever its status.

        logs_in: whether to answer a question for the password; else that is the answer.
        Raises WebTrouble.
        """
        for _ in range(_REQUESTS):
            got = self._send(method, body, headers)
            location = got.headers.get("Location", "")
            if got.status in _REDIRECTS and location:
                got.close()
                self._follow(location)
                method, body = ("GET", b"") if got.status == _SEE_OTHER else (method, body)
            elif got.status in _LOCKED and logs_in:
                got.close()
                self._take(got.headers.get_all("WWW-Authenticate") or [])
            else:
                return got
        raise WebTrouble("nonsense")

    def _send(self, method: str, body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        """One request; where nothing on this port speaks HTTP in clear, once more by TLS."""
        try:
            got = self._exchange(method, body, headers)
            if got.status != _BAD_REQUEST or got.kind != "text/html":
                return got
            plain: WebAnswer | WebTrouble = got
        except WebTrouble as trouble:
            plain = trouble
        if self._is_worth_securing(plain):
            before, self._url, self._may_secure = self._url, _secured(self._url), False
            try:
                got = self._exchange(method, body, headers)
            except WebTrouble:
                self._url = before
            else:
                self._is_secured = True
                return got
        if isinstance(plain, WebTrouble):
            raise plain
        return plain

    def _is_worth_securing(self, plain: WebAnswer | WebTrouble) -> bool:
        if self._url.scheme != "http" or not self._may_secure:
            return False
        # At a port of its own silence would only be waited for twice.
        is_usual = (self._url.port or _PORT) == _PORT
        return is_usual or not (isinstance(plain, WebTrouble) and plain.silent)

    def _exchange(self, method: str, body: bytes, headers: Mapping[str, str]) -> WebAnswer:
        url = self._url
        uri = quote(url.path or "/", _AS_IT_IS) + (
            f"?{quote(url.query, _AS_IT_IS)}" if url.query else ""
        )
        wanted = {"Host": _host_of(url), "User-Agent": "LopHoc", "Accept": "*/*"}
        wanted |= {"Connection": "close", **headers}
        if self._cookies:
            wanted["Cookie"] = "; ".join(f"{name}={text}" for name, text in self._cookies.items())
        if self._challenge is not None:
            wanted["Authorization"] = self._authorization(self._challenge, method, uri)
        ends_at = time.monotonic() + self.head_s
        try:
            connection = _connection(url, self._timeout_s)
            _request(connection, method, uri, body, wanted)
            wire = _Wire(connection.sock, ends_at, self._timeout_s)
            got = WebAnswer(_head_of(wire, method), wire)
        except TimeoutError as error:
            raise WebTrouble("no_answer", silent=True) from error
        except OSError as error:
            raise WebTrouble("no_answer") from error
        except (HTTPException, ValueError) as error:
            raise WebTrouble("nonsense") from error
        self._remember(got.headers.get_all("Set-Cookie") or [])
        return got

    def _authorization(self, challenge: Challenge, method: str, uri: str) -> str:
        self._count += 1
        return answer(
            challenge,
            self._login.user,
            self._login.password,
            method=method,
            uri=uri,
            cnonce=secrets.token_hex(8),
            count=self._count,
        )

    def _take(self, headers: list[str]) -> None:
        """Take up the device's question for a password, in a way that it did not refuse yet.

        Raises WebTrouble.
        """
        if not self._login.password:
            raise WebTrouble("needs_password")
        try:
            offered = challenges_of(headers, is_typed=self._login.is_typed)
        except BasicOnly as error:
            raise WebTrouble("needs_password" if self._refused else "basic_only") from error
        said = self._challenge
        # A nonce that worked before has run out; so has one that the device calls stale.
        if said is not None and self._count == 1 and not _is_renewed(said, offered):
            self._refused.add(said.way)
        left = [one for one in offered if one.way not in self._refused]
        if not left:
            self._challenge = None
            is_odd = bool(headers) and not offered and not self._refused
            raise WebTrouble("login_way" if is_odd else "needs_password")
        self._challenge, self._count = left[0], 0

    def _follow(self, location: str) -> None:
        """Turn to where the device sends us. Raises WebTrouble where that is another host."""
        try:
            url = urlsplit(urljoin(self._url.geturl(), location))
            port = f":{url.port}" if url.port else ""
        except ValueError as error:
            raise WebTrouble("nonsense") from error
        # Another host would be handed this device's password.
        host = self._url.hostname or ""
        if url.scheme not in {"http", "https"} or unscoped(url.hostname or "") != unscoped(host):
            raise WebTrouble("nonsense")
        host = f"[{host}]" if ":" in host else host
        self._url = url._replace(netloc=host + port, fragment="")

    def _remember(self, cookies: list[str]) -> None:
        for cookie in cookies[:_COOKIES_LIMIT]:
            name, equals, text = cookie.partition(";")[0].strip().partition("=")
            fits = equals and len(cookie) <= _COOKIE_LIMIT and f"{name}{text}".isprintable()
            if fits and (name in self._cookies or len(self._cookies) < _COOKIES_LIMIT):
                self._cookies[name] = text


class _Wire(Wire):
    """A connection as HTTPResponse reads it, and closes it."""

    _ahead = b""

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As a socket's."""
        return io.BufferedReader(self)

    def put_back(self, data: bytes) -> None:
        """Have this read before all that comes."""
        self._ahead = data + self._ahead

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # no mmap
        """As a raw file's. Raises TimeoutError, OSError."""
        if not self._ahead:
            return super().readinto(buffer)
        some, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
        buffer[: len(some)] = some
        return len(some)

    def close(self) -> None:
        """Close the socket too."""
        super().close()
        with suppress(OSError):
            self._sock.close()


def _connection(url: SplitResult, timeout_s: float) -> HTTPConnection:
    # Without a port an IPv6 address would be cut at its last colon.
    host = url.hostname or ""
    if url.scheme == "http":
        return HTTPConnection(host, url.port or _PORT, timeout=timeout_s)
    port = url.port or _TLS_PORT
    return HTTPSConnection(host, port, timeout=timeout_s, context=_unproven())


def _host_of(url: SplitResult) -> str:
    """The host as it is told to the host itself: a link's number is ours alone (RFC 6874, 4)."""
    host = unscoped(url.hostname or "")
    host = f"[{host}]" if ":" in host else host
    usual = _TLS_PORT if url.scheme == "https" else _PORT
    return host if (url.port or usual) == usual else f"{host}:{url.port}"


def _unproven() -> ssl.SSLContext:
    """TLS as old cameras speak it, whose certificates nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.options |= _LEGACY_SERVER
    with suppress(ssl.SSLError, ValueError):  # as far as this machine's OpenSSL still can
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    return context


def _request(
    connection: HTTPConnection, method: str, uri: str, body: bytes, headers: Mapping[str, str]
) -> None:
    """Send a request; who hangs up while we talk may have answered all the same."""
    connection.connect()
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.request(method, uri, body or None, dict(headers))


def _head_of(wire: _Wire, method: str) -> HTTPResponse:
    # It asks its socket for a file, and for nothing else.
    response = HTTPResponse(cast("socket.socket", wire), method=method)
    try:
        wire.put_back(HeadReader(wire).read())
        response.begin()
    except BaseException:
        wire.close()
        raise
    return response


def _secured(url: SplitResult) -> SplitResult:
    """The same page by TLS: at the usual port for the usual port, else at the same."""
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = url.port or _PORT
    return url._replace(scheme="https", netloc=f"{host}:{_TLS_PORT if port == _PORT else port}")


def _is_renewed(said: Challenge, offered: list[Challenge]) -> bool:
    same = [one for one in offered if one.way == said.way]
    return any(one.stale and one.nonce != said.nonce for one in same)
