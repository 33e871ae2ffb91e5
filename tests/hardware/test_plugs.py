"""Plugs: a USB device counts once it has settled, and goes at once."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from hardware.readings import Sighting
from hardware.usb.devices import devices_of
from hardware.usb.keys import remembered_holders
from hardware.usb.nodes import is_usb_device
from hardware.usb.plugs import RESTLESS_S, SETTLE_S, Plugs
from tests.hardware.udev_exports import classroom

HOST = "room12"
NODES = {node["DEVPATH"]: node for node in classroom()}
CAMERA = "/devices/pci0000:00/0000:00:14.0/usb1/1-2"
HUB = "/devices/pci0000:00/0000:00:14.0/usb1/1-3"
CAMERA_NODES = [path for path in NODES if path.startswith(CAMERA)]


def plug(plugs: Plugs, paths: Iterable[str], at: float) -> None:
    """Add nodes in their order, 20 ms apart."""
    for count, path in enumerate(paths):
        plugs.note("add", NODES[path], at + 0.02 * count)


def keys(sightings: list[Sighting]) -> list[tuple[str, bool, str]]:
    """Give what was told, short."""
    return [(one.key, one.present, one.reason) for one in sightings]


def test_a_camera_is_told_once_when_all_its_nodes_are_there() -> None:
    """No half camera is told while its nodes still come."""
    plugs = Plugs(HOST)
    plug(plugs, CAMERA_NODES, at=10.0)
    last_event = 10.0 + 0.02 * (len(CAMERA_NODES) - 1)
    assert plugs.settle(last_event + SETTLE_S - 0.001) == []
    assert plugs.due_at() == last_event + SETTLE_S
    (camera,) = plugs.settle(last_event + SETTLE_S)
    assert (camera.kind, camera.nodes) == ("camera", ("/dev/video0", "/dev/snd/controlC1"))
    assert plugs.due_at() is None
    assert plugs.settle(99.0) == []


def test_an_unplugged_device_is_told_gone_at_once() -> None:
    """What is gone needs no time to settle."""
    plugs = Plugs(HOST)
    plugs.replace(NODES.values(), 0.0)
    for path in reversed(CAMERA_NODES):
        plugs.note("remove", {"DEVPATH": path}, 5.0)
    assert keys(plugs.settle(5.0)) == [("usb:2b7e:0551:ZC7A91F03B", False, "unplugged")]


def test_a_hub_takes_along_what_hangs_on_it() -> None:
    """Even where the events of its devices were lost."""
    plugs = Plugs(HOST)
    plugs.replace(NODES.values(), 0.0)
    plugs.note("remove", {"DEVPATH": HUB}, 5.0)
    gone = plugs.settle(5.0)
    assert {one.model for one in gone} == {"Flash Twin", "Plain Keyboard"}
    assert not any(one.present for one in gone)


def test_a_known_device_stays_as_it_was_while_another_settles() -> None:
    """A plug beside it is nothing to a device that stays."""
    plugs = Plugs(HOST)
    rest = [path for path in NODES if not path.startswith(CAMERA)]
    plugs.replace([NODES[path] for path in rest], 0.0)
    plug(plugs, CAMERA_NODES, at=1.0)
    plugs.note("remove", {"DEVPATH": HUB + "/1-3.3"}, 1.05)
    assert [(one.model, one.present) for one in plugs.settle(1.05)] == [("Plain Keyboard", False)]


def test_a_second_device_with_the_same_serial_leaves_the_first_its_key() -> None:
    """The second is known by its port, ever after: plugged in alone it is not the first."""
    plugs = Plugs(HOST)
    second = HUB + "/1-3.2"
    plugs.replace([node for path, node in NODES.items() if path != second], 0.0)
    plugs.note("add", NODES[second], 1.0)
    serial, port = "usb:1a2c:7001:7F3A55C0E1", "port:room12:pci-0000:00:14.0-usb-0:3.2:1a2c:7001"
    told = plugs.settle(2.0)
    assert keys(told) == [(serial, True, ""), (port, True, "")]
    assert [one.contested for one in told] == [(serial,), (serial,)]
    for at, path in ((3.0, HUB + "/1-3.1"), (4.0, second)):
        plugs.note("remove", {"DEVPATH": path}, at)
        assert [one.present for one in plugs.settle(at)] == [False]
    plugs.note("add", NODES[second], 5.0)
    assert keys(plugs.settle(6.0)) == [(port, True, "")]
    remembered = Plugs(HOST, holders=remembered_holders(told))
    rest = [node for path, node in NODES.items() if path != HUB + "/1-3.1"]
    assert (port, True, "") in keys(remembered.replace(rest, 0.0))


def test_a_restless_device_is_told_in_the_end() -> None:
    """A device whose nodes flap without end does not hide behind it."""
    plugs = Plugs(HOST)
    at, told = 0.0, list[Sighting]()
    while not told and at < 2 * RESTLESS_S:
        plug(plugs, CAMERA_NODES, at)
        at += 0.1
        told = plugs.settle(at)
    assert [one.name for one in told] == ["Class Cam 2"]
    assert at <= RESTLESS_S + 0.2


def test_unbinding_a_driver_is_not_unplugging() -> None:
    """The node stays until it is removed."""
    plugs = Plugs(HOST)
    plugs.replace(NODES.values(), 0.0)
    plugs.note("unbind", {"DEVPATH": CAMERA}, 1.0)
    assert plugs.due_at() is None


def test_a_fresh_list_tells_only_what_the_lost_events_would_have() -> None:
    """After an overflow the difference is told, and nothing twice."""
    plugs = Plugs(HOST)
    plugs.replace(NODES.values(), 0.0)
    rest = [node for path, node in NODES.items() if not path.startswith(CAMERA)]
    assert keys(plugs.replace(rest, 1.0)) == [("usb:2b7e:0551:ZC7A91F03B", False, "unplugged")]
    assert plugs.replace(rest, 2.0) == []


def test_a_fresh_list_does_not_hurry_a_device_that_settles() -> None:
    """It may have been made while the device's nodes still came."""
    plugs = Plugs(HOST)
    rest = [node for path, node in NODES.items() if not path.startswith(CAMERA)]
    plugs.replace(rest, 0.0)
    plug(plugs, CAMERA_NODES[:2], at=1.0)
    assert plugs.replace([*rest, *(NODES[path] for path in CAMERA_NODES[:2])], 1.05) == []
    plug(plugs, CAMERA_NODES[2:], at=1.06)
    assert [one.name for one in plugs.settle(2.0)] == ["Class Cam 2"]


