"""Keys of USB devices: none is ever taken for another, and a good one stays."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hardware.readings import IdentityKind
from hardware.serials import trusted_serial
from hardware.usb.keys import DeviceKey, keys_of
from hardware.usb.nodes import UsbDevice
from tests.hardware.test_usb_devices import usb_node

FLEETS = 100_000
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


def machine(rng: random.Random) -> list[UsbDevice]:
    """Give up to four devices of one machine: constants, and good serials that twins share."""
    good = f"{rng.randrange(16**10):010X}"
    return [
        UsbDevice(own=node(rng.choice(PRODUCTS), port, rng.choice((*CONSTANTS, good, good))))
        for port in range(1, rng.randrange(2, 6))
    ]


def node(product: tuple[str, str], port: int, serial: str) -> dict[str, str]:
    """Give the properties that keys are made of."""
    return {
        "ID_VENDOR_ID": product[0],
        "ID_MODEL_ID": product[1],
        "ID_SERIAL_SHORT": serial,
        "ID_PATH": f"pci-0000:00:14.0-usb-0:{port}",
    }


def fleet_keys(rng: random.Random) -> Iterator[DeviceKey]:
    """Give the keys of every device of a school of two or three machines."""
    for host in range(rng.randrange(2, 4)):
        yield from keys_of(machine(rng), f"h{host}")


def test_in_a_hundred_thousand_schools_no_two_devices_are_merged() -> None:
    """Constant serials in every machine, and twins in one: as many keys as devices."""
    rng = random.Random(20_240_601)
    by_serial = 0
    for _ in range(FLEETS):
        keys = list(fleet_keys(rng))
        assert len({key.text for key in keys}) == len(keys)
        by_serial += sum(key.identity is IdentityKind.USB for key in keys)
    # A guard that never trusts would pass too.
    assert by_serial > FLEETS / 10


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
