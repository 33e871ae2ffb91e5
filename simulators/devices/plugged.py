"""This file is what people plug in by USB that was taken for something else, as udev tells of it.

Source: public bug reports and udev texts; the numbers are real, the pieces' serials are invented.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

Properties = Mapping[str, str]

_PCI: Final = "/devices/pci0000:00/0000:00:14.0/usb1"
_ID_PATH: Final = "pci-0000:00:14.0-usb-0"


class UdevFault(StrEnum):
    """What may be wrong with a piece, or with the machine that it is plugged into.

    own_numbers, counter, date, words, pattern: what its serial is. twin: another piece of the same
    serial beside it. no_nodes: the kernel made nothing of it, for firmware or a card is missing.
    """

    OWN_NUMBERS = "own_numbers"
    COUNTER = "counter"
    DATE = "date"
    WORDS = "words"
    PATTERN = "pattern"
    TWIN = "twin"
    NO_NODES = "no_nodes"


class PlugMake(NamedTuple):
    """A product: its numbers, what it calls itself, its interfaces, and what the kernel makes.

    nodes: subsystem, name and properties of each. driver: of its first interface.
    """

    vendor: str
    product: str
    maker: str
    model: str
    interfaces: str
    nodes: tuple[tuple[str, str, Properties], ...] = ()
    driver: str = ""
    own: Properties = MappingProxyType({})


_CAPTURE: Final = {"ID_V4L_CAPABILITIES": ":capture:", "ID_USB_DRIVER": "uvcvideo"}
_MOUSE: Final = {"ID_INPUT": "1", "ID_INPUT_MOUSE": "1"}
_VIDEO: Final = ("video4linux", "video0", _CAPTURE)
_POINTER: Final = ("input", "input12", _MOUSE)
_RAW: Final[tuple[str, str, Properties]] = ("hidraw", "hidraw0", {})

MAKES: Final[Mapping[str, PlugMake]] = {
    "webcam": PlugMake(
        *("046d", "0825", "Logitech", "Webcam C270", ":0e0100:0e0200:010100:"), (_VIDEO,)
    ),
    "card-reader": PlugMake(
        *("058f", "6366", "Generic", "Flash Card Reader/Writer", ":080650:"),
        (("block", "sdb", {}),),
    ),
    "card-reader-own-class": PlugMake(
        *("0bda", "0129", "Generic", "USB2.0-CRW", ":ff0650:"), driver="rtsx_usb"
    ),
    "wifi-dongle": PlugMake(
        *("0bda", "c811", "Realtek", "802.11ac NIC", ":ffffff:"),
        (("net", "wlan1", {"INTERFACE": "wlan1"}),),
        "rtl8821cu",
    ),
    "pi-ethernet": PlugMake(
        *("0424", "ec00", "Standard Microsystems", "SMSC9512/9514", ":ff00ff:"),
        (("net", "eth0", {"INTERFACE": "eth0"}),),
        "smsc95xx",
    ),
    "usb-ethernet": PlugMake(
        *("0b95", "1790", "ASIX Elec. Corp.", "AX88179", ":ffff00:"),
        (("net", "eth1", {"INTERFACE": "eth1"}),),
        "ax88179_178a",
    ),
    "ups": PlugMake(
        *("051d", "0002", "American Power Conversion", "Back-UPS ES 700G", ":030000:"),
        (
            _RAW,
            ("usbmisc", "hiddev0", {}),
            ("power_supply", "ups0", {"POWER_SUPPLY_CAPACITY": "85"}),
        ),
    ),
    "fido-key": PlugMake(
        *("1050", "0120", "Yubico.com", "Security Key by Yubico", ":030000:"), (_RAW,)
    ),
    "relay": PlugMake(*("16c0", "05df", "www.dcttech.com", "USBRelay2", ":030000:"), (_RAW,)),
    "hdmi-grabber": PlugMake(
        *("534d", "2109", "MACROSILICON", "USB Video", ":0e0100:0e0200:010100:010200:030000:"),
        (_VIDEO,),
    ),
    "analogue-grabber": PlugMake(
        *("eb1a", "2861", "eMPIA", "USB 2861 Device", ":ff0000:"),
        (("video4linux", "video0", {"ID_V4L_CAPABILITIES": ":capture:"}),),
        "em28xx",
    ),
    "tv-tuner": PlugMake(
        *("2040", "7200", "Hauppauge", "WinTV HVR-950", ":ff0000:"),
        (("video4linux", "video0", {"ID_V4L_CAPABILITIES": ":capture:tuner:"}),),
    ),
    "phone": PlugMake(
        *("04e8", "6860", "SAMSUNG", "SAMSUNG_Android", ":060101:020201:0a0001:"),
        driver="cdc_acm",
        own={"ID_MTP_DEVICE": "1", "ID_MEDIA_PLAYER": "1"},
    ),
    "tablet": PlugMake(
        *("04e8", "6860", "SAMSUNG", "Galaxy Tab A8", ":060101:0a0001:"),
        own={"ID_MTP_DEVICE": "1", "ID_MEDIA_PLAYER": "1"},
    ),
    "iphone": PlugMake(
        *("05ac", "12a8", "Apple Inc.", "iPhone"),
        ":060101:010100:010200:030000:fffe02:fffd01:020d00:0a0001:",
    ),
    "ipad": PlugMake(
        *("05ac", "12ab", "Apple Inc.", "iPad"),
        ":060101:010100:010200:030000:fffe02:fffd01:020d00:0a0001:",
        (("net", "eth1", {"INTERFACE": "eth1"}),),
        "ipheth",
    ),
    "iphone-tethering": PlugMake(
        *("05ac", "12a8", "Apple Inc.", "iPhone", ":060101:fffe02:fffd01:"),
        (("net", "eth1", {"INTERFACE": "eth1"}),),
        "ipheth",
    ),
    "phone-tethering": PlugMake(
        *("04e8", "6863", "SAMSUNG", "SAMSUNG_Android", ":e00103:0a0000:"),
        (("net", "usb0", {"INTERFACE": "usb0"}),),
        "rndis_host",
    ),
    "phone-tethering-newer": PlugMake(
        *("22b8", "2e24", "motorola", "moto g play (2021)", ":ef0401:0a0000:"),
        (("net", "usb0", {"INTERFACE": "usb0"}),),
        "rndis_host",
    ),
    "unknown-phone-tethering": PlugMake(
        *("0e8d", "2005", "MediaTek", "Android", ":e00103:0a0000:ff4201:"),
        (("net", "usb0", {"INTERFACE": "usb0"}),),
        "rndis_host",
    ),
    "tablet-tethering": PlugMake(
        *("04e8", "6864", "SAMSUNG", "Galaxy Tab A8", ":e00103:0a0000:"),
        (("net", "usb0", {"INTERFACE": "usb0"}),),
        "rndis_host",
    ),
    "modem-with-debugging": PlugMake(
        *("2c7c", "0125", "Quectel", "EC25-E", ":ff0000:ffffff:ff4201:"),
        (("net", "wwan0", {"INTERFACE": "wwan0"}),),
        "qmi_wwan",
    ),
    "modem-by-rndis": PlugMake(
        *("12d1", "14dc", "HUAWEI_MOBILE", "HUAWEI_MOBILE", ":ef0401:080650:"), driver="rndis_host"
    ),
    "board-computer-by-rndis": PlugMake(
        *("0525", "a4a2", "Linux 5.10 with dwc2", "RNDIS/Ethernet Gadget", ":e00103:0a0000:"),
        (("net", "usb0", {"INTERFACE": "usb0"}),),
        "rndis_host",
    ),
    "printer-with-card-slot": PlugMake(
        *("04b8", "1142", "EPSON", "EPSON L3110 Series", ":ffffff:070102:080650:")
    ),
    "panaboard": PlugMake(
        *("04da", "1044", "Panasonic", "Panasonic panaboard UB-T780", ":030000:"), (_POINTER,)
    ),
    "touch-frame": PlugMake(
        *("6615", "0084", "IRTOUCHSYSTEMS", "IRTOUCH InfraRed TouchScreen", ":030102:"),
        (_POINTER,),
    ),
    "unknown-frame": PlugMake(
        *("1234", "5678", "Acme", "Interactive White Board", ":030102:"), (_POINTER,)
    ),
    "mouse": PlugMake(*("192f", "0416", "Pixart", "USB Optical Mouse", ":030102:"), (_POINTER,)),
    "pen-tablet": PlugMake(
        *("6161", "4d15", "LetSketch", "LetSketch", ":030102:"),
        (("input", "input35", {"ID_INPUT": "1", "ID_INPUT_TABLET": "1"}),),
    ),
}


def plugged(
    make: PlugMake, port: int = 2, serial: str = "", faults: Collection[UdevFault] = ()
) -> list[Properties]:
    """Give the nodes of a piece at a port; of two, with a twin at the next port but one. Pure."""
    serial = spoilt_serial(make, serial, faults)
    ports = (port, port + 2) if UdevFault.TWIN in faults else (port,)
    bare = UdevFault.NO_NODES in faults
    return [node for one in ports for node in _nodes(make, one, serial, bare=bare)]


def good_serial(rng: Random) -> str:
    """Give a serial as a careful maker gives them."""
    return f"{rng.randrange(16**10):010X}"


def spoilt_serial(make: PlugMake, serial: str, faults: Collection[UdevFault]) -> str:
    """Give the serial that such a maker leaves in every piece instead."""
    constants = {
        UdevFault.OWN_NUMBERS: f"{make.vendor}{make.product}6485".upper(),
        UdevFault.COUNTER: "000000225001",
        UdevFault.DATE: "20190312-0001",
        UdevFault.WORDS: f"{make.model.split()[0]}0001",
        UdevFault.PATTERN: "1A2B3C4D5E6F",
    }
    return next((text for fault, text in constants.items() if fault in faults), serial)


def _nodes(make: PlugMake, port: int, serial: str, *, bare: bool) -> Iterator[Properties]:
    path = f"{_PCI}/1-{port}"
    yield {
        "DEVPATH": path,
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_device",
        "ID_VENDOR_ID": make.vendor,
        "ID_MODEL_ID": make.product,
        "ID_VENDOR": make.maker,
        "ID_MODEL": make.model.replace(" ", "_"),
        "ID_MODEL_ENC": make.model.replace(" ", "\\x20"),
        "ID_USB_INTERFACES": make.interfaces,
        "ID_PATH": f"{_ID_PATH}:{port}",
        **({"ID_SERIAL_SHORT": serial} if serial else {}),
        **make.own,
    }
    interface = f"{path}/1-{port}:1.0"
    driver = {"DRIVER": make.driver} if make.driver else {}
    yield {"DEVPATH": interface, "SUBSYSTEM": "usb", "DEVTYPE": "usb_interface", **driver}
    for subsystem, name, properties in () if bare else make.nodes:
        yield {
            "DEVPATH": f"{interface}/{subsystem}/{name}",
            "SUBSYSTEM": subsystem,
            **({"DEVNAME": f"/dev/{name}"} if subsystem == "video4linux" else {}),
            **properties,
        }
