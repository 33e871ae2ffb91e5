"""The room's network: which interfaces, which gateway, which address the tablets can reach."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple, Self

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.uplink import uplink
from hardware.network import interfaces as interfaces_file
from hardware.network import room_network
from hardware.network.interfaces import NamedNetwork, named_networks, openable_of
from hardware.network.links import ANY_LINK, LinkChoice, choice_of, is_lent, room_links
from hardware.network.neighbours import mac_of, told_in
from hardware.network.room_network import RoomLink, room_address, room_addresses, room_links_of
from hardware.network.routes import gateway, gateways
from simulators.devices.host import FaultyHost, HostFault, HostMake
from tests.waiting import LIMIT_S

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
ARP_HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"


@dataclass
class Machine:
    """What a kernel shows of a machine's networks, below a folder."""

    root: Path
    routes: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def link(
        self,
        name: str,
        *,
        card: bool = False,
        type_: int = 1,
        carried_by: Sequence[str] = (),
        ports: Sequence[str] = (),
        devtype: str = "",
        driver: str = "",
        address: str = "",
        wireless: bool = False,
    ) -> Self:
        """An interface. carried_by: a VLAN's or bond's; ports: a bridge's."""
        folder = self.root / "sys/class/net" / name
        folder.mkdir(parents=True)
        (folder / "type").write_text(f"{type_}\n")
        (folder / "address").write_text(f"{address}\n")
        (folder / "uevent").write_text(f"DEVTYPE={devtype}\nINTERFACE={name}\n")
        if card or driver:
            (folder / "device").mkdir()
        if driver:
            drivers = self.root / "sys/bus/usb/drivers" / driver
            drivers.mkdir(parents=True, exist_ok=True)
            (folder / "device/driver").symlink_to(drivers)
        if wireless:
            (folder / "phy80211").mkdir()
        for one in carried_by:
            (folder / f"lower_{one}").mkdir()
        for one in ports:
            (folder / "brif" / one).mkdir(parents=True)
        return self

    def route(self, name: str, to: str, gateway: str = "", metric: int = 0) -> Self:
        """A route that is up."""
        network = ipaddress.ip_network(to)
        flags = 1 | (2 if gateway else 0)
        numbers = (network.network_address, ipaddress.ip_address(gateway or 0), network.netmask)
        destination, way, mask = (
            f"{int.from_bytes(one.packed, sys.byteorder):08X}" for one in numbers
        )
        self.routes.append(
            f"{name}\t{destination}\t{way}\t{flags:04X}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n"
        )
        self._write("proc/net/route", HEAD + "".join(self.routes))
        return self

    def neighbour(self, name: str, address: str, *, complete: bool = True) -> Self:
        """One who answered, or who was asked in vain."""
        mac = f"02:00:00:00:00:{len(self.answered):02x}" if complete else "00:00:00:00:00:00"
        self.answered.append(f"{address} 0x1 0x{2 * complete} {mac} * {name}\n")
        self._write("proc/net/arp", ARP_HEAD + "".join(self.answered))
        return self

    def addresses_6(self, entries: Sequence[tuple[int, str, str]]) -> Self:
        """IPv6 addresses: flags, address, interface."""
        lines = (
            f"{int(ipaddress.IPv6Address(text)):032x} 02 40 00 {flags:02x} {name:>8}\n"
            for flags, text, name in entries
        )
        self._write("proc/net/if_inet6", "".join(lines))
        return self

    def way_out_6(self, name: str) -> Self:
        """The gateway of all the world by IPv6, beside what every kernel lists."""
        none, gateway = "0" * 32, "fe80000000000000000000000000000001"[:32]
        self._write(
            "proc/net/ipv6_route",
            f"{none} 00 {none} 00 {gateway} 00000400 00000001 00000000 00450003 {name:>8}\n"
            f"fd{'0' * 30} 40 {none} 00 {none} 00000100 00000001 00000000 00000001     eth0\n"
            f"{none} 00 {none} 00 {none} ffffffff 00000001 00000000 00200200       lo\n",
        )
        return self

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def own(*entries: tuple[str, str]) -> list[NamedNetwork]:
    return [NamedNetwork(name, ipaddress.ip_interface(text)) for name, text in entries]


