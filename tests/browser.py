"""This file drives a real Chromium over its DevTools protocol, as a person would."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

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


# Where a click would meet the element; null while it would not, or while the page ignores presses.
_MIDDLE: Final = """(() => {
  const found = document.querySelector(SELECTOR);
  if (document.readyState !== "complete" || !found?.getClientRects().length) return null;
  if (found.closest(":disabled, [aria-disabled=true]")) return null;
  found.scrollIntoView({block: "nearest", behavior: "instant"});
  const box = found.getBoundingClientRect();
  const middle = [box.x + box.width / 2, box.y + box.height / 2];
  const met = document.elementFromPoint(...middle);
  return found.contains(met) ? middle : null;
})()"""

# Whether a press meets it; neither a page that is left says so, nor one without scripts.
_WATCH: Final = """(() => {
  const found = document.querySelector(SELECTOR);
  const isMet = (target) =>  // also where it was drawn anew meanwhile
    found?.isConnected ? found.contains(target) : target.closest(SELECTOR) !== null;
  const note = ({target}) => { if (isMet(target)) window.press = "met"; };
  document.addEventListener("noticed", () => { window.press = "missed"; }, {once: true});
  window.press = "unknown";
  document.dispatchEvent(new Event("noticed"));
  document.addEventListener("click", note, {capture: true, once: true});
})()"""

AGAIN_S: Final = 10.0


class NavigatedError(Exception):
    """The page went elsewhere while it was asked something."""


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
                if "navigated" in str(message.get("error", "")):
                    raise NavigatedError
                assert "error" not in message, message
                answer: dict[str, Any] = message["result"]
                return answer
            self._note(message.get("method", ""), message.get("params", {}))

    def open(self, url: str, width: int = 1366, height: int = 768) -> None:
        """Open an address and wait until it has loaded and `ready` holds.

        Raises AssertionError where nobody answers there: the browser's own page is none of ours.
        """
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.size(width, height)
        opened = self.call("Page.navigate", url=url)
        assert "errorText" not in opened, (url, opened)
        self.wait(f"document.readyState === 'complete' && {self.ready}")

    def size(self, width: int, height: int) -> None:
        """Give the window another size, in CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def at_each_size(self) -> Iterator[tuple[int, int]]:
        """Each size of window that people look through, one after the other, given to this one."""
        for size in SIZES:
            self.size(*size)
            yield size

    def see(self, script: str) -> Any:
        """The value of an expression on the page; of a promise, what it comes to."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str, limit_s: float = LIMIT_S) -> None:
        """Wait until an expression holds on a page that has loaded, not on the half of one."""
        whole = f"document.readyState === 'complete' && Boolean({script})"

        def look() -> Any:
            try:
                return self.see(whole)
            except NavigatedError:
                return False

        until(look, script, limit_s=limit_s)

    def click(self, selector: str, times: int = 1) -> None:
        """Click the middle of the first that fits, once it can be used; 2: a double click.

        Where something moved it away at that very moment, it is clicked where it is now.
        """
        until(lambda: self._is_met(selector, times), f"a click meets {selector}")

    def click_for(self, selector: str, outcome: str) -> None:
        """Click it, and once more where nothing comes of it for a while, as people do."""
        self.click(selector)
        try:
            self.wait(outcome, limit_s=AGAIN_S)
        except AssertionError:
            self.click(selector)
            self.wait(outcome)

    def _is_met(self, selector: str, times: int) -> bool:
        x, y = self.resting_place(selector)
        self.see(_WATCH.replace("SELECTOR", json.dumps(selector)))
        for count in range(1, times + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.call(
                    "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=count
                )

        try:
            return bool(self.see("window.press !== 'missed'"))
        except NavigatedError:
            return True

    def resting_place(self, selector: str) -> tuple[float, float]:
        """The middle of an element that can be used there, at two looks in a row."""
        look = _MIDDLE.replace("SELECTOR", json.dumps(selector))
        places: list[list[float] | None] = [None]

        def rests() -> bool:
            places.append(self.see(look))
            return places[-1] is not None and places[-1] == places[-2]

        until(rests, f"{selector} can be used and rests")
        x, y = places[-1] or ()
        return x, y

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


class Chromium(NamedTuple):
    """A running Chromium: its debugging port, and where on it the browser itself is spoken to."""

    port: int
    path: str


class Profile(NamedTuple):
    """One person's cookies and storage in a running Chromium."""

    port: int
    context: str
    line: Page  # to the browser itself


def browser_program() -> str | None:
    """Chromium's path; the one without windows costs half of the other's CPU."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


@contextlib.contextmanager
def running_browser(folder: Path) -> Iterator[Chromium]:
    """A running Chromium; the test is skipped where there is none."""
    program = browser_program()
    if program is None:
        pytest.skip("needs the package chromium-headless-shell or chromium")
    with subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={folder}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        listening = folder / "DevToolsActivePort"
        try:
            until(
                lambda: listening.exists() and listening.read_text().count("\n"),
                "chromium listens",
            )
            port, path = listening.read_text().split()
            yield Chromium(int(port), path)
        finally:  # with the browser itself: what Debian starts is a shell in front of it
            os.killpg(process.pid, signal.SIGTERM)


def _line_to(port: int, path: str) -> ClientConnection:
    """A line that no busy machine's late answer to a ping ends."""
    return connect(f"ws://127.0.0.1:{port}{path}", max_size=None, ping_interval=None)


@contextlib.contextmanager
def fresh_profile(chromium: Chromium) -> Iterator[Profile]:
    """A profile of a test's own, which is gone with its connection."""
    with _line_to(chromium.port, chromium.path) as line:
        browser = Page(line)
        made = browser.call("Target.createBrowserContext", disposeOnDetach=True)
        yield Profile(chromium.port, made["browserContextId"], browser)


@contextlib.contextmanager
def opened_tab(profile: Profile, kind: type[AnyPage]) -> Iterator[AnyPage]:
    """A tab of the profile, closed at the end."""
    new = {"url": "about:blank", "browserContextId": profile.context}
    tab = profile.line.call("Target.createTarget", **new)["targetId"]
    with _line_to(profile.port, f"/devtools/page/{tab}") as line:
        yield kind(line)
    profile.line.call("Target.closeTarget", targetId=tab)