def test_a_fresh_list_leaves_a_known_device_alone_while_it_changes() -> None:
    """What is known stays known as it was until it has settled."""
    plugs = Plugs(HOST)
    plugs.replace(NODES.values(), 0.0)
    plugs.note("remove", {"DEVPATH": CAMERA_NODES[2]}, 1.0)
    left = [node for path, node in NODES.items() if path != CAMERA_NODES[2]]
    assert plugs.replace(left, 1.05) == []
    (camera,) = plugs.settle(1.0 + SETTLE_S)
    assert (camera.present, camera.kind, camera.nodes) == (True, "other", ("/dev/snd/controlC1",))


_EVENTS = st.lists(
    st.tuples(st.sampled_from(["add", "change", "remove", "bind"]), st.sampled_from(list(NODES))),
    max_size=40,
)


@given(_EVENTS, st.floats(0.0, 0.4))
def test_any_events_end_in_what_a_fresh_list_would_say(
    events: list[tuple[str, str]], pause_s: float
) -> None:
    """What was told adds up to the devices that are there, whatever came in whatever order."""
    plugs = Plugs(HOST)
    there = dict(NODES)
    told = {one.key: one for one in plugs.replace(NODES.values(), 0.0)}
    at = 0.0
    for action, path in events:
        at += pause_s
        # The kernel adds a node only under one that is there, and removes all below it.
        if action == "remove":
            gone = [one for one in there if one == path or one.startswith(f"{path}/")]
            for one in sorted(gone, reverse=True):
                del there[one]
                plugs.note("remove", {"DEVPATH": one}, at)
        elif _has_parents(path, there):
            there[path] = NODES[path]
            plugs.note(action, NODES[path], at)
        _tell(told, plugs.settle(at))
    _tell(told, plugs.settle(at + RESTLESS_S))
    # Who was there first keeps the serial that both tell; else all is as a fresh list says.
    fresh = devices_of(there.values(), HOST)
    assert {(one.socket, one.kind, one.nodes) for one in told.values()} == {
        (one.socket, one.kind, one.nodes) for one in fresh.values()
    }
    assert len(told) == len(fresh)


def _has_parents(path: str, there: dict[str, dict[str, str]]) -> bool:
    above = [one for one in NODES if path.startswith(f"{one}/") and is_usb_device(NODES[one])]
    return all(one in there for one in above)


def _tell(told: dict[str, Sighting], sightings: list[Sighting]) -> None:
    for one in sightings:
        if one.present:
            told[one.key] = one
        else:
            del told[one.key]
