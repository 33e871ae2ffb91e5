"""USB devices: what a person would count, known again tomorrow."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import IdentityKind, Kind, Sighting
from hardware.serials import trusted_serial
from hardware.usb.devices import devices_of
from tests.hardware.udev_exports import classroom

HOST = "room12"
BUS = "/devices/pci0000:00/0000:00:14.0"


def usb_node(port: str, **properties: str) -> dict[str, str]:
    """Give the node of a whole USB device at a port such as "1-3.2"."""
    steps = port.partition("-")[2].split(".")
    path = f"{BUS}/usb{port[0]}"
    for count in range(1, len(steps) + 1):
        path += f"/{port[0]}-{'.'.join(steps[:count])}"
    fixed = {"DEVPATH": path, "SUBSYSTEM": "usb", "DEVTYPE": "usb_device"}
    return fixed | {"ID_VENDOR_ID": "1234", "ID_MODEL_ID": "5678"} | properties


def by_name(nodes: list[dict[str, str]]) -> dict[str, Sighting]:
    """Give the devices among the nodes by their names."""
    return {sighting.name: sighting for sighting in devices_of(nodes, HOST).values()}


def test_a_camera_with_a_good_serial_is_one_device_with_its_capturing_nodes() -> None:
    """Six nodes are one camera; its metadata node is not a camera's picture."""
    assert by_name(classroom())["Class Cam 2"] == Sighting(
        source="usb",
        key="usb:2b7e:0551:ZC7A91F03B",
        identity=IdentityKind.USB,
        kind=Kind.CAMERA,
        name="Class Cam 2",
        vendor="ZETA Optics",
        model="Class Cam 2",
        serial="ZC7A91F03B",
        socket="port:room12:pci-0000:00:14.0-usb-0:2:2b7e:0551",
        product="2b7e:0551",
        proof="node video4linux",
        nodes=("/dev/video0", "/dev/snd/controlC1"),
    )


def test_hubs_root_hubs_and_what_is_no_usb_device_are_left_out() -> None:
    """The Pi's touchscreen without a panel and its codecs are not in the room."""
    names = Counter(sighting.name for sighting in devices_of(classroom(), HOST).values())
    assert names == {
        "Class Cam 2": 1,
        "Flash Twin": 2,
        "Plain Keyboard": 1,
        "HitEVision Hite Board": 1,
        "Touchscreen": 1,
    }


def test_two_devices_with_one_serial_are_both_known_by_their_ports() -> None:
    """A serial that two carry names neither, and neither is lost."""
    twins = [one for one in devices_of(classroom(), HOST).values() if one.name == "Flash Twin"]
    assert {(one.key, one.identity, one.serial) for one in twins} == {
        ("port:room12:pci-0000:00:14.0-usb-0:3.1:1a2c:7001", IdentityKind.PORT, ""),
        ("port:room12:pci-0000:00:14.0-usb-0:3.2:1a2c:7001", IdentityKind.PORT, ""),
    }


def test_one_of_the_twins_alone_is_known_by_its_serial() -> None:
    """The serial is good as long as no other device claims it."""
    alone = [node for node in classroom() if "1-3.2" not in node["DEVPATH"]]
    assert by_name(alone)["Flash Twin"].key == "usb:1a2c:7001:7F3A55C0E1"


def test_a_known_board_is_a_board_and_a_laptops_own_touchscreen_is_not() -> None:
    """A touch controller's number alone proves nothing."""
    found = by_name(classroom())
    assert found["HitEVision Hite Board"].kind is Kind.BOARD
    assert found["Touchscreen"].kind is Kind.INPUT


def test_the_port_is_found_where_udev_gives_it_to_the_interfaces_only() -> None:
    """Older systems leave ID_PATH off the device itself."""
    keyboard = by_name(classroom())["Plain Keyboard"]
    assert keyboard.key == "port:room12:pci-0000:00:14.0-usb-0:3.3:413c:2107"


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ({"ID_USB_INTERFACES": ":0e0100:0e0200:"}, Kind.OTHER),
        ({"ID_USB_INTERFACES": ":070102:ff0000:080650:"}, Kind.PRINTER),
        ({"ID_USB_INTERFACES": ":ffff00:020600:0a0000:"}, Kind.NETWORK),
        ({"ID_USB_INTERFACES": ":010100:010200:030000:"}, Kind.AUDIO),
        ({"ID_USB_INTERFACES": ":FF4201:080650:"}, Kind.OTHER),
        ({"ID_USB_INTERFACES": ":ffff00:", "ID_MTP_DEVICE": "1"}, Kind.OTHER),
        ({"ID_USB_INTERFACES": ":080650:", "ID_MTP_DEVICE": "0"}, Kind.STORAGE),
        (
            {"ID_VENDOR_ID": "05ac", "ID_MODEL_ID": "12ab", "ID_USB_INTERFACES": ":060101:"},
            Kind.TABLET,
        ),
        (
            {"ID_VENDOR_ID": "0d48", "ID_MODEL_ID": "0001", "ID_USB_INTERFACES": ":010100:"},
            Kind.AUDIO,
        ),
        ({"ID_USB_INTERFACES": ""}, Kind.OTHER),
        ({}, Kind.OTHER),
    ],
)
def test_the_kind_follows_the_interfaces_first(own: dict[str, str], kind: Kind) -> None:
    """A vendor's number refines only what the interfaces leave open."""
    (found,) = devices_of([usb_node("1-1", **own)], HOST).values()
    assert found.kind is kind


