"""Wake-on-LAN: the packet is right, and a device counts as awake only when it answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.network.wake import WakeResult, magic_packet, wake, wake_and_verify

MAC = "00:26:ab:11:22:33"


@pytest.fixture
def card() -> Iterator[socket.socket]:
    """A network card that listens: a UDP socket on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


def test_the_packet_arrives_as_six_ones_and_sixteen_macs(card: socket.socket) -> None:
    """102 bytes, and nothing else."""
    sent = asyncio.run(wake(MAC, ["127.0.0.1"], port=card.getsockname()[1]))
    assert sent == 1
    assert card.recv(200) == bytes.fromhex("ff" * 6 + "0026ab112233" * 16)


@pytest.mark.parametrize("mac", ["", "00:26:ab", "00:26:ab:11:22:33:44", "00:26:ab:11:22:zz"])
def test_what_is_no_mac_is_refused(mac: str) -> None:
    """Nothing is sent."""
    with pytest.raises(ValueError, match=r"octets|hexadecimal"):
        magic_packet(mac)


@given(st.binary(min_size=6, max_size=6), st.sampled_from(["", ":", "-"]))
def test_every_spelling_of_a_mac_gives_the_same_packet(mac: bytes, between: str) -> None:
    """With colons, hyphens or nothing."""
    spelt = mac.hex(between) if between else mac.hex()
    assert magic_packet(spelt.upper()) == b"\xff" * 6 + mac * 16


def test_an_address_without_a_way_is_not_counted() -> None:
    """Sent means handed to the network."""
    assert asyncio.run(wake(MAC, ["not an address", "127.0.0.1"], port=9)) == 1


def test_awake_is_what_answers(card: socket.socket) -> None:
    """It is called again until it does."""
    answers = iter([False, False, True])

    async def answer() -> bool:
        return next(answers)

    port = card.getsockname()[1]
    woken = asyncio.run(
        wake_and_verify(MAC, answer, lambda: ["127.0.0.1"], again_s=0.01, port=port)
    )
    assert (woken.sent, woken.is_verified) == (3, True)


def test_what_never_answers_was_only_sent_to(card: socket.socket) -> None:
    """A packet on the wire is no proof."""

    async def answer() -> bool:
        return False

    port = card.getsockname()[1]
    woken = asyncio.run(
        wake_and_verify(MAC, answer, lambda: ["127.0.0.1"], within_s=0.05, again_s=0.01, port=port)
    )
    assert woken == WakeResult(woken.sent)
    assert woken.sent >= 1
    assert not woken.is_verified
