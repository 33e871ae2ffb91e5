"""This file keeps what the screens show over TLS good: made, renewed and reloaded in place.

Browsers take a certificate of a year (not of eighty, as the machine's own is), for the names that
are typed, so it is made anew before it ends and whenever the addresses change.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

from controller.broker.authority import FROM, UNTIL, Authority, Certificate
from controller.config import ControllerConfig
from controller.feature import Program
from controller.web.addresses import coverable, own_names
from protocol.errors import LopHocError
from protocol.model import instant
from protocol.this_machine import is_this_machine

_LOGGER = logging.getLogger(__name__)

LIFE: Final = timedelta(days=397)  # what browsers take of public authorities; Apple takes 825
LEFT: Final = timedelta(days=60)
_BEFORE: Final = timedelta(days=1)  # for phones whose clocks are behind
LOOK_EVERY_S: Final = 60.0
_NAME: Final = "LopHoc"
_NO_CHECK_TIME: Final = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME, which ssl does not name


class Seen(NamedTuple):
    """What a browser sees of a certificate. names: hosts and addresses, in lower case."""

    names: frozenset[str]
    since: datetime
    until: datetime

    def is_due(self, names: frozenset[str], at: datetime) -> bool:
        """Whether another one must take its place."""
        return not names <= self.names or not self.since <= at <= self.until - LEFT


class ScreenTls:
    """What the screens show over TLS: the school's own certificate, else one of its authority.

    context: with what lines are encrypted now; None where nothing can be, or nobody comes from
    elsewhere. trouble: why the certificate that is wanted is not shown. now_ms: the time by which
    it is made.
    """

    def __init__(self, config: ControllerConfig, now_ms: Callable[[], int]) -> None:
        self._config = config
        self._now_ms = now_ms
        self._authority = Authority(config.data)
        self._shown: tuple[object, ...] = ()
        self.context: ssl.SSLContext | None = None
        self.trouble: LopHocError | OSError | None = None
        self.names: frozenset[str] = frozenset()

    @property
    def is_wanted(self) -> bool:
        """Whether others than this machine come, or the school has a certificate of its own."""
        return (
            not is_this_machine(self._config.http_host) or own_certificate(self._config) is not None
        )

    def look(self) -> None:
        """See whether all is as it should be, and mend it; may wait for the disk."""
        if not self.is_wanted:
            return
        self.names = own_names(self._config)
        trouble = self._renewed()
        for certificate in self._wanted():
            try:
                self._show(certificate)
                break
            except OSError as error:  # ssl's own errors among them
                trouble = trouble or error
        self._note(trouble)

    async def run(self) -> None:
        """Look again and again; never returns."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.to_thread(self.look)

    def _wanted(self) -> Iterator[Certificate]:
        """The best first."""
        if own := own_certificate(self._config):
            yield own
        yield screen_certificate(self._config.data)

    def _renewed(self) -> LopHocError | OSError | None:
        """Make the authority's anew where it is due; why that cannot be."""
        certificate = screen_certificate(self._config.data)
        names = coverable(self.names)
        seen = seen_in(certificate, self._authority.file)
        at = instant(self._now_ms())
        if seen is not None and not seen.is_due(names, at):
            return None
        since = max(at - _BEFORE, FROM)
        until = min(since + LIFE, UNTIL)
        try:
            self._authority.sign(certificate, _NAME, sorted(names), since, until)
        except (LopHocError, OSError) as error:
            return error
        return None

    def _show(self, certificate: Certificate) -> None:
        stamps = (certificate, *(path.stat().st_mtime_ns for path in certificate))
        if stamps != self._shown:
            self.context = server_context(certificate)
            self._shown = stamps
            _LOGGER.info("the screens show the certificate %s", certificate.chain)

    def _note(self, trouble: LopHocError | OSError | None) -> None:
        if trouble and str(trouble) != str(self.trouble):
            _LOGGER.error("the screens' certificate is not as it should be: %s", trouble)
        self.trouble = trouble


def screen_tls_of(program: Program) -> ScreenTls:
    """The running controller's, for Program.service."""
    return ScreenTls(program.config, lambda: max(program.wall_ms(), program.now_ms()))


def own_certificate(config: ControllerConfig) -> Certificate | None:
    """The school's own, as the settings name it."""
    if not config.http_chain_file:
        return None
    key = config.http_key_file or config.http_chain_file  # one file may hold both
    return Certificate(Path(config.http_chain_file), Path(key))


def screen_certificate(data: Path) -> Certificate:
    """Where the one of the controller's authority lies."""
    folder = Authority(data).file.parent
    return Certificate(folder / "screens.pem", folder / "screens.key")


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """What encrypts by this certificate. Raises OSError, ssl.SSLError among them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate.chain, certificate.key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def seen_in(certificate: Certificate, believed: Path) -> Seen | None:
    """What somebody sees who believes that file; None where he is not shown, or believes it not.

    It is shown in memory: so key, chain and authority are held against each other at once, and
    cryptography stays unloaded.
    """
    try:
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_flags |= ssl.VerifyFlags(ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME)
        client.load_verify_locations(believed)
        shown = _shown_to(client, server_context(certificate))
    except OSError:
        return None
    since, until = (
        datetime.fromtimestamp(ssl.cert_time_to_seconds(shown[name]), UTC)
        for name in ("notBefore", "notAfter")
    )
    names = (_name(text) for _, text in shown.get("subjectAltName", ()))
    return Seen(frozenset(names), since, until)


def _shown_to(client: ssl.SSLContext, server: ssl.SSLContext) -> dict[str, Any]:
    """The certificate as a handshake brings it. Raises ssl.SSLError."""
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    caller = client.wrap_bio(back, there, server_side=False)
    called = server.wrap_bio(there, back, server_side=True)
    for side in (caller, called, caller):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    return caller.getpeercert() or {}


def _name(text: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return text.lower()
