"""People are told outside of the screens: a message a cause, by their way, until it is taken."""

from __future__ import annotations

import asyncio
import json
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.alerts import store as kept
from controller.alerts.alert import (
    DIGEST_LATE_MIN,
    MOST_WAITING,
    TOO_LATE_MS,
    Alert,
    owed_causes,
    owed_digest,
    surplus,
)
from controller.alerts.receivers import (
    AlertError,
    Receiver,
    Severity,
    Way,
    receivers_in,
    secret_of,
)
from controller.alerts.service import Alerts
from controller.database.store import Store
from controller.incidents.causes import Scope
from controller.incidents.handling import Handling
from controller.incidents.incident import Incident
from controller.incidents.service import Incidents
from controller.webhooks.hook import signature
from protocol.model import Status
from tests.controller.web_school import (
    NOW_MS,
    SCHOOL,
    NoFindings,
    a_live,
    a_morning,
    a_program,
    a_store,
    asked,
)

SECRET = "mot-hai-ba-bon-nam-sau-bay-tam-chin"  # noqa: S105 - made up
HELD_MS = 600_000


class Peers:
    """A mail server and a web server of this machine, which take what is sent, or refuse."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.posts: list[tuple[str, Mapping[str, str], bytes]] = []
        self.refuses = False
        peers = self

        class Mail(socketserver.StreamRequestHandler):
            """RFC 5321, as far as a sender of one letter needs it."""

            def handle(self) -> None:
                """Take a letter."""
                said: list[str] = []
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    said.append(line.decode().strip())
                    word = said[-1][:4].upper()
                    if word == "DATA":
                        self.wfile.write(b"354 go on\r\n")
                        letter = b""
                        while (part := self.rfile.readline()) != b".\r\n":
                            letter += part
                        peers.mails.append((said, letter))
                    if word == "EHLO":
                        self.wfile.write(b"250-here\r\n250 AUTH PLAIN\r\n")
                        continue
                    is_refused = peers.refuses and word == "MAIL"
                    code = b"451" if is_refused else b"235" if word == "AUTH" else b"250"
                    self.wfile.write(b"221 bye\r\n" if word == "QUIT" else code + b" so\r\n")
                    if word == "QUIT":
                        return

        class Web(BaseHTTPRequestHandler):
            """Takes each POST."""

            def do_POST(self) -> None:
                """Note it."""
                body = self.rfile.read(int(self.headers["content-length"]))
                if not peers.refuses:
                    peers.posts.append((self.path, dict(self.headers.items()), body))
                self.send_response(503 if peers.refuses else 200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing is told of it."""

        self._servers = [
            socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail),
            ThreadingHTTPServer(("127.0.0.1", 0), Web),
        ]
        self.smtp, self.http = (server.server_address[1] for server in self._servers)
        for server in self._servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        for server in self._servers:
            server.shutdown()
            server.server_close()


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    """Small real servers."""
    made = Peers()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path, peers: Peers) -> Iterator[Store]:
    """A school on an ordinary morning."""
    peers.mails.clear()
    peers.posts.clear()
    peers.refuses = False
    with a_store(tmp_path, a_morning(tablets=2)) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data folder, with a secret that only we read."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "secret").write_text(SECRET)
    (data / "secret").chmod(0o600)
    return data


class School:
    """What looks for causes and tells of them, at a time that a test sets."""

    def __init__(self, store: Store, folder: Path, *receivers: str) -> None:
        self.now_ms = NOW_MS
        (folder / "alerts.toml").write_text("\n".join(receivers), "utf-8")
        live = a_live(store, lambda: self.now_ms / 1000)
        program = a_program(store, live, now_ms=lambda: self.now_ms, folder=folder)
        self.incidents = program.service(Incidents)
        self.incidents._own = NoFindings()
        self.alerts = program.service(Alerts)
        self.store = store
        self._live = live

    def look(self, passing_ms: int = 0) -> None:
        """Let time pass, and look for causes."""
        asyncio.run(self._look(passing_ms))

    async def _look(self, passing_ms: int) -> None:
        await self._live.load()
        await self.incidents.look()
        self.now_ms += passing_ms
        await self.incidents.look()

    def tell(self) -> int:
        """Tell people."""
        return self.alerts.look()

    @property
    def kept(self) -> list[Alert]:
        """Every message."""
        return [*self.store.read(kept.newest, SCHOOL, 1000)]


