"""This file measures what encryption costs: a room's line through the broker, and a screen.

Both kinds in turn, over the same broker's port and the same door; ratios, and CPU of both ends.
"""

from __future__ import annotations

import asyncio
import resource
import ssl
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from controller.broker.authority import Authority
from controller.broker.brokerage import Brokerage
from controller.broker.credentials import Credentials
from controller.config import ControllerConfig
from controller.web.certificate import server_context
from protocol.link import Broker, Letter, Link
from protocol.model import Place
from protocol.pin import pinned
from protocol.topics import school_root
from tests.controller.web_school import Served, a_store, agent
from tests.ports import free_port

SCHOOL = Place("14", "bench")
MESSAGES, BYTES, ROUNDS = 20_000, 200, 3
AHEAD = 2_000  # said and not yet heard
ASKED = 300


def measure(*, quick: bool) -> dict[str, object]:
    """The medians of alternating rounds."""
    rounds, messages, asked = (1, 4_000, 60) if quick else (ROUNDS, MESSAGES, ASKED)
    lines = [_both(lambda tls: _line(messages, tls=tls)) for _ in range(rounds)]
    screens = [_both(lambda tls: _screen(asked, tls=tls)) for _ in range(rounds)]
    return {
        "tls_line_ratio": statistics.median(tls[0] / plain[0] for plain, tls in lines),
        "tls_line_cpu_ratio": statistics.median(tls[1] / plain[1] for plain, tls in lines),
        "tls_line_broker_cpu_ratio": statistics.median(tls[2] / plain[2] for plain, tls in lines),
        "tls_line_per_s": [round(tls[0]) for _, tls in lines],
        "plain_line_per_s": [round(plain[0]) for plain, _ in lines],
        "tls_screen_cpu_ratio": statistics.median(tls[0] / plain[0] for plain, tls in screens),
        "tls_screen_fresh_ms": statistics.median(tls[1] - plain[1] for plain, tls in screens),
    }


Figures = tuple[float, ...]


def _both(once: Callable[[bool], Figures]) -> tuple[Figures, Figures]:
    return once(False), once(True)


def _line(messages: int, *, tls: bool) -> Figures:
    """Messages a second, then CPU a message of both ends and of the broker [s]."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        took_s, cpu_s = asyncio.run(_talk(Path(folder), messages, tls=tls))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    broker_s = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    print(f"line {'encrypted' if tls else 'plain'}: {messages / took_s:,.0f}/s")
    return messages / took_s, cpu_s / messages, broker_s / messages


async def _talk(folder: Path, messages: int, *, tls: bool) -> tuple[float, float]:
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=folder, mdns=False,
        mqtt_host="0.0.0.0", mqtt_port=free_port(),  # noqa: S104 - as a school's
    )  # fmt: skip
    password = Credentials(folder / "agents.json").add("p1")
    brokerage = Brokerage(config, SCHOOL)
    room = Broker("127.0.0.1", config.mqtt_port, "p1", password)
    ends = [brokerage.address._replace(authority=None, tls=False), room]
    if tls:
        ends = [each.pinned_to(str(Authority(folder).file)) for each in ends]
    async with brokerage:
        ear, mouth = (
            Link(each, name, filters=filters, will=_will, greeting=lambda _: [])
            for each, name, filters in zip(
                ends, ("ear", "p1"), ([f"{school_root(SCHOOL)}/#"], []), strict=True
            )
        )
        running = [asyncio.create_task(link.run()) for link in (ear, mouth)]
        await asyncio.gather(ear.connected.wait(), mouth.connected.wait())
        figures = await _say_and_hear(mouth, ear, messages)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        return figures


async def _say_and_hear(mouth: Link, ear: Link, messages: int) -> tuple[float, float]:
    """How long it took until the last was heard, and the CPU of both [s]."""
    letter = Letter(f"{school_root(SCHOOL)}/p1/event", b"x" * BYTES)
    said = heard = 0
    began_s, cpu_s = time.perf_counter(), time.process_time()
    while heard < messages:
        while said < messages and said - heard < AHEAD:
            mouth.say(letter)
            said += 1
        arrivals = await ear.batch(AHEAD)
        ear.ack(arrivals)
        heard += len(arrivals)
    return time.perf_counter() - began_s, time.process_time() - cpu_s


def _will(_session: int) -> Letter:
    return Letter(f"{school_root(SCHOOL)}/p1/state", b"")


def _screen(asked: int, *, tls: bool) -> Figures:
    """CPU of both ends for a page on an open line [s], and how long a fresh line takes [ms]."""
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        certificate = authority.machine()
        context = server_context(certificate) if tls else None
        with a_store(Path(folder), [agent("6A1")]) as store, Served(store, tls=context) as served:
            url = served.url.replace("http:", "https:" if tls else "http:") + "login"
            trust = pinned(authority.file)
            return _pages(url, trust, asked), _fresh_ms(url, trust, asked // 5)


def _pages(url: str, trust: ssl.SSLContext, asked: int) -> float:
    with httpx.Client(verify=trust, trust_env=False) as web:
        web.get(url)
        cpu_s = time.process_time()
        for _ in range(asked):
            web.get(url)
        return (time.process_time() - cpu_s) / asked


def _fresh_ms(url: str, trust: ssl.SSLContext, asked: int) -> float:
    """The median of lines that are opened for one page each."""
    times = []
    for _ in range(asked):
        began_s = time.perf_counter()
        with httpx.Client(verify=trust, trust_env=False) as web:
            web.get(url)
        times.append(1000 * (time.perf_counter() - began_s))
    return statistics.median(times)
