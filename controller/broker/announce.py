"""This file announces the controller by mDNS, and has heard who says the same of himself."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from typing import Final, Self

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from controller.broker.rivals import Rivals
from protocol.discovery import SERVICE, txt_of
from protocol.model import Place
from protocol.topics import level_of

_LOGGER = logging.getLogger(__name__)

_NO_LABEL: Final = re.compile(r"[^a-z0-9-]+")
_SCHOOL_SIGNS, _HOST_SIGNS = 32, 16


class Announcement:
    """The controller's `_lophoc._tcp` service, for as long as it is entered.

    A broker that only this machine can reach is announced on this machine only. rivals: is told of
    the others.
    """

    def __init__(
        self,
        school: Place,
        port: int,
        enrol_port: int,
        rivals: Rivals,
        *,
        host: str,
        loopback: bool,
    ) -> None:
        self._school = school
        self._port = port
        self._enrol_port = enrol_port
        self._host = host
        self._loopback = loopback
        self._rivals = rivals
        self._watching: asyncio.Task[None] | None = None
        self._zeroconf: AsyncZeroconf | None = None

    async def __aenter__(self) -> Self:
        """Announce. Without a network nothing is announced, and that is said once."""
        try:
            zeroconf = AsyncZeroconf(
                interfaces=["127.0.0.1"] if self._loopback else InterfaceChoice.All
            )
        except OSError as error:
            _LOGGER.warning("not announced by mDNS, agents need --broker: %s", error)
            return self
        self._zeroconf = zeroconf
        self._watching = asyncio.create_task(self._rivals.watch(zeroconf), name="rivals")
        try:
            registering = await zeroconf.async_register_service(
                self._service(), allow_name_change=True
            )
            await registering
        except (OSError, ZeroconfError) as error:
            _LOGGER.warning("not announced by mDNS, agents need --broker: %s", error)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()
            self._zeroconf = None

    def _service(self) -> ServiceInfo:
        name = label_of(self._school, socket.gethostname())
        return ServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            port=self._port,
            addresses=[socket.inet_aton(address) for address in self._addresses()],
            properties=txt_of(self._school, self._enrol_port),
            server=f"{name}.local.",
        )

    def _addresses(self) -> list[str]:
        if self._loopback:
            return ["127.0.0.1"]
        if self._host not in {"0.0.0.0", "::"}:  # noqa: S104 - recognised here, not listened on
            return [self._host]
        return [
            address
            for address in own_addresses()
            if ":" not in address and not address.startswith("127.")
        ]


def label_of(school: Place, host: str) -> str:
    """A service's own name, whatever school and computer are called.

    A label of DNS has 63 bytes; a name that is taken gets a number behind it (RFC 6763, 4.1.1).
    """
    computer = _NO_LABEL.sub("-", host.lower())[:_HOST_SIGNS].strip("-")
    return f"controller-{level_of(school.school)[:_SCHOOL_SIGNS]}-{computer or 'server'}"


def own_addresses() -> list[str]:
    """This computer's addresses, IPv4 and IPv6, as they are now."""
    every = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    return [ip if isinstance(ip, str) else ip[0] for ip in every]