def receiver(name: str, peers: Peers, folder: Path, way: Way, **more: str) -> str:
    """A part of the file."""
    urls = {
        Way.EMAIL: f"smtp://127.0.0.1:{peers.smtp}",
        Way.NTFY: f"http://127.0.0.1:{peers.http}/truong-kin",
    }
    told = {
        "way": way.value,
        "url": urls.get(way, f"http://127.0.0.1:{peers.http}"),
        "to": "it@example.edu.vn" if way is Way.EMAIL else "42",
        "secret_file": str(folder / "secret"),
        **more,
    }
    lines = [f'{key} = "{value}"' for key, value in told.items()]
    return "\n".join([f"[receivers.{name}]", "allow_private = true", *lines])


def test_each_way_brings_one_message_a_cause(store: Store, folder: Path, peers: Peers) -> None:
    """To small real servers; looked at again nothing more is sent, also by a new start."""
    given = [receiver(way.value, peers, folder, way, severity="warning") for way in Way]
    school = School(store, folder, *given)
    school.look(HELD_MS)
    causes = school.incidents.open()
    assert len(causes) > 3
    assert school.tell() == len(causes) * len(Way)
    assert (len(peers.mails), len(peers.posts)) == (len(causes), len(causes) * 4)
    assert school.tell() == 0
    again = School(store, folder, *given)
    again.now_ms = school.now_ms
    again.look()
    assert again.tell() == 0
    assert _paths(peers) == {"/", "/truong-kin", "/message", f"/bot{SECRET}/sendMessage"}
    said, letter = peers.mails[0]
    told = message_from_bytes(letter)
    assert any(line.startswith("AUTH PLAIN") for line in said)
    assert told["To"] == "it@example.edu.vn"
    titles = {str(one["Subject"]) for one in _letters(peers)}
    chats = [json.loads(body) for path, _, body in peers.posts if path.endswith("/sendMessage")]
    assert {one["text"].splitlines()[0] for one in chats} == titles
    assert all(one["chat_id"] == "42" for one in chats)
    (hook, *_) = [post for post in peers.posts if post[0] == "/"]
    at_s = (school.now_ms - HELD_MS + HELD_MS) // 1000
    assert _header(hook, "X-LopHoc-Signature") == signature(SECRET.encode(), at_s, hook[2])
    ntfy = next(post for post in peers.posts if post[0] == "/truong-kin")
    assert str(make_header(decode_header(_header(ntfy, "Title")))) in titles
    assert _header(ntfy, "Authorization") == f"Bearer {SECRET}"


def _letters(peers: Peers) -> list[Any]:
    return [message_from_bytes(letter, policy=default) for _, letter in peers.mails]


def _paths(peers: Peers) -> set[str]:
    return {path for path, _, _ in peers.posts}


def _header(post: tuple[str, Mapping[str, str], bytes], name: str) -> str:
    headers = {key.lower(): value for key, value in post[1].items()}
    return headers[name.lower()]


def test_what_is_not_taken_is_tried_again_until_it_is_too_late(
    store: Store, folder: Path, peers: Peers, caplog: pytest.LogCaptureFixture
) -> None:
    """Later each time, and over restarts; the log says why once, and with the page no secret."""
    school = School(store, folder, receiver("x", peers, folder, Way.EMAIL))
    school.look(HELD_MS)
    peers.refuses = True
    assert school.tell() == 0
    assert school.tell() == 0
    first = min(school.kept, key=lambda alert: alert.no)
    assert (first.tries, first.trouble, first.waits) == (1, "status", True)
    for _ in range(3):
        school.now_ms = min(alert.next_ms for alert in school.kept if alert.tries)
        assert school.tell() == 0
    said = [one.message for one in caplog.records if "is not taken" in one.message]
    assert len(said) == sum(1 for alert in school.kept if alert.tries) == 1
    school.now_ms = min(alert.next_ms for alert in school.kept if alert.tries)
    peers.refuses = False
    assert school.tell() == len(school.kept)
    assert not any(alert.waits for alert in school.kept)
    assert SECRET not in asked(store, "/alerts", face={"folder": folder}).text


