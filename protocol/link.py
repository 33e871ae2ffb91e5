"""This file is one client's conversation with the broker: connect, listen, say, lose, come back.

paho's blocking connect runs in a worker thread; everything after it runs on the event loop,
which reads and writes paho's socket itself, so that no message crosses a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from protocol.backoff import Backoff
from protocol.door_key import own_login
from protocol.fair import FairQueue, ReceiptOrder
from protocol.line import Client
from protocol.pin import disbelief, pinned
from protocol.settings import SettingsError

_LOGGER = logging.getLogger(__name__)

START_DIGITS: Final = 8  # of a boot's random ones, in the session's name
KEEPALIVE_S: Final = 20  # a dead line is noticed after 1.5 times this (MQTT 3.1.1, 3.1.2.10)
CONNECT_TIMEOUT_S: Final = 3.0
FAREWELL_S: Final = 0.5
BACKOFF_FIRST_S: Final = 0.2
BACKOFF_CAP_S: Final = 10.0
MAX_HELD: Final = 2000  # arrivals waiting for their reader; behind that, the socket waits
WEIGHT_BYTES: Final = 16_384  # a longer arrival counts as several: 32 MB wait in memory at most
SHARE: Final = 512  # of one peer's; two windows of the relay's, for one may come twice
_UNSPECIFIED: Final = 0x80
_PASSWORD_CODES: Final = frozenset({0x86, 0x87})  # as paho has MQTT 3.1.1's 4 and 5 (3.2.2.3)
READ_AT_ONCE: Final = 100  # about 5 ms of paho's time, then the loop's other tasks have their turn


class Broker(NamedTuple):
    """Where a broker listens, and as whom to speak to it.

    authority: the one that it must show (PEM, or a file of it); None for what the machine trusts.
    client_id: the session's name that came with the password; empty for the link's own.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    authority: str | Path | None = None
    client_id: str = ""

    def pinned_to(self, file: str) -> Broker:
        """The same, encrypted and believed by this file's authority alone; "" for no change."""
        return self._replace(tls=True, authority=Path(file)) if file else self

    def login(self) -> tuple[str, str]:
        """User and password; where no user is named, this account's key of a broker here.

        Asked anew for each session: a broker that starts again has another key.
        """
        if self.user:
            return self.user, self.password
        return own_login(self.host, self.port, os.environ)

    def with_own_session(self) -> Broker:
        """The same, its session's name made from the password: who knows it may end the session."""
        if not self.password or self.client_id:
            return self
        digest = hashlib.sha256(f"lophoc session {self.user} {self.password}".encode())
        return self._replace(client_id=f"lophoc-{digest.hexdigest()[:32]}")

    def __str__(self) -> str:
        """The address without the password, fit for a log."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


class LinkFault(StrEnum):
    """Why there is no line to the broker."""

    NONE = ""
    UNREACHABLE = "unreachable"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 - a code
    REFUSED = "refused"
    NOT_BELIEVED = "not_believed"  # what answers there is not the controller that was pinned


class Letter(NamedTuple):
    """One publish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Arrival(NamedTuple):
    """One message from the broker; it is acked to the broker by its mid, once, in order.

    retained: the broker kept it for whoever subscribes; nobody says it now. no: its place among
    those of its session that are acked.
    """

    topic: str
    payload: bytes
    mid: int
    qos: int
    session: int
    retained: bool = False
    no: int = 0


def broker_from(url: str) -> Broker:
    """Read mqtt://[user[:password]@]host[:port] or mqtts://... Raises ValueError."""
    parts = urlsplit(url if "//" in url else f"mqtt://{url}")
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(f"not a broker address: {url!r}; write mqtt://host:1883")
    tls = parts.scheme == "mqtts"
    port = parts.port or (8883 if tls else 1883)
    return Broker(parts.hostname, port, parts.username or "", parts.password or "", tls)


def _weight(arrival: Arrival) -> int:
    return 1 + len(arrival.payload) // WEIGHT_BYTES


