"""This file times one drain of a preloaded session: the product's ingest, or a bare counter.

Run as a process of its own: `python -m tests.bench.drain count|ingest PORT MESSAGES FOLDER`.
Prints seconds from the first message to the last one settled.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Program
from controller.features import FEATURES, listeners_of, prepare_batches
from controller.ingest import Ingest, share_interpreter
from protocol.link import Broker, Link
from protocol.model import Place
from protocol.topics import school_root, sender_of

SCHOOL = Place("14", "bench")
FILTER = f"{school_root(SCHOOL)}/#"
COUNTER_ID, INGEST_ID = "bench-count", "bench-ingest"


def count(port: int, messages: int) -> float:
    """Drain with paho's own loop: count and let paho ack."""
    seen, started_s, ended_s = 0, 0.0, 0.0
    client = mqtt.Client(CallbackAPIVersion.VERSION2, COUNTER_ID, clean_session=False)

    def on_message(*_: object) -> None:
        nonlocal seen, started_s, ended_s
        seen += 1
        if seen == 1:
            started_s = time.perf_counter()
        if seen == messages:
            ended_s = time.perf_counter()
            client.disconnect()

    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()
    return ended_s - started_s


async def ingest(port: int, messages: int, folder: Path) -> float:
    """Drain with the controller's link, ingest and store: validate, apply, commit, ack."""
    share_interpreter()
    with Store(f"sqlite:///{folder}/bench.db") as store:
        store.write(prepare_batches)
        taken: list[float] = []

        def now_ms() -> int:
            return time.time_ns() // 1_000_000

        link = Link(
            Broker("127.0.0.1", port),
            INGEST_ID,
            filters=[FILTER],
            will=lambda session: worker.state(session, online=False),
            greeting=lambda _: [],
            keep_session=True,
            peer_of=sender_of,
        )
        program = Program(
            config=ControllerConfig(province=SCHOOL.province, school=SCHOOL.school),
            features=FEATURES,
            store=store,
            zone=ZoneInfo("Asia/Ho_Chi_Minh"),
            boot="b",
            wall_ms=now_ms,
        )
        worker = Ingest(
            link,
            store,
            listeners_of(program),
            SCHOOL,
            boot=program.boot,
            publish=lambda _: taken.append(time.perf_counter()),
            now_ms=now_ms,
        )
        tasks = [asyncio.create_task(link.run()), asyncio.create_task(worker.listen())]
        while not link._arrivals and not worker.taken:
            await asyncio.sleep(0)
        started_s = time.perf_counter()
        while worker.taken < messages:
            await asyncio.sleep(0.005)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return taken[-1] - started_s


def main() -> None:
    """Drain once, as the arguments say."""
    how, port, messages, folder = sys.argv[1:5]
    if how == "count":
        print(count(int(port), int(messages)))
    else:
        print(asyncio.run(ingest(int(port), int(messages), Path(folder))))


if __name__ == "__main__":
    main()
