"""This file gives the room's passwords to what a person called this room's, and to no other."""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from agent.config import Passwords
from agent.equipment.ownership import Mark, is_same
from hardware.network.neighbours import mac_at


class DeviceLogins:
    """The passwords by identity. marks: of the devices that are this room's, now.

    neighbour: the MAC that answers for an address, "" where none may be trusted: a device that
    tells our camera's name and answers by another card is another device.
    """

    def __init__(
        self,
        passwords: Passwords,
        marks: Callable[[], Collection[Mark]],
        neighbour: Callable[[str], str] = mac_at,
    ) -> None:
        self._passwords = passwords
        self._marks = marks
        self._neighbour = neighbour

    def camera(self, keys: Collection[str], address: str) -> tuple[str, str]:
        """User and password for the camera that tells these keys at an address; else empty."""
        return self._passwords.camera_login if self._is_ours(keys, address) else ("", "")

    def at(self, keys: Collection[str], url_or_node: str) -> tuple[str, str]:
        """The same for the camera whose picture is at a URL; a device node needs none."""
        try:
            address = urlsplit(url_or_node).hostname or ""
        except ValueError:
            address = ""
        return self.camera(keys, address) if address else ("", "")

    def pjlink(self, keys: Collection[str], address: str) -> str:
        """The password for the projector or board that does; else empty."""
        return self._passwords.pjlink if self._is_ours(keys, address) else ""

    def _is_ours(self, keys: Collection[str], address: str) -> bool:
        mac = self._neighbour(address)
        card = (f"mac:{mac}",) if mac else ()
        return any(is_same(mark, (*keys, *card)) and _has(mark, card) for mark in self._marks())


def _has(mark: Mark, card: tuple[str, ...]) -> bool:
    """Whether the card that answers is one of the device's, where it has told any."""
    return not card or card[0] in mark or not any(key.startswith("mac:") for key in mark)
