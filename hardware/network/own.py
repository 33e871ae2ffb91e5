"""This file keeps where this machine is in its networks, as the kernel tells of changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

from hardware.network import netlink
from hardware.network.interfaces import (
    CALM_S,
    NOTIFIED_POLL_S,
    POLL_S,
    Addresses,
    NamedNetwork,
    Networks,
    addresses_of,
    call_places_of,
    named_networks,
)
from hardware.network.links import ANY_LINK, LinkChoice

_UNHEARD_POLL_S: Final = 2 * POLL_S  # within five seconds is soon enough for whoever searches

Look = Callable[[LinkChoice], Sequence[NamedNetwork]]


class OwnNetworks:
    """Our own addresses with their networks, as `named_networks` gives them.

    While `follow` runs they are looked at where the kernel tells of a change, and now and then;
    else at each question. moved: called once they are others.
    """

    def __init__(
        self,
        choice: LinkChoice = ANY_LINK,
        *,
        look: Look = named_networks,
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        self._choice = choice
        self._look = look
        self._moved = moved
        self._kept: Sequence[NamedNetwork] | None = None

    def named(self) -> Sequence[NamedNetwork]:
        """Our addresses, each with its network and its interface; in order."""
        return self._look(self._choice) if self._kept is None else self._kept

    def networks(self) -> Networks:
        """Our addresses, each with its network, each once."""
        return tuple(dict.fromkeys(one.network for one in self.named()))

    def addresses(self) -> Addresses:
        """Our IPv4 addresses."""
        return addresses_of(self.named())

    def call_places(self) -> Addresses:
        """Where to call everybody from: our IPv4 addresses, and each link with IPv6 as "%2"."""
        return call_places_of(self.named())

    async def follow(self) -> None:
        """Keep them up to date; never returns."""
        changed = asyncio.Event()
        with netlink.listening(changed) as notified:
            try:
                while True:
                    self._see(self._look(self._choice))
                    # Wi-Fi tells of each scan: however much is told, it is looked at calmly.
                    await asyncio.sleep(CALM_S if changed.is_set() else 0)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(
                            NOTIFIED_POLL_S if notified else _UNHEARD_POLL_S
                        ):
                            await changed.wait()
                    changed.clear()
            finally:
                self._kept = None

    def _see(self, now: Sequence[NamedNetwork]) -> None:
        before, self._kept = self._kept, now
        if before is not None and before != now:
            self._moved()