def test_the_morning_is_summed_up_once_on_days_of_school(
    store: Store, folder: Path, peers: Peers
) -> None:
    """Not on Sundays."""
    given = receiver("x", peers, folder, Way.NTFY, digest_at="07:00", lang="en")
    school = School(
        store, folder, given.replace("allow_private", "each_cause = false\nallow_private")
    )
    school.look(HELD_MS)
    assert school.tell() == 1
    assert school.tell() == 0
    (alert,) = school.kept
    assert alert.about.startswith("digest/2026-09-05")
    assert "need doing" in alert.title
    assert alert.text.startswith("- ")
    school.now_ms += 86_400_000
    assert school.tell() == 0


def test_the_button_sends_now_or_says_why_not(store: Store, folder: Path, peers: Peers) -> None:
    """A test that failed is not sent later."""
    school = School(store, folder, receiver("x", peers, folder, Way.GOTIFY, lang="en"))
    given = school.alerts.receivers()["x"]
    assert school.alerts.test("x", given).sent_ms is not None
    assert b"a test" in peers.posts[0][2]
    peers.refuses = True
    school.now_ms += 1
    tried = school.alerts.test("x", given)
    assert (tried.dropped, tried.trouble) == (True, "status")
    text = asked(store, "/alerts?lang=en", face={"folder": folder}).text
    assert "the other side refused it" in text
    assert asked(store, "/alerts/y/test", method="POST", face={"folder": folder}).status_code in {
        403,
        404,
    }


INCIDENTS = st.builds(
    Incident,
    no=st.integers(1, 30),
    scope=st.just(Scope.COMPUTER),
    status=st.sampled_from(Status),
    began_ms=st.just(0),
    opened_ms=st.just(0),
)
HANDLINGS = st.sampled_from([Handling(), Handling(taken_by="a"), Handling(until_ms=1)])


@given(
    st.lists(st.tuples(INCIDENTS, HANDLINGS)),
    st.sampled_from(Severity),
    st.sets(st.integers(1, 30)),
)
def test_nobody_is_told_twice_nor_of_what_somebody_has(
    causes: list[tuple[Incident, Handling]], severity: Severity, told: set[int]
) -> None:
    """And of nothing below their severity."""
    who = Receiver(way=Way.NTFY, url="https://x.vn/y", severity=severity)
    abouts = {f"incident/{no}" for no in told}
    owed = [*owed_causes(who, abouts, causes)]
    assert all(one.no not in told for one in owed)
    free = {i.no for i, h in causes if h == Handling()}
    assert {one.no for one in owed} <= free
    assert severity is Severity.WARNING or all(one.status is Status.CRITICAL for one in owed)
    critical = {i.no for i, h in causes if i.status is Status.CRITICAL and h == Handling()}
    assert critical - told <= {one.no for one in owed}
    assert [*owed_causes(replace(who, each_cause=False), abouts, causes)] == []


@given(st.integers(0, 4 * 24 * 60), st.integers(0, 24 * 60 - 1))
def test_a_digest_is_due_once_from_its_time_on_for_some_hours(minute: int, due: int) -> None:
    """A server that was switched on late sends it, too, also where midnight lies between."""
    who = Receiver(way=Way.NTFY, digest_at=f"{due // 60:02}:{due % 60:02}")
    first = datetime(2026, 9, 5, tzinfo=UTC)
    days = [day for day in range(-1, 5) if 0 <= minute - 1440 * day - due < DIGEST_LATE_MIN]
    day, about = owed_digest(who, (), first + timedelta(minutes=minute))
    assert bool(about) == bool(days)
    assert not days or day == (first + timedelta(days=days[0])).date()
    assert owed_digest(who, {about}, first + timedelta(minutes=minute))[1] == ""


@given(st.integers(0, 3 * MOST_WAITING))
def test_the_outbox_is_bounded_and_the_newest_stay(count: int) -> None:
    """Whatever nobody takes."""
    alerts = [
        Alert(no=no, receiver="x", about=str(no), title="", text="", made_ms=0)
        for no in range(1, count + 1)
    ]
    gone = surplus(alerts)
    assert len(alerts) - len(gone) == min(count, MOST_WAITING)
    assert not gone or max(alert.no for alert in gone) == count - MOST_WAITING


