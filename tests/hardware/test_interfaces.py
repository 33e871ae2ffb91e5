"""Interfaces: a change of addresses counts once it is calm."""

from __future__ import annotations

import ipaddress

from hardware.network.interfaces import CALM_S, POLL_S, Interfaces, addresses

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
    assert not interfaces.gone


def test_no_address_for_long_means_no_network() -> None:
    """A short gap does not."""
    interfaces = Interfaces(HOME)
    for _ in range(2):
        assert interfaces.see(()) is None
        assert not interfaces.gone
    interfaces.see(())
    assert interfaces.gone
    interfaces.see(HOME)
    assert not interfaces.gone


def test_this_machines_addresses_are_ipv4_and_not_its_own_loop() -> None:
    """Whatever interfaces this machine has."""
    found = [ipaddress.ip_address(one) for one in addresses()]
    assert all(one.version == 4 and not one.is_loopback for one in found)
