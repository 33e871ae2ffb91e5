"""This file gives passwords to what a person called this room's, and to no other device.

A device with a login of its own gets that one, any other of the room's the room's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from agent.config import Passwords
from agent.equipment.login_file import DeviceLogin, LoginFile
from agent.equipment.ownership import Mark, is_same
from hardware.http.login import NOBODY, WebLogin
from hardware.network.neighbours import mac_at


class DeviceLogins:
    """The passwords by identity. marks: of the devices that are this room's, now.

    neighbour: the MAC that answers for an address, "" where none may be trusted: a device that
    tells our camera's name and answers by another card is another device. own: the logins of
    single devices. turns: how often one of these changed.
    """

    def __init__(
        self,
        passwords: Passwords,
        marks: Callable[[], Collection[Mark]],
        neighbour: Callable[[str], str] = mac_at,
        own: LoginFile | None = None,
    ) -> None:
        self._passwords = passwords
        self._marks = marks
        self._neighbour = neighbour
        self._own = own
        self.turns = 0

    def camera(self, keys: Collection[str], address: str) -> WebLogin:
        """The login for the camera that tells these keys at an address; else nobody's.

        One of its own is as if typed for it, where its own card answers: Basic may say it.
        """
        card = self._card(address)
        if not self._is_ours(keys, card):
            return NOBODY
        if (own := self._own_login((*keys, *card))) is not None:
            return WebLogin(own.user, own.password, is_typed=bool(card))
        return WebLogin(*self._passwords.camera_login)

    def at(self, keys: Collection[str], url_or_node: str) -> WebLogin:
        """The same for the camera whose picture is at a URL; a device node needs none."""
        try:
            address = urlsplit(url_or_node).hostname or ""
        except ValueError:
            address = ""
        return self.camera(keys, address) if address else NOBODY

    def pjlink(self, keys: Collection[str], address: str) -> str:
        """The password for the projector or board that does; else empty."""
        card = self._card(address)
        if not self._is_ours(keys, card):
            return ""
        own = self._own_login((*keys, *card))
        return own.password if own is not None else self._passwords.pjlink

    def keep(self, mark: Mark, user: str, password: str) -> None:
        """Keep a device's own login; an empty password takes it away. Blocks. Raises OSError."""
        if self._own is not None:
            self._own.keep(DeviceLogin(mark, user, password))
            self.turns += 1

    def _own_login(self, keys: Collection[str]) -> DeviceLogin | None:
        return self._own.of(frozenset(keys)) if self._own is not None else None

    def _card(self, address: str) -> tuple[str, ...]:
        mac = self._neighbour(address)
        return (f"mac:{mac}",) if mac else ()

    def _is_ours(self, keys: Collection[str], card: tuple[str, ...]) -> bool:
        return any(is_same(mark, (*keys, *card)) and _has(mark, card) for mark in self._marks())


def _has(mark: Mark, card: tuple[str, ...]) -> bool:
    """Whether the card that answers is one of the device's, where it has told any."""
    return not card or card[0] in mark or not any(key.startswith("mac:") for key in mark)