@given(st.integers(0, 40), st.floats(0, 1))
def test_a_wait_grows_and_ends(tries: int, spread: float) -> None:
    """Up to an hour; after half a day nobody needs to be told."""
    alert = Alert(receiver="x", about="y", title="", text="", made_ms=NOW_MS, tries=tries)
    later = alert.failed(NOW_MS, spread, "status")
    assert NOW_MS < later.next_ms <= NOW_MS + 3_600_000
    assert later.waits
    assert not alert.failed(NOW_MS + TOO_LATE_MS, spread, "status").waits


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ('way = "sms"', "alerts_broken"),
        ('way = "email"\nurl = "smtps://x.vn"', "alert_nobody"),
        ('way = "telegram"', "alert_nobody"),
        ('way = "ntfy"\nurl = "http://x.vn/y"', "alert_address"),
        ('way = "ntfy"\nurl = "https://a:b@x.vn/y"', "alert_address"),
        ('way = "ntfy"\nurl = "smtps://x.vn"', "alert_address"),
        ('way = "email"\nto = "a@x.vn"\nurl = "https://x.vn"', "alert_address"),
        ('way = "ntfy"\nurl = "https://x.vn/y"\ndigest_at = "25:00"', "alert_time"),
        ("way = “ntfy”", "alerts_broken"),
        ('way = "email"\nto = ":;9"\nurl = "smtps://x.vn"', "alert_nobody"),
        ('way = "email"\nto = "a@x.vn\\nb@x.vn"\nurl = "smtps://x.vn"', "alert_signs"),
        (
            'way = "email"\nto = "a@x.vn"\nsender = "a@x.vn, b@x.vn"\nurl = "smtps://x.vn"',
            "alert_sender",
        ),
    ],
)
def test_a_receiver_that_cannot_be_told_is_refused_in_words(
    folder: Path, told: str, code: str
) -> None:
    """Nothing is sent until it is mended."""
    (folder / "alerts.toml").write_text(f"[receivers.x]\n{told}\n", "utf-8")
    with pytest.raises(AlertError) as refused:
        receivers_in(folder)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "to",
    [
        "it@x.vn",
        "a@x.vn, b@x.vn",
        "root",
        "Thầy Minh <minh@x.vn>",
        '"Minh, thầy" <m@x.vn>, b@x.vn,',
    ],
)
def test_addresses_as_people_write_them_are_taken(folder: Path, to: str) -> None:
    """One or several, with names before them."""
    text = f"[receivers.x]\nway = 'email'\nto = '{to}'\nurl = 'smtps://x.vn'\n"
    (folder / "alerts.toml").write_text(text, "utf-8")
    assert receivers_in(folder)["x"].to == to


def test_nobody_is_told_by_default(tmp_path: Path) -> None:
    """Without a file there is nobody."""
    assert receivers_in(tmp_path) == {}


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda path: path.chmod(0o640), "alert_secret_open"),
        (lambda path: path.write_text(" \n"), "alert_secret"),
        (lambda path: path.unlink(), "alert_secret"),
    ],
    ids=["open", "empty", "gone"],
)
def test_a_secret_is_ours_alone(folder: Path, prepare: Callable[[Path], object], code: str) -> None:
    """It is read at each message, so that it can be changed."""
    path = folder / "secret"
    who = Receiver(way=Way.NTFY, secret_file=str(path))
    assert secret_of(who) == SECRET
    prepare(path)
    with pytest.raises(AlertError) as refused:
        secret_of(who)
    assert refused.value.code == code


def test_a_closed_line_is_no_crash(folder: Path, store: Store) -> None:
    """Nobody answers there."""
    given = '[receivers.x]\nway = "ntfy"\nurl = "http://127.0.0.1:9/x"\nallow_private = true\n'
    school = School(store, folder, given)
    tried = school.alerts.test("x", school.alerts.receivers()["x"])
    assert (tried.dropped, tried.trouble) == (True, "no_line")
