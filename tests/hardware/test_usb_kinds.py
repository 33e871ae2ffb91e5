"""What is plugged in: each make is of its kind, and a serial that names no piece is no identity."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import IdentityKind, Kind, Sighting
from hardware.serials import trusted_serial
from hardware.usb.devices import devices_of
from hardware.usb.export import read_export
from hardware.usb.foreign import sightings_of
from simulators.devices.plugged import MAKES, UdevFault, good_serial, plugged
from tests.hardware.udev_exports import DUMPS

FIELD = DUMPS.parent / "field/hardware/usb"
KINDS = {
    "webcam": (Kind.CAMERA, None),
    "card-reader": (Kind.STORAGE, None),
    "card-reader-own-class": (Kind.STORAGE, None),
    "wifi-dongle": (Kind.NETWORK, None),
    "pi-ethernet": (Kind.NETWORK, None),
    "usb-ethernet": (Kind.NETWORK, None),
    "ups": (Kind.UPS, None),
    "fido-key": (Kind.OTHER, None),
    "relay": (Kind.OTHER, None),
    "hdmi-grabber": (Kind.OTHER, Kind.CAMERA),
    "analogue-grabber": (Kind.OTHER, Kind.CAMERA),
    "tv-tuner": (Kind.OTHER, None),
    "phone": (Kind.OTHER, Kind.TABLET),
    "tablet": (Kind.TABLET, None),
    "iphone": (Kind.OTHER, None),
    "ipad": (Kind.TABLET, None),
    "iphone-tethering": (Kind.OTHER, None),
    "phone-tethering": (Kind.OTHER, Kind.TABLET),
    "phone-tethering-newer": (Kind.OTHER, Kind.TABLET),
    "unknown-phone-tethering": (Kind.OTHER, Kind.TABLET),
    "tablet-tethering": (Kind.TABLET, None),
    "modem-with-debugging": (Kind.NETWORK, None),
    "modem-by-rndis": (Kind.NETWORK, None),
    "board-computer-by-rndis": (Kind.NETWORK, None),
    "printer-with-card-slot": (Kind.PRINTER, None),
    "panaboard": (Kind.BOARD, None),
    "touch-frame": (Kind.INPUT, Kind.BOARD),
    "unknown-frame": (Kind.INPUT, Kind.BOARD),
    "mouse": (Kind.INPUT, None),
    "pen-tablet": (Kind.INPUT, Kind.BOARD),
}
# Of the field's texts: the file, the kind, what is asked.
REPORTED = {
    "alcor-6366-machineA": (Kind.STORAGE, None),
    "apc-ups": (Kind.UPS, None),
    "asix-ax88179": (Kind.NETWORK, None),
    "fido-key": (Kind.OTHER, None),
    "hdmi-capture-ms2109": (Kind.OTHER, Kind.CAMERA),
    "irtouch-mouse": (Kind.INPUT, Kind.BOARD),
    "mfp-printer": (Kind.PRINTER, None),
    "panaboard-ubt780": (Kind.BOARD, None),
    "pen-tablet-newyes": (Kind.INPUT, Kind.BOARD),
    "samsung-phone-mtp": (Kind.OTHER, Kind.TABLET),
    "smart-board-m600-mouse": (Kind.INPUT, Kind.BOARD),
    "smsc-2240-machineA": (Kind.STORAGE, None),
    "tv-tuner": (Kind.OTHER, None),
    "usb-relay": (Kind.OTHER, None),
    "wifi-dongle-c811": (Kind.NETWORK, None),
    "wifi-dongle-mt7601u": (Kind.NETWORK, None),
}
SERIAL_FAULTS = sorted(set(UdevFault) - {UdevFault.TWIN, UdevFault.NO_NODES})


def alone(make: str, *faults: UdevFault, host: str = "h") -> Sighting:
    """The one device that this make is, with a good serial but for these faults."""
    nodes = plugged(MAKES[make], serial=good_serial(Random(1)), faults=faults)
    (sighting,) = devices_of(nodes, host).values()
    return sighting


def of_field(name: str) -> Sighting:
    """The one device of a text of the field, or skip."""
    path = FIELD / f"{name}.txt"
    _, device = sightings_of(read_export(path if path.exists() else skipped(name)))
    return device


def skipped(name: str) -> Path:
    """Skip: the field's data is beside some repositories only."""
    return pytest.skip(f"a text of the field is not at hand: {name}")


