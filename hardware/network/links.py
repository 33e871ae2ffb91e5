"""This file says which of this machine's network interfaces can lead to the room's devices."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

from hardware.network.neighbours import is_made_up, plain_mac
from hardware.text import entries, read_text

_LINKS: Final = "sys/class/net"
# linux/if_arp.h, ARPHRD_ETHER; Wi-Fi is shown as such, too. Tunnels, PPP and IP alone are others.
_ETHERNET: Final = "1"
# What carries a bridge, a VLAN or a bond may itself be one: more deep, and it is a circle.
_DEPTH: Final = 4
# What is carried by a card, and leads elsewhere (uevent, DEVTYPE).
_TUNNELS: Final = frozenset({"vxlan", "geneve", "gretap", "ip6gretap", "wireguard", "ppp"})
# Modems and the networks that telephones lend by Bluetooth (uevent, DEVTYPE).
_LENT_TYPES: Final = frozenset({"wwan", "bluetooth"})
# Telephones and modems that lend theirs by USB (Linux drivers/net/usb).
_LENT_DRIVERS: Final = frozenset(
    {"rndis_host", "ipheth", "qmi_wwan", "cdc_mbim", "huawei_cdc_ncm", "sierra_net"}
)
# The same, or a cable's adapter: telephones make their address up, adapters were given theirs.
_CABLE_OR_LENT: Final = frozenset({"cdc_ncm", "cdc_ether", "cdc_eem", "cdc_subset"})


class LinkChoice(NamedTuple):
    """The interfaces that a person named, and those left out; patterns such as "wlan*"."""

    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def allows(self, name: str) -> bool:
        """Whether the person would have this one."""
        return not _is_any(name, self.never) and (not self.only or _is_any(name, self.only))


ANY_LINK: Final = LinkChoice()


def choice_of(text: str) -> LinkChoice:
    """Read "eth0, wlan*, -usb0": what to take, and with a minus what to leave out."""
    names = [part for raw in text.split(",") if (part := raw.strip())]
    return LinkChoice(
        only=tuple(name for name in names if not name.startswith("-")),
        never=tuple(name.removeprefix("-").strip() for name in names if name.startswith("-")),
    )


def room_links(
    names: Iterable[str], choice: LinkChoice = ANY_LINK, root: Path = Path("/")
) -> frozenset[str]:
    """Give those of the interfaces that can lead to the room's devices.

    A machine that has network cards is in networks by its cards alone, and by what is built on
    them (bridges, VLANs, bonds): VPNs, tunnels, containers and their bridges lead to no room.
    Where it has none, or does not tell, any interface may. Whatever was named by hand is believed.
    root: where `sys` is found. Source: Linux Documentation/ABI/testing/sysfs-class-net.
    """
    allowed = [name for name in names if choice.allows(name)]
    folder = root / _LINKS
    if choice.only or not any(_is_card(link) for link in entries(folder)):
        return frozenset(allowed)
    return frozenset(
        name for name in allowed if not (folder / name).exists() or _is_of_card(folder, name)
    )


def is_lent(name: str, root: Path = Path("/")) -> bool:
    """Whether an interface is a modem's or a telephone's: it leads out, and to no tablet."""
    link = root / _LINKS / name
    driver = _driver(link)
    if _type(link) in _LENT_TYPES or driver in _LENT_DRIVERS:
        return True
    return driver in _CABLE_OR_LENT and _is_made_up(link)


def _is_any(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _is_card(link: Path) -> bool:
    return (link / "device").exists() and read_text(link / "type") in {_ETHERNET, ""}


def _is_of_card(folder: Path, name: str, depth: int = _DEPTH) -> bool:
    """Whether it is a card, or carried by one."""
    link = folder / name
    if _is_card(link):
        return True
    is_ethernet = read_text(link / "type") in {_ETHERNET, ""}
    if not depth or not is_ethernet or _type(link) in _TUNNELS:
        return False
    carriers = [one.name.removeprefix("lower_") for one in link.glob("lower_*")]
    ports = [one.name for one in entries(link / "brif")]
    return any(_is_of_card(folder, below, depth - 1) for below in carriers + ports)


def _is_made_up(link: Path) -> bool:
    mac = plain_mac(read_text(link / "address"))
    return bool(mac) and is_made_up(mac)


def _type(link: Path) -> str:
    lines = read_text(link / "uevent", lines=True).splitlines()
    told = (line.removeprefix("DEVTYPE=") for line in lines if line.startswith("DEVTYPE="))
    return next(told, "")


def _driver(link: Path) -> str:
    try:
        return (link / "device/driver").resolve().name
    except OSError:
        return ""
