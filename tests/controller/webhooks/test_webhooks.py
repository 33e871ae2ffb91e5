"""Webhooks: who is told holds the list, through refusals, cuts and restarts; and nobody else is."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from controller.areas.areas import Area, Membership, Merger, MergerKind
from controller.database.store import Store
from controller.webhooks.hook import (
    FILE,
    HookError,
    HookPlace,
    Trouble,
    Untaken,
    hooks_in,
    may_be_reached,
    secret_of,
    signature,
)
from controller.webhooks.sender import ITEMS, Sender
from tests.controller.web_department import OWN, TODAY, a_department, fill, know, line
from tests.controller.web_school import NOW_MS, a_program

SECRET = "s" * 40
HOUR_MS = 3_600_000
STATUS = {"take": 204, "refuse": 500, "lead": 302}


@dataclass
class Receiver:
    """A program that is told; it takes what it wants to, and keeps what it took by key."""

    chance: random.Random
    patience: float = 1.0
    held: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Take it, refuse it, lead elsewhere, or hang up before or after having taken it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.asked.append(handler.path)
        self._check(handler.headers["X-LopHoc-Signature"], body)
        ways = ["refuse", "lead", "hang up", "take and hang up"]
        how = "take" if self.chance.random() < self.patience else self.chance.choice(ways)
        if "take" in how:
            self._take(json.loads(body))
        if "hang" in how:
            return
        handler.send_response(STATUS[how])
        if how == "lead":
            handler.send_header("Location", "/elsewhere")
        handler.end_headers()

    def _check(self, signed: str, body: bytes) -> None:
        at, mac = (part.partition("=")[2] for part in signed.split(","))
        wanted = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        if mac != wanted or int(at) < NOW_MS // 1000:
            self.wrong.append(signed)

    def _take(self, told: dict[str, Any]) -> None:
        self.held = {} if told["anew"] else self.held
        for item in told["items"]:
            key = (item["school"], item["device_id"])
            if item["removed"]:
                self.held.pop(key, None)
            else:
                self.held[key] = item["room"]


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """The receiver on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        yield receiver
        server.shutdown()
        thread.join()


def write(folder: Path, url: str, **more: object) -> None:
    """The administrator's file, and the secret."""
    (folder / "secret").write_text(SECRET)
    values = {"url": url, "secret_file": str(folder / "secret"), "allow_private": True} | more
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (folder / FILE).write_text("\n".join(["[hooks.axis]", *lines]))