# What leads to no room: name, and how the kernel shows it (type, DEVTYPE).
ELSEWHERE: dict[str, Callable[[Machine], Machine]] = {
    "wg0": lambda one: one.link("wg0", type_=65534, devtype="wireguard"),
    "tun0": lambda one: one.link("tun0", type_=65534),
    "tap0": lambda one: one.link("tap0"),
    "ppp0": lambda one: one.link("ppp0", type_=512),
    "docker0": lambda one: one.link("docker0", devtype="bridge", ports=("veth1",)).link("veth1"),
    "virbr0": lambda one: one.link("virbr0", devtype="bridge"),
    "veth9": lambda one: one.link("veth9"),
    "sit0": lambda one: one.link("sit0", type_=776),
    "ip6tnl0": lambda one: one.link("ip6tnl0", type_=769),
    "dummy0": lambda one: one.link("dummy0"),
    "zt7nnig26": lambda one: one.link("zt7nnig26"),
}
# What leads there: cards, and what is built on them.
CARDS: dict[str, Callable[[Machine], Machine]] = {
    "eth0": lambda one: one.link("eth0", card=True),
    "enx00e04c680001": lambda one: one.link("enx00e04c680001", driver="r8152"),
    "wlan0": lambda one: one.link("wlan0", card=True, devtype="wlan", wireless=True),
    "eth1.20": lambda one: one.link("eth1", card=True).link("eth1.20", carried_by=("eth1",)),
    "bond0": lambda one: one.link("eth2", card=True).link("bond0", carried_by=("eth2",)),
    "br0": lambda one: one.link("eth3", card=True).link("br0", ports=("eth3", "vnet0")),
    "br1": lambda one: (
        one.link("eth4", card=True)
        .link("eth4.5", carried_by=("eth4",))
        .link("br1", ports=("eth4.5",))
    ),
}


@given(
    st.sets(st.sampled_from(sorted(ELSEWHERE))),
    st.sets(st.sampled_from(sorted(CARDS))),
)
def test_only_cards_and_what_is_built_on_them_lead_to_the_room(
    tmp_path_factory: pytest.TempPathFactory, elsewhere: set[str], cards: set[str]
) -> None:
    """Whatever VPNs, containers and tunnels stand beside; a machine without a card has all."""
    machine = Machine(tmp_path_factory.mktemp("machine"))
    for name in elsewhere | cards:
        (ELSEWHERE | CARDS)[name](machine)
    found = room_links(elsewhere | cards, root=machine.root)
    assert found == (cards or elsewhere)


def test_a_circle_of_bridges_ends(machine: Machine) -> None:
    """The kernel makes none, but it is asked while it changes."""
    machine.link("eth0", card=True).link("a", ports=("b",)).link("b", ports=("a",))
    assert room_links(("a", "b", "eth0"), root=machine.root) == {"eth0"}


def test_where_the_system_tells_nothing_every_interface_counts(tmp_path: Path) -> None:
    """As on Windows; and one that sysfs does not list, in a network namespace of its own."""
    assert room_links(("Wi-Fi", "Ethernet"), root=tmp_path) == {"Wi-Fi", "Ethernet"}
    machine = Machine(tmp_path).link("eth0", card=True)
    assert room_links(("room0",), root=machine.root) == {"room0"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {"eth0", "wlan0"}),
        (" , ", {"eth0", "wlan0"}),
        ("-wlan*", {"eth0"}),
        ("wlan0", {"wlan0"}),
        ("tun*, eth0", {"tun0", "eth0"}),
        ("tun*,-eth0,eth*", {"tun0"}),
        ("- wlan0", {"eth0"}),
        ("nosuch", set()),
    ],
)
def test_people_may_name_and_leave_out_interfaces(
    machine: Machine, text: str, found: set[str]
) -> None:
    """Whatever was named is believed, a VPN too."""
    machine.link("eth0", card=True).link("wlan0", card=True).link("tun0", type_=65534)
    names = ("eth0", "tun0", "wlan0")
    assert room_links(names, choice_of(text), machine.root) == found


