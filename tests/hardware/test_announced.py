"""Network devices: several services are one device, known again tomorrow."""

from __future__ import annotations

from ipaddress import ip_interface
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.mdns.announced import (
    best_address,
    flaw_in,
    service_of,
    types,
)
from hardware.mdns.ids import told_uuid
from hardware.network.neighbours import trusted_mac
from hardware.readings import IdentityKind, Kind, Sighting

UUID = "16a65700-007c-1000-bb49-e8d8d1a7c91b"
Txt = dict[bytes, bytes | None]


def seen(type_: str, instance: str, txt: Txt | None = None, host: str = "h.local.") -> Sighting:
    """Give the sighting of a service at 10.0.0.9."""
    name = f"{instance}.{type_}.local."
    service = service_of(f"{type_}.local.", name, host, ["10.0.0.9"], txt or {})
    assert service is not None
    return service.sighting


@pytest.mark.parametrize(
    ("type_", "instance", "txt", "expected"),
    [
        (
            "_axis-video._tcp",
            "AXIS M1065 - B8A44F000102",
            {b"macaddress": b"B8A44F000102"},
            (
                Kind.CAMERA,
                IdentityKind.MAC,
                "mac:b8a44f000102",
                "AXIS M1065 - B8A44F000102",
                "Axis",
            ),
        ),
        (
            "_googlecast._tcp",
            "TV-1234",
            {b"id": b"4B1F7C2A90DE4455AA01BB23CC45DD67", b"md": b"MiTV", b"fn": b"Ph\xc3\xb2ng 7A"},
            (
                Kind.BOARD,
                IdentityKind.UUID,
                "uuid:4b1f7c2a90de4455aa01bb23cc45dd67",
                "Phòng 7A",
                "",
            ),
        ),
        (
            "_googlecast._tcp",
            "Loa",
            {b"id": b"4B1F7C2A90DE4455AA01BB23CC45DD68", b"md": b"Google Home Mini"},
            (Kind.AUDIO, IdentityKind.UUID, "uuid:4b1f7c2a90de4455aa01bb23cc45dd68", "Loa", ""),
        ),
        (
            "_androidtvremote2._tcp",
            "TV",
            {b"bt": b"34:F1:50:1E:CD:F5"},
            (Kind.BOARD, IdentityKind.MAC, "mac:34f1501ecdf5", "TV", ""),
        ),
        (
            "_airplay._tcp",
            "Board 7A",
            {b"deviceid": b"00:0E:C6:11:22:33", b"manufacturer": b"SMART Technologies"},
            (Kind.BOARD, IdentityKind.MAC, "mac:000ec6112233", "Board 7A", "SMART Technologies"),
        ),
        (
            "_airplay._tcp",
            "Laptop",
            {b"DeviceID": b"00:0E:C6:11:22:34"},
            (Kind.OTHER, IdentityKind.MAC, "mac:000ec6112234", "Laptop", ""),
        ),
        (
            "_raop._tcp",
            "000EC6112233@Board 7A",
            {},
            (Kind.OTHER, IdentityKind.MAC, "mac:000ec6112233", "Board 7A", ""),
        ),
        (
            "_workstation._tcp",
            "thuvien [00:0e:c6:11:22:35]",
            {},
            (Kind.HOST, IdentityKind.MAC, "mac:000ec6112235", "thuvien", ""),
        ),
        (
            "_ipp._tcp",
            "EPSON L3150",
            {b"UUID": UUID.upper().encode(), b"ty": b"EPSON L3150 Series", b"usb_MFG": b"EPSON"},
            (Kind.PRINTER, IdentityKind.UUID, f"uuid:{UUID}", "EPSON L3150", "EPSON"),
        ),
    ],
)
def test_a_service_names_its_device(
    type_: str, instance: str, txt: Txt, expected: tuple[Kind, IdentityKind, str, str, str]
) -> None:
    """Kind, what it is known by, name and maker, as matchers.toml says."""
    found = seen(type_, instance, txt)
    assert (found.kind, found.identity, found.key, found.name, found.vendor) == expected
    assert found.address == "10.0.0.9"


