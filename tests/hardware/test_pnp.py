"""What Windows lists of its devices is judged as what udev shows of the same ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.host.smbios import serial_in
from hardware.readings import IdentityKind, Kind
from hardware.usb.devices import devices_of
from hardware.usb.plugs import Plugs
from hardware.usb.pnp import PnpDevice, nodes_of, place_of

ROOT = "PCIROOT(0)#PCI(1400)#USBROOT(0)"


def composite(number: str, tail: str, port: str, *parts: tuple[str, str, str]) -> list[PnpDevice]:
    """A device of several interfaces; a part: its class of USB, Windows' class and driver."""
    whole = PnpDevice(
        instance=f"USB\\{number}\\{tail}",
        parent="USB\\ROOT_HUB30\\4&1&0&0",
        name="HD Pro Webcam C920",
        maker="(Standard USB Host Controller)",
        setup_class="USB",
        service="usbccgp",
        ids=(f"USB\\{number}&REV_0011", f"USB\\{number}", "USB\\COMPOSITE"),
        location=f"{ROOT}#USB({port})",
        removal=3,
    )
    faces = [
        PnpDevice(
            instance=f"USB\\{number}&MI_{at:02}\\7&2&0&{at:04}",
            parent=whole.instance,
            setup_class=kind,
            service=service,
            ids=(f"USB\\Class_{face}&SubClass_01&Prot_00", f"USB\\Class_{face}"),
        )
        for at, (face, kind, service) in enumerate(parts)
    ]
    return [whole, *faces]


CAMERA = composite(
    "VID_046D&PID_082D",
    "73BD39DF",
    "2",
    ("0e", "Camera", "usbvideo"),
    ("01", "MEDIA", "usbaudio"),
)
STICK = [
    PnpDevice(
        instance="USB\\VID_0781&PID_5567\\5&1A2B3C&0&4",
        parent="USB\\ROOT_HUB30\\4&1&0&0",
        name="USB Flash Disk",
        setup_class="USB",
        service="USBSTOR",
        ids=("USB\\Class_08&SubClass_06&Prot_50", "USB\\Class_08"),
        location=f"{ROOT}#USB(4)",
        removal=3,
    ),
    PnpDevice(
        instance="USBSTOR\\DISK&VEN_SANDISK\\6&1",
        parent="USB\\VID_0781&PID_5567\\5&1A2B3C&0&4",
        setup_class="DiskDrive",
    ),
]
HUB = PnpDevice(
    instance="USB\\VID_05E3&PID_0608\\5&1&0&1",
    name="USB2.0 Hub",
    setup_class="USB",
    service="USBHUB3",
    ids=("USB\\Class_09&SubClass_00&Prot_01",),
    location=f"{ROOT}#USB(1)",
)
TOUCH = [
    PnpDevice(
        instance="USB\\VID_1FF7&PID_0013\\6&9&0&3",
        parent=HUB.instance,
        name="Touch Frame",
        setup_class="HIDClass",
        service="HidUsb",
        ids=("USB\\Class_03&SubClass_00&Prot_00",),
        location=f"{ROOT}#USB(1)#USB(3)",
        removal=3,
    ),
    PnpDevice(
        instance="HID\\VID_1FF7&PID_0013\\7&1",
        parent="USB\\VID_1FF7&PID_0013\\6&9&0&3",
        setup_class="HIDClass",
        ids=("HID_DEVICE_UP:000D_U:0004", "HID_DEVICE"),
    ),
]
ALL = [*CAMERA, *STICK, HUB, *TOUCH]


def test_each_is_of_its_kind_and_hubs_are_none() -> None:
    """A camera with a microphone, a stick, and a frame that may be a board's."""
    found = devices_of(nodes_of(ALL), "pc").values()
    kinds = {one.product: (one.kind, one.asks) for one in found}
    assert kinds == {
        "046d:082d": (Kind.CAMERA, None),
        "0781:5567": (Kind.STORAGE, None),
        "1ff7:0013": (Kind.INPUT, Kind.BOARD),
    }


