"""Neighbours: which MAC the kernel knows for an address."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.network.neighbours import mac_of, plain_mac

HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


def told(root: Path, *lines: str) -> Path:
    folder = root / "proc/net"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "arp").write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return root


@pytest.mark.parametrize(
    ("flags", "mac", "expected"),
    [
        ("0x2", "00:e0:4C:68:00:01", "00e04c680001"),
        ("0x6", "02:fc:00:00:00:05", "02fc00000005"),
        ("0x0", "00:00:00:00:00:00", ""),
        ("0x0", "00:e0:4c:68:00:01", ""),
        ("0x2", "00:00:00:00:00:00", ""),
        ("0x2", "ff:ff:ff:ff:ff:ff", ""),
        ("what", "00:e0:4c:68:00:01", ""),
        ("0x2", "00:e0:4c:68:00", ""),
    ],
)
def test_only_a_neighbour_that_answered_has_a_mac(
    tmp_path: Path, flags: str, mac: str, expected: str
) -> None:
    """An entry is made by asking; it is complete only when somebody answered."""
    root = told(
        tmp_path,
        "192.168.1.10     0x1         0x2         00:e0:4c:00:00:10     *        eth0",
        f"192.168.1.1      0x1         {flags}         {mac}     *        eth0",
    )
    assert mac_of("192.168.1.1", root) == expected


def test_of_two_entries_the_complete_one_counts(tmp_path: Path) -> None:
    """A laptop with cable and Wi-Fi asks on both."""
    root = told(
        tmp_path,
        "192.168.1.1      0x1         0x0         00:00:00:00:00:00     *        wlan0",
        "192.168.1.1      0x1         0x2         00:e0:4c:68:00:01     *        eth0",
    )
    assert mac_of("192.168.1.1", root) == "00e04c680001"


def test_without_a_table_nobody_is_known(tmp_path: Path) -> None:
    """Other systems have no such file."""
    assert mac_of("192.168.1.1", tmp_path) == ""


@given(st.text())
def test_a_mac_is_twelve_digits_or_nothing(text: str) -> None:
    """Whatever stands in its place."""
    assert plain_mac(text) == "" or len(plain_mac(text)) == 12
