"""This file drives a real Chromium over its DevTools protocol, as a person would."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.waiting import LIMIT_S, until

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--lang=vi",
    "--accept-lang=vi",
    "--remote-debugging-port=0",
)
LAPTOP, UPRIGHT, PHONE = (1366, 768), (800, 1280), (390, 844)
SIZES: Final = (LAPTOP, UPRIGHT, PHONE)
_KEYS: Final = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class Page:
    """One tab; it notes every request, console error and uncaught exception."""

    ready = "true"

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._numbers = itertools.count(1)
        self.requests: list[str] = []
        self.errors: list[str] = []

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser something and return its answer."""
        number = next(self._numbers)
        self._line.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self._line.recv(LIMIT_S))
            if message.get("id") == number:
                assert "error" not in message, message
                answer: dict[str, Any] = message["result"]
                return answer
            self._note(message.get("method", ""), message.get("params", {}))

    def open(self, url: str, width: int = 1366, height: int = 768) -> None:
        """Open an address and wait until it has loaded and `ready` holds."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        self.call("Page.navigate", url=url)
        self.wait(f"document.readyState === 'complete' && {self.ready}")

    def size(self, width: int, height: int) -> None:
        """Give the window another size, in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def see(self, script: str) -> Any:
        """The value of an expression on the page; of a promise, what it comes to."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str, limit_s: float = LIMIT_S) -> None:
        """Wait until an expression holds on the page."""
        until(lambda: self.see(f"Boolean({script})"), script, limit_s=limit_s)

    def click(self, selector: str, times: int = 1) -> None:
        """Click the middle of the first element that fits, once it is there; 2: a double click."""
        self.wait(f"document.querySelector({json.dumps(selector)})?.getClientRects().length")
        x, y = self.see(
            f"""(() => {{ const found = document.querySelector({json.dumps(selector)});
            found.scrollIntoView({{block: "nearest", behavior: "instant"}});
            const box = found.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()"""
        )
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call(
                    "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count
                )

    def press(self, key: str) -> None:
        """Press a key."""
        text = {"Enter": {"text": "\r"}, " ": {"text": " "}}.get(key, {})
        for kind in ("keyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                windowsVirtualKeyCode=_KEYS[key],
                **text,
            )

    def shoot(self, path: Path) -> None:
        """Keep a picture of what the window shows."""
        picture = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(picture["data"]))

    def _note(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(json.dumps(params["exceptionDetails"])[:500])
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.errors.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled" if params["type"] == "error":
                self.errors.append(json.dumps(params["args"])[:500])


AnyPage = TypeVar("AnyPage", bound=Page)


@contextlib.contextmanager
def running_browser(profile: Path) -> Iterator[int]:
    """The debugging port of a running Chromium; the test is skipped where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs the package chromium")
    with subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={profile}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        told = profile / "DevToolsActivePort"
        until(lambda: told.exists() and told.read_text().count("\n"), "chromium listens")
        yield int(told.read_text().split()[0])
        process.terminate()


@contextlib.contextmanager
def opened_tab(port: int, kind: type[AnyPage]) -> Iterator[AnyPage]:
    """A tab of the browser at this debugging port, closed at the end."""
    web = f"http://127.0.0.1:{port}/json"
    tab = httpx.put(f"{web}/new?about:blank", trust_env=False).json()
    with connect(tab["webSocketDebuggerUrl"], max_size=None) as line:
        yield kind(line)
    httpx.get(f"{web}/close/{tab['id']}", trust_env=False)
