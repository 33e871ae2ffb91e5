"""`lophoc-agent doctor`: what it says of a room whose server refuses, and what it sends on."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from agent.__main__ import main
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker
from protocol.model import Place
from tests.ports import free_port

SECRET = "s3cret-of-the-room"  # noqa: S105 - is looked for in what is sent on


def test_a_refused_password_is_told_and_is_nowhere_in_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a real broker; with the right one the server answers."""
    monkeypatch.setenv("LOPHOC_AGENT_LANG", "en")
    port, word, sent = free_port(), tmp_path / "word", tmp_path / "b.json"
    users = {CONTROLLER_USER: "c", "p1": SECRET}
    broker = EmbeddedBroker(tmp_path / "broker", "127.0.0.1", port, Place("14", "1"), users)
    words = [
        *("doctor", "--school", "1", "--province", "14", "--agent-id", "p1", "--internet", ""),
        *("--broker", f"mqtt://127.0.0.1:{port}", "--broker-password-file", str(word)),
        *("--data", str(tmp_path / "room"), "--bundle", str(sent)),
    ]

    async def codes_with(password: str) -> set[str]:
        word.write_text(password)
        await asyncio.to_thread(main, words)
        assert password not in sent.read_text("utf-8")
        return {each["code"] for each in json.loads(sent.read_text("utf-8"))["checks"]}

    async def play() -> None:
        broker.prepare()
        running = asyncio.create_task(broker.run())
        await broker.ready()
        assert "password_refused" in await codes_with("wrong-word")
        assert "broker_welcome" in await codes_with(SECRET)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())
    assert "refuses the password" in capsys.readouterr().out
