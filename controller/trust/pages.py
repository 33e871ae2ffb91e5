"""This file serves the way to trust: the page with its picture and words, and the certificate."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

import segno
from fastapi import Request, Response
from markupsafe import Markup

from controller.broker.authority import Authority, covers
from controller.feature import Program
from controller.trust.profile import MOBILECONFIG, profile_of
from controller.web.certificate import own_certificate, screen_tls_of
from controller.web.downloads import attachment
from controller.web.page import PageRenderer
from controller.web.plain import TRUST
from controller.web.refusals import PageRefusedError
from controller.web.router import FeatureRouter
from controller.web.rules import public
from protocol.enrolment import fingerprint_of, fingerprint_words
from protocol.this_machine import is_this_machine
from protocol.words import N_

CERTIFICATE: Final = "application/x-x509-ca-cert"
_BYTES_A_GROUP: Final = 2


def pages(program: Program) -> FeatureRouter:
    """The page and both files; for everybody, for they come before logging in."""
    router = FeatureRouter()
    screens, tls = program.service(PageRenderer), program.service(screen_tls_of)
    authority = Authority(program.config.data)

    @router.get(TRUST)
    @public
    async def trust(request: Request) -> Response:
        fingerprint = fingerprint_of(_pem(authority))
        address = _address(request, tls.names)
        link = f"http://{address}{TRUST}" if address else ""
        return screens.page(
            request,
            "trust.html",
            link=link,
            picture=Markup(_drawn(link)) if link else "",  # noqa: S704 - squares
            secure=f"https://{address}/",
            fingerprint=fingerprint.hex(" ", _BYTES_A_GROUP).upper(),
            fingerprint_words=fingerprint_words(fingerprint),
            has_own=own_certificate(program.config) is not None,
        )

    @router.get(f"{TRUST}/lophoc.crt")
    @public
    async def certificate() -> Response:
        return Response(_pem(authority), media_type=CERTIFICATE, headers=attachment("lophoc.crt"))

    @router.get(f"{TRUST}/lophoc.mobileconfig")
    @public
    async def profile() -> Response:
        return Response(
            profile_of(_pem(authority), program.name),
            media_type=MOBILECONFIG,
            headers=attachment("lophoc.mobileconfig"),
        )

    return router


def _pem(authority: Authority) -> str:
    """The school's certificate. Raises PageRefusedError where there is none."""
    try:
        return authority.pem()
    except OSError as error:
        raise PageRefusedError(
            404,
            "authority_absent",
            N_("This server has no certificate of its own."),
            N_("Its broker or its proxy has one: ask who runs them."),
        ) from error


def _address(request: Request, names: Iterable[str]) -> str:
    """How a phone calls this server, with its port: as it was called, or by one of its addresses.

    Nothing where the screens are open to this machine alone.
    """
    called = (request.url.hostname or "").strip("[]")
    port = f":{request.url.port}" if request.url.port else ""
    if called and called != "localhost" and not is_this_machine(called):
        return f"{_host(called)}{port}"
    reachable = sorted(name for name in names if _is_address(name) and covers(name))
    return f"{_host(reachable[0])}{port}" if reachable else ""


def _is_address(name: str) -> bool:
    try:
        return not ip_address(name).is_loopback
    except ValueError:
        return False


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _drawn(text: str) -> str:
    return segno.make(text, error="m").svg_inline(scale=4)