def test_a_serial_of_the_devices_own_names_it_and_one_of_windows_own_never() -> None:
    """What Windows makes up changes with the port; the port itself is told as udev tells it."""
    plugs = Plugs("pc")
    seen = {one.product: one for one in plugs.replace(nodes_of(ALL), 0.0)}
    assert (seen["046d:082d"].identity, seen["046d:082d"].serial) == (IdentityKind.USB, "73BD39DF")
    stick = seen["0781:5567"]
    assert (stick.identity, stick.serial) == (IdentityKind.PORT, "")
    assert stick.key == "port:pc:pci-0000:00:14.0-usb-0:4:0781:5567"


def test_what_is_pulled_out_goes_and_what_hangs_on_a_hub_goes_with_it() -> None:
    """A fresh list is all that is asked for."""
    plugs = Plugs("pc")
    plugs.replace(nodes_of(ALL), 0.0)
    gone = plugs.replace(nodes_of([*CAMERA, *STICK]), 1.0)
    assert [(one.product, one.present) for one in gone] == [("1ff7:0013", False)]


@pytest.mark.parametrize(
    ("location", "port"),
    [
        (f"{ROOT}#USB(2)#USB(1)", "pci-0000:00:14.0-usb-0:2.1"),
        ("PCIROOT(0)#PCI(0801)#PCI(0003)#USBROOT(0)#USB(7)", "pci-0000:01:00.3-usb-0:7"),
        ("ACPI(_SB_)#USBROOT(0)#USB(1)", "pci-0000:00:00.0-usb-0:1"),
        ("PCIROOT(0)#PCI(1400)", ""),
        ("", ""),
    ],
)
def test_a_port_is_told_as_udev_tells_it(location: str, port: str) -> None:
    """So that a machine's sockets have one form."""
    assert place_of(location) == port


texts = st.text(max_size=30)
listed = st.builds(
    PnpDevice,
    instance=st.one_of(texts, st.sampled_from([one.instance for one in ALL])),
    parent=st.one_of(texts, st.sampled_from([one.instance for one in ALL])),
    name=texts,
    maker=texts,
    setup_class=st.one_of(texts, st.sampled_from(["Camera", "Mouse", "Net"])),
    service=texts,
    ids=st.lists(st.one_of(texts, st.just("USB\\Class_0e&SubClass_01&Prot_00"))).map(tuple),
    location=st.one_of(texts, st.just(f"{ROOT}#USB(2)")),
    removal=st.integers(0, 5),
)


@given(st.lists(listed, max_size=6, unique_by=lambda one: one.instance.upper()))
def test_whatever_windows_lists_is_read(devices: list[PnpDevice]) -> None:
    """Names are the devices' own, circles among parents are not unheard of; order is nobody's."""
    nodes = nodes_of(devices)
    assert devices_of(nodes, "pc").keys() == devices_of(reversed(nodes), "pc").keys()


def smbios(*structures: tuple[int, bytes, list[bytes]]) -> bytes:
    """A firmware's tables as Windows hands them over."""
    table = b"".join(
        bytes([kind, 4 + len(body), 0, 0]) + body + b"\0".join(words) + b"\0\0"
        for kind, body, words in structures
    )
    return bytes(8) + table


def test_the_serial_of_the_machine_is_that_of_its_system_structure() -> None:
    """The board's and the chassis' are others."""
    body = bytes([1, 2, 3, 4]) + bytes(19)
    system = 1, body, [b"HP", b"EliteBook", b"", b"5CG1234XYZ"]
    board = 2, bytes([1, 2, 3, 4]), [b"a", b"b", b"c", b"d"]
    assert serial_in(smbios(board, (1, body, [b"HP", b"EliteBook", b"1", b"5CG1"]))) == "5CG1"
    assert serial_in(smbios(board)) == ""
    assert serial_in(smbios((1, bytes(23), [b"HP"]))) == ""
    assert serial_in(smbios(board) + bytes([127, 4, 0, 0, 0, 0]) + smbios(system)[8:]) == ""


@given(st.binary(max_size=200))
def test_whatever_a_firmware_holds_is_read(raw: bytes) -> None:
    """Lengths that lead nowhere end the reading."""
    assert isinstance(serial_in(raw), str)