@pytest.mark.parametrize(
    ("devtype", "driver", "lent"),
    [
        ("wwan", "cdc_mbim", True),
        ("bluetooth", "", True),
        ("", "rndis_host", True),
        ("", "ipheth", True),
        ("", "r8152", False),
        ("wlan", "iwlwifi", False),
        ("", "", False),
    ],
)
def test_what_a_telephone_lends_is_known(
    machine: Machine, devtype: str, driver: str, *, lent: bool
) -> None:
    """By what the kernel calls it and which driver it has, never by its name."""
    machine.link("net0", devtype=devtype, driver=driver)
    assert is_lent("net0", machine.root) is lent
    assert not is_lent("gone0", machine.root)


def test_a_vpn_does_not_hide_the_gateway_or_the_access_point(machine: Machine) -> None:
    """Neither one with a gateway of its own nor one that takes the default route away."""
    machine.link("eth0", card=True).link("tun0", type_=65534)
    machine.route("eth0", "192.168.1.0/24").neighbour("eth0", "192.168.1.1")
    machine.route("eth0", "0.0.0.0/0", "192.168.1.1", 100)
    before = uplink(machine.root)
    machine.route("tun0", "0.0.0.0/0", "10.8.0.1", 50)
    assert gateway(machine.root) == ("192.168.1.1", "eth0", 100)
    assert uplink(machine.root) == before is not None

    machine.routes[:] = []
    machine.route("eth0", "203.0.113.7/32", "192.168.1.1").route("tun0", "0.0.0.0/0", "10.8.0.1")
    assert [one.address for one in gateways(machine.root)] == ["192.168.1.1"]
    assert uplink(machine.root) == before


def test_a_way_to_a_printer_is_no_way_out(machine: Machine) -> None:
    """Where nothing leads out, no gateway is one."""
    machine.link("eth0", card=True).route("eth0", "10.9.0.0/16", "192.168.1.254")
    assert gateway(machine.root) is None


def test_the_room_is_where_its_neighbours_are(machine: Machine) -> None:
    """A telephone leads out, but no tablet is behind it; a hotspot of our own has no gateway."""
    machine.link("wlan0", card=True).link("usb0", driver="rndis_host").link("eth0", card=True)
    machine.route("usb0", "0.0.0.0/0", "192.168.42.129", 50)
    machine.route("eth0", "0.0.0.0/0", "10.0.0.1", 100).neighbour("eth0", "10.0.0.1")
    for number in range(30):
        machine.neighbour("wlan0", f"10.42.0.{number + 2}", complete=number < 25)
    ours = own(("usb0", "192.168.42.5/24"), ("eth0", "10.0.0.9/24"), ("wlan0", "10.42.0.1/24"))
    links = room_links_of(ours, machine.root)
    assert links == [
        RoomLink("192.168.42.5", has_gateway=True, is_lent=True),
        RoomLink("10.0.0.9", has_gateway=True),
        RoomLink("10.42.0.1", neighbours=25),
    ]
    assert room_address(links) == "10.42.0.1"
    assert room_address(links[:2]) == "10.0.0.9"
    assert room_address(links[:1]) == "192.168.42.5"
    assert room_address([]) == ""


class Found(NamedTuple):
    """What the field has: the machine, our addresses, the room's, and whose gateway is in use."""

    build: Callable[[Machine], Machine]
    ours: tuple[tuple[str, str], ...]
    address: str
    way_out: str


def full(machine: Machine, name: str, network: str, count: int) -> Machine:
    """So many others have answered there."""
    for number in range(count):
        machine.neighbour(name, f"{network}.{number + 2}")
    return machine


