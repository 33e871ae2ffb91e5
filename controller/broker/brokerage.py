"""This file gives the controller its broker: embedded as a child, or one that serves elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from controller.broker import stores
from controller.broker.announce import Announcement
from controller.broker.authority import Authority
from controller.broker.credentials import CredentialError, Credentials, Enrolled
from controller.broker.embedded import CONTROLLER_USER, READER_USER, EmbeddedBroker
from controller.broker.reader import ReaderKey
from controller.broker.rivals import Rivals
from controller.broker.surplus import LineKeeper
from controller.broker.system_line import TROUBLES, system_line
from controller.config import ControllerConfig
from protocol.door_key import LOCAL_USER, key_file, own_folders
from protocol.left_key import left_key
from protocol.link import Broker, Letter, broker_from
from protocol.model import Place
from protocol.settings import SettingsError, password_in
from protocol.this_machine import is_this_machine
from protocol.topics import ROOM_CHANNELS, SCHOOL_CHANNELS, Channel
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

LOOK_FOR_PASSWORDS_EVERY_S: Final = 2.0
_STILL_PLAIN: Final = (
    "rooms with a typed password may still speak unencrypted, so that others in the network can"
    " read what they say: enrol them, or set mqtts and broker_ca_file there"
)


class Brokerage:
    """The embedded broker while it is entered, or nothing where an external one serves.

    note_surplus: of whom how many lines were cut; set before it is entered.
    """

    def __init__(self, config: ControllerConfig, school: Place) -> None:
        self._config = config
        self._credentials = Credentials(config.data / "agents.json")
        self._reader = ReaderKey(config.data)
        self._has_reader = False
        self._enrolled: Mapping[str, Enrolled] = {}
        self._embedded: EmbeddedBroker | None = None
        self._keys: list[Path] = []
        self._key = ""
        self._taking = asyncio.Lock()
        self._taken_at = self._changed_at()  # of what the broker was given
        self.note_surplus: Callable[[str, int], None] = _note_nothing
        self._keeper: LineKeeper | None = None
        self._authority = Authority(config.data)
        self._running: list[asyncio.Task[None]] = []
        self._left = contextlib.ExitStack()
        if config.broker:
            broker = broker_at(config.broker, config.broker_password_file)
            self.address = broker.pinned_to(config.broker_ca_file)
            return
        self._is_near = is_this_machine(config.mqtt_host)
        if self._is_near:
            self._key = secrets.token_urlsafe(32)
            self._keys = [key_file(each, config.mqtt_port) for each in own_folders(os.environ)]
        users = self._users()
        host = "127.0.0.1" if config.mqtt_host == "0.0.0.0" else config.mqtt_host  # noqa: S104
        known = Broker(host, config.mqtt_port, CONTROLLER_USER, users[CONTROLLER_USER])
        self.address = known.with_own_session()
        self._embedded = EmbeddedBroker(
            config.data / "broker",
            config.mqtt_host,
            config.mqtt_port,
            school,
            users,
            certificate=self._authority.machine(),
            is_plain=self._is_near or bool(self._credentials.typed()),
            session=self.address.client_id,
            channels_of=self._channels_of,
            program=config.broker_program,
        )
        if not self._is_near:
            self.address = self.address.pinned_to(str(self._authority.file))

    @property
    def refuses_users(self) -> bool:
        """Whether the broker does not take the agents' names, and goes on with those before."""
        return self._embedded is not None and self._embedded.refuses_users

    @property
    def bounds(self) -> Sequence[Letter]:
        """What is said to the broker before it is listened to; another's is not ours to bound."""
        return stores.bounds() if self._embedded is not None else ()

    def cut_off(self, user: str) -> None:
        """End the lines of whoever floods, where each has a password of its own."""
        if self._keeper is not None:
            self._keeper.cut_off(user)

    def address_of(self, user: str, start: str) -> str:
        """Whence a start of an agent's speaks; "" where the broker is another's, or before."""
        return self._keeper.address_of(user, start) if self._keeper is not None else ""

    async def mend(self) -> None:
        """Start the embedded broker again; another's is not ours to start."""
        if self._embedded is not None:
            await self._embedded.restart()

    async def wipe(self) -> bool:
        """Start the embedded broker again with an empty store; False where it is another's.

        Nothing is lost: whoever sent what was in it keeps it until it is acknowledged.
        """
        if self._embedded is not None:
            await self._embedded.wipe()
        return self._embedded is not None

    async def admit(self) -> None:
        """Have the broker take whom the password file names now, and wait until it does."""
        if self._embedded is None:
            return
        async with self._taking:
            changed_at = self._changed_at()
            if changed_at != self._taken_at:
                await self._take(self._embedded)
                self._taken_at = changed_at

    async def __aenter__(self) -> None:
        if self._embedded is None:
            return
        self._embedded.prepare()
        if self._embedded.is_plain and not self._is_near:
            _LOGGER.warning(_STILL_PLAIN)
        self._leave_key()
        broker = self._embedded
        self._keeper = LineKeeper(
            broker.system_port,
            broker.system_password,
            self._authority.file,
            exempt={CONTROLLER_USER},
            note=self.note_surplus,
        )
        work = {"broker": broker.run, "passwords": self._watch_passwords, "lines": self._keeper.run}
        self._running += [asyncio.create_task(run(), name=name) for name, run in work.items()]
        await broker.ready()

    async def __aexit__(self, *_: object) -> None:
        """Stop the broker last: until now the others said their last words."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._left.close()

    def _leave_key(self) -> None:
        """Where this account's programs find it; without one they must be enrolled."""
        for path in self._keys:
            try:
                self._left.enter_context(left_key(self._key, path))
            except OSError as error:
                _LOGGER.info("no key left for this account's own programs: %s", error)

    def _channels_of(self, user: str) -> Sequence[Channel]:
        """What a user may say; who was enrolled is a room or a school, whatever else is heard."""
        if user == READER_USER and self._has_reader:
            return ()
        enrolled = self._enrolled.get(user)
        is_room = self._config.hears_rooms and not (enrolled and enrolled.is_school)
        is_school = self._config.hears_schools and (not enrolled or enrolled.is_school)
        return (*(ROOM_CHANNELS if is_room else ()), *(SCHOOL_CHANNELS if is_school else ()))

    def _users(self) -> dict[str, str]:
        """Who is let in, with passwords or hashes. Raises CredentialError."""
        self._enrolled = self._credentials.enrolled()
        users = self._credentials.users() | ({LOCAL_USER: self._key} if self._key else {})
        reader = self._reading_users()
        self._has_reader = bool(reader) and READER_USER not in users
        return reader | users

    def _reading_users(self) -> dict[str, str]:
        """Who reads alone; nobody where that cannot be told."""
        try:
            return self._reader.users()
        except CredentialError as error:
            _LOGGER.warning("nobody but rooms is let in: %s", error)
            return {}

    def _changed_at(self) -> tuple[int, int]:
        return self._credentials.changed_at(), self._reader.changed_at()

    async def _watch_passwords(self) -> None:
        """Take in agents that `agents add` gave a password while the controller runs."""
        while True:
            await asyncio.sleep(LOOK_FOR_PASSWORDS_EVERY_S)
            await self.admit()

    async def _take(self, broker: EmbeddedBroker) -> None:
        try:
            users = self._users()
            is_plain = self._is_near or bool(self._credentials.typed())
        except CredentialError as error:
            _LOGGER.warning("the broker goes on with the passwords it knows: %s", error)
            return
        await broker.take(users, is_plain=is_plain)
        with contextlib.suppress(*TROUBLES):  # it starts again, and with these
            port, password = broker.system_port(), broker.system_password
            async with system_line(port, password, self._authority.file) as line:
                await line.reload()
        await broker.ready()


@contextlib.asynccontextmanager
async def announced(config: ControllerConfig, school: Place, rivals: Rivals) -> AsyncIterator[None]:
    """Tell the school's network where the embedded broker is, while it is entered.

    rivals: is told of others who say that they are this school's.
    """
    if not config.mdns or config.broker:
        yield
        return
    async with Announcement(
        school,
        config.mqtt_port,
        config.enrol_port,
        rivals,
        host=config.mqtt_host,
        loopback=is_this_machine(config.mqtt_host),
    ):
        yield


def _note_nothing(_user: str, _count: int) -> None:
    """Where nobody counts."""


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