@dataclass
class Clock:
    """A clock that is set."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


def a_sender(store: Store, folder: Path, clock: Clock) -> Sender:
    """The job, as after a start."""
    return Sender(a_program(store, scope=OWN, upstream="", folder=folder, now_ms=clock))


@pytest.mark.parametrize("seed", range(4))
def test_who_is_told_holds_the_list_whatever_happens(tmp_path: Path, seed: int) -> None:
    """Refusals, cuts before and after it was taken, restarts; the model is a plain dictionary."""
    chance, clock = random.Random(seed), Clock()
    model: dict[tuple[str, str], str] = {}
    with a_department(tmp_path) as store, receiving(Receiver(chance)) as receiver:
        write(tmp_path, receiver.url)
        receiver.patience = 0.5
        sender = a_sender(store, tmp_path, clock)
        for step in range(8):
            number = chance.randrange(6)
            gone = chance.random() < 0.3
            fill(store, [line("00123", number, room=f"P{step}", removed_ms=1 if gone else None)])
            model.pop(("00123", f"line:{number}"), None)
            model |= {} if gone else {("00123", f"line:{number}"): f"P{step}"}
            sender = a_sender(store, tmp_path, clock) if chance.random() < 0.4 else sender
            sender.look()
            clock.now_ms += HOUR_MS
        receiver.patience = 1.0
        sender.look()
        assert receiver.held == model
        assert receiver.wrong == []
        assert {*receiver.asked} == {"/hook"}


def test_what_was_not_taken_waits_longer_each_time(tmp_path: Path, caplog: Any) -> None:
    """And the log says it once, without address, secret or content."""
    with a_department(tmp_path) as store, receiving(Receiver(random.Random(1), 0.0)) as receiver:
        write(tmp_path, receiver.url)
        fill(store, [line("00123", 1)])
        clock = Clock()
        sender = a_sender(store, tmp_path, clock)
        for _ in range(3):
            sender.look()
        assert len(receiver.asked) == 1
        for _ in range(3):
            clock.now_ms += 2 * HOUR_MS
            sender.look()
        assert len(receiver.asked) == 4
        assert [word for word in (SECRET, "127.0.0.1", "00123") if word in caplog.text] == []
    place = HookPlace()
    for failures in range(1, 40):
        place = place.failed(0, 1.0, Untaken(Trouble.NO_LINE))
        assert place.failures == failures
        assert 0 < place.next_ms <= HOUR_MS


def test_a_long_list_comes_in_pages_and_filters_hold(tmp_path: Path) -> None:
    """Each page goes on where the one before ended; another question begins anew."""
    with a_department(tmp_path) as store, receiving(Receiver(random.Random(1))) as receiver:
        fill(store, [*(line("00123", n) for n in range(ITEMS + 3)), line("00124", 1)])
        write(tmp_path, receiver.url)
        sender = a_sender(store, tmp_path, Clock())
        assert (sender.look(), sender.look()) == (2, 0)
        assert len(receiver.held) == ITEMS + 4
        write(tmp_path, receiver.url, school="00124")
        assert (sender.look(), [*receiver.held]) == (1, [("00124", "line:1")])


@pytest.mark.parametrize(
    ("of", "before", "after"),
    [
        ({"school": "00123"}, {"00123"}, {"00123", "00124"}),
        ({"area": "A3"}, set(), {"00123", "00124"}),
        ({"area": "-"}, {"00123", "00125"}, {"00125"}),
    ],
    ids=["a school", "an area", "no area"],
)
def test_of_what_merges_is_told_what_it_is_part_of(
    tmp_path: Path, of: dict[str, str], before: set[str], after: set[str]
) -> None:
    """As pages and the API have it."""
    merged = [
        Merger(old="00123", new="00124", since=TODAY),
        Merger(old="A3", new="A1", since=TODAY, what=MergerKind.AREA),
    ]
    with a_department(tmp_path) as store, receiving(Receiver(random.Random(1))) as receiver:
        receiver.patience = 1.0
        write(tmp_path, receiver.url, **of)
        fill(store, [line(school, 1) for school in ("00123", "00124", "00125")])
        members = [Membership(school="00124", area="A1")]
        know(store, areas_=[Area(code="A1"), Area(code="A3")], members=members)
        sender = a_sender(store, tmp_path, Clock())
        sender.look()
        assert {school for school, _ in receiver.held} == before
        know(store, merged=merged)
        sender.look()
        assert {school for school, _ in receiver.held} == after


def test_nobody_is_told_whom_the_file_does_not_name(tmp_path: Path) -> None:
    """Without a file nothing is sent; into one's own network only where it says so."""
    with a_department(tmp_path) as store, receiving(Receiver(random.Random(1))) as receiver:
        fill(store, [line("00123", 1)])
        sender = a_sender(store, tmp_path, Clock())
        assert sender.look() == 0
        write(tmp_path, receiver.url, allow_private=False)
        assert (sender.look(), receiver.asked) == (0, [])


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        *((each, [True, True]) for each in ("93.184.215.14", "2606:2800:21f::1")),
        *((each, [False, True]) for each in ("127.0.0.1", "10.0.0.5", "192.168.1.9", "::1")),
        *((each, [False, True]) for each in ("fd00::5", "::ffff:10.0.0.5")),
        *((each, [False, False]) for each in ("169.254.169.254", "fe80::1", "224.0.0.1")),
        *((each, [False, False]) for each in ("0.0.0.0", "::", "::ffff:169.254.169.254")),  # noqa: S104 - nothing is bound
    ],
)
def test_where_a_name_may_lead(address: str, reached: list[bool]) -> None:
    """Never to what clouds tell of a machine, nor to many at once."""
    found = [may_be_reached(ip_address(address), allow_private=each) for each in (False, True)]
    assert found == reached


@pytest.mark.parametrize(("url", "more"), [
    ("http://truc.example/", {}), ("ftp://truc.example/", {}), ("https://a:b@truc.example/", {}),
    ("https://truc.example/#x", {}), ("https:///", {}), ("https://truc.example:99999/", {}),
    ("https://truc.example/", {"unknown": 1}), ("https://truc.example/", {"kind": 1}),
])  # fmt: skip
def test_a_file_that_cannot_be_meant_is_refused(
    tmp_path: Path, url: str, more: dict[str, object]
) -> None:
    """In clear, with a password, with words that mean nothing: nothing is sent at all."""
    write(tmp_path, url, **more)
    with pytest.raises(HookError):
        hooks_in(tmp_path)


def test_a_secret_is_long_and_a_signature_is_hmacs(tmp_path: Path) -> None:
    """Over the time and the body."""
    write(tmp_path, "https://truc.example/")
    (hook,) = hooks_in(tmp_path).values()
    assert secret_of(hook) == SECRET.encode()
    (tmp_path / "secret").write_text("short")
    with pytest.raises(HookError):
        secret_of(hook)
    mac = hmac.new(b"Jefe", b"7.what do ya want", hashlib.sha256).hexdigest()
    assert signature(b"Jefe", 7, b"what do ya want") == f"t=7,v1={mac}"
