"""Network devices: several services are one device, known again tomorrow."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.network.announced import (
    Announced,
    best_address,
    sighting_of,
    trusted_mac,
    trusted_uuid,
    types,
)
from hardware.readings import Identity, Kind, Sighting

UUID = "16a65700-007c-1000-bb49-e8d8d1a7c91b"
Txt = dict[bytes, bytes | None]


def seen(type_: str, instance: str, txt: Txt | None = None, host: str = "h.local.") -> Sighting:
    """Give the sighting of a service at 10.0.0.9."""
    name = f"{instance}.{type_}.local."
    sighting = sighting_of(f"{type_}.local.", name, host, ["10.0.0.9"], txt or {})
    assert sighting is not None
    return sighting


@pytest.mark.parametrize(
    ("type_", "instance", "txt", "expected"),
    [
        (
            "_axis-video._tcp",
            "AXIS M1065 - B8A44F000102",
            {b"macaddress": b"B8A44F000102"},
            (Kind.CAMERA, Identity.MAC, "mac:b8a44f000102", "AXIS M1065 - B8A44F000102", "Axis"),
        ),
        (
            "_googlecast._tcp",
            "TV-1234",
            {b"id": b"4B1F7C2A90DE4455AA01BB23CC45DD67", b"md": b"MiTV", b"fn": b"Ph\xc3\xb2ng 7A"},
            (Kind.BOARD, Identity.UUID, "uuid:4b1f7c2a90de4455aa01bb23cc45dd67", "Phòng 7A", ""),
        ),
        (
            "_googlecast._tcp",
            "Loa",
            {b"id": b"4B1F7C2A90DE4455AA01BB23CC45DD68", b"md": b"Google Home Mini"},
            (Kind.AUDIO, Identity.UUID, "uuid:4b1f7c2a90de4455aa01bb23cc45dd68", "Loa", ""),
        ),
        (
            "_androidtvremote2._tcp",
            "TV",
            {b"bt": b"34:F1:50:1E:CD:F5"},
            (Kind.BOARD, Identity.MAC, "mac:34f1501ecdf5", "TV", ""),
        ),
        (
            "_airplay._tcp",
            "Board 7A",
            {b"deviceid": b"00:0E:C6:11:22:33", b"manufacturer": b"SMART Technologies"},
            (Kind.BOARD, Identity.MAC, "mac:000ec6112233", "Board 7A", "SMART Technologies"),
        ),
        (
            "_airplay._tcp",
            "Laptop",
            {b"DeviceID": b"00:0E:C6:11:22:34"},
            (Kind.OTHER, Identity.MAC, "mac:000ec6112234", "Laptop", ""),
        ),
        (
            "_raop._tcp",
            "000EC6112233@Board 7A",
            {},
            (Kind.OTHER, Identity.MAC, "mac:000ec6112233", "Board 7A", ""),
        ),
        (
            "_workstation._tcp",
            "thuvien [00:0e:c6:11:22:35]",
            {},
            (Kind.HOST, Identity.MAC, "mac:000ec6112235", "thuvien", ""),
        ),
        (
            "_ipp._tcp",
            "EPSON L3150",
            {b"UUID": UUID.upper().encode(), b"ty": b"EPSON L3150 Series", b"usb_MFG": b"EPSON"},
            (Kind.PRINTER, Identity.UUID, f"uuid:{UUID}", "EPSON L3150", "EPSON"),
        ),
    ],
)
def test_a_service_names_its_device(
    type_: str, instance: str, txt: Txt, expected: tuple[Kind, Identity, str, str, str]
) -> None:
    """Kind, what it is known by, name and maker, as matchers.toml says."""
    found = seen(type_, instance, txt)
    assert (found.kind, found.identity, found.key, found.name, found.vendor) == expected
    assert found.address == "10.0.0.9"


def test_types_we_do_not_know_and_our_own_are_no_devices() -> None:
    """Only what matchers.toml names is browsed and reported."""
    for type_ in ("_lophoc._tcp", "_spotify-connect._tcp"):
        assert sighting_of(type_, f"a.{type_}.local.", "h.local.", [], {}) is None
        assert type_ not in types()


def test_a_companion_that_is_no_ipad_is_left_out() -> None:
    """Phones and laptops announce the same service."""
    for model in (b"iPhone14,2", None):
        txt = {b"rpMd": model}
        name = "x._companion-link._tcp.local."
        assert sighting_of("_companion-link._tcp", name, "h.local.", [], txt) is None


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
    assert first.identity is Identity.HOST
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
        ("ff:ff:ff:ff:ff:ff", ""),
        ("", ""),
    ],
)
def test_only_a_makers_own_mac_is_trusted(text: str, mac: str) -> None:
    """Random, broadcast, empty and broken addresses name no device."""
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
    assert trusted_uuid(text) == uuid


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
    found = sighting_of(f"{type_}.local.", f"{instance}.{type_}.local.", server, ["x", ""], txt)
    if found is not None:
        assert len(found.key) < 80
        assert found.key.isascii()
        texts = (found.name, found.vendor, found.model)
        assert all(len(text) <= 200 and (not text or text.isprintable()) for text in texts)


PRINTER_TXT: Txt = {b"UUID": UUID.encode(), b"usb_MFG": b"EPSON"}
SERVICES = {
    "L3150._ipp._tcp.local.": seen("_ipp._tcp", "L3150", PRINTER_TXT),
    "L3150._uscan._tcp.local.": seen("_uscan._tcp", "L3150", {b"uuid": UUID.encode(), b"ty": b"M"}),
    "7A._airplay._tcp.local.": seen("_airplay._tcp", "7A", {b"deviceid": b"00:0e:c6:11:22:33"}),
    "000EC6112233@7A._raop._tcp.local.": seen("_raop._tcp", "000EC6112233@7A", {b"am": b"iQ"}),
    "TV._androidtvremote2._tcp.local.": seen(
        "_androidtvremote2._tcp", "TV", {b"bt": b"00:0e:c6:11:22:33"}
    ),
}


def test_services_of_one_device_are_one_and_fill_each_other_in() -> None:
    """The service that says most of the kind speaks, the others add what it left open."""
    announced = Announced()
    told = [one for name, seen_ in SERVICES.items() for one in announced.see(name, seen_)]
    last = {one.key: one for one in told}
    assert len(last) == 2
    printer, board = last[f"uuid:{UUID}"], last["mac:000ec6112233"]
    assert (printer.kind, printer.vendor, printer.model) == (Kind.PRINTER, "EPSON", "M")
    assert (board.kind, board.name, board.model) == (Kind.BOARD, "TV", "iQ")


def test_a_device_is_gone_when_its_last_service_is() -> None:
    """A goodbye of one service among several is none of the device."""
    announced = Announced()
    names = ["L3150._ipp._tcp.local.", "L3150._uscan._tcp.local."]
    for name in names:
        announced.see(name, SERVICES[name])
    assert all(one.present for one in announced.leave(names[1]))
    (gone,) = announced.leave(names[0])
    assert (gone.key, gone.present, gone.reason) == (f"uuid:{UUID}", False, "goodbye")
    assert announced.leave(names[0]) == []
    assert len(announced) == 0


def test_a_service_that_becomes_another_device_leaves_the_first() -> None:
    """A name may be taken over by a new device."""
    announced = Announced()
    name = "TV._androidtvremote2._tcp.local."
    announced.see(name, SERVICES[name])
    other = seen("_androidtvremote2._tcp", "TV", {b"bt": b"00:0e:c6:aa:bb:cc"})
    assert [(one.key, one.present) for one in announced.see(name, other)] == [
        ("mac:000ec6112233", False),
        ("mac:000ec6aabbcc", True),
    ]


@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from(list(SERVICES))), max_size=30),
)
def test_any_order_and_repetition_ends_in_the_same_devices(events: list[tuple[bool, str]]) -> None:
    """What was told adds up to what is there; nothing is told twice."""
    announced, told, there = Announced(), {}, {}
    for comes, name in events:
        if comes:
            there[name] = SERVICES[name]
            changes = announced.see(name, SERVICES[name])
        else:
            there.pop(name, None)
            changes = announced.leave(name)
        for one in changes:
            assert told.get(one.key) != one
            if one.present:
                told[one.key] = one
            else:
                del told[one.key]
    fresh = Announced()
    expected = {one.key: one for name in there for one in fresh.see(name, there[name])}
    assert told == expected
