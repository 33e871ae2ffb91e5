"""This file hears who else in the network announces himself as this school's controller."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from protocol.discovery import SERVICE, is_controller_of
from protocol.model import Place

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

MAX_RIVALS: Final = 50  # who makes names up does not fill the screen


class Rival(NamedTuple):
    """Another computer that says it is the school's controller; is_here: it says so still."""

    name: str
    addresses: Sequence[str]
    is_here: bool


class Rivals:
    """Those that were heard since the start. own_addresses: this computer's, as they are now."""

    def __init__(self, school: Place, own_addresses: Callable[[], Collection[str]]) -> None:
        self._school = school
        self._own_addresses = own_addresses
        self._heard: dict[str, Rival] = {}

    def listed(self) -> Sequence[Rival]:
        """Those that are here first, then by name."""
        return sorted(self._heard.values(), key=lambda rival: (not rival.is_here, rival.name))

    async def watch(self, zeroconf: AsyncZeroconf) -> None:
        """Follow what announces itself; never returns."""
        from hardware.mdns.browse import hear_service  # noqa: PLC0415 - heavy, and not always

        def hear(name: str, info: AsyncServiceInfo | None) -> None:
            if info is None:
                self.drop(name)
            else:
                self.take(name, info.properties, info.parsed_addresses())

        await hear_service(zeroconf, SERVICE, hear, names=self._heard, limit=MAX_RIVALS)

    def take(
        self, name: str, properties: Mapping[bytes, bytes | None], addresses: Sequence[str]
    ) -> None:
        """Note what was announced, if it claims to be of this school and is at another address."""
        foreign = sorted({*addresses} - {*self._own_addresses()})
        if foreign and is_controller_of(self._school, properties):
            self._heard[name] = Rival(name.removesuffix(f".{SERVICE}"), foreign, is_here=True)

    def drop(self, name: str) -> None:
        """Note that it said goodbye; who was here is still told."""
        if rival := self._heard.get(name):
            self._heard[name] = rival._replace(is_here=False)
