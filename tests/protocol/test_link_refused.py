"""Why there is no line: as a code, in the log again whenever it changes, never "unspecified"."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker
from protocol.link import Broker, Letter, Link, LinkFault
from protocol.model import Place
from tests.ports import free_port
from tests.waiting import eventually


def test_a_wrong_password_is_told_and_what_follows_it_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody there, then a broker that refuses the password, then one that takes it."""
    port = free_port()
    users = {CONTROLLER_USER: "c", "p1": "right"}
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, Place("14", "1"), users)
    address = [Broker("127.0.0.1", port, "p1", "wrong")]
    link = Link(
        lambda: address[0],
        "p1",
        filters=[],
        will=lambda _: Letter("lophoc/v1/14/1/p1/state", b""),
        greeting=lambda _: [],
    )

    async def play() -> None:
        running = [asyncio.create_task(link.run())]
        await eventually(lambda: link.fault is LinkFault.UNREACHABLE)
        broker.prepare()
        running.append(asyncio.create_task(broker.run()))
        await eventually(lambda: link.fault is LinkFault.PASSWORD_REFUSED)
        address[0] = address[0]._replace(password=users["p1"])
        await eventually(lambda: link.connected.is_set())
        assert link.fault is LinkFault.NONE
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    caplog.set_level(logging.INFO)
    asyncio.run(play())
    reasons = [r.getMessage() for r in caplog.records if "not reached" in r.getMessage()]
    assert any("refused by the broker" in reason for reason in reasons), reasons
    assert len(reasons) == len(dict.fromkeys(reasons)) > 1
    assert "Unspecified" not in caplog.text


def test_a_line_that_is_cut_is_said_to_be_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not what the library says where it knows nothing."""
    port = free_port()
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, Place("14", "1"), {"p1": "a"})
    link = Link(
        Broker("127.0.0.1", port, "p1", "a"), "p1", filters=[], will=lambda _: Letter("x", b""),
        greeting=lambda _: [],
    )  # fmt: skip

    async def play() -> None:
        broker.prepare()
        running = [asyncio.create_task(broker.run()), asyncio.create_task(link.run())]
        await eventually(link.connected.is_set)
        assert broker._process is not None
        broker._process.kill()
        await eventually(lambda: " lost: " in caplog.text)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    asyncio.run(play())
    assert "Unspecified" not in caplog.text
    assert "the line was cut" in caplog.text