def test_types_we_do_not_know_and_our_own_are_no_devices() -> None:
    """Only what matchers.toml names is browsed and reported."""
    for type_ in ("_lophoc._tcp", "_spotify-connect._tcp"):
        assert service_of(type_, f"a.{type_}.local.", "h.local.", [], {}) is None
        assert type_ not in types()


def test_a_companion_that_is_no_ipad_is_left_out() -> None:
    """Phones and laptops announce the same service."""
    for model in (b"iPhone14,2", None):
        txt = {b"rpMd": model}
        name = "x._companion-link._tcp.local."
        assert service_of("_companion-link._tcp", name, "h.local.", [], txt) is None


def test_an_ipad_is_shown_by_its_model_and_its_owners_name_is_nowhere() -> None:
    """People call their tablets by their own names."""
    found = seen("_companion-link._tcp", "iPad của Lan", {b"rpMd": b"iPad13,4"}, "Lans-iPad.local.")
    assert (found.kind, found.name, found.model) == (Kind.TABLET, "iPad13,4", "iPad13,4")
    assert "lan" not in repr(found).lower()


def test_without_mac_and_id_host_and_instance_are_the_device_and_the_key_hides_both() -> None:
    """The same printer's services are one device; another instance on the host is another."""
    first = seen("_printer._tcp", "Máy in phòng GV", host="EPSON12.local.")
    second = seen("_pdl-datastream._tcp", "máy in phòng gv", host="epson12.local.")
    third = seen("_printer._tcp", "Máy in thư viện", host="EPSON12.local.")
    assert first.identity is IdentityKind.HOST
    assert first.key == second.key != third.key
    assert "epson" not in first.key


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("B8A44F000102", "b8a44f000102"),
        ("b8:a4:4f:00:01:02", "b8a44f000102"),
        ("b8-a4-4f-00-01-02", "b8a44f000102"),
        ("88:42", ""),
        ("da:a1:19:00:00:01", ""),
        ("01:00:5e:00:00:fb", ""),
        ("00:00:00:00:00:00", ""),
        ("00:00:00:12:34:57", ""),
        *(("00:12:34:56:78:9a", ""), ("00:11:22:33:44:55", ""), ("00:50:43:02:02:02", "")),
        *(("00:01:02:03:04:05", ""), ("00:aa:bb:cc:dd:ee", ""), ("b8:a4:4f:ff:ff:ff", "")),
        *(("00:11:22:33:44:56", "001122334456"), ("e4:f1:4c:00:00:01", "e4f14c000001")),
        ("ff:ff:ff:ff:ff:ff", ""),
        ("", ""),
    ],
)
def test_only_a_makers_own_mac_is_trusted(text: str, mac: str) -> None:
    """Random, broadcast, empty and broken ones name no device, nor do those of no own digits."""
    assert trusted_mac(text) == mac


@pytest.mark.parametrize(
    ("text", "uuid"),
    [
        (UUID, UUID),
        (f"urn:uuid:{UUID.upper()}", UUID),
        (f"{{{UUID}}}", UUID),
        ("abc", ""),
        ("00000000-0000-0000-0000-000000000000", ""),
        ("11111111-1111-1111-1111-111111111111", ""),
        ("a/b#c+d/e#f+g", ""),
        ("a1" * 40, ""),
    ],
)
def test_only_an_id_that_can_be_one_devices_is_trusted(text: str, uuid: str) -> None:
    """Short, empty, constant and strange ids name no device."""
    assert told_uuid(text).sound == uuid


@pytest.mark.parametrize(
    ("addresses", "best"),
    [
        ([], ""),
        (["fe80::1%2", "10.0.0.9"], "10.0.0.9"),
        (["169.254.3.4", "fd00::7"], "fd00::7"),
        (["fe80::1%2"], "fe80::1%2"),
        (["::", "224.0.0.251", "nonsense", "192.168.1.5"], "192.168.1.5"),
    ],
)
def test_the_best_kind_of_address_wins_in_any_order(addresses: list[str], best: str) -> None:
    """Reachable before link-local, IPv4 before IPv6, never a broadcast or a nonsense."""
    for ordered in permutations(addresses):
        assert best_address(ordered) == best


