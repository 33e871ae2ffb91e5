"""This file gives the controller its broker: embedded as a child, or one that serves elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

from controller.broker import stores
from controller.broker.announce import Announcement
from controller.broker.credentials import CredentialError, Credentials
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker, is_loopback
from controller.config import ControllerConfig
from protocol.link import Broker, Letter, broker_from
from protocol.model import Place
from protocol.settings import SettingsError, password_in
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

LOOK_FOR_PASSWORDS_EVERY_S: Final = 2.0


class Brokerage:
    """The embedded broker while it is entered, or nothing where an external one serves."""

    def __init__(self, config: ControllerConfig, school: Place) -> None:
        self._credentials = Credentials(config.data / "agents.json")
        self._embedded: EmbeddedBroker | None = None
        self._open = True
        self._running: list[asyncio.Task[None]] = []
        if config.broker:
            self.address = broker_at(config.broker, config.broker_password_file)
            return
        self._open = is_loopback(config.mqtt_host)
        users = {} if self._open else self._credentials.users()
        host = "127.0.0.1" if config.mqtt_host == "0.0.0.0" else config.mqtt_host  # noqa: S104
        user = "" if self._open else CONTROLLER_USER
        self.address = Broker(host, config.mqtt_port, user, users.get(CONTROLLER_USER, ""))
        self._embedded = EmbeddedBroker(
            config.data / "broker", config.mqtt_host, config.mqtt_port, school, users
        )

    @property
    def refuses_users(self) -> bool:
        """Whether the broker does not take the agents' names, and goes on with those before."""
        return self._embedded is not None and self._embedded.refuses_users

    @property
    def bounds(self) -> Sequence[Letter]:
        """What is said to the broker before it is listened to; another's is not ours to bound."""
        return stores.bounds() if self._embedded is not None else ()

    async def mend(self) -> None:
        """Start the embedded broker again; another's is not ours to start."""
        if self._embedded is not None:
            await self._embedded.restart()

    async def __aenter__(self) -> None:
        if self._embedded is None:
            return
        self._embedded.prepare()
        self._running.append(asyncio.create_task(self._embedded.run(), name="broker"))
        if not self._open:
            self._running.append(asyncio.create_task(self._watch_passwords(), name="passwords"))
        await self._embedded.ready()

    async def __aexit__(self, *_: object) -> None:
        """Stop the broker last: until now the others said their last words."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _watch_passwords(self) -> None:
        """Take in agents that `agents add` gave a password while the controller runs."""
        last_change = self._credentials.changed_at()
        while self._embedded is not None:
            await asyncio.sleep(LOOK_FOR_PASSWORDS_EVERY_S)
            if (changed := self._credentials.changed_at()) != last_change:
                last_change = changed
                try:
                    users = self._credentials.users()
                except CredentialError as error:
                    _LOGGER.warning("the broker goes on with the passwords it knows: %s", error)
                else:
                    await asyncio.to_thread(self._embedded.reload, users)


@contextlib.asynccontextmanager
async def announced(config: ControllerConfig, school: Place) -> AsyncIterator[None]:
    """Tell the school's network where the embedded broker is, while it is entered."""
    if not config.mdns or config.broker:
        yield
        return
    async with Announcement(
        school, config.mqtt_port, host=config.mqtt_host, loopback=is_loopback(config.mqtt_host)
    ):
        yield


def broker_at(address: str, password_file: str) -> Broker:
    """The broker that an address and a password's file name. Raises SettingsError."""
    try:
        broker = broker_from(address)
    except ValueError as error:
        raise SettingsError(
            "broker_invalid",
            N_("The broker's address is wrong: {cause}."),
            N_("Write mqtt://host:1883."),
            cause=error,
        ) from error
    if not password_file:
        return broker
    return broker._replace(password=password_in(password_file))
