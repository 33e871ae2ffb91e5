"""The whole controller in this process: no part that fails ends the others."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import re
import shutil
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from controller import app
from controller.__main__ import main
from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Feature, Jobs, Program
from controller.features import FEATURES
from controller.web import plain
from protocol.errors import EXIT_PASSING, EXIT_SETTINGS, LopHocError, files_in_words
from protocol.folder import lock_folder
from protocol.pin import pinned
from tests.ports import free_port
from tests.waiting import eventually

SYSTEMD = Path(__file__).parents[2] / "systemd"
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
    folder: Path,
    watch: Callable[[int], Any],
    monkeypatch: pytest.MonkeyPatch,
    *features: Feature,
    **more: Any,
) -> None:
    """Run the controller with these features more until the watch holds; it must end in order."""
    monkeypatch.setattr(app, "FEATURES", (*FEATURES, *features))
    port = free_port()
    config = ControllerConfig(
        province="14", school="00140708", data=folder, http_port=port, mqtt_port=free_port(),
        mdns=False, **more,
    )  # fmt: skip
    stop = asyncio.Event()
    running = asyncio.create_task(app.run(config, stop, {}))
    try:
        await eventually(lambda: asyncio.to_thread(watch, port))
        assert not running.done()
    finally:
        stop.set()
        await running


def test_what_may_mend_itself_is_no_reason_to_stay_away(tmp_path: Path) -> None:
    """A port or a folder that another program holds now, a folder that cannot be written."""
    run = ["run", "--province", "14", "--school", "1", "--mdns", "false"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port, other = str(taken.getsockname()[1]), str(free_port())
        http, mqtt = ["--http-port", port, "--mqtt-port", other], ["--mqtt-port", port]
        assert main([*run, "--data", str(tmp_path / "a"), *http]) == EXIT_PASSING
        http_free = ["--http-port", other]
        assert main([*run, "--data", str(tmp_path / "b"), *http_free, *mqtt]) == EXIT_PASSING
    with lock_folder(tmp_path / "c"):
        assert main([*run, "--data", str(tmp_path / "c")]) == EXIT_PASSING
    (tmp_path / "file").touch()
    assert main([*run, "--data", str(tmp_path / "file" / "d")]) == EXIT_PASSING
    assert main([*run, "--data", str(tmp_path / "e"), "--timezone", "Mars"]) == EXIT_SETTINGS
    assert not {str(EXIT_PASSING)} & set(re.findall(r"RestartPreventExitStatus=(\d+)", units()))


def start_once(folder: Path) -> None:
    """Begin, and end at once. Raises LopHocError where it cannot begin."""
    config = ControllerConfig(
        province="14",
        school="1",
        data=folder,
        http_port=free_port(),
        mqtt_port=free_port(),
        mdns=False,
    )
    stop = asyncio.Event()
    stop.set()
    with files_in_words():
        asyncio.run(app.run(config, stop, {}))


def test_the_thread_that_stores_does_not_wait_long_for_its_turn(tmp_path: Path) -> None:
    """Its lock is given up within a millisecond while the loop hears the next batch."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    try:
        start_once(tmp_path)
        assert sys.getswitchinterval() == pytest.approx(0.001)
    finally:
        sys.setswitchinterval(before_s)


def refusal_of(folder: Path) -> str:
    """Why it cannot begin; empty where it can."""
    try:
        start_once(folder)
    except LopHocError as error:
        return str(error)
    return ""


def test_whatever_in_the_folder_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Each thing that a start leaves, in the place of which something of another kind stands."""
    start_once(tmp_path / "sound")
    left = sorted(path.name for path in (tmp_path / "sound").iterdir())
    assert {"broker", "lophoc.db", "lock"} <= {*left}
    named = set()
    for name in left:
        folder = tmp_path / f"without-{name}"
        shutil.copytree(tmp_path / "sound", folder)
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
            path.touch()
        else:
            path.unlink()
            path.mkdir()
        if refusal := refusal_of(folder):
            assert str(folder) in refusal
            named.add(name)
    assert {"broker", "lophoc.db", "lock"} <= named


def test_a_file_of_another_owner_ends_a_command_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback; whoever supervises the service may try again."""

    def refuse(_options: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "odd"))

    monkeypatch.setattr("controller.__main__._sample", refuse)
    assert main(["sample-config"]) == EXIT_PASSING
    told = capsys.readouterr().err
    assert str(tmp_path / "odd") in told
    assert told.count("\n") == 1


def units() -> str:
    """What systemd is told of both services."""
    return "".join(path.read_text() for path in SYSTEMD.glob("*.service"))


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


def test_an_installation_that_was_open_comes_up_encrypted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody changed its settings: others are led to https there, and this machine goes on."""
    trust = tmp_path / "tls" / "ca.pem"

    def shown(port: int) -> tuple[int, int]:
        with httpx.Client(verify=pinned(trust), trust_env=False) as web:
            own = web.get(f"http://127.0.0.1:{port}/livez").status_code
            with monkeypatch.context() as elsewhere:
                elsewhere.setattr(plain, "is_this_machine", lambda _: False)
                other = web.get(f"http://127.0.0.1:{port}/", headers={"accept": "text/html"})
            page = web.get(other.headers["location"] + "livez")
            return own, page.status_code

    def answered(port: int) -> bool:
        return bool(health(port)) and shown(port) == (200, 200)

    opened = {"http_host": "0.0.0.0"}  # noqa: S104 - as the handbook said before
    asyncio.run(while_running(tmp_path, answered, monkeypatch, **opened))


def test_threads_that_ask_at_once_share_one_service(tmp_path: Path) -> None:
    """Pages are made in threads: a second one of what counts all schools would count them twice."""
    config = ControllerConfig(province="14", school="1", data=tmp_path)
    program = Program(
        config=config, features=(), store=Store(""), zone=ZoneInfo("UTC"), boot="b", wall_ms=int
    )
    meeting, made = threading.Barrier(8), []

    def make(asked: Program) -> object:
        time.sleep(0.01)  # so that the others come by
        made.append(asked)
        return object()

    def ask(_: int) -> object:
        meeting.wait()
        return program.service(make)

    with ThreadPoolExecutor(8) as threads:
        found = {id(one) for one in threads.map(ask, range(8))}
    assert (len(found), len(made)) == (1, 1)
