"""This file measures ingest: a school's messages fully stored, beside a bare counting client.

Both drain the same messages, published once, from sessions that the same broker kept for them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import drain, load
from tests.conftest import Nats

ROUNDS, MESSAGES = 7, 20_000


def measure(*, quick: bool) -> dict[str, object]:
    """Alternating rounds, each on a fresh broker; the median of their ratios."""
    messages, rounds = (6_000, 1) if quick else (MESSAGES, ROUNDS)
    ratios, counted, stored = [], [], []
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            seconds = _round(Path(folder), messages, number)
        counted.append(messages / seconds["count"])
        stored.append(messages / seconds["ingest"])
        ratios.append(stored[-1] / counted[-1])
        print(f"ingest {number + 1}/{rounds}: {stored[-1]:,.0f}/s of {counted[-1]:,.0f}/s")
    return {
        "ingest_ratio": statistics.median(ratios),
        "ingest_per_s": round(statistics.median(stored)),
        "bare_count_per_s": round(statistics.median(counted)),
        "ingest_ratios": [round(ratio, 3) for ratio in ratios],
    }


def _round(folder: Path, messages: int, number: int) -> dict[str, float]:
    broker = Nats(folder)
    try:
        for client_id in (drain.COUNTER_ID, drain.INGEST_ID):
            load.subscribe_and_leave(broker.port, client_id, drain.FILTER)
        load.publish(broker.port, load.traffic(drain.SCHOOL, messages, seed=number))
        order = ("count", "ingest") if number % 2 == 0 else ("ingest", "count")
        return {how: _drain(how, broker.port, messages, folder) for how in order}
    finally:
        broker.close()


def _drain(how: str, port: int, messages: int, folder: Path) -> float:
    module = [sys.executable, "-m", "tests.bench.drain"]
    arguments = [how, str(port), str(messages), str(folder)]
    done = subprocess.run([*module, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])
