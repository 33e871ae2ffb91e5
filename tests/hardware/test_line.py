"""Line: what of gateway, DNS, controller and internet is reached, and for how long not."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.dns import any_answers, is_answer, question, resolvers
from hardware.host.line import ConnectAnswer, Outage, Targets, reach, read_line, watch_line
from hardware.host.lookup import Lookup, resolve
from hardware.readings import LineReading
from tests.ports import free_port
from tests.waiting import LIMIT_S, calm_s

HERE = "127.0.0.1"
# Long enough for a busy machine to answer itself, short enough to wait for.
SHORT_S = 0.3
PATIENCE_S = 30.0
Target = tuple[str, int]


@contextmanager
def listening() -> Iterator[Target]:
    """A server that takes connections and says nothing."""
    with socket.create_server((HERE, 0)) as server:
        yield HERE, server.getsockname()[1]


@contextmanager
def silent() -> Iterator[Target]:
    """A server whose queue is full: a connect to it waits for an answer that never comes."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind((HERE, 0))
        server.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        yield HERE, server.getsockname()[1]


def refusing() -> Target:
    """A port that nobody listens on."""
    return HERE, free_port()


@contextmanager
def resolver(answer: Callable[[bytes], bytes] | None) -> Iterator[Target]:
    """A DNS server in a thread; one without an answer never says a word."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HERE, 0))

        def serve() -> None:
            while True:
                packet, client = server.recvfrom(1500)
                if not packet:
                    return
                if answer is not None:
                    server.sendto(answer(packet), client)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield HERE, server.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", server.getsockname())
            thread.join(PATIENCE_S)


def reply(flags: int) -> Callable[[bytes], bytes]:
    return lambda packet: packet[:2] + struct.pack("!H", flags) + packet[4:]


def routed(root: Path, *, neighbour: str = "") -> Path:
    """A machine whose gateway is this one, by loopback."""
    folder = root / "proc/net"
    folder.mkdir(parents=True)
    (folder / "route").write_text(
        "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
        f"lo\t00000000\t{struct.unpack('=I', socket.inet_aton(HERE))[0]:08X}"
        "\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    )
    (folder / "arp").write_text(f"IP\tHW\n{HERE} 0x1 0x2 {neighbour} * lo\n" if neighbour else "\n")
    return root


def read(targets: Targets) -> LineReading:
    return asyncio.run(read_line(targets, Outage(time.monotonic())))


def targets_of(root: Path, **values: object) -> Targets:
    """Targets of which nothing is tried that a test does not name."""
    wanted = {"controller": lambda: None, "root": root, "timeout_s": PATIENCE_S} | values
    return Targets(**wanted)  # type: ignore[arg-type]


def test_where_nothing_is_asked_for_nothing_is_said(tmp_path: Path) -> None:
    """A school without internet, an agent that knows no controller, a system without routes."""
    reading = read(targets_of(tmp_path))
    assert (reading.gateway, reading.dns, reading.controller) == (None, None, None)
    assert (reading.internet, reading.rtt_ms, reading.outage_min) == (None, None, 0.0)


def test_without_any_network_nothing_is_reached_and_nothing_raised(tmp_path: Path) -> None:
    """A pulled cable is a reading."""
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/route").write_text("Iface\n")
    reading = read(
        targets_of(
            tmp_path,
            controller=refusing,
            internet=[refusing()],
            names=["lophoc.test"],
            resolvers=list,
        )
    )
    assert (reading.gateway, reading.dns) == (False, False)
    assert (reading.controller, reading.internet) == (False, False)


def test_a_good_line_is_reached_throughout(tmp_path: Path) -> None:
    """And the round trip to the controller is measured."""
    with listening() as near, listening() as school, resolver(reply(0x8180)) as server:
        reading = read(
            targets_of(
                routed(tmp_path),
                controller=lambda: school,
                internet=[refusing(), near],
                names=["lophoc.test"],
                resolvers=lambda: [server],
                gateway_port=near[1],
            )
        )
    assert (reading.gateway, reading.dns) == (True, True)
    assert (reading.controller, reading.internet) == (True, True)
    assert reading.rtt_ms is not None
    assert 0 < reading.rtt_ms < PATIENCE_S * 1000
    assert reading.outage_min == 0.0


def test_a_gateway_that_refuses_is_reached_a_controller_is_not(tmp_path: Path) -> None:
    """Of the gateway only its presence is asked, of the controller its service."""
    reading = read(targets_of(routed(tmp_path), controller=refusing, gateway_port=refusing()[1]))
    assert (reading.gateway, reading.controller) == (True, False)


@pytest.mark.parametrize(("neighbour", "expected"), [("00:e0:4c:68:00:01", True), ("", False)])
def test_a_gateway_that_drops_is_reached_if_it_told_its_mac(
    tmp_path: Path, neighbour: str, expected: object
) -> None:
    """The kernel had to ask for it to send anything at all."""
    with silent() as near:
        root = routed(tmp_path, neighbour=neighbour)
        reading = read(targets_of(root, gateway_port=near[1], timeout_s=SHORT_S))
    assert reading.gateway is expected
    assert reading.rtt_ms is None


def test_a_silent_controller_is_given_up_in_time(tmp_path: Path) -> None:
    """Its silence costs one time-out, and the others are tried meanwhile."""
    with silent() as school, listening() as world:
        began_s = calm_s()
        reading = read(
            targets_of(
                tmp_path, controller=lambda: school, internet=[school, world], timeout_s=SHORT_S
            )
        )
    assert (reading.controller, reading.internet) == (False, True)
    assert calm_s() - began_s < PATIENCE_S


def test_reaching_tells_open_from_refused_from_silent_from_impossible() -> None:
    """Four ends of one connect."""
    with listening() as there, silent() as mute:
        opened = asyncio.run(reach(*there, PATIENCE_S))
        assert opened is not None
        assert opened.open
        assert asyncio.run(reach(*mute, SHORT_S)) is None
    refused = asyncio.run(reach(*refusing(), PATIENCE_S))
    assert refused is not None
    assert (refused.open, refused.refused) == (False, True)
    assert asyncio.run(reach("255.255.255.255", 9, PATIENCE_S)) == ConnectAnswer()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (reply(0x8180), True),
        (reply(0x8183), True),
        (reply(0x8182), False),
        (reply(0x8185), False),
        (lambda packet: packet, False),
        (lambda packet: packet[:2], False),
        (None, False),
    ],
)
def test_a_resolver_answers_if_it_knows_or_knows_that_there_is_none(
    answer: Callable[[bytes], bytes] | None, expected: object
) -> None:
    """An echo, silence, "refused" and "server failure" are no answers."""
    timeout_s = PATIENCE_S if answer else SHORT_S
    with resolver(answer) as server:
        assert asyncio.run(any_answers(["lophoc.test"], [server], timeout_s)) is expected


def test_an_answer_to_another_question_is_not_ours() -> None:
    """Whoever guesses must guess the number."""
    with resolver(lambda packet: bytes([packet[0] ^ 1]) + reply(0x8180)(packet)[1:]) as server:
        assert not asyncio.run(any_answers(["lophoc.test"], [server], SHORT_S))


def test_one_good_resolver_among_bad_ones_is_enough() -> None:
    """As the system itself would find."""
    with resolver(None) as mute, resolver(reply(0x8180)) as good:
        servers = [refusing(), mute, good]
        assert asyncio.run(any_answers(["lophoc.test"], servers, 2.0))


def test_a_hung_resolver_is_noticed_without_holding_up_the_loop() -> None:
    """While it is silent, everything else goes on."""

    async def both() -> tuple[bool, int]:
        turns = 0
        asking = asyncio.create_task(any_answers(["lophoc.test"], [server], SHORT_S))
        while not asking.done():
            turns += 1
            await asyncio.sleep(0.001)
        return asking.result(), turns

    with resolver(None) as server:
        answered, turns = asyncio.run(both())
    assert not answered
    assert turns > 10


def test_the_resolvers_are_those_of_the_system(tmp_path: Path) -> None:
    """Three at most, addresses only; no file at all is another matter than an empty one."""
    assert resolvers(tmp_path) is None
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/resolv.conf").write_text(
        "# made by hand\nsearch truong.lan\nnameserver evil.example\nnameserver 192.168.1.1\n"
        "nameserver\nnameserver fe80::1%eth0\noptions edns0\nnameserver 10.0.0.1\n"
        "nameserver 10.0.0.2\n"
    )
    assert resolvers(tmp_path) == [("192.168.1.1", 53), ("fe80::1%eth0", 53), ("10.0.0.1", 53)]
    (tmp_path / "etc/resolv.conf").write_text("")
    assert resolvers(tmp_path) == []


def test_a_question_is_what_the_standard_says() -> None:
    """RFC 1035 section 4.1, by hand."""
    assert question("vn.", 0x1234) == (
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02vn\x00\x00\x01\x00\x01"
    )


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64, ".".join(["abc"] * 70), "\ud800"])
def test_what_is_no_name_is_not_asked(name: str) -> None:
    """A setting with a slip in it ends nothing."""
    with pytest.raises(ValueError, match=r".+"):
        question(name, 1)
    assert not asyncio.run(any_answers([name], [refusing()], PATIENCE_S))


@given(st.binary())
def test_any_packet_is_judged_without_raising(packet: bytes) -> None:
    """Anybody can send us one."""
    assert is_answer(packet) in {True, False}


def test_a_name_that_hangs_takes_one_thread_however_often_it_is_asked() -> None:
    """And a name that does not hang is found meanwhile."""
    release = threading.Event()
    asked: list[str] = []

    def hang(name: str) -> str:
        asked.append(name)
        if name == "hung.test":
            release.wait(PATIENCE_S)
        return HERE

    async def ask() -> list[str]:
        lookup = Lookup(hang)
        found = [await lookup.address_of("hung.test", 0.05) for _ in range(5)]
        found.append(await lookup.address_of("good.test", PATIENCE_S))
        release.set()
        while await lookup.address_of("hung.test", PATIENCE_S) != HERE:
            pass
        return found

    try:
        assert asyncio.run(ask()) == ["", "", "", "", "", HERE]
    finally:
        release.set()
    assert asked.count("hung.test") <= 2


def test_a_lookup_that_outlives_the_loop_hurts_nobody() -> None:
    """The agent ends while the resolver still hangs."""
    release, over = threading.Event(), threading.Event()

    def hang(_name: str) -> str:
        release.wait(PATIENCE_S)
        over.set()
        return HERE

    assert asyncio.run(Lookup(hang).address_of("hung.test", 0.01)) == ""
    release.set()
    assert over.wait(LIMIT_S)


def test_an_address_is_not_looked_up() -> None:
    """Nor a name that is none: that is answered by "nobody"."""

    def never(name: str) -> str:
        raise AssertionError(name)

    assert asyncio.run(Lookup(never).address_of("::1", 1.0)) == "::1"
    with pytest.raises(OSError, match=r"no name"):
        resolve("a" * 64 + "." + "\ud800")


def test_without_a_list_of_resolvers_the_system_is_asked(tmp_path: Path) -> None:
    """As on Windows."""
    values = {"names": ["lophoc.test"], "resolvers": lambda: None}
    found = targets_of(tmp_path, lookup=Lookup(lambda _: HERE), **values)
    assert read(found).dns is True
    lost = targets_of(tmp_path, lookup=Lookup(lambda _: ""), **values)
    assert read(lost).dns is False


def test_a_controller_by_name_is_looked_up(tmp_path: Path) -> None:
    """Settings name it as people do."""
    with listening() as school:
        named = targets_of(
            tmp_path, controller=lambda: ("may-chu", school[1]), lookup=Lookup(lambda _: HERE)
        )
        assert read(named).controller is True
        unknown = targets_of(
            tmp_path, controller=lambda: ("may-chu", school[1]), lookup=Lookup(lambda _: "")
        )
        assert read(unknown).controller is False


@pytest.mark.parametrize(
    ("tries", "minutes"),
    [
        ([(True, 30), (True, 60)], [0.0, 0.0]),
        ([(True, 30), (False, 60), (False, 90), (True, 120)], [0.0, 0.5, 1.0, 0.0]),
        ([(False, 30), (None, 60), (True, 90)], [0.5, 1.0, 0.0]),
        ([(None, 30), (None, 60), (False, 90)], [0.0, 0.0, 0.5]),
    ],
)
def test_an_outage_lasts_from_the_last_time_it_was_reached(
    tries: list[tuple[bool | None, float]], minutes: list[float]
) -> None:
    """By the steady clock; what is not tried is not back."""
    outage = Outage(0.0)
    assert [outage.see(reached=reached, now_s=now_s) for reached, now_s in tries] == minutes


def test_the_watch_reports_again_and_again(tmp_path: Path) -> None:
    """Through the public door, with nothing but loopback to reach."""

    async def watch() -> list[LineReading]:
        readings: list[LineReading] = []
        enough = asyncio.Event()

        def report(reading: LineReading) -> None:
            readings.append(reading)
            if len(readings) == 1:
                server.close()
            if len(readings) == 3:
                enough.set()

        watching = asyncio.create_task(
            watch_line(report, controller=lambda: school, every_s=0.01, root=tmp_path)
        )
        async with asyncio.timeout(LIMIT_S):
            await enough.wait()
        watching.cancel()
        return readings

    with closing(socket.create_server((HERE, 0))) as server:
        school = server.getsockname()
        readings = asyncio.run(watch())
    assert [reading.controller for reading in readings[:3]] == [True, False, False]
    assert readings[1].rtt_ms is not None
    assert abs(readings[0].at - time.time()) < 600