@pytest.mark.parametrize("make", sorted(MAKES))
def test_each_make_is_of_its_kind_and_says_why(make: str) -> None:
    """By what the kernel made of it, its class, what drives it, at last its numbers and name."""
    found = alone(make)
    assert (found.kind, found.asks) == KINDS[make]
    assert found.proof


@pytest.mark.parametrize("name", sorted(REPORTED))
def test_what_the_field_reported_is_of_its_kind(name: str) -> None:
    """Rebuilt after public reports."""
    found = of_field(name)
    assert (found.kind, found.asks) == REPORTED[name]


def test_a_ups_tells_its_charge() -> None:
    """Where the kernel shows it."""
    assert alone("ups").charge_percent == 85
    assert alone("fido-key").charge_percent is None


@pytest.mark.parametrize("make", ["wifi-dongle", "pi-ethernet", "card-reader-own-class"])
def test_a_thing_of_which_the_kernel_made_nothing_yet_is_known_by_its_driver(make: str) -> None:
    """Without firmware, or without a card."""
    found = alone(make, UdevFault.NO_NODES)
    assert found.kind is KINDS[make][0]
    assert found.proof.startswith("driver ")


# Linux, drivers/net/usb and drivers/net/wireless: what takes an interface of a maker's own class.
NET_DRIVERS = re.findall(
    r"\S+",
    """
    aqc111 ar5523 asix at76c50x-usb ath10k_usb ath6kl_usb ath9k_htc ax88179_178a brcmfmac carl9170
    catc cdc_eem cdc_ether cdc_mbim cdc_ncm cdc_subset ch9200 cx82310_eth dm9601 gl620a hso
    huawei_cdc_ncm int51x1 kalmia kaweth lan78xx lbtf_usb lg-vl600 mcs7830 mt7601u mt7663u mt76x0u
    mt76x2u mt7921u mt7925u mwifiex_usb net1080 orinoco_usb p54usb pegasus plfxlc plusb qmi_wwan
    r8152 r8153_ecm r8188eu r8712u rndis_host rndis_wlan RSI-USB rt2500usb rt2800usb rt73usb rtl8150
    rtl8187 rtl8192cu rtl8xxxu rtw_8821cu rtw_8822bu sierra_net smsc75xx smsc95xx sr9700 sr9800
    usb8xxx zaurus zd1201 zd1211rw
    """,
)


@pytest.mark.parametrize("driver", NET_DRIVERS)
def test_what_a_network_driver_took_is_of_the_network(driver: str) -> None:
    """A Wi-Fi dongle without its firmware has no node, and a name that says nothing."""
    (device,) = devices_of(bare("ffffff", driver, "Device"), "h").values()
    assert (device.kind, device.proof) == (Kind.NETWORK, f"driver {driver}")


def test_what_reads_chip_cards_stores_nothing() -> None:
    """Though it calls itself a card reader; one of a maker's own class that does is one."""
    kinds = [
        next(iter(devices_of(bare(interface, "", "SmartCard Reader"), "h").values())).kind
        for interface in ("0b0000", "ffffff")
    ]
    assert kinds == [Kind.OTHER, Kind.STORAGE]


def bare(interface: str, driver: str, model: str) -> list[dict[str, str]]:
    """A device of one interface, of which the kernel made nothing."""
    path = "/devices/pci0000:00/0000:00:14.0/usb1/1-3"
    own = {"ID_VENDOR_ID": "0e8d", "ID_MODEL_ID": "7961", "ID_MODEL": model}
    own |= {"DEVPATH": path, "SUBSYSTEM": "usb", "DEVTYPE": "usb_device"}
    own |= {"ID_USB_INTERFACES": f":{interface}:"}
    part = {"DEVPATH": f"{path}/1-3:1.0", "SUBSYSTEM": "usb", "DEVTYPE": "usb_interface"}
    return [own, part | ({"DRIVER": driver} if driver else {})]


def test_a_mouse_without_its_node_is_no_mouse() -> None:
    """An HID may be anything."""
    assert alone("mouse", UdevFault.NO_NODES).kind is Kind.OTHER


@pytest.mark.parametrize("fault", SERIAL_FAULTS)
@pytest.mark.parametrize("make", ["card-reader", "webcam", "hdmi-grabber"])
def test_a_serial_that_names_no_piece_is_no_identity(make: str, fault: UdevFault) -> None:
    """Two machines, two devices; what was a key once goes on as a former one."""
    one, other = alone(make, fault, host="a"), alone(make, fault, host="b")
    assert one.identity is other.identity is IdentityKind.PORT
    assert one.key != other.key
    assert one.former == one.weak