def test_of_equal_addresses_the_newest_wins() -> None:
    """The cache gives the newest first, and keeps the old one for two minutes."""
    assert best_address(["10.78.0.1", "10.77.0.1", "fd00::7"]) == "10.78.0.1"


@given(
    st.sampled_from(types()),
    st.text(max_size=300),
    st.text(max_size=300),
    st.dictionaries(
        st.one_of(st.sampled_from([b"UUID", b"id", b"bt", b"rpMd", b"md"]), st.binary(max_size=80)),
        st.one_of(st.none(), st.binary(max_size=300)),
        max_size=100,
    ),
)
def test_hostile_services_never_raise(type_: str, instance: str, server: str, txt: Txt) -> None:
    """Binary, huge and repeated texts end as clean values or none."""
    service = service_of(f"{type_}.local.", f"{instance}.{type_}.local.", server, ["x", ""], txt)
    if service is not None:
        found = service.sighting
        assert len(found.key) < 80
        assert found.key.isascii()
        texts = (found.name, found.vendor, found.model)
        assert all(len(text) <= 200 and (not text or text.isprintable()) for text in texts)


def test_every_strong_mark_is_told_and_the_strongest_is_the_key() -> None:
    """The others are aliases, by which other senses know the same device."""
    txt: Txt = {b"macaddress": b"B8A44F000102"}
    camera = seen("_axis-video._tcp", "AXIS", txt)
    assert (camera.key, camera.aliases, camera.serial) == (
        "mac:b8a44f000102",
        (),
        "B8A44F000102",
    )
    tablet = seen("_adb-tls-connect._tcp", "adb-R58M123ABC-xYz12Q")
    assert (tablet.kind, tablet.key, tablet.serial) == (
        Kind.TABLET,
        "uuid:r58m123abc",
        "R58M123ABC",
    )


def test_a_hint_only_asks() -> None:
    """Types that scanners list but nobody captured name no camera and no board."""
    for type_, asked in (("_rtsp._tcp", Kind.CAMERA), ("_webos._tcp", Kind.BOARD)):
        found = seen(type_, "x")
        assert (found.kind, found.asks) == (Kind.OTHER, asked)


OURS = (ip_interface("10.0.0.5/24"), ip_interface("fd00::5/64"))


@pytest.mark.parametrize(
    ("addresses", "address", "via"),
    [
        (["10.0.0.9"], "10.0.0.9", "10.0.0.5"),
        (["192.168.7.9", "10.0.0.9"], "10.0.0.9", "10.0.0.5"),
        (["fd00::9"], "fd00::9", "fd00::5"),
        (["fe80::9%3"], "fe80::9%3", "%3"),
        (["127.0.0.1"], "127.0.0.1", "127.0.0.1"),
    ],
)
def test_an_address_in_a_network_of_ours_is_taken_and_ours_is_told(
    addresses: list[str], address: str, via: str
) -> None:
    """A host with several networks announces addresses that we cannot reach."""
    name = "x._ipp._tcp.local."
    service = service_of("_ipp._tcp", name, "h.", addresses, {}, port=631, ours=OURS)
    assert service is not None
    told = service.sighting
    assert (told.address, told.port, told.via) == (address, 631, via)


def test_who_is_in_no_network_of_ours_is_out_of_reach() -> None:
    """Its answer came by a detour."""
    name = "x._ipp._tcp.local."
    assert service_of("_ipp._tcp", name, "h.", ["192.168.7.9"], {}, ours=OURS) is None


@pytest.mark.parametrize(
    ("name", "txt", "flaw"),
    [
        ("Máy in (2)", {b"ty": b"EPSON", b"bin": b"\xff\x00"}, ""),
        ("a\x1b[31m", {}, "nonsense"),
        ("\u202egnp", {}, "nonsense"),
        ("a", {b"\xff": b"1"}, "nonsense"),
        ("a", {b"%d" % count: b"" for count in range(65)}, "oversized"),
    ],
)
def test_what_no_sound_device_says_is_told_apart(name: str, txt: Txt, flaw: str) -> None:
    """A value may be binary; names and keys may not."""
    assert flaw_in(name, txt) == flaw