SCHOOL = ("eth0", "192.168.1.20/24")
# A way out by the school's gateway, whatever stands beside it.
FIELD: dict[str, Found] = {
    "a WireGuard that is the way out": Found(
        lambda one: (
            one.link("eth0", card=True)
            .link("wg0", type_=65534, devtype="wireguard")
            .route("wg0", "0.0.0.0/0", "", 50)
            .route("eth0", "203.0.113.9/32", "192.168.1.1")
        ),
        (SCHOOL, ("wg0", "10.7.0.2/24")),
        "192.168.1.20",
        "eth0",
    ),
    "a VPN that takes both halves of the world, and the way out away": Found(
        lambda one: (
            one.link("eth0", card=True)
            .link("tun0", type_=65534)
            .route("tun0", "0.0.0.0/1", "10.8.0.1")
            .route("tun0", "128.0.0.0/1", "10.8.0.1")
            .route("eth0", "203.0.113.9/32", "192.168.1.1")
        ),
        (SCHOOL, ("tun0", "10.8.0.6/30")),
        "192.168.1.20",
        "eth0",
    ),
    "two Wi-Fi cards, one of them the class's hotspot": Found(
        lambda one: full(
            one.link("wlan0", card=True, wireless=True)
            .link("wlan1", card=True, wireless=True)
            .route("wlan1", "0.0.0.0/0", "192.168.1.1", 600),
            "wlan0",
            "10.42.0",
            20,
        ),
        (("wlan0", "10.42.0.1/24"), ("wlan1", "192.168.1.20/24")),
        "10.42.0.1",
        "wlan1",
    ),
    "a hotspot of our own and nothing else": Found(
        lambda one: full(
            one.link("wlan0", card=True, wireless=True).link("docker0", devtype="bridge"),
            "docker0",
            "172.17.0",
            9,
        ),
        (("docker0", "172.17.0.1/16"), ("wlan0", "10.42.0.1/24")),
        "10.42.0.1",
        "",
    ),
    "a macvlan beside its card": Found(
        lambda one: (
            one.link("eth0", card=True)
            .link("shim", carried_by=("eth0",), devtype="macvlan")
            .route("eth0", "0.0.0.0/0", "192.168.1.1", 100)
        ),
        (SCHOOL, ("shim", "192.168.1.9/32")),
        "192.168.1.20",
        "eth0",
    ),
    "the overlay network of a cluster, carried by the card": Found(
        lambda one: full(
            one.link("eth0", card=True)
            .link("flannel.1", carried_by=("eth0",), devtype="vxlan")
            .link("cni0", devtype="bridge", ports=("flannel.1",))
            .route("eth0", "0.0.0.0/0", "192.168.1.1", 100),
            "flannel.1",
            "10.244.7",
            40,
        ),
        (SCHOOL, ("flannel.1", "10.244.0.0/24"), ("cni0", "10.244.0.1/24")),
        "192.168.1.20",
        "eth0",
    ),
    "Tailscale in a school behind its provider's shared addresses": Found(
        lambda one: (
            one.link("wlan0", card=True)
            .link("tailscale0", type_=65534)
            .route("wlan0", "0.0.0.0/0", "100.64.0.1", 600)
        ),
        (("tailscale0", "100.101.7.9/32"), ("wlan0", "100.64.3.5/10")),
        "100.64.3.5",
        "wlan0",
    ),
    "a telephone on the USB cable, as network control model": Found(
        lambda one: (
            one.link("usb0", driver="cdc_ncm", address="da:8f:12:00:11:22")
            .link("eth0", card=True)
            .route("usb0", "0.0.0.0/0", "192.168.225.1", 50)
            .neighbour("eth0", "192.168.1.7")
        ),
        (("usb0", "192.168.225.7/24"), SCHOOL),
        "192.168.1.20",
        "usb0",
    ),
    "a dock whose cable has the same driver": Found(
        lambda one: (
            one.link("enx1", driver="cdc_ncm", address="00:e0:4c:68:11:22")
            .link("wlan0", card=True)
            .route("enx1", "0.0.0.0/0", "192.168.1.1", 100)
        ),
        (("enx1", "192.168.1.20/24"), ("wlan0", "10.0.0.7/24")),
        "192.168.1.20",
        "enx1",
    ),
    "containers in the school's own subnet": Found(
        lambda one: full(
            one.link("eth0", card=True)
            .link("docker0", devtype="bridge", ports=("veth1",))
            .link("veth1")
            .neighbour("docker0", "172.17.0.1")
            .route("eth0", "0.0.0.0/0", "172.17.0.1", 100)
            .neighbour("eth0", "172.17.0.1"),
            "docker0",
            "172.17.3",
            30,
        ),
        (("eth0", "172.17.8.4/16"), ("docker0", "172.17.0.1/16")),
        "172.17.8.4",
        "eth0",
    ),
}