@pytest.mark.parametrize("pair", ["alcor-6366", "smsc-2240"])
def test_two_machines_of_the_field_with_one_serial_have_two_devices(pair: str) -> None:
    """No shared key, nor alias."""
    one, other = of_field(f"{pair}-machineA"), of_field(f"{pair}-machineB")
    assert one.key != other.key
    assert not {one.key, *one.aliases} & {other.key, *other.aliases}


def test_a_number_that_is_filled_up_names_no_piece() -> None:
    """Of sticks and readers in their thousands; zeros in front of a number fill nothing up."""
    for serial in ("FF320005420000000000009FF0F01F", "7QX400000000A1B2C3D", "AA11111111B2C3D4"):
        assert not trusted_serial(serial)
    for serial in ("0000000000009C96B5601F", "4C530000010103116045", "200435153018A0000000"):
        assert trusted_serial(serial)


DAY_FORMS = (
    *("%Y%m%d", "%d%m%Y", "%Y-%m-%d", "%Y.%m.%d", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%SZ", "%y%m%d%H%M"),
    *("%y%m%d%H%M%S", "%y%m%d", "%d%b%Y", "%b %d %Y %H:%M:%S", "%d-%b-%Y", "%Y-W%W", "%s", "%s000"),
)
VERSION_FORMS = (
    *("V{0}.{1}.{2} build {3}", "v{0}.{1}.{2}-{1}-g1a2b3c4d5e", "FW{0}{1}{3}HW{2}", "{0}.{1}.{3}"),
    *("Rev.{0}.{1}.{3}", "HW{0}.{1}FW{1}.{2}SN000{0}", "ver{0}.{1}.{2}b{3}", "{0}.{1}.{2}-rc{3}"),
)


@given(
    moment=st.datetimes(datetime(2010, 1, 1), datetime(2029, 12, 31)),  # noqa: DTZ001 - UTC below
    form=st.sampled_from(DAY_FORMS),
    front=st.sampled_from(["", "SN", "LC-", "Cam_", "FW"]),
    behind=st.one_of(st.just(""), st.integers(1, 9999).map(lambda count: f"-{count:04}")),
)
def test_a_moment_names_no_piece(moment: datetime, form: str, front: str, behind: str) -> None:
    """Whoever writes it down, and however: of a make, of a build, with the count of that day."""
    moment = moment.replace(tzinfo=UTC)
    seconds = str(int(moment.timestamp()))
    written = moment.strftime(form.replace("%s", seconds))
    assert not trusted_serial(f"{front}{written}{behind}")


@given(
    form=st.sampled_from(VERSION_FORMS),
    numbers=st.tuples(*[st.integers(0, 99)] * 3, st.integers(10_000, 999_999)),
)
def test_a_program_names_no_piece(form: str, numbers: tuple[int, ...]) -> None:
    """Its version and its build are the same in all that were sold with it."""
    assert not trusted_serial(form.format(*numbers))


@pytest.mark.parametrize(
    "serial",
    [
        *("4C530001230412118374", "AA04012700007938", "WD-WCC4N5PF96KD", "070C1A2B3D4E5F60"),
        *("20043512130C5FA2B4D0", "R58M70XKPQJ", "5CD0382LMZ", "8C3A2F1107D5", "7QXJ2G3F"),
        *("A8F34K20210705", "E4:5F:01:9A:3C:7B", "9071365824", "FWK7Q2XM9"),
    ],
)
def test_what_only_looks_like_a_moment_or_a_program_goes_on_naming_its_piece(serial: str) -> None:
    """Real makers' numbers, in which a day or "FW" stands by chance."""
    assert trusted_serial(serial)


def test_good_serials_are_trusted_and_invented_ones_are_not() -> None:
    """By a rule: one in twenty of eight random hex digits may be lost by it, no more."""
    rng = Random(7)
    lost = sum(not trusted_serial(f"{rng.randrange(16**8):08X}") for _ in range(2000))
    assert lost < 2000 / 10
    lost = sum(not trusted_serial(f"{rng.randrange(16**12):012X}") for _ in range(2000))
    assert lost < 2000 / 50
    for digits, share in ((10, 0.2), (12, 0.08), (13, 0.12), (16, 0.04)):
        lost = sum(not trusted_serial(f"{rng.randrange(10**digits)}") for _ in range(2000))
        assert lost < 2000 * share
    for year in range(2005, 2027):
        for count in (1, 12, 345, 9999):
            assert not trusted_serial(f"{year}0412{count:04}")
            assert not trusted_serial(f"Webcam-{year}-{count:04}")
