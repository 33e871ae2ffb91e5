"""The whole controller in this process: no part that fails ends the others."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from controller import app
from controller.config import ControllerConfig
from controller.feature import Feature, Jobs, Program
from controller.features import FEATURES
from tests.ports import free_port
from tests.waiting import eventually

CHILD = "Nguyễn Văn An"


def health(port: int) -> dict[str, Any]:
    """What supervision is told; nothing while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=9) as answer:
            told: dict[str, Any] = json.loads(answer.read())
            return told
    except urllib.error.HTTPError as error:
        degraded: dict[str, Any] = json.loads(error.read())
        return degraded
    except OSError:
        return {}


async def while_running(
    folder: Path, watch: Callable[[int], Any], monkeypatch: pytest.MonkeyPatch, *features: Feature
) -> None:
    """Run the controller with these features more until the watch holds; it must end in order."""
    monkeypatch.setattr(app, "FEATURES", (*FEATURES, *features))
    port = free_port()
    config = ControllerConfig(
        province="14", school="00140708", data=folder, http_port=port, mqtt_port=free_port(),
        mdns=False,
    )  # fmt: skip
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(config, stop, {}))
    try:
        await eventually(lambda: asyncio.to_thread(watch, port))
        assert not running.done()
    finally:
        stop.set()
        await running


def failing(times: list[str]) -> Feature:
    """A feature whose job fails once, with a child's name in its error, and then works."""

    async def work() -> None:
        times.append("begun")
        if len(times) == 1:
            raise ValueError(CHILD)
        await asyncio.Event().wait()

    @contextmanager
    def jobs(_: Program) -> Iterator[Jobs]:
        yield {"odd": work}

    return Feature(name="odd", jobs=jobs)


def test_a_part_that_fails_is_told_started_again_and_names_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The screens answer all the while."""
    caplog.set_level(logging.INFO)
    times: list[str] = []

    def begun_again(port: int) -> bool:
        return health(port).get("lost") == ["odd"] and len(times) == 2

    asyncio.run(while_running(tmp_path, begun_again, monkeypatch, failing(times)))
    assert "lost name=odd" in caplog.text
    assert "ValueError, test_app.py" in caplog.text
    assert CHILD not in caplog.text
