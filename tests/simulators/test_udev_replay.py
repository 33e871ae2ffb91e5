"""The udev replayer: from an export's text to events in the order and pace of real ones."""

from __future__ import annotations

import asyncio
import random
from itertools import accumulate

import pytest

from simulators.devices import udev as udev_replay
from simulators.devices.udev import UdevStep
from tests.hardware.udev_trace import script_of_trace

TEXT = """P: /devices/x/usb1/1-2
N: bus/usb/001/004
E: DEVPATH=/devices/x/usb1/1-2
E: SUBSYSTEM=usb
E: DEVTYPE=usb_device

P: /devices/x/usb1/1-2/1-2:1.0
E: DEVPATH=/devices/x/usb1/1-2/1-2:1.0
E: SUBSYSTEM=usb
E: DEVTYPE=usb_interface

P: /devices/x/usb1/1-2/1-2:1.0/sound/card1
E: DEVPATH=/devices/x/usb1/1-2/1-2:1.0/sound/card1
E: SUBSYSTEM=sound

P: /devices/other
"""
NODES = udev_replay.nodes_of(TEXT)
CAMERA = "/devices/x/usb1/1-2"


def told(script: udev_replay.Script) -> list[tuple[int, str, str]]:
    """Give a script short: when [ms], what, of which node."""
    at_s = accumulate(step.wait_s for step in script)
    return [
        (round(1000 * at), step.action, step.properties["DEVPATH"].removeprefix(CAMERA))
        for at, step in zip(at_s, script, strict=True)
    ]


def test_an_exports_text_becomes_nodes() -> None:
    """Only E lines count, and a node that has none is left out."""
    assert [node["DEVPATH"].removeprefix(CAMERA) for node in NODES] == [
        "",
        "/1-2:1.0",
        "/1-2:1.0/sound/card1",
    ]
    assert udev_replay.nodes_of(TEXT.replace("\n", "\r\n")) == NODES


def test_a_device_comes_in_the_pace_of_a_real_one() -> None:
    """The device, its interfaces, what they do, then the drivers bound, and a last change."""
    assert told(udev_replay.plug(NODES, CAMERA)) == [
        (45, "add", ""),
        (48, "add", "/1-2:1.0"),
        (63, "add", "/1-2:1.0/sound/card1"),
        (126, "bind", "/1-2:1.0"),
        (128, "bind", ""),
        (130, "change", "/1-2:1.0/sound/card1"),
    ]


def test_a_device_goes_from_its_lowest_node_up() -> None:
    """A driver lets go of a USB node before that is removed."""
    assert [one[1:] for one in told(udev_replay.unplug(NODES, CAMERA))] == [
        ("remove", "/1-2:1.0/sound/card1"),
        ("unbind", "/1-2:1.0"),
        ("remove", "/1-2:1.0"),
        ("unbind", ""),
        ("remove", ""),
    ]


def test_a_cart_comes_port_by_port() -> None:
    """The hub first, then each tablet on it, a quarter of a second apart."""
    hub, nodes = udev_replay.tablet_cart(10)
    added = [
        (at_ms, path.removeprefix(hub))
        for at_ms, action, path in told(udev_replay.plug(nodes, hub))
        if action == "add" and ":" not in path.rpartition("/")[2]
    ]
    assert [at_ms for at_ms, _ in added] == [45 + 250 * count for count in range(11)]
    serials = {node["ID_SERIAL_SHORT"] for node in nodes if "ID_SERIAL_SHORT" in node}
    assert len(serials) == 10
    _, same = udev_replay.tablet_cart(10, serial="SN0001")
    assert {node.get("ID_SERIAL_SHORT") for node in same} == {None, "SN0001"}


@pytest.mark.parametrize("seed", range(5))
def test_a_burst_leaves_what_its_events_add_up_to(seed: int) -> None:
    """No pause in it, nothing added twice, and nothing removed that is not there."""
    hub, nodes = udev_replay.tablet_cart(4)
    script, left = udev_replay.burst(nodes, 200, random.Random(seed))
    there = {node["DEVPATH"] for node in nodes}
    for step in script:
        path = step.properties["DEVPATH"]
        if step.action == "add":
            assert path not in there
            there.add(path)
        elif step.action == "remove":
            there.remove(path)
    assert there == {node["DEVPATH"] for node in left}
    assert len(script) >= 200
    assert {step.wait_s for step in script} == {0.0}
    assert hub


def test_a_trace_is_played_from_the_kernels_first_word() -> None:
    """Its own lines only; a node of which nothing more is known has its path and subsystem."""
    trace = "# a comment\n.500 K add 1-2 usb\n.545 U add 1-2 usb\n\n.550 U add 1-2/card1 sound\n"
    assert told(script_of_trace(trace, "/devices/x/usb1", NODES)) == [
        (45, "add", ""),
        (50, "add", "/card1"),
    ]
    (device, card) = script_of_trace(trace, "/devices/x/usb1", NODES)
    assert device.properties == NODES[0]
    assert card.properties == {"DEVPATH": f"{CAMERA}/card1", "SUBSYSTEM": "sound"}


def test_a_script_is_played_in_its_time() -> None:
    """The waits add up, also where a listener is slow."""
    script = (
        UdevStep(0.02, "add", {"n": "1"}),
        UdevStep(0.0, "add", {"n": "2"}),
        UdevStep(0.03, "bind", {}),
    )

    async def take() -> list[tuple[float, str]]:
        loop = asyncio.get_running_loop()
        began, heard = loop.time(), []
        await udev_replay.play(
            script, lambda action, _: heard.append((loop.time() - began, action))
        )
        return heard

    heard = asyncio.run(take())
    assert [action for _, action in heard] == ["add", "add", "bind"]
    assert all(at >= due - 0.002 for (at, _), due in zip(heard, (0.02, 0.02, 0.05), strict=True))
