"""Interfaces: a change of addresses counts once it is calm."""

from __future__ import annotations

import ipaddress

import pytest

from hardware.network.interfaces import (
    CALM_S,
    POLL_S,
    Interfaces,
    addresses,
    via,
)

HOME, AWAY = ("10.0.0.5",), ("10.0.0.5", "192.168.1.7")


def test_a_new_address_counts_when_seen_twice() -> None:
    """And is looked for again soon."""
    interfaces = Interfaces(HOME)
    assert interfaces.see(HOME) is None
    assert interfaces.poll_in_s == POLL_S
    assert interfaces.see(AWAY) is None
    assert interfaces.poll_in_s == CALM_S
    assert interfaces.see(AWAY) == AWAY


def test_an_address_that_was_not_taken_is_offered_again() -> None:
    """The interface may not be ready for it yet."""
    interfaces = Interfaces(HOME)
    interfaces.see(AWAY)
    assert interfaces.see(AWAY) == AWAY
    assert interfaces.see(AWAY) == AWAY
    interfaces.bound = AWAY
    assert interfaces.see(AWAY) is None
    assert interfaces.poll_in_s == POLL_S


def test_wi_fi_that_flaps_moves_nothing() -> None:
    """There and back is no change."""
    interfaces = Interfaces(HOME)
    assert [interfaces.see(one) for one in (AWAY, HOME, AWAY, HOME, (), HOME)] == [None] * 6
    assert not interfaces.is_gone


def test_no_address_for_long_means_no_network() -> None:
    """A short gap does not."""
    interfaces = Interfaces(HOME)
    for _ in range(2):
        assert interfaces.see(()) is None
        assert not interfaces.is_gone
    interfaces.see(())
    assert interfaces.is_gone
    interfaces.see(HOME)
    assert not interfaces.is_gone


def test_after_a_time_without_any_address_the_same_one_is_moved_to_again() -> None:
    """Who came meanwhile is found by asking anew."""
    interfaces = Interfaces(HOME)
    assert [interfaces.see(one) for one in ((), HOME, HOME)] == [None, None, HOME]
    assert not interfaces.is_settled
    interfaces.bound = HOME
    assert interfaces.is_settled
    assert interfaces.see(HOME) is None


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("10.0.0.9", "10.0.0.5"),
        ("10.0.1.9", ""),
        ("fd00::9", "fd00::5"),
        ("fe80::9%2", "%2"),
        ("fe80::9", ""),
        ("127.0.0.1", "127.0.0.1"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_our_own_address_towards_a_device(address: str, own: str) -> None:
    """That of the network which holds the device's."""
    ours = (ipaddress.ip_interface("10.0.0.5/24"), ipaddress.ip_interface("fd00::5/64"))
    assert via(address, ours) == own


def test_this_machines_addresses_are_ipv4_and_not_its_own_loop() -> None:
    """Whatever interfaces this machine has."""
    found = [ipaddress.ip_address(one) for one in addresses()]
    assert all(one.version == 4 and not one.is_loopback for one in found)
