"""Neighbours and subnets: a MAC counts only where it is one device's."""

from __future__ import annotations

from ipaddress import IPv4Interface
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hardware.network.interfaces import broadcasts, networks, via
from hardware.network.neighbours import mac_at, told_in

TABLE = """IP address       HW type     Flags       HW address            Mask     Device
10.0.0.9         0x1         0x2         00:26:ab:11:22:33     *        eth0
10.0.0.10        0x1         0x0         00:26:ab:44:55:66     *        eth0
10.0.0.11        0x1         0x2         00:00:00:00:00:00     *        eth0
10.0.0.12        0x1         0x2         02:11:22:33:44:55     *        wlan0
10.9.0.1         0x1         0x2         00:0c:29:aa:bb:cc     *        eth1
10.9.0.2         0x1         0x2         00:0c:29:aa:bb:cc     *        eth1
"""


def test_only_an_address_that_answered_with_its_own_mac_has_one(tmp_path: Path) -> None:
    """Not one that is still asked for, nor one made up, nor a router that answers for many."""
    table = tmp_path / "arp"
    table.write_text(TABLE)
    assert mac_at("10.0.0.9", table) == "0026ab112233"
    unknown = ["10.0.0.10", "10.0.0.11", "10.0.0.12", "10.9.0.1", "10.9.0.2", "10.0.0.99", ""]
    assert [mac_at(one, table) for one in unknown] == [""] * len(unknown)


def test_a_machine_without_the_table_knows_no_neighbours(tmp_path: Path) -> None:
    """Windows and macOS have no such file."""
    assert mac_at("10.0.0.9", tmp_path / "none") == ""


@given(st.text(max_size=500))
def test_any_text_is_a_table(text: str) -> None:
    """Its form is the kernel's affair."""
    assert told_in(text, "10.0.0.9").sound == ""


def test_each_subnet_has_one_broadcast_address_and_a_pair_has_none() -> None:
    """Two own addresses in one subnet call it once."""
    own = tuple(
        IPv4Interface(one)
        for one in ("10.2.0.5/16", "10.2.0.6/16", "192.168.1.7/24", "10.9.0.1/31", "10.9.1.1/32")
    )
    assert broadcasts(own) == ("10.2.255.255", "192.168.1.255")
    assert via("192.168.1.50", own) == "192.168.1.7"
    assert [via(one, own) for one in ("8.8.8.8", "fe80::1", "board.local")] == [""] * 3


def test_this_machines_subnets_are_not_its_own_loop() -> None:
    """Whatever interfaces this machine has."""
    assert not any(one.is_loopback for one in networks())
