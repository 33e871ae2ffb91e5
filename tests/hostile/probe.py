"""This file is a client of the hostile laptop's at the school's broker, which may try anything."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol.pin import pinned
from tests.flows.rooms_apart import Side
from tests.hostile.school import MQTT_PORT, SERVER, HostileNetwork
from tests.waiting import LIMIT_S


class Probe:
    """Says what it is told to, and keeps what it hears. codes: the broker's answers to each try."""

    def __init__(self, client_id: str, user: str, password: str, authority: str) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.granted: dict[int, list[bool]] = {}
        self.codes: list[str] = []
        self.connected, self.lost = threading.Event(), threading.Event()
        self._answered = threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
        self.client.username_pw_set(user, password)
        if authority:
            self.client.tls_set_context(pinned(authority))
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_disconnect = lambda *_: self.lost.set()
        self.client.on_message = lambda _c, _d, each: self.heard.append((each.topic, each.payload))

    def start(self) -> None:
        """Connect, and again whenever it is thrown out."""
        self.client.reconnect_delay_set(1, 1)
        self.client.connect(SERVER, MQTT_PORT)
        self.client.loop_start()

    def close(self) -> None:
        """Go."""
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self, topic: str, qos: int = 1) -> bool:
        """Whether the broker grants it."""
        _, mid = self.client.subscribe(topic, qos)
        assert mid is not None
        with self._answered:
            assert self._answered.wait_for(lambda: mid in self.granted, LIMIT_S), topic
        return self.granted[mid][0]

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say it, and wait until the broker has it."""
        with contextlib.suppress(RuntimeError):  # thrown out
            self.client.publish(topic, payload, 1, retain).wait_for_publish(LIMIT_S)

    def _on_connect(self, _c: object, _d: object, _f: object, code: Any, _p: object) -> None:
        self.codes.append(str(code))
        if not code.is_failure:
            self.connected.set()

    def _on_subscribe(self, _c: object, _d: object, mid: int, codes: Any, _p: object) -> None:
        with self._answered:
            self.granted[mid] = [not code.is_failure for code in codes]
            self._answered.notify_all()


@contextmanager
def probing(
    network: HostileNetwork,
    client_id: str,
    user: str,
    password: str,
    *,
    side: Side | None = None,
    is_plain: bool = False,
) -> Iterator[Probe]:
    """A probe at the laptop's end of the network or another."""
    authority = "" if is_plain else network.authority.file.read_text()
    probe = Probe(client_id, user, password, authority)
    (side or network.laptop).ask(probe.start)
    try:
        yield probe
    finally:
        probe.close()
