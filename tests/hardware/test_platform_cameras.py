"""Platform cameras: a Raspberry Pi's own are cameras, its codecs are not."""

from __future__ import annotations

import pytest

from hardware.readings import IdentityKind, Kind
from hardware.usb.devices import devices_of
from hardware.usb.plugs import SETTLE_S, Plugs

CSI = "/devices/platform/soc/fe801000.csi"


def video(number: int, product: str, parent: str = CSI, **more: str) -> dict[str, str]:
    """Give a video node that shows pictures."""
    return {
        "DEVPATH": f"{parent}/video4linux/video{number}",
        "SUBSYSTEM": "video4linux",
        "DEVNAME": f"/dev/video{number}",
        "ID_V4L_PRODUCT": product,
        "ID_V4L_CAPABILITIES": ":capture:",
    } | more


@pytest.mark.parametrize(
    ("product", "mark"),
    [
        ("mmal service 16.1", "mmal"),
        ("unicam", "unicam"),
        ("unicam-image", "unicam"),
        ("rp1-cfe", "rp1-cfe"),
    ],
)
def test_a_camera_on_the_pis_own_port_is_one(product: str, mark: str) -> None:
    """Known by its port, for it has neither serial nor numbers."""
    (camera,) = devices_of([video(0, product, ID_PATH="platform-fe801000.csi")], "h").values()
    assert (camera.kind, camera.identity, camera.product) == (Kind.CAMERA, IdentityKind.PORT, "")
    assert camera.key == f"port:h:platform-fe801000.csi:{mark}"
    assert camera.nodes == ("/dev/video0",)


@pytest.mark.parametrize(
    "product",
    [
        "bcm2835-codec-decode",
        "bcm2835-codec-isp",
        "bcm2835-isp",
        "rpi-hevc-dec",
        "rpivid",
        "pispbe",
        "Intel IPU6 PSYS",
        "Intel MIPI Camera",
        "ipu3-imgu 0 viewfinder",
        "My mmal service 16.1",
        "",
    ],
)
def test_codecs_image_processors_and_raw_nodes_are_no_cameras(product: str) -> None:
    """Even where they claim to give pictures."""
    assert devices_of([video(10, product)], "h") == {}


IPU = "/devices/pci0000:00/0000:00:05.0"
PLACES = (
    (f"{IPU}/intel_ipu6.isys.40", "Intel IPU6 ISYS Capture {}"),
    (f"{IPU}/intel-ipu6-isys0", "Intel IPU6 BE SOC capture {}"),
    (f"{IPU}/intel_ipu7.isys.40", "Intel IPU7 ISYS Capture {}"),
    (IPU, "ipu6"),
)


@pytest.mark.parametrize(("parent", "product"), PLACES)
@pytest.mark.parametrize("has_relay", [False, True])
def test_a_laptops_camera_behind_an_image_processor_is_one(
    parent: str, product: str, *, has_relay: bool
) -> None:
    """However many raw nodes there are and whatever the driver calls them; one key for all.

    Its picture is that of the program which makes one, where it runs; a raw node shows none.
    """
    nodes = [video(number, product.format(number)) | path(parent, number) for number in range(38)]
    relay = video(50, "Intel MIPI Camera", "/devices/virtual")
    (camera,) = devices_of(nodes + [relay] * has_relay, "h").values()
    assert (camera.key, camera.kind) == ("port:h:pci-0000:00:05.0:ipu", Kind.CAMERA)
    assert camera.nodes == (("/dev/video50",) if has_relay else ())


def path(parent: str, number: int) -> dict[str, str]:
    return {"DEVPATH": f"{parent}/video4linux/video{number}"}


def test_a_relay_that_starts_later_is_taken_up_and_left() -> None:
    """The camera stays the same one; two virtual cameras alone are none."""
    plugs = Plugs("h")
    raw = video(0, "Intel IPU6 ISYS Capture 0", PLACES[0][0])
    relay = video(50, "Intel MIPI Camera", "/devices/virtual")
    (before,) = plugs.replace([raw], 0.0)
    plugs.note("add", relay, 1.0)
    (after,) = plugs.settle(1.0 + SETTLE_S)
    plugs.note("remove", relay, 2.0)
    (again,) = plugs.settle(2.0 + SETTLE_S)
    assert (before, after.nodes) == (again, ("/dev/video50",))
    assert Plugs("h").replace([relay, video(51, "OBS Virtual Camera", "/devices/v")], 0.0) == []


def test_a_node_that_gives_no_picture_is_no_camera() -> None:
    """The sensor's own data comes by a node of its own."""
    assert devices_of([video(1, "unicam", ID_V4L_CAPABILITIES=":")], "h") == {}


def test_channels_of_one_port_are_one_camera_and_two_ports_are_two() -> None:
    """A Raspberry Pi 5 shows a handful of nodes for each camera."""
    second = "/devices/platform/axi/1f00128000.csi"
    nodes = [video(number, "rp1-cfe") for number in (10, 9, 11)]
    nodes += [video(number, "rp1-cfe", second) for number in (20, 21)]
    found = devices_of(nodes, "h")
    assert [(one.key, one.nodes) for one in found.values()] == [
        ("port:h:platform-fe801000.csi:rp1-cfe", ("/dev/video9",)),
        ("port:h:platform-1f00128000.csi:rp1-cfe", ("/dev/video20",)),
    ]


def test_two_cameras_without_a_port_are_two() -> None:
    """The older driver hangs all of them in one place."""
    nodes = [video(number, "mmal service 16.1", "/devices/virtual") for number in (1, 0)]
    assert {key: one.nodes for key, one in devices_of(nodes, "h").items()} == {
        "port:h:platform-virtual:mmal": ("/dev/video0",),
        "port:h:platform-virtual:mmal:2": ("/dev/video1",),
    }


def test_a_usb_device_cannot_pass_as_the_pis_own_camera() -> None:
    """It is counted on its bus, and once."""
    assert devices_of([video(0, "unicam", "/devices/x/usb1/1-1/1-1:1.0")], "h") == {}


def test_the_pis_camera_comes_and_goes_in_the_watch_too() -> None:
    """Its driver may be loaded late, and taken out."""
    plugs, node = Plugs("h"), video(0, "unicam")
    assert plugs.replace([], 0.0) == []
    plugs.note("add", node, 1.0)
    (come,) = plugs.settle(1.0 + SETTLE_S)
    assert (come.kind, come.present) == (Kind.CAMERA, True)
    plugs.note("remove", {"DEVPATH": node["DEVPATH"]}, 2.0)
    (gone,) = plugs.settle(2.0)
    assert (gone.key, gone.present, gone.reason) == (come.key, False, "unplugged")
    assert [one.key for one in plugs.replace([node], 3.0)] == [come.key]