@pytest.mark.parametrize(
    "serial",
    [
        "",
        "123",
        "0001",
        "00000000",
        "ffffffff",
        "000001",
        "SN0001",
        "200901010001",
        "20100201396000000",
        "001000001",
        "00e04c000001",
        "000000264001",
        "00E04C680001",
        "00:E0:4C:68:00:01",
        "ACCC8E00002A",
        "8153_ACCC8E000001",
        "0102030405060708",
        "0123456789ABCDEF",
        "123456789",
        "01.00.00",
        "V1.0",
        "HF1016-T821-HN03-REV0103",
        "Default string",
        "12²4567",
        "ABC\x07DEF1",
        "A" * 70 + "BCDEF" * 12,
    ],
)
def test_weak_serials_are_not_trusted(serial: str) -> None:
    """Constants, dates, versions, counters, short and strange ones name no single piece."""
    assert not trusted_serial(serial)


@pytest.mark.parametrize(
    "serial",
    [
        "73BD39DF",
        "9C96B560",
        "071C395B848A2D24",
        "4C530000010103116045",
        "F4B7E2E8A8EF",
        "SN4821357709",
    ],
)
def test_good_serials_are_trusted(serial: str) -> None:
    """What looks made for one piece is taken for one."""
    assert trusted_serial(serial)


def test_devices_at_a_usb2_and_a_usb3_port_of_one_socket_are_both_kept() -> None:
    """Their ID_PATH is the same, and so may be their make."""
    path = "pci-0000:00:14.0-usb-0:2"
    found = devices_of([usb_node("1-2", ID_PATH=path), usb_node("2-2", ID_PATH=path)], HOST)
    assert sorted(found) == [
        f"port:room12:{path}:1234:5678",
        f"port:room12:{path}:1234:5678:2",
    ]


def test_a_device_without_id_path_anywhere_is_known_by_its_way_through_the_hubs() -> None:
    """The bus number changes with every start; the controller and the port do not."""
    nodes = [usb_node("1-3.2"), usb_node("7-4")]
    assert list(devices_of(nodes, HOST)) == [
        "port:room12:pci-0000:00:14.0-usb-0:3.2:1234:5678",
        "port:room12:pci-0000:00:14.0-usb-0:4:1234:5678",
    ]


def test_a_device_that_udev_has_not_finished_is_left_out() -> None:
    """Before udev's rules ran there is nothing to know it by."""
    node = usb_node("1-1")
    del node["ID_VENDOR_ID"]
    assert devices_of([node], HOST) == {}


@pytest.mark.parametrize(
    ("capabilities", "driver", "pictures"),
    [
        ((":capture:", ":", ":capture:", ":"), "uvcvideo", (8, 10)),
        ((":capture:",) * 4, "uvcvideo", (8, 10)),
        ((":capture:",), "uvcvideo", (8,)),
        ((":capture:", ":capture:"), "em28xx", (8, 9)),
        ((":capture:", ":capture:"), "", (8, 9)),
        ((":", ":"), "uvcvideo", ()),
    ],
)
def test_of_a_webcams_nodes_those_with_pictures_are_listed(
    capabilities: tuple[str, ...], driver: str, pictures: tuple[int, ...]
) -> None:
    """An old udev calls its metadata nodes pictures as well: each follows its picture's node."""
    camera = usb_node("1-1", ID_USB_INTERFACES=":0e0100:0e0200:")
    nodes = [
        {
            "DEVPATH": f"{camera['DEVPATH']}/1-1:1.0/video4linux/video{number}",
            "SUBSYSTEM": "video4linux",
            "DEVNAME": f"/dev/video{number}",
            "ID_USB_DRIVER": driver,
            "ID_V4L_CAPABILITIES": able,
        }
        for number, able in enumerate(capabilities, 8)
    ]
    (found,) = devices_of([camera, *nodes], HOST).values()
    assert found.nodes == tuple(f"/dev/video{number}" for number in pictures)
    is_camera = pictures and driver != "em28xx"  # whose driver drives grabbers and tuners
    assert found.kind is (Kind.CAMERA if is_camera else Kind.OTHER)


@given(st.integers())
def test_the_order_of_nodes_does_not_matter(seed: int) -> None:
    """Any order, any repetition: the same devices."""
    nodes = classroom()
    mixed = nodes + nodes[:5]
    random.Random(seed).shuffle(mixed)
    assert devices_of(mixed, HOST).keys() == devices_of(nodes, HOST).keys()


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "ID_MODEL",
                "ID_MODEL_ENC",
                "ID_VENDOR",
                "ID_SERIAL_SHORT",
                "ID_USB_INTERFACES",
                "ID_PATH",
                "ID_MODEL_ID",
                "ID_VENDOR_FROM_DATABASE",
            ]
        ),
        st.text(max_size=400),
    )
)
def test_whatever_a_device_calls_itself_the_sighting_is_clean(own: dict[str, str]) -> None:
    """A device may send any text; none of it breaks or overflows."""
    for key, sighting in devices_of([usb_node("1-1", **own)], HOST).items():
        texts = (sighting.name, sighting.vendor, sighting.model, sighting.serial)
        assert all(len(text) <= 200 and (not text or text.isprintable()) for text in texts)
        assert key == sighting.key
        assert len(key) <= 450
        assert key.isprintable()


@given(st.lists(st.sampled_from(["200901010001", "7F3A55C0E1", "73BD39DF", ""]), max_size=12))
def test_no_device_is_ever_merged_with_another(serials: list[str]) -> None:
    """As many sightings as devices, whatever serials they share."""
    nodes = [
        usb_node(f"1-{port}", ID_SERIAL_SHORT=serial, ID_PATH=f"pci-0-usb-0:{port}")
        for port, serial in enumerate(serials, 1)
    ]
    found = devices_of(nodes, HOST)
    assert len(found) == len(serials)
    keyed = [one.serial for one in found.values() if one.identity is IdentityKind.USB]
    assert len(keyed) == len(set(keyed))
