"""Whatever the other side does, a message is neither lost nor doubled, and holds up no other."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import suppress
from email import message_from_bytes
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.alerts import store as kept
from controller.alerts import ways
from controller.alerts.alert import Alert
from controller.alerts.receivers import AlertError, Receiver, Way, check_receiver
from controller.alerts.service import Alerts
from controller.alerts.ways import SOME, send
from controller.database.store import Store
from controller.webhooks.hook import LONGEST_WAIT_MS, HookPlace
from controller.webhooks.line import UntakenError
from tests.controller.alerts.test_alerts import HELD_MS, School
from tests.controller.web_school import NOW_MS, a_morning, a_store

LONGEST_S = 0.4  # for a line that nobody else ends
ENDED_S = 60.0  # for one that the other side ends: a busy machine is no slow peer
DAY_MS = 86_400_000
Script = Callable[[socket.socket], None]


class Peer:
    """A server of this machine that speaks as a script says; said: what it heard, a line each."""

    def __init__(self) -> None:
        self.script: Script = _silent
        self.said: list[bytes] = []
        self.bodies: list[bytes] = []
        peer = self

        class Speaker(socketserver.BaseRequestHandler):
            """Plays the script; who goes away ends it."""

            def handle(self) -> None:
                """Speak."""
                with suppress(OSError):
                    peer.script(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Speaker)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def posted(self, answer: Callable[[bytes], bytes]) -> Script:
        """A script that reads a POST, and answers by its body."""

        def speak(line: socket.socket) -> None:
            body = _body_of(line)
            self.bodies.append(body)
            line.sendall(answer(body))

        return speak


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A server without a script yet."""
    made = Peer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def any_peer() -> Iterator[Peer]:
    """A server for many tries."""
    made = Peer()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school on an ordinary morning."""
    with a_store(tmp_path, a_morning(tablets=2)) as opened:
        yield opened


def _body_of(line: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        head += line.recv(4096) or _gone()
    head, _, body = head.partition(b"\r\n\r\n")
    length = next(
        int(row.partition(b":")[2])
        for row in head.split(b"\r\n")
        if row.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += line.recv(4096) or _gone()
    return body


def _gone() -> bytes:
    raise ConnectionError


def _for_ever(part: bytes, first: bytes = b"") -> Script:
    def speak(line: socket.socket) -> None:
        line.sendall(first)
        line.settimeout(0.02)
        while True:  # until the other side is gone
            line.sendall(part)
            with suppress(TimeoutError):
                line.recv(4096) or _gone()

    return speak


def _answer(text: bytes) -> Script:
    def speak(line: socket.socket) -> None:
        _body_of(line)
        line.sendall(text)

    return speak


def _silent(line: socket.socket) -> None:
    while line.recv(4096):
        pass


def _alert(no: int = 1) -> Alert:
    about = f"incident/{no}"
    return Alert(no=no, receiver="x", about=about, title="Máy tắt", text="a\n.\nb", made_ms=NOW_MS)


def _ntfy(peer: Peer) -> Receiver:
    return Receiver(way=Way.NTFY, url=f"http://127.0.0.1:{peer.port}/x", allow_private=True)


def _mail(peer: Peer, to: str = "it@example.edu.vn") -> Receiver:
    url = f"smtp://127.0.0.1:{peer.port}"
    return Receiver(way=Way.EMAIL, url=url, to=to, allow_private=True)


def _tried(receiver: Receiver, longest_s: float = ENDED_S) -> str:
    """Why a message is not taken; "" where it is."""
    try:
        return send(receiver, _alert(), "s1", NOW_MS, longest_s)
    except UntakenError as error:
        return error.why.trouble.value
    except AlertError as error:
        return error.code


@pytest.mark.parametrize(
    "script",
    [_silent, _for_ever(b"1", b"HTTP/1.1 "), _for_ever(b"HTTP/1.1 100 Continue\r\n\r\n")],
    ids=["silent", "drip", "continue"],
)
@pytest.mark.parametrize("longest_s", [LONGEST_S, 0.0], ids=["heard", "at-once"])
def test_a_web_server_that_never_answers_ends_in_time(
    peer: Peer, script: Script, longest_s: float
) -> None:
    """Wherever the line is cut, also before a word was said on it, it is an answer that lacks."""
    peer.script = script
    assert _tried(_ntfy(peer), longest_s) == "no_answer"


def test_who_said_yes_has_it_though_the_head_never_ends(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is cut after the answer's first line, and not by a clock."""
    is_said = Event()

    class Cut(Thread):
        """A timer that ends once the answer has begun."""

        def __init__(self, _: float, cut: Callable[..., None], args: tuple[object, ...]) -> None:
            super().__init__(target=lambda: is_said.wait(ENDED_S) and cut(*args), daemon=True)

        def cancel(self) -> None:
            """Nothing waits any more."""
            is_said.set()

    def speak(line: socket.socket) -> None:
        _body_of(line)
        line.sendall(b"HTTP/1.1 200 OK\r\nX: x")
        is_said.set()
        _silent(line)

    monkeypatch.setattr("controller.webhooks.line.Timer", Cut)
    peer.script = speak
    assert _tried(_ntfy(peer)) == ""