@pytest.mark.parametrize("name", FIELD)
def test_the_rooms_address_and_its_way_out_beside_what_the_field_has(
    machine: Machine, name: str
) -> None:
    """The tablets' page is where tablets are; the gateway is the school's, or the telephone's."""
    found = FIELD[name]
    found.build(machine)
    ours = own(*found.ours)
    near = room_links({one.interface for one in ours}, root=machine.root)
    links = room_links_of([one for one in ours if one.interface in near], machine.root)
    assert room_address(links) == found.address
    way = gateway(machine.root)
    assert (way.interface if way else "") == found.way_out


# What a card may have by IPv6, and whether tablets could open it: the kernel's flags, its address.
BY_IPV6 = {
    (0x80, "2001:db8:1::20"): True,  # given by the network, for good
    (0x00, "2001:db8:1:0:20e:c6ff:fe11:2233"): True,
    (0x80, "fd12:3456:789a:1::20"): True,
    (0x01, "2001:db8:1:0:91ab:22c1:7d3e:4455"): False,  # made up for a day
    (0x21, "2001:db8:1:0:1111:2222:3333:4444"): False,
    (0x20, "2001:db8:2::20"): False,  # the network's old one
    (0x40, "2001:db8:1::21"): False,  # not proven to be ours alone
    (0x48, "fd12:3456:789a:1::21"): False,
    (0x80, "fe80::20e:c6ff:fe11:2233"): False,
}


@given(
    st.sets(st.sampled_from(sorted(BY_IPV6))),
    st.sampled_from(["", "192.168.1.20/24", "169.254.7.7/16"]),
    st.booleans(),
)
def test_where_there_is_ipv6_alone_tablets_open_an_address_that_stays(
    tmp_path_factory: pytest.TempPathFactory,
    given_: set[tuple[int, str]],
    by_ipv4: str,
    is_way_out: bool,  # noqa: FBT001 - drawn
) -> None:
    """A school's IPv4 address comes first; one that a card gave itself comes last, or is none."""
    machine = (
        Machine(tmp_path_factory.mktemp("six")).link("eth0", card=True).link("tun0", type_=65534)
    )
    told = [(flags, text, "eth0") for flags, text in given_] + [(0x80, "fd99::2", "tun0")]
    machine.addresses_6(told)
    if is_way_out:
        machine.way_out_6("eth0")
    ours = own(
        *[("eth0", f"{text}/64") for _, text in given_],
        *[("eth0", one) for one in [by_ipv4] if one],
    )
    address = room_address(room_links_of(ours, machine.root))
    sound = {text for flags, text in given_ if BY_IPV6[flags, text]}
    if by_ipv4.startswith("192."):
        assert address == "192.168.1.20"
    elif sound:
        assert address in sound
        assert address == room_address(room_links_of(ours[::-1], machine.root))
    else:
        assert address == by_ipv4.partition("/")[0]
    assert {*openable_of(ours)} == {str(one.network.ip) for one in ours} - {
        "fe80::20e:c6ff:fe11:2233"
    }


def test_of_two_cards_tablets_are_behind_the_one_that_leads_out_by_ipv6(machine: Machine) -> None:
    """The other is a cable to a printer."""
    machine.link("eth0", card=True).link("eth1", card=True).way_out_6("eth1")
    ours = own(("eth0", "fd00::5/64"), ("eth1", "2001:db8::5/64"))
    assert room_address(room_links_of(ours, machine.root)) == "2001:db8::5"


