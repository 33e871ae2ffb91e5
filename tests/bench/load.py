"""This file makes a school's traffic: births, devices that change, events; seeded."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from uuid import UUID

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol.messages import (
    AttendanceMarked,
    Birth,
    DeviceAppeared,
    DeviceState,
    Up,
    to_bytes,
)
from protocol.model import AttendanceStatus, Device, DeviceKind, Method, Place, Reason, Status
from protocol.topics import address_for, topic_of

ROOMS, TABLETS = 30, 44
WINDOW = 400  # unacked publishes of the loader


def device(room: int, number: int, status: Status) -> Device:
    """One of a room's devices."""
    return Device(
        device_id=f"mdns-{room:02}{number:010}",
        kind=DeviceKind.TABLET,
        name=f"Máy tính bảng {number}",
        vendor="Samsung",
        model="SM-T220",
        serial=f"R9{room:03}{number:05}",
        status=status,
        reasons=() if status is Status.OK else (Reason("battery_low", 14.0, 20.0),),
        sources=("mdns",),
        first_seen_ms=1_793_750_000_000,
        last_seen_ms=1_793_750_400_000,
    )


def traffic(school: Place, messages: int, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """Topics and payloads: a birth a room, then device changes and events in turn."""
    chance = random.Random(seed)
    revs, seqs = dict.fromkeys(range(ROOMS), 1), dict.fromkeys(range(ROOMS), 0)
    sent: Up
    for number in range(messages):
        room = number % ROOMS
        head = {"boot": f"boot-{room}", "at_ms": 1_793_750_400_000 + number}
        if number < ROOMS:
            known = tuple(device(room, each, Status.OK) for each in range(TABLETS))
            sent = Birth(
                **head,
                rev=1,
                session=1,
                room=f"P{room}",
                beat_s=60,
                status=Status.OK,
                devices=known,
            )
        elif number % 2:
            revs[room] += 1
            status = chance.choice([Status.OK, Status.WARNING])
            sent = DeviceState(
                **head, rev=revs[room], device=device(room, chance.randrange(TABLETS), status)
            )
        else:
            seqs[room] += 1
            event_id = str(UUID(int=chance.getrandbits(128)))
            if number % 4:
                sent = DeviceAppeared(
                    **head, id=event_id, seq=seqs[room], room=f"P{room}", device_id="mdns-1"
                )
            else:
                sent = AttendanceMarked(
                    **head,
                    id=event_id,
                    seq=seqs[room],
                    room=f"P{room}",
                    student=f"hs-{chance.randrange(2000):04}",
                    status=AttendanceStatus.PRESENT,
                    method=Method.MANUAL,
                )
        yield topic_of(address_for(school.of_agent(f"p{room}"), sent)), to_bytes(sent)


def subscribe_and_leave(port: int, client_id: str, topic_filter: str) -> None:
    """Make a persistent session that the broker fills while nobody is there."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
    client.on_connect = lambda c, *_: c.subscribe(topic_filter, 1)
    client.on_subscribe = lambda c, *_: c.disconnect()
    client.connect("127.0.0.1", port)
    client.loop_forever()


def publish(port: int, letters: Iterator[tuple[str, bytes]]) -> None:
    """Publish at QoS 1, a window at a time, and wait for every PUBACK."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-load")
    client.max_inflight_messages_set(WINDOW)
    room = threading.Semaphore(WINDOW)
    client.on_publish = lambda *_: room.release()
    client.connect("127.0.0.1", port)
    client.loop_start()
    for topic, payload in letters:
        room.acquire()
        client.publish(topic, payload, qos=1)
    for _ in range(WINDOW):
        room.acquire()
    client.disconnect()
    client.loop_stop()