@pytest.mark.parametrize(
    ("script", "trouble"),
    [
        (_for_ever(b"x", b"HTTP/1.1 200 OK\r\n\r\n"), ""),
        (_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n\xff\0"), ""),
        (_answer(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n"), "status"),
        (_answer(b"HTTP/1.1 404 Gone\r\n\r\n"), "status"),
        (_answer(b"HTTP/1.1 429 Wait\r\n\r\n"), "status"),
        (_answer(b"HTTP/1.1 400 Bad\r\n\r\n"), "message"),
        (_answer(b"HTTP/1.1 413 Long\r\n\r\n"), "message"),
        (_answer(b"\xff\xfe garbage\r\n\r\n"), "no_answer"),
        (_answer(b""), "no_answer"),
    ],
    ids=[
        "body",
        "garbage",
        "redirect",
        "gone",
        "wait",
        "bad",
        "long",
        "none",
        "closed",
    ],
)
def test_a_web_server_is_quoted_rightly(peer: Peer, script: Script, trouble: str) -> None:
    """A body that never ends, elsewhere, or nonsense."""
    peer.script = script
    assert _tried(_ntfy(peer)) == trouble


def _smtp(peer: Peer, **answers: bytes) -> Script:
    """A mail server; answers: to what begins so. end: to a letter, b"" to go away before it."""

    def speak(line: socket.socket) -> None:
        file = line.makefile("rwb", buffering=0)
        file.write(answers.get("hello", b"220 here\r\n"))
        while said := file.readline():
            peer.said.append(said.strip())
            word = said[:4].decode().strip().upper()
            own = answers.get(said.strip().decode(), answers.get(word))
            if own is not None:
                file.write(own)
            elif word == "DATA":
                file.write(b"354 go on\r\n")
                letter = b""
                while not letter.endswith(b"\r\n.\r\n"):
                    letter += file.readline() or _gone()
                peer.bodies.append(letter)
                end = answers.get("end", b"250 taken\r\n")
                if not end:
                    return
                file.write(end)
            else:
                file.write(b"250 so\r\n")

    return speak


@pytest.mark.parametrize(
    ("answers", "trouble"),
    [
        ({}, ""),
        ({"hello": b"554 no\r\n"}, "status"),
        ({"MAIL": b"451 later\r\n"}, "status"),
        ({"RCPT": b"550 nobody of this name\r\n"}, "status"),
        ({"DATA": b"452 full\r\n"}, "status"),
        ({"end": b"451 later\r\n"}, "status"),
        ({"end": b"554 spam\r\n"}, "message"),
        ({"end": b""}, "no_answer"),
        ({"end": b"rubbish\r\n"}, "no_answer"),
    ],
    ids=["taken", "hello", "mail", "rcpt", "data", "later", "spam", "dropped", "rubbish"],
)
def test_a_mail_server_is_quoted_rightly(
    peer: Peer, answers: dict[str, bytes], trouble: str
) -> None:
    """Who refuses an address is no machine where nobody answers."""
    peer.script = _smtp(peer, **answers)
    assert _tried(_mail(peer)) == trouble


@pytest.mark.parametrize(
    "first", [b"", b"220-here\r\n", b"220 here\r\n250-"], ids=["before", "within", "after"]
)
def test_a_mail_server_that_drips_ends_in_time(peer: Peer, first: bytes) -> None:
    """Before its greeting, within, and after."""
    peer.script = _for_ever(b"x", first)
    assert _tried(_mail(peer), LONGEST_S) == "no_answer"


def test_a_mail_server_without_encryption_is_named(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On another machine nothing is said in the clear."""
    peer.script = _smtp(peer)
    monkeypatch.setattr(ways, "is_this_machine", lambda _: False)
    assert _tried(_mail(peer)) == "alert_mail"
    assert not peer.bodies


def test_of_two_addresses_one_that_is_refused_is_said(peer: Peer) -> None:
    """The other has the letter, and gets no second one."""
    peer.script = _smtp(peer, **{"rcpt TO:<b@x.vn>": b"550 nobody\r\n"})
    assert _tried(_mail(peer, "a@x.vn, b@x.vn")) == SOME
    assert len(peer.bodies) == 1


def test_a_letter_is_the_same_letter_at_each_try(peer: Peer) -> None:
    """Who got it already, and was cut off before the word of it, knows it by its id."""
    peer.script = _smtp(peer, end=b"")
    for later_ms in (0, 60_000):
        with pytest.raises(UntakenError):
            send(_mail(peer), _alert(), "s1", NOW_MS + later_ms, ENDED_S)
    first, second = (message_from_bytes(body)["Message-ID"] for body in peer.bodies)
    assert first == second
    send_other = replace(_alert(), about="incident/2")
    with pytest.raises(UntakenError):
        send(_mail(peer), send_other, "s1", NOW_MS, ENDED_S)
    assert message_from_bytes(peer.bodies[-1])["Message-ID"] != first


SIGNS = st.text(st.sampled_from('aZ9 @.,:;<>/"\\\n\r\t\0Ưạ\u2028é'), max_size=12)


@given(st.sampled_from(Way), st.tuples(SIGNS, SIGNS, SIGNS, SIGNS), SIGNS)
def test_no_setting_ends_the_job(
    tmp_path_factory: pytest.TempPathFactory,
    any_peer: Peer,
    way: Way,
    texts: tuple[str, str, str, str],
    secret: str,
) -> None:
    """Whatever passes the check is sent, or not taken for a reason that is named."""
    file = tmp_path_factory.getbasetemp() / "odd-secret"
    file.write_text(secret, "utf-8", newline="")
    file.chmod(0o600)
    path, to, sender, user = texts
    mail = {"to": to, "sender": sender, "user": user, "secret_file": str(file)}
    scheme = "smtp" if way is Way.EMAIL else "http"
    url = f"{scheme}://127.0.0.1:{any_peer.port}/{path}"
    is_mail = way is Way.EMAIL
    any_peer.script = _smtp(any_peer) if is_mail else _answer(b"HTTP/1.1 200 OK\r\n\r\n")
    receiver = Receiver(way=way, url=url, allow_private=True, **mail)
    with suppress(AlertError, UntakenError):
        check_receiver("x", receiver)
        send(receiver, _alert(), "s1", NOW_MS, ENDED_S)


@pytest.mark.parametrize(
    "secret", ["tk_1\ntk_2", "mật khẩu", "a\0b"], ids=["lines", "marks", "nul"]
)
@pytest.mark.parametrize("way", Way)
def test_a_secret_that_no_line_carries_is_named(
    folder: Path, peer: Peer, way: Way, secret: str
) -> None:
    """It is no machine that does not answer; what a webhook signs with may be any text."""
    file = folder / "secret"
    file.write_text(secret, "utf-8")
    file.chmod(0o600)
    peer.script = _answer(b"HTTP/1.1 200 OK\r\n\r\n")
    given = replace(_ntfy(peer), way=way, to="it@x.vn", secret_file=str(file))
    if way is Way.EMAIL:
        given = replace(given, url=_mail(peer).url)
    assert _tried(given) == ("" if way is Way.WEBHOOK else "alert_secret_signs")


def _school(store: Store, folder: Path, peer: Peer, severity: str = "warning") -> School:
    line = f'[receivers.x]\nway = "ntfy"\nurl = "http://127.0.0.1:{peer.port}/x"'
    return School(store, folder, f'{line}\nallow_private = true\nseverity = "{severity}"')


def test_a_message_that_is_never_taken_holds_up_no_other(
    store: Store, folder: Path, peer: Peer
) -> None:
    """The other side takes all but one, and that one stands first."""
    school = _school(store, folder, peer)
    school.look(HELD_MS)
    bad: list[bytes] = []

    def answer(body: bytes) -> bytes:
        if not bad or body in bad:
            bad[:] = [body]
            return b"HTTP/1.1 400 Bad\r\n\r\n"
        return b"HTTP/1.1 200 OK\r\n\r\n"

    peer.script = peer.posted(answer)
    assert school.tell() == len(school.kept) - 1 > 1
    (left,) = [alert for alert in school.kept if alert.waits]
    assert (left.no, left.trouble) == (min(alert.no for alert in school.kept), "message")


def test_receivers_that_hang_keep_nobody_else_waiting(store: Store, folder: Path) -> None:
    """All are spoken to at once: each answers only when all the others have been asked as well."""
    peers = [Peer() for _ in range(4)]
    asked = Barrier(len(peers))

    def answer(line: socket.socket) -> None:
        _body_of(line)
        with suppress(BrokenBarrierError):
            asked.wait()
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    lines = []
    for number, one in enumerate(peers):
        one.script = answer
        lines.append(
            f'[receivers.x{number}]\nway = "ntfy"\nurl = "http://127.0.0.1:{one.port}/x"\n'
            'allow_private = true\nseverity = "critical"'
        )
    school = School(store, folder, *lines)
    school.look(HELD_MS)
    try:
        taken = school.tell()
    finally:
        asked.abort()
        for one in peers:
            one.close()
    assert taken == len(school.kept) >= len(peers)


def test_a_clock_that_was_set_back_keeps_no_message(store: Store, folder: Path, peer: Peer) -> None:
    """What a clock a month ahead put off is tried again once the network has set it right."""
    school = _school(store, folder, peer)
    school.now_ms += 30 * DAY_MS
    school.look(HELD_MS)
    peer.script = _answer(b"HTTP/1.1 503 Busy\r\n\r\n")
    assert school.tell() == 0
    peer.script = _answer(b"HTTP/1.1 200 OK\r\n\r\n")
    school.alerts._program.clock.is_synchronized = lambda: True
    school.now_ms -= 30 * DAY_MS
    assert school.tell() == len(school.kept)


@given(st.integers(0, 30), st.floats(0, 1), st.integers(-60 * DAY_MS, 60 * DAY_MS))
def test_no_wait_is_longer_than_the_longest(tries: int, spread: float, jump_ms: int) -> None:
    """Of a message and of a webhook, however the clock is set after a try."""
    alert = replace(_alert(), tries=tries).failed(NOW_MS, spread, "status")
    wait_ms = max(0, alert.next_ms - NOW_MS)
    assert wait_ms <= LONGEST_WAIT_MS
    now_ms = NOW_MS + jump_ms
    due = not now_ms < alert.next_ms <= now_ms + LONGEST_WAIT_MS
    assert alert.is_due(now_ms) == due == HookPlace(next_ms=alert.next_ms).is_due(now_ms)
    assert alert.is_due(now_ms) or alert.is_due(now_ms + LONGEST_WAIT_MS)


def test_a_message_of_the_last_receiver_is_let_go_with_it(
    store: Store, folder: Path, peer: Peer
) -> None:
    """Who gets its name later gets none of its messages."""
    school = _school(store, folder, peer)
    school.look(HELD_MS)
    peer.script = _answer(b"HTTP/1.1 503 Busy\r\n\r\n")
    assert school.tell() == 0
    assert any(alert.waits for alert in school.kept)
    (folder / "alerts.toml").unlink()
    assert school.tell() == 0
    assert not any(alert.waits for alert in school.kept)


def test_a_cause_that_lasts_a_summer_is_told_once(store: Store, folder: Path, peer: Peer) -> None:
    """What somebody was told of is remembered while it goes on."""
    school = _school(store, folder, peer)
    school.look(HELD_MS)
    peer.script = _answer(b"HTTP/1.1 200 OK\r\n\r\n")
    count = school.tell()
    assert count
    for _ in range(4):
        school.now_ms += kept.REMEMBER_MS // 2
        assert school.tell() == 0
    assert len(school.kept) == count


def test_what_the_button_sends_is_sent_once(store: Store, folder: Path, peer: Peer) -> None:
    """Also where the job looks for what waits at this very moment."""
    school = _school(store, folder, peer)

    def answer(_: bytes) -> bytes:
        if len(peer.bodies) == 1:
            school.tell()
        return b"HTTP/1.1 200 OK\r\n\r\n"

    peer.script = peer.posted(answer)
    alerts: Alerts = school.alerts
    tried = alerts.test("x", alerts.receivers()["x"])
    assert (tried.sent_ms is not None, tried.dropped, len(peer.bodies)) == (True, False, 1)


def test_a_webhook_says_the_same_id_at_each_try(folder: Path, peer: Peer) -> None:
    """So that who took it before an answer was lost takes it once."""
    (folder / "secret").write_text("x" * 40)
    (folder / "secret").chmod(0o600)
    heads: list[bytes] = []

    def speak(line: socket.socket) -> None:
        heads.append(line.recv(65536))

    peer.script = speak
    url = f"http://127.0.0.1:{peer.port}/"
    hook = Receiver(
        way=Way.WEBHOOK, url=url, allow_private=True, secret_file=str(folder / "secret")
    )
    for later_ms in (0, 60_000):
        with pytest.raises(UntakenError):
            send(hook, _alert(), "s1", NOW_MS + later_ms, ENDED_S)
    ids = [[row for row in head.split(b"\r\n") if b"Delivery" in row] for head in heads]
    assert len(ids) == 2
    assert ids[0] == ids[1] != []
