"""Matchers: the marks in matchers.toml are well formed."""

from __future__ import annotations

import re
from collections import Counter

from zeroconf import service_type_name

from hardware.matchers import matchers


def test_every_weak_serial_is_a_pattern() -> None:
    """A pattern that does not compile would stop the agent."""
    assert all(re.compile(weak) for weak in matchers().weak_serials)


def test_usb_ids_are_four_hex_digits_twice_and_each_is_there_once() -> None:
    """As udev writes them, in lower case."""
    ids = Counter(row.id for row in matchers().usb_id)
    assert all(re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{4}", id_) for id_ in ids)
    assert set(ids.values()) == {1}


def test_usb_classes_begin_with_whole_octets() -> None:
    """Class, subclass and protocol have two digits each."""
    begins = [row.begins for row in matchers().usb_class]
    assert all(re.fullmatch(r"([0-9a-f]{2}){1,3}", one) for one in begins)


def test_mdns_rows_name_browsable_types_and_lower_case_keys() -> None:
    """TXT keys are compared in lower case; our own type is not a device."""
    for row in matchers().mdns:
        assert service_type_name(f"{row.type}.local.", strict=False) == f"{row.type}.local."
        keys = (*row.txt, *row.mac, *row.uuid, *row.name, *row.vendor, *row.model)
        assert all(key == key.lower() for key in keys)
        assert all(wish == wish.lower() for wish in row.txt.values())
    assert "_lophoc._tcp" not in {row.type for row in matchers().mdns}


def test_no_mdns_row_hides_behind_a_wider_one() -> None:
    """After a row without conditions no other of its type is ever reached."""
    wide: set[str] = set()
    for row in matchers().mdns:
        assert row.type not in wide
        if not (row.txt or row.has_bits or row.lacks_bits):
            wide.add(row.type)