def test_who_answers_at_an_address_of_two_networks_is_told_by_its_interface(
    machine: Machine,
) -> None:
    """A container's network may have the school's addresses: of the two neither is a device's."""
    machine.neighbour("docker0", "172.17.0.1").neighbour("eth0", "172.17.0.1")
    assert mac_of("172.17.0.1", machine.root, "eth0") == "020000000001"
    assert mac_of("172.17.0.1", machine.root, "wlan0") == "020000000000"
    table = "172.17.0.5 0x1 0x2 00:26:ab:11:22:33 * eth0\n"
    assert told_in(table, "172.17.0.5").sound == "0026ab112233"
    twice = f"{table}172.17.0.5 0x1 0x2 00:26:ab:44:55:66 * docker0\n"
    assert told_in(twice, "172.17.0.5").sound == ""
    assert told_in(f"{table}{table.replace('eth0', 'br0')}", "172.17.0.5").sound == "0026ab112233"


def test_the_access_point_is_that_of_the_card_which_leads_out(machine: Machine) -> None:
    """The other card scans, or is joined to something else."""
    machine.link("wlan0", card=True, wireless=True).link("wlan1", card=True, wireless=True)
    machine.route("wlan1", "0.0.0.0/0", "192.168.1.1", 600)

    def ask(_request: int, buffer: bytearray) -> None:
        number = buffer[4] - ord("0")
        buffer[16:24] = b"\1\0" + bytes.fromhex(f"0026ab00000{number}")

    point = uplink(machine.root, ask)
    assert point is not None
    assert point.via == "wlan1"


def test_an_address_with_a_label_is_its_interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A school's fixed address may be the second of a card: "eth0:1"."""
    address = SimpleNamespace(
        family=socket.AF_INET, address="192.168.1.20", netmask="255.255.255.0"
    )
    up = SimpleNamespace(isup=True)
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0:1": [address]})
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {"eth0": up})
    monkeypatch.setattr(interfaces_file, "room_links", lambda names, _choice: frozenset(names))
    assert named_networks() == own(("eth0", "192.168.1.20/24"))


LINKS = st.lists(
    st.builds(
        RoomLink,
        st.sampled_from(["10.0.0.9", "192.168.1.7", "169.254.3.4", "203.0.113.5", "172.16.0.2"]),
        has_gateway=st.booleans(),
        is_lent=st.booleans(),
        neighbours=st.integers(0, 60),
    ),
    unique_by=lambda link: link.address,
)


@given(LINKS)
def test_the_address_is_one_of_ours_and_the_order_does_not_matter(links: list[RoomLink]) -> None:
    """A telephone's is taken only where there is nothing else."""
    address = room_address(links)
    assert address == room_address(links[::-1])
    assert bool(address) == bool(links)
    chosen = next((link for link in links if link.address == address), None)
    if chosen is not None and chosen.is_lent:
        assert all(link.is_lent for link in links)
    assert room_address(links, address) == address


@given(LINKS)
def test_the_address_stays_while_others_are_only_a_little_better(links: list[RoomLink]) -> None:
    """It stands on boards; one that is gone stays nowhere."""
    for link in links:
        rivals = [
            one
            for one in links
            if one != link
            and (one.is_lent or not link.is_lent)
            and (one.address.startswith("169.254") or not link.address.startswith("169.254"))
            and one.neighbours + 3 * one.has_gateway
            <= 2 * (link.neighbours + 3 * link.has_gateway) + 2
        ]
        assert room_address([link, *rivals], link.address) == link.address
    assert room_address(links, "198.51.100.1") == room_address(links)


HOME, AWAY = own(("eth0", "10.0.0.5/24")), own(("eth0", "192.168.1.7/24"))