class Link:
    """A client that keeps its session up for as long as `run` runs.

    `will` and `greeting` are asked anew for every session, with the session's number: a last
    will can then be told from the session that came after it. preface: said before it listens.
    peer_of: who said what is on a
    topic, where many speak and none may crowd out another; note_dropped: of whom how much was not
    taken, for its sender to send again.
    """

    def __init__(
        self,
        broker: Broker | Callable[[], Broker],
        client_id: str,
        *,
        filters: Sequence[str],
        will: Callable[[int], Letter],
        greeting: Callable[[int], Sequence[Letter]],
        preface: Sequence[Letter] = (),
        keep_session: bool = False,
        peer_of: Callable[[str], str] | None = None,
        note_dropped: Callable[[str, int], None] | None = None,
        start: str = "",
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._start = start
        self._filters = tuple(filters)
        self._will = will
        self._greeting = greeting
        self._preface = tuple(preface)
        self._keep_session = keep_session
        self._client: Client | None = None
        self._peer_of = peer_of
        self._note_dropped = note_dropped
        self._arrivals: FairQueue[Arrival] = FairQueue(
            MAX_HELD, SHARE if peer_of else None, weight_of=_weight
        )
        self._order: ReceiptOrder[int] = ReceiptOrder()
        self._received = 0
        self._arrived = asyncio.Event()
        self._ended = asyncio.Event()
        self._answered = asyncio.Event()
        self._reading = False
        self._writing = False
        self._refusal = ""
        self._hangs_up = False  # who does so says why
        self._published = asyncio.Event()
        self._last_mid = -1
        self._fault = LinkFault.NONE  # what the broker itself answered
        self.connected = asyncio.Event()
        self.fault = LinkFault.NONE
        self.session = 0

    async def run(self) -> None:
        """Hold the conversation until cancelled; then say the last word and hang up."""
        backoff = Backoff(BACKOFF_FIRST_S, BACKOFF_CAP_S)
        why = ""
        while True:
            why = await self._talk(logged=why)
            if not why:
                backoff.reset()
            await asyncio.sleep(backoff.next_s())

    async def _talk(self, *, logged: str) -> str:
        """One session from connect to loss; returns why it never began, empty if it did.

        logged: why the one before never began; the same again is not worth a line.
        """
        usual, self._hangs_up = logging.DEBUG if self._hangs_up else logging.INFO, False
        try:
            await self._open()
            _LOGGER.log(usual, "broker %s connected, session %d", self, self.session)
            await self._converse()
        except (OSError, ValueError, SettingsError) as error:
            self.fault = self._fault or _fault_of(error)
            why = disbelief(error) or str(error) or type(error).__name__
            if why != logged:
                _LOGGER.warning("broker %s not reached: %s", self, why)
            return why
        except asyncio.CancelledError:
            await self._farewell()
            raise
        finally:
            self._close()
        level = logging.DEBUG if self._hangs_up else logging.WARNING
        _LOGGER.log(level, "broker %s lost: %s", self, self._refusal or "line cut")
        return ""

    def say(self, letter: Letter) -> bool:
        """Hand a letter to the broker; False when there is no line, and it is then not kept."""
        if self._client is None or not self.connected.is_set():
            return False
        self._client.publish(letter.topic, letter.payload, letter.qos, letter.retain)
        return True

    async def batch(self, limit: int) -> list[Arrival]:
        """Wait for arrivals and return those here now, at most `limit`, as they came."""
        while not self._arrivals:
            self._arrived.clear()
            await self._arrived.wait()
        return self.waiting(limit)

    def waiting(self, limit: int) -> list[Arrival]:
        """Those that are here now, at most `limit`, as they came; perhaps none."""
        arrivals = self._arrivals.draw(limit)
        self._listen()
        return arrivals

    def queued(self) -> Mapping[str, int]:
        """How many arrivals of each peer wait for their reader."""
        return self._arrivals.lengths()

    def ack(self, arrivals: Sequence[Arrival]) -> None:
        """Tell the broker that these are safe, as soon as all before them are."""
        if self._client is None:
            return
        done = [
            (arrival.no, arrival.mid)
            for arrival in arrivals
            if arrival.qos and arrival.session == self.session
        ]
        if done:
            self._client.ack_all(self._order.release(done))
            self._wants_write()

    def hang_up(self) -> None:
        """Cut the line on purpose: a broker redelivers unacked messages on reconnect only."""
        self._refusal = "hung up to have unsaved messages sent again"
        self._hangs_up = True
        self._ended.set()

    def __str__(self) -> str:
        """The broker's address, fit for a log."""
        return str(self._broker) if isinstance(self._broker, Broker) else "by mDNS"

    async def _open(self) -> None:
        """Connect, subscribe, greet. Raises OSError or ValueError."""
        broker = self._broker if isinstance(self._broker, Broker) else self._broker()
        self.session += 1
        self._ended.clear()
        self._answered.clear()
        self._refusal, self._fault = "", LinkFault.NONE
        self._order = ReceiptOrder()
        client = self._client = self._new_client(broker)
        async with asyncio.timeout(CONNECT_TIMEOUT_S * 2):
            await _in_daemon(lambda: client.connect(broker.host, broker.port, KEEPALIVE_S))
            if (line := client.line()) is not None:
                line.gathers = True
            # From here paho asks the loop to write, and never writes in another thread.
            client.on_socket_register_write = self._wants_write
            client.on_socket_close = self._forget_line
            self._listen()
            await self._answer("connect")
            if self._preface:
                await self._publish(client, self._preface)
            if self._filters:  # even in a kept session: nats-server delivers only after it
                client.subscribe([(topic_filter, 1) for topic_filter in self._filters])
                await self._answer("subscribe")
        self.fault = LinkFault.NONE
        self.connected.set()
        for letter in self._greeting(self.session):
            self.say(letter)

    async def _answer(self, what: str) -> None:
        """Wait for the broker's answer. Raises OSError if it is no."""
        await self._answered.wait()
        self._answered.clear()
        if self._refusal:
            raise OSError(f"{what}: {self._refusal}")

    def _new_client(self, broker: Broker) -> Client:
        client = Client(
            self._on_arrival,
            client_id=session_of(broker.client_id or self._client_id, self._start),
            clean_session=not self._keep_session,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(0)  # the relay's window bounds what is in flight
        user, password = broker.login()
        if user:
            client.username_pw_set(user, password)
        if broker.tls:
            client.tls_set_context(pinned(broker.authority) if broker.authority else None)
        will = self._will(self.session)
        client.will_set(will.topic, will.payload, will.qos, will.retain)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        return client

    async def _converse(self) -> None:
        """Keep paho's own clock going until the line is lost."""
        while not self._ended.is_set():
            if self._client is not None:
                self._client.loop_misc()
            try:
                async with asyncio.timeout(KEEPALIVE_S / 4):
                    await self._ended.wait()
            except TimeoutError:
                continue

    async def _farewell(self) -> None:
        """A clean end says the last will itself: the broker only says it for a broken line."""
        client = self._client
        if client is None or not self.connected.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):  # a broker may drop what it has not yet acked
                await self._publish(client, [self._will(self.session)])
        client.disconnect()
        client.loop_write()  # at its end paho closes the line, which sends it all

    async def _publish(self, client: Client, letters: Sequence[Letter]) -> None:
        """Say these, and wait until the broker has the last of them."""
        self._published.clear()
        for one in letters:
            self._last_mid = client.publish(one.topic, one.payload, one.qos, one.retain).mid
        await self._published.wait()

    def _close(self) -> None:
        self.connected.clear()
        client, self._client = self._client, None
        self._arrivals.clear()  # unacked: the broker sends them again in the next session
        self._reading = self._writing = False
        line = client.line() if client is not None else None
        if client is None or line is None:
            return
        client.on_disconnect = None
        client.on_socket_register_write = None
        client.on_socket_close = None
        self._forget_line(client, None, line)
        line.close()

    def _forget_line(self, _client: Any, _data: Any, line: Any) -> None:
        """Before a line closes, whoever closes it: its number may be the next line's."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(line)
        loop.remove_writer(line)

    def _listen(self) -> None:
        """Read the line again once the reader has room."""
        line = self._client.line() if self._client is not None else None
        if line is None or self._reading or self._arrivals.is_full:
            return
        loop = asyncio.get_running_loop()
        loop.add_reader(line, self._read)
        loop.call_soon(self._read)  # for what the line holds already
        self._reading = True

    def _read(self) -> None:
        """Take what has come: a few milliseconds' worth at a time, and only if it fits."""
        client = self._client
        line = client.line() if client is not None else None
        if client is None or line is None or not self._reading:
            return
        enough = self._received + READ_AT_ONCE
        while True:
            if not client.hand_over(enough - self._received):
                client.loop_read()
            if client.line() is not line:
                return
            if not line.pending() or self._received >= enough:
                break
        if self._arrivals.is_full:
            asyncio.get_running_loop().remove_reader(line)
            self._reading = False
        elif line.pending():
            asyncio.get_running_loop().call_soon(self._read)

    def _wants_write(self, *_: Any) -> None:
        """There is something to send: gather what else comes in this turn of the loop."""
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        client = self._client
        line = client.line() if client is not None else None
        if client is None or line is None:
            return
        client.loop_write()
        loop = asyncio.get_running_loop()
        try:
            done = line.flush()
        except OSError as error:
            self._lose(str(error))
            return
        if done:
            loop.remove_writer(line)
            self._writing = False
        else:
            loop.add_writer(line, self._write)

    def _lose(self, why: str) -> None:
        self._refusal = self._refusal or why
        self.connected.clear()
        self._answered.set()
        self._ended.set()

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:
            self._refusal = f"refused by the broker: {_reason(code)}"
            is_password = code.value in _PASSWORD_CODES
            self._fault = LinkFault.PASSWORD_REFUSED if is_password else LinkFault.REFUSED
        self._answered.set()

    def _on_subscribe(self, _client: Any, _data: Any, _mid: Any, codes: Any, _more: Any) -> None:
        if any(code.is_failure for code in codes):
            self._refusal = "this user may not listen there"
            self._fault = LinkFault.REFUSED
        self._answered.set()

    def _on_publish(self, _client: Any, _data: Any, mid: Any, _code: Any, _more: Any) -> None:
        if mid == self._last_mid:
            self._published.set()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        self._lose(_reason(code))

    def _on_arrival(
        self,
        topic: str,
        payload: bytes,
        mid: int,
        qos: int,
        retained: bool,  # noqa: FBT001 - paho's
    ) -> None:
        self._received += 1
        no = self._order.receive() if qos else 0
        arrival = Arrival(topic, payload, mid, qos, self.session, retained, no)
        peer = self._peer_of(topic) if self._peer_of else ""
        if dropped := self._arrivals.put(peer, arrival):
            self._drop(dropped)
        self._arrived.set()

    def _drop(self, dropped: Sequence[Arrival]) -> None:
        """Their senders hear nothing of them, and send them again; the broker need not."""
        self.ack(dropped)
        if self._peer_of and self._note_dropped:
            self._note_dropped(self._peer_of(dropped[0].topic), len(dropped))


def is_session_of(session: str, start: str) -> bool:
    """Whether a session's name is one of this start's."""
    return session.endswith(f"-{start[:START_DIGITS]}")


def session_of(client_id: str, start: str) -> str:
    """The session's name of one start: two computers of one name do not end each other's."""
    return f"{client_id}-{start[:START_DIGITS]}" if start else client_id


def _fault_of(error: Exception) -> LinkFault:
    is_false = disbelief(error) or isinstance(error, SettingsError)
    return LinkFault.NOT_BELIEVED if is_false else LinkFault.UNREACHABLE


def _reason(code: Any) -> str:
    """What paho says of an end; where it knows nothing, what that looks like from here."""
    return "the line was cut" if code.value == _UNSPECIFIED else str(code)


async def _in_daemon(work: Callable[[], object]) -> None:
    """Run blocking work in a thread that a closing program does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def finish(error: Exception | None) -> None:
        if not done.done():
            done.set_exception(error) if error else done.set_result(None)

    def run() -> None:
        error: Exception | None = None
        try:
            work()
        except (OSError, ValueError) as failure:
            error = failure
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(finish, error)

    threading.Thread(target=run, name="broker-connect", daemon=True).start()
    await done
