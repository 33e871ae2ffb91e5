"""Keys of USB devices: none is ever taken for another, and a good one stays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hardware.readings import IdentityKind
from hardware.serials import trusted_serial
from hardware.usb.keys import keys_of
from hardware.usb.nodes import UsbDevice
from tests.hardware.test_usb_devices import usb_node

PRODUCTS = (("0bda", "8153"), ("0bda", "58f5"), ("058f", "6387"), ("0e8d", "763f"))
# Serials that makers gave to every piece, as seen in real machines.
CONSTANTS = (
    "200901010001",
    "20100201396000000",
    "001000001",
    "01.00.00",
    "1.0",
    "HF1016-T821-HN03-REV0103",
    "000000264001",
    "0123456789ABCDEF",
    "00e04c000001",
    "SN0001",
    "000001",
    "123",
    "",
)


# Two machines each have a serial that is one in the world; in one machine twins may share it.
GOOD = ("73BD39DF", "5C2A9E41")
Kind = tuple[tuple[str, str], str]  # a product, and its serial


def node(kind: Kind, port: int) -> UsbDevice:
    """Give a device the properties that keys are made of."""
    (vendor, model), serial = kind
    path = f"pci-0000:00:14.0-usb-0:{port}"
    names = {"ID_VENDOR_ID": vendor, "ID_MODEL_ID": model, "ID_SERIAL_SHORT": serial}
    return UsbDevice(own={**names, "ID_PATH": path})


def machines(good: str) -> Iterator[tuple[Kind, ...]]:
    """Give every machine of one or two devices, and those of three and four that hold few kinds."""
    yield from product(product(PRODUCTS, (*CONSTANTS, good)), repeat=1)
    yield from product(product(PRODUCTS, (*CONSTANTS, good)), repeat=2)
    yield from product(product(PRODUCTS[:2], (*CONSTANTS[:6], good)), repeat=3)
    yield from product(product(PRODUCTS[:2], (*CONSTANTS[6:9], good)), repeat=4)


def test_in_every_two_machines_no_two_devices_are_merged() -> None:
    """Constant serials in every machine, and twins in one: as many keys as devices."""
    names: list[set[str]] = []
    for host, good in enumerate(GOOD):
        names.append(set())
        for devices in machines(good):
            keys = keys_of([node(each, port) for port, each in enumerate(devices)], f"h{host}")
            texts = {key.text for key in keys}
            assert len(texts) == len(devices)
            names[host] |= texts
            # A guard that never trusts would pass too: who alone tells a good serial has its key.
            alone = [kind[1] == good and devices.count(kind) == 1 for kind in devices]
            assert [key.identity is IdentityKind.USB for key in keys] == alone
    assert not set.intersection(*names)


def test_the_constants_of_real_machines_are_not_trusted() -> None:
    """Each names thousands of pieces."""
    assert not any(map(trusted_serial, CONSTANTS))


def test_a_device_with_a_good_serial_keeps_its_key_wherever_it_is_plugged() -> None:
    """From a USB 2 to a USB 3 port, to another hub, to another machine."""
    serial = {"ID_SERIAL_SHORT": "73BD39DF"}
    slow = usb_node("1-2", ID_PATH="pci-0-usb-0:2", **serial)
    fast = usb_node(
        "2-2", ID_PATH="pci-0-usb-0:2", ID_PATH_WITH_USB_REVISION="pci-0-usbv3-0:2", **serial
    )
    hub = usb_node("1-4.1", ID_PATH="pci-0-usb-0:4.1", **serial)
    keys = [
        keys_of([UsbDevice(own=own)], host)[0] for own in (slow, fast, hub) for host in ("h1", "h2")
    ]
    named = ("usb:1234:5678:73BD39DF", IdentityKind.USB, "73BD39DF")
    assert {(key.text, key.identity, key.serial) for key in keys} == {named}


def test_a_device_without_a_serial_keeps_its_key_from_usb_2_to_usb_3() -> None:
    """The way to the socket is the same; that with the revision is not looked at."""
    slow = usb_node("1-2", ID_PATH="pci-0-usb-0:2", ID_PATH_WITH_USB_REVISION="pci-0-usbv2-0:2")
    fast = usb_node("2-2", ID_PATH="pci-0-usb-0:2", ID_PATH_WITH_USB_REVISION="pci-0-usbv3-0:2")
    (before,) = keys_of([UsbDevice(own=slow)], "h")
    (after,) = keys_of([UsbDevice(own=fast)], "h")
    assert before == after
    assert (before.text, before.identity) == ("port:h:pci-0-usb-0:2:1234:5678", IdentityKind.PORT)