def test_moves_are_told_once_and_a_lost_network_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flap is none; gone for long is told, and so is what comes back."""
    seen = [HOME, HOME, AWAY, HOME, HOME, AWAY, AWAY, [], [], [], [], HOME, HOME, HOME]
    looks = iter(seen)
    for name in ("CALM_S", "POLL_S", "NOTIFIED_POLL_S"):
        monkeypatch.setattr(interfaces_file, name, 0.001)

    def weigh(ours: Sequence[NamedNetwork]) -> list[RoomLink]:
        return [RoomLink(str(one.network.ip)) for one in ours]

    async def run() -> list[str]:
        places = room_addresses(look=lambda _choice: next(looks, HOME), weigh=weigh)
        async with asyncio.timeout(LIMIT_S), contextlib.aclosing(places):
            return [await anext(places) for _ in range(4)]

    assert asyncio.run(run()) == ["10.0.0.5", "192.168.1.7", "", "10.0.0.5"]


def test_the_page_moves_to_where_the_tablets_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """No address of ours has changed; a class has joined the hotspot."""
    ours = own(("eth0", "10.0.0.9/24"), ("wlan0", "10.42.0.1/24"))
    joined = iter(range(0, 400, 5))
    for name in ("CALM_S", "POLL_S", "NOTIFIED_POLL_S"):
        monkeypatch.setattr(interfaces_file, name, 0.001)

    def weigh(_ours: Sequence[NamedNetwork]) -> list[RoomLink]:
        hotspot = RoomLink("10.42.0.1", neighbours=next(joined))
        return [RoomLink("10.0.0.9", has_gateway=True, neighbours=2), hotspot]

    async def run() -> list[str]:
        places = room_addresses(look=lambda _choice: ours, weigh=weigh)
        async with asyncio.timeout(LIMIT_S), contextlib.aclosing(places):
            return [await anext(places) for _ in range(2)]

    assert asyncio.run(run()) == ["10.0.0.9", "10.42.0.1"]


class Route:
    """A socket on a machine whose way out begins at an address; None: nothing leads out."""

    def __init__(self, begins: str | None) -> None:
        self._begins = begins

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Close nothing."""

    def connect(self, _towards: tuple[str, int]) -> None:
        if self._begins is None:
            raise OSError(101, "Network is unreachable")

    def getsockname(self) -> tuple[str, int]:
        return str(self._begins), 1


@pytest.mark.parametrize(
    ("begins", "ours", "address"),
    [
        ("192.168.1.7", ("10.0.0.5", "192.168.1.7"), "192.168.1.7"),
        (None, ("10.0.0.5", "192.168.1.7"), "10.0.0.5"),
        (None, ("8.8.4.4", "10.0.0.5"), "10.0.0.5"),
        ("127.0.0.1", ("10.0.0.5",), "10.0.0.5"),
        (None, (), ""),
    ],
)
def test_where_routes_are_not_told_the_room_is_where_a_packet_would_leave(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    begins: str | None,
    ours: tuple[str, ...],
    address: str,
) -> None:
    """Else the first private one; never loopback, never all of them."""
    monkeypatch.setattr(room_network.socket, "socket", lambda *_: Route(begins))
    named = own(*((f"net{number}", f"{one}/24") for number, one in enumerate(ours)))
    assert room_address(room_links_of(named, tmp_path)) == address


def test_this_machine_is_in_its_own_networks() -> None:
    """Whatever interfaces it has: what was left out by hand is left out."""
    everywhere = named_networks(ANY_LINK)
    for one in everywhere:
        left = named_networks(LinkChoice(never=(one.interface,)))
        assert one.interface not in {other.interface for other in left}
        assert one in named_networks(LinkChoice(only=(one.interface,)))


def test_the_played_machine_keeps_its_way_out_beside_a_vpn(tmp_path: Path) -> None:
    """As `lophoc-sim host` plays it."""
    host = FaultyHost(tmp_path, HostMake.MINI_PC)
    host.write()
    before = gateway(tmp_path), uplink(tmp_path)
    host.fault(HostFault.VPN)
    assert (gateway(tmp_path), uplink(tmp_path)) == before
    assert before[1] is not None
