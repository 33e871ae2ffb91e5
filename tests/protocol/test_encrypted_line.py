"""A room's encrypted line: pieces that the network makes lose nothing, and no peer holds it up."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest

from controller.broker.authority import Authority
from protocol import link as lines
from protocol import probing
from protocol.line import READ_BYTES, Client
from protocol.link import Broker, Letter, Link, LinkFault
from protocol.pin import pinned
from protocol.symptoms import Greeting
from tests.waiting import LIMIT_S, eventually

CONNACK = b"\x20\x02\x00\x00"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A school's own."""
    made = Authority(tmp_path_factory.mktemp("school"))
    made.machine()
    return made


def shown(authority: Authority) -> ssl.SSLContext:
    """As a broker shows it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.machine())
    return context


@contextlib.contextmanager
def peer(serve: Callable[[socket.socket], object]) -> Iterator[int]:
    """Something at a port, until the test ends."""

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = listener.accept()
                with contextlib.suppress(OSError), caller:
                    serve(caller)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def publish(number: int, payload: bytes) -> bytes:
    """A PUBLISH of QoS 1 (MQTT 3.1.1, 3.3)."""
    body = b"\x00\x03a/b" + number.to_bytes(2) + payload
    size, length = len(body), b""
    while True:
        size, digit = size >> 7, size & 127
        length += bytes([digit | (128 if size else 0)])
        if not size:
            return b"\x32" + length + body


@pytest.mark.parametrize("piece", [1, 700, READ_BYTES + 3])
def test_pieces_of_encrypted_records_lose_nothing(piece: int, authority: Authority) -> None:
    """A read of 64 KiB finds half a record, or four at once; each message comes once, in order."""
    payloads = [bytes([number]) * size for number, size in enumerate((5, 900, 40_000, 3))]
    if piece == 1:
        payloads = payloads[:2]
    text = b"".join(publish(no, payload) for no, payload in enumerate(payloads, 1))

    def serve(caller: socket.socket) -> None:
        near, far = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = shown(authority).wrap_bio(near, far, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                caller.sendall(far.read())
                near.write(caller.recv(READ_BYTES))
        tls.write(CONNACK + text)
        told = far.read()
        caller.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(told), piece):
            caller.sendall(told[at : at + piece])
        caller.recv(READ_BYTES)

    arrived: list[bytes] = []
    client = Client(lambda _t, payload, *_: arrived.append(payload), manual_ack=True)
    client.tls_set_context(pinned(authority.file))
    with peer(serve) as port:
        client.connect("127.0.0.1", port)
        line = client.line()
        assert line is not None
        while len(arrived) < len(payloads):
            if not line.pending():
                assert select.select([line], [], [], LIMIT_S)[0]
            client.loop_read()
        line.close()
    assert arrived == payloads


def drip(caller: socket.socket) -> None:
    """The head of a record that never ends, a byte at a time: each read has a deadline, not all."""
    for byte in b"\x16\x03\x03\x40\x00" + bytes(1000):
        caller.sendall(bytes([byte]))
        if select.select([caller], [], [], 0.05)[0] and not caller.recv(READ_BYTES):
            return


def stay_silent(caller: socket.socket) -> None:
    """Until who called gives up."""
    while caller.recv(1 << 20):
        pass


@pytest.mark.parametrize("serve", [stay_silent, drip])
def test_no_peer_holds_a_room_in_the_handshake(
    serve: Callable[[socket.socket], object],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Silent, or a byte now and then: it is tried again, and the loop goes on all the while."""
    monkeypatch.setattr(lines, "CONNECT_TIMEOUT_S", 1.0)
    called = threading.Event()

    def answer(caller: socket.socket) -> object:
        called.set()
        return serve(caller)

    async def play() -> None:
        link = link_to(port, authority)
        running = asyncio.create_task(link.run())
        turns = 0  # since the peer was called: the handshake holds a thread, and not the loop
        while link.fault is LinkFault.NONE:
            await asyncio.sleep(0.005)
            turns += called.is_set()
        assert link.fault is LinkFault.UNREACHABLE
        assert turns > 2
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with peer(answer) as port:
        asyncio.run(asyncio.wait_for(play(), LIMIT_S))


def link_to(port: int, authority: Authority) -> Link:
    """A room that believes its school alone."""
    broker = Broker("127.0.0.1", port).pinned_to(str(authority.file))
    return Link(broker, "p203", filters=[], will=lambda _: Letter("x", b""), greeting=lambda _: [])


def old_tls(authority: Authority) -> Callable[[socket.socket], object]:
    """Who has the right certificate, and offers 1.1 at most."""
    context = shown(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    def serve(caller: socket.socket) -> None:
        with context.wrap_socket(caller, server_side=True) as told:
            told.recv(1)

    return serve


def no_tls(caller: socket.socket) -> None:
    """Something of somebody's, which speaks in clear."""
    caller.recv(READ_BYTES)
    caller.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize("kind", ["old", "none"])
def test_who_offers_less_is_not_believed(
    kind: str, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """A downgrade is told apart from a school that is away, by the link and by the doctor."""

    async def play() -> LinkFault:
        link = link_to(port, authority)
        running = asyncio.create_task(link.run())
        await eventually(lambda: link.fault != LinkFault.NONE)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return link.fault

    with peer(old_tls(authority) if kind == "old" else no_tls) as port:
        assert asyncio.run(play()) is LinkFault.NOT_BELIEVED
        assert "it offers no encryption, or one that is too old" in caplog.text
        broker = Broker("127.0.0.1", port).pinned_to(str(authority.file))
        assert probing.greet(broker) is Greeting.NOT_BELIEVED


def test_the_right_one_is_believed(authority: Authority) -> None:
    """The control: by the same way in."""

    def serve(caller: socket.socket) -> None:
        with shown(authority).wrap_socket(caller, server_side=True) as told:
            told.recv(READ_BYTES)
            told.sendall(CONNACK)
            told.recv(READ_BYTES)

    with peer(serve) as port:
        broker = Broker("127.0.0.1", port).pinned_to(str(authority.file))
        assert probing.greet(broker) is Greeting.WELCOME
