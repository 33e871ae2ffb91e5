"""This file calls a camera's ONVIF services and reads its answers.

A camera wants its password in a token inside the envelope, or as HTTP has it, or by its own
clock; some want the action named beside the content, some refuse it. One bounded round of ways,
and what works is kept. Sources: ONVIF Core Specification, section 5; WS-Security UsernameToken
Profile 1.0, section 3.1; RFC 3902 (application/soap+xml).
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final
from xml.etree.ElementTree import Element

from hardware.http.client import WebClient, WebTrouble
from hardware.http.login import NOBODY, WebLogin
from hardware.onvif.envelope import Garbage, elements, parse_xml

TIMEOUT_S = 2.5
CALL_S = 4.0
DEVICE, MEDIA, MEDIA_2 = (
    "http://www.onvif.org/ver10/device/wsdl",
    "http://www.onvif.org/ver10/media/wsdl",
    "http://www.onvif.org/ver20/media/wsdl",
)
_BYTES_LIMIT = 256 * 1024
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0"
    "#PasswordDigest"
)
_BASE64 = (
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
)
_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    f' xmlns:tds="{DEVICE}" xmlns:trt="{MEDIA}" xmlns:tr2="{MEDIA_2}"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema">'
    "<s:Header>{security}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
_SPACES: Final = {"tds": DEVICE, "trt": MEDIA, "tr2": MEDIA_2}
_CALL: Final = re.compile(r"<(tds|trt|tr2):(\w+)")
_KIND: Final = "application/soap+xml; charset=utf-8"
_LOCKED = frozenset({401, 403})
_OK = 200
_TURNS: Final = 4  # calls of a talk that may be said again with the action named, or not
_TRIES: Final = 4  # of one password: cameras lock themselves after some five
_DENIED: Final = re.compile(
    r"notauthorized|not authorized|unauthorized|authentica|failedcheck|invalidsecurity|password",
    re.IGNORECASE,
)
_LATE: Final = re.compile(
    r"expired|time\s?stamp|time.{0,20}(check|range|sync|differ|invalid)|clock|out of date",
    re.IGNORECASE,
)


class CallFailed(Exception):  # noqa: N818 - how a call went, not a fault of ours
    """A call without an answer to use.

    reason: "no_answer", "nonsense", or why nobody was let in: "needs_password", "basic_only",
    "login_way", "camera_clock".
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail

    @property
    def is_refusal(self) -> bool:
        """Whether it was for want of a login that the camera takes."""
        return self.reason not in {"no_answer", "nonsense"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where a camera's service is: scheme, its address, port and path."""

    address: str
    port: int
    path: str
    scheme: str = "http"

    @property
    def url(self) -> str:
        """The same as a URL."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class LoginWay:
    """A way to say a password: as HTTP has it, or in a token by a clock so far ahead of ours."""

    by_http: bool = False
    ahead_s: float | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """What a camera took in the talk before. names_action: beside the content's type."""

    login: LoginWay | None = None
    names_action: bool = False


PLAIN: Final = Manner()


@dataclass
class SoapTalk:
    """One talk with one camera. login: who calls; manner: what it took before, and takes now.

    now: our clock.
    clocks_s: how far the camera's clock may be ahead of ours, the likeliest first. ends_at: steady
    seconds by which all is over; no call begins later.
    """

    now: Callable[[], datetime]
    login: WebLogin = field(default=NOBODY, repr=False)
    manner: Manner = PLAIN
    clocks_s: tuple[float, ...] = (0.0,)
    ends_at: float = field(default_factory=lambda: time.monotonic() + CALL_S)
    refusal: CallFailed | None = None
    _client: WebClient | None = None
    _offered: list[str] = field(default_factory=list)
    _is_let_in: bool = False
    _turns_left: int = _TURNS

    def call(self, service: ServiceAddress, body: str, *, logs_in: bool = True) -> Element:
        """Call a service; gives its answer. Blocks for at most some 2.5 s a step: for a thread.

        body: the XML of the call, with the prefixes tds, trt, tr2 and tt. logs_in: whether to say
        the password, where there is one; once it is refused nothing is said any more. Raises
        CallFailed.
        """
        if not logs_in or not self.login.user or self.refusal is not None:
            return self._call(service, body, None)
        if self._is_let_in:
            return self._call(service, body, self.manner.login)
        refusals: list[CallFailed] = []
        for _, way in zip(range(_TRIES), self._ways(), strict=False):
            try:
                answer = self._call(service, body, way)
            except CallFailed as failed:
                if not failed.is_refusal:
                    raise
                refusals.append(failed)
                continue
            self.manner, self._is_let_in = replace(self.manner, login=way), True
            return answer
        self.refusal = CallFailed(self._reason(refusals))
        raise self.refusal

    def _ways(self) -> Iterator[LoginWay]:
        """The ways to try, in order; which come next may depend on what was answered."""
        first, *others = self.clocks_s or (0.0,)
        ways = [LoginWay(by_http=True)] if self._offers_digest else []
        ways += [LoginWay(ahead_s=first)]
        tried = set[LoginWay]()
        for way in filter(None, [self.manner.login, *ways]):
            if way not in tried:
                tried.add(way)
                yield way
        if self._offered and LoginWay(by_http=True) not in tried:
            yield LoginWay(by_http=True)
        if self._client is None or not self._client.is_refused:
            # HTTP's own way knows no clock: refused there, it is the password.
            yield from (LoginWay(ahead_s=ahead_s) for ahead_s in others)

    @property
    def _offers_digest(self) -> bool:
        return any("digest" in header.lower() for header in self._offered)

    def _reason(self, refusals: list[CallFailed]) -> str:
        """Why nobody was let in, the most telling first: the password, the clock, the way."""
        if self._client is not None and self._client.is_refused:
            return "needs_password"
        if any(_LATE.search(refusal.detail) for refusal in refusals):
            return "camera_clock"
        reasons = (refusal.reason for refusal in refusals)
        return next((one for one in reasons if one != "needs_password"), "needs_password")

    def _call(self, service: ServiceAddress, body: str, way: LoginWay | None) -> Element:
        """One call in one way; where it makes no sense, once more with the action named or not."""
        try:
            return self._once(service, body, way, names_action=self.manner.names_action)
        except CallFailed as failed:
            if failed.reason != "nonsense" or self._turns_left <= 0:
                raise
            self._turns_left -= 1
            other = not self.manner.names_action
            try:
                answer = self._once(service, body, way, names_action=other)
            except CallFailed as again:
                raise (again if again.is_refusal else failed) from again
            self.manner = replace(self.manner, names_action=other)
            return answer

    def _once(
        self, service: ServiceAddress, body: str, way: LoginWay | None, *, names_action: bool
    ) -> Element:
        token = ""
        if way is not None and way.ahead_s is not None:
            created = self.now() + timedelta(seconds=way.ahead_s)
            token = security(self.login, created)
        envelope = _ENVELOPE.format(security=token, body=body).encode()
        kind = _KIND + (f'; action="{_action(body)}"' if names_action else "")
        status, data = self._post(service, envelope, kind, by_http=way is not None and way.by_http)
        return _answer(status, data)

    def _post(
        self, service: ServiceAddress, body: bytes, kind: str, *, by_http: bool
    ) -> tuple[int, bytes]:
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise CallFailed("no_answer")
        within_s = min(CALL_S, left_s)
        if self._client is None:
            self._client = WebClient(service.url, self.login, timeout_s=TIMEOUT_S)
        self._client.turn_to(service.url)
        self._client.head_s = within_s
        try:
            with self._client.ask("POST", body, {"Content-Type": kind}, logs_in=by_http) as answer:
                if answer.status in _LOCKED:
                    self._offered = answer.headers.get_all("WWW-Authenticate") or self._offered
                return answer.status, answer.read(_BYTES_LIMIT, within_s)
        except WebTrouble as trouble:
            detail = "http" if trouble.reason == "nonsense" else ""
            raise CallFailed(trouble.reason, detail) from trouble


def security(login: WebLogin, created_at: datetime) -> str:
    """The header that says user and password in a token, as of a moment of the camera's clock."""
    nonce = secrets.token_bytes(16)
    created = created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said = digest(nonce, created, login.password)
    return (
        f'<wsse:Security s:mustUnderstand="1" xmlns:wsse="{_WSSE}" xmlns:wsu="{_WSU}">'
        f"<wsse:UsernameToken><wsse:Username>{escape(login.user, quote=False)}</wsse:Username>"
        f'<wsse:Password Type="{_DIGEST}">{said}</wsse:Password>'
        f'<wsse:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</wsse:Nonce>'
        f"<wsu:Created>{created}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def digest(nonce: bytes, created: str, password: str) -> str:
    """Give the password digest: base64 of SHA-1 over nonce, time and password."""
    salted = nonce + created.encode() + password.encode()
    return base64.b64encode(hashlib.sha1(salted).digest()).decode()  # noqa: S324 - the standard's


def _answer(status: int, data: bytes) -> Element:
    """The answer's tree. Raises CallFailed."""
    if len(data) > _BYTES_LIMIT:
        raise CallFailed("nonsense", "oversized")
    try:
        root = parse_xml(data)
    except Garbage as error:
        if status in _LOCKED:
            raise CallFailed("needs_password") from error
        raise CallFailed("nonsense", error.code) from error
    if any(elements(root, "Fault")) or status in _LOCKED:
        names = ("Value", "Text", "faultcode", "faultstring", "Detail", "Reason")
        said = " ".join(node.text or "" for node in elements(root, *names))[:1000]
        if status in _LOCKED or _DENIED.search(said) or _LATE.search(said):
            raise CallFailed("needs_password", said)
        raise CallFailed("nonsense", "fault")
    # A web page is well-formed too, and a router gives it to whoever asks.
    is_soap = any(elements(root, "Envelope")) and status == _OK
    if not is_soap and not any(node.tag.endswith("Response") for node in root.iter()):
        raise CallFailed("nonsense", "status")
    return root


def _action(body: str) -> str:
    call = _CALL.match(body)
    return f"{_SPACES[call[1]]}/{call[2]}" if call else ""
