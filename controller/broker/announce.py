"""This file announces the controller by mDNS, so that agents find it without being told."""

from __future__ import annotations

import logging
import socket
from typing import Self

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from protocol.discovery import SERVICE, txt_of
from protocol.model import Place
from protocol.topics import level_of

_LOGGER = logging.getLogger(__name__)


class Announcement:
    """The controller's `_lophoc._tcp` service, for as long as it is entered.

    A broker that only this machine can reach is announced on this machine only.
    """

    def __init__(self, school: Place, port: int, *, host: str, loopback: bool) -> None:
        self._school = school
        self._port = port
        self._host = host
        self._loopback = loopback
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
        try:
            registering = await zeroconf.async_register_service(
                self._service(), allow_name_change=True
            )
            await registering
        except (OSError, ZeroconfError) as error:
            _LOGGER.warning("not announced by mDNS, agents need --broker: %s", error)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._zeroconf is not None:
            await self._zeroconf.async_unregister_all_services()
            await self._zeroconf.async_close()
            self._zeroconf = None

    def _service(self) -> ServiceInfo:
        name = f"controller-{level_of(self._school.school)[:32]}-{socket.gethostname()[:20]}"
        return ServiceInfo(
            SERVICE,
            f"{name}.{SERVICE}",
            port=self._port,
            addresses=[socket.inet_aton(address) for address in self._addresses()],
            properties=txt_of(self._school),
            server=f"{name}.local.",
        )

    def _addresses(self) -> list[str]:
        if self._loopback:
            return ["127.0.0.1"]
        if self._host not in {"0.0.0.0", "::"}:  # noqa: S104 - recognised here, not listened on
            return [self._host]
        addresses = (
            str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4
        )
        return [address for address in addresses if not address.startswith("127.")]
