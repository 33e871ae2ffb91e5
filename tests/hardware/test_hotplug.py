"""Hot-plug: replayed in its real pace, in bursts and with losses, it ends in what is there."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readings import Kind, Sighting
from hardware.usb import watch as usb
from hardware.usb.devices import devices_of
from hardware.usb.plugs import BOUND_S, RESTLESS_S, SETTLE_S, Plugs
from simulators.devices import udev as udev_replay
from tests.hardware.told import Told
from tests.hardware.udev_exports import HERE, classroom, real
from tests.hardware.udev_trace import script_of_trace
from tests.waiting import eventually

HOST = "room12"
BUS = "/devices/pci0000:00/0000:00:14.0/usb1"
CAMERA = f"{BUS}/1-2"
CAMERA_KEY = "usb:2b7e:0551:ZC7A91F03B"
NODES = classroom()
REST = [node for node in NODES if not node["DEVPATH"].startswith(CAMERA)]
TOLD_WITHIN_S = 0.3

Timed = tuple[float, Sighting]


def follow(plugs: Plugs, script: Iterable[udev_replay.UdevStep]) -> Iterator[Timed]:
    """Let Plugs follow a script on a clock of pretence; gives what it tells, and when."""
    at = 0.0
    for step in script:
        yield from _settled(plugs, at + step.wait_s)
        at += step.wait_s
        plugs.note(step.action, step.properties, at)
        yield from ((at, one) for one in plugs.settle(at))
    yield from _settled(plugs, at + RESTLESS_S)


def _settled(plugs: Plugs, until: float) -> Iterator[Timed]:
    while (due_at := plugs.due_at()) is not None and due_at <= until:
        yield from ((due_at, one) for one in plugs.settle(due_at))


def standing(timed: Iterable[Timed], before: Iterable[Sighting] = ()) -> dict[str, Sighting]:
    """Add up what was told."""
    there = {one.key: one for one in before}
    for _, one in timed:
        if one.present:
            there[one.key] = one
        else:
            del there[one.key]
    return there


def test_a_camera_plugged_in_is_told_once_and_whole_within_300_ms() -> None:
    """From the kernel's first word of it, udev's own 130 ms included."""
    plugs = Plugs(HOST)
    plugs.replace(REST, 0.0)
    ((at, camera),) = follow(plugs, udev_replay.plug(NODES, CAMERA))
    assert (camera.key, camera.kind) == (CAMERA_KEY, Kind.CAMERA)
    assert camera.nodes == ("/dev/video0", "/dev/snd/controlC1")
    assert at < TOLD_WITHIN_S


def test_a_trace_of_our_own_is_told_once_and_whole_within_300_ms() -> None:
    """The last word, after the driver was bound, changes a sound node."""
    plugs = Plugs(HOST)
    trace = (HERE / "udev/hotplug.txt").read_text("utf-8")
    script = script_of_trace(trace, BUS, NODES)
    ((at, camera),) = follow(plugs, script)
    assert (camera.key, camera.kind) == (CAMERA_KEY, Kind.CAMERA)
    assert at == pytest.approx(sum(step.wait_s for step in script) + BOUND_S)
    assert at < TOLD_WITHIN_S


def test_a_real_trace_is_told_once_and_whole_within_300_ms() -> None:
    """A camcorder on a Linux Mint; the trace has no properties, so they are lent."""
    trace = real("udev-panasonic-dvc-hotplug.txt").read_text("utf-8")
    bus = "/devices/pci0000:00/0000:00:14.0/usb2"
    own = {
        "DEVPATH": f"{bus}/2-3",
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_device",
        "ID_VENDOR_ID": "04da",
        "ID_MODEL_ID": "2372",
        "ID_USB_INTERFACES": ":0e0100:0e0200:010100:010200:",
    }
    video = {
        "DEVPATH": f"{bus}/2-3/2-3:1.0/video4linux/video2",
        "SUBSYSTEM": "video4linux",
        "DEVNAME": "/dev/video2",
        "ID_V4L_CAPABILITIES": ":capture:",
    }
    ((at, camera),) = follow(Plugs(HOST), script_of_trace(trace, bus, [own, video]))
    assert (camera.kind, camera.nodes) == (Kind.CAMERA, ("/dev/video2",))
    assert at < TOLD_WITHIN_S


def test_a_device_whose_driver_comes_late_is_not_told_before_its_nodes() -> None:
    """Bound, but without its pictures yet: it waits for them as any other."""
    plugs = Plugs(HOST)
    script = [
        step._replace(wait_s=step.wait_s + 0.1) if "video" in step.properties["DEVPATH"] else step
        for step in udev_replay.plug(NODES, CAMERA)
    ]
    script.sort(key=lambda step: "video" in step.properties["DEVPATH"])
    told = [one for _, one in follow(plugs, script)]
    assert [one.kind for one in told] == [Kind.CAMERA]


@pytest.mark.parametrize("lost", [False, True])
def test_a_device_that_comes_back_has_its_whole_time_again(*, lost: bool) -> None:
    """That its driver was bound the last time says nothing, also where its going was not heard."""
    hub, nodes = udev_replay.tablet_cart(1)
    plugs = Plugs(HOST)
    for step in udev_replay.plug(nodes, hub):
        plugs.note(step.action, step.properties, 1.0)
    if lost:
        plugs.replace([], 1.0)
    else:
        assert len(plugs.settle(2.0)) == 1
        plugs.note("remove", nodes[0], 3.0)
        plugs.settle(3.0)
    plugs.note("add", nodes[1], 4.0)
    assert plugs.due_at() == 4.0 + SETTLE_S


def test_an_unplugged_camera_is_told_gone_with_its_last_node() -> None:
    """Without any wait."""
    plugs = Plugs(HOST)
    plugs.replace(NODES, 0.0)
    script = udev_replay.unplug(NODES, CAMERA)
    ((at, gone),) = follow(plugs, script)
    assert (gone.key, gone.present, gone.reason) == (CAMERA_KEY, False, "unplugged")
    assert at == pytest.approx(sum(step.wait_s for step in script))


@pytest.mark.parametrize(
    ("every_s", "presence"), [(0.2, [True, *[False, True] * 5]), (0.0, [True])]
)
def test_a_loose_plug_ends_with_the_camera_there(every_s: float, presence: list[bool]) -> None:
    """Come and go are told in turn, no two devices are made of one, and a mere flicker is still."""
    plugs = Plugs(HOST)
    told = [one for _, one in follow(plugs, udev_replay.flap(NODES, CAMERA, 5, every_s))]
    assert {one.key for one in told} == {CAMERA_KEY}
    assert [one.present for one in told] == presence


@pytest.mark.parametrize(("serial", "identity"), [("", "usb"), ("0123456789ABCDEF", "port")])
def test_a_cart_of_ten_tablets_is_ten_tablets(serial: str, identity: str) -> None:
    """On one hub, one after another, with serials of their own or all the same."""
    hub, nodes = udev_replay.tablet_cart(10, serial=serial)
    there = standing(follow(Plugs(HOST), udev_replay.plug(nodes, hub)))
    assert [(one.asks, one.identity) for one in there.values()] == [("tablet", identity)] * 10
    plugs = Plugs(HOST)
    plugs.replace(nodes, 0.0)
    gone = [one for _, one in follow(plugs, udev_replay.unplug(nodes, hub))]
    assert sorted(one.key for one in gone) == sorted(there)


def lossy(script: udev_replay.Script, share: float, rng: random.Random) -> udev_replay.Script:
    """Lose this share of the steps, as a full buffer does without a word."""
    return tuple(step for step in script if rng.random() >= share)


def test_losses_are_of_the_share_asked_for() -> None:
    """None, all, or some."""
    script = udev_replay.plug(NODES, CAMERA)
    assert lossy(script, 0.0, random.Random(1)) == script
    assert lossy(script, 1.0, random.Random(1)) == ()
    assert 0 < len(lossy(script * 50, 0.5, random.Random(1))) < len(script * 50)


@given(st.integers(), st.sampled_from([0.0, 0.1, 0.5]))
@settings(max_examples=20, deadline=None)
def test_a_burst_with_losses_and_five_fresh_lists_ends_in_what_is_there(
    seed: int, share: float
) -> None:
    """A thousand events, some lost; after each of five overflows all is listed anew."""
    rng = random.Random(seed)
    plugs = Plugs(HOST)
    before = plugs.replace(NODES, 0.0)
    left, timed = list(NODES), []
    for _ in range(5):
        script, left = udev_replay.burst(NODES, 200, rng)
        timed += list(follow(plugs, lossy(script, share, rng)))
        timed += [(0.0, one) for one in plugs.replace(left, 99.0)]
        back = [node for node in NODES if node not in left]
        timed += list(follow(plugs, [udev_replay.UdevStep(0.0, "add", node) for node in back]))
    assert standing(timed, before) == devices_of(NODES, HOST)


def test_on_a_laptop_only_what_is_plugged_in_later_is_asked_for() -> None:
    """What touches at its first list is its own screen, also when it comes back from sleep."""
    touch = f"{BUS}/1-8"
    for has_screen, first, later in ((True, None, Kind.BOARD), (False, Kind.BOARD, Kind.BOARD)):
        plugs = Plugs(HOST, has_screen=has_screen)
        assert _asked(plugs.replace(NODES, 0.0)) == [first]
        again = (*udev_replay.unplug(NODES, touch), *udev_replay.plug(NODES, touch))
        assert _asked(one for _, one in follow(plugs, again)) == [first]
        moved = [_moved(node, touch, f"{BUS}/1-9") for node in NODES]
        script = udev_replay.plug(moved, f"{BUS}/1-9")
        assert _asked(one for _, one in follow(plugs, script)) == [later]


def _asked(sightings: Iterable[Sighting]) -> list[Kind | None]:
    return [one.asks for one in sightings if one.product == "04f3:24dd" and one.present]


def _moved(node: Mapping[str, str], old: str, new: str) -> dict[str, str]:
    return {name: value.replace(old, new).replace("0:8", "0:9") for name, value in node.items()}


class Bus:
    """A machine's udev of pretence, in the shape of pyudev: nodes, and monitors that overflow."""

    def __init__(self, nodes: Iterable[Mapping[str, str]]) -> None:
        self.nodes = {node["DEVPATH"]: node for node in nodes}
        self.monitors: list[FakeMonitor] = []
        self.Monitor = self
        self.Context = lambda: self

    def from_netlink(self, _context: object) -> FakeMonitor:
        """Open a monitor."""
        self.monitors.append(FakeMonitor())
        return self.monitors[-1]

    def list_devices(self) -> Listing:
        """List the nodes there are."""
        return Listing(FakeDevice("", node) for node in self.nodes.values())

    def tell(self, action: str, node: Mapping[str, str]) -> None:
        """Let something happen to a node, and the last monitor hear of it."""
        if action == "remove":
            self.nodes.pop(node["DEVPATH"], None)
        elif action == "add":
            self.nodes[node["DEVPATH"]] = node
        self.monitors[-1].hear(FakeDevice(action, node))

    def overflow(self) -> None:
        """Let a device go unheard, and the last monitor lose what it has and say so."""
        gone = f"{BUS}/1-4"
        self.nodes = {path: node for path, node in self.nodes.items() if path != gone}
        self.monitors[-1].lose()
        self.monitors[-1].hear(OSError(105, "No buffer space available"))


class Listing(list["FakeDevice"]):
    """A list that can be narrowed; here nothing is left out."""

    def match_subsystem(self, _name: str) -> None:
        """Narrow the list."""


class FakeDevice:
    """One node, as pyudev hands it over."""

    def __init__(self, action: str, node: Mapping[str, str]) -> None:
        self.action = action
        self.properties = node
        self.attributes: dict[str, bytes] = {}


class FakeMonitor:
    """A monitor over a pipe, so that the loop can wait for it."""

    def __init__(self) -> None:
        self.waiting: list[FakeDevice | OSError] = []
        self.reader, self.writer = os.pipe()
        self.filter_by = self.set_receive_buffer_size = lambda _value: None
        self.start = lambda: None

    def fileno(self) -> int:
        """Give what becomes readable."""
        return self.reader

    def hear(self, one: FakeDevice | OSError) -> None:
        """Take in an event, or an error to raise."""
        self.waiting.append(one)
        os.write(self.writer, b".")

    def lose(self) -> None:
        """Forget what waits."""
        if self.waiting:
            os.read(self.reader, len(self.waiting))
        self.waiting.clear()

    def poll(self, timeout: float) -> FakeDevice | None:
        """Give the next event, or raise the error that stands there."""
        assert timeout == 0
        if not self.waiting:
            return None
        os.read(self.reader, 1)
        one = self.waiting.pop(0)
        if isinstance(one, OSError):
            raise one
        return one

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self.reader)
        os.close(self.writer)


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bus]:
    """A machine with our classroom's devices, in place of udev."""
    bus = Bus(NODES)
    monkeypatch.setattr(usb, "_pyudev", lambda: bus)
    yield bus
    for monitor in bus.monitors:
        monitor.close()


class Standing:
    """Adds up what the watch reports."""

    def __init__(self) -> None:
        self.there: dict[str, Sighting] = {}

    def __call__(self, sighting: Sighting) -> None:
        """Take in one report."""
        self.there = standing([(0.0, sighting)], self.there.values())


def test_a_thousand_events_and_five_overflows_end_in_what_a_fresh_list_says(
    tmp_path: Path, bus: Bus
) -> None:
    """Through the watch itself: after each overflow the monitor is made anew and all is listed."""
    (tmp_path / "control").touch()
    rng = random.Random(7)
    told = Standing()

    def is_true() -> bool:
        return told.there == devices_of(bus.nodes.values(), HOST)

    async def stay() -> float:
        watch = asyncio.create_task(usb.watch(told, host=HOST, run=tmp_path, root=tmp_path))
        await eventually(is_true)
        loop = asyncio.get_running_loop()
        overflowed_at = 0.0
        for count in range(5):
            script, _ = udev_replay.burst(NODES, 200, rng)
            await udev_replay.play([*_missing(bus), *script], bus.tell)
            overflowed_at = loop.time()
            bus.overflow()
            await eventually(lambda wanted=count + 2: len(bus.monitors) == wanted)
        await eventually(is_true)
        watch.cancel()
        return loop.time() - overflowed_at

    assert asyncio.run(stay()) < 2.0
    assert len(told.there) < len(devices_of(NODES, HOST))


def _missing(bus: Bus) -> list[udev_replay.UdevStep]:
    return [
        udev_replay.UdevStep(0.0, "add", node) for node in NODES if node["DEVPATH"] not in bus.nodes
    ]


def test_on_a_laptop_the_watch_asks_for_nothing_that_was_there_at_its_start(
    tmp_path: Path, bus: Bus
) -> None:
    """The chassis type is read from the firmware; a desktop's touch is asked of."""
    (tmp_path / "control").touch()
    chassis = tmp_path / "sys/class/dmi/id/chassis_type"
    chassis.parent.mkdir(parents=True)

    async def asks(number: str) -> Kind | None:
        chassis.write_text(f"{number}\n")
        told = Told()
        watch = asyncio.create_task(usb.watch(told, host=HOST, run=tmp_path, root=tmp_path))
        found = await told.until(lambda one: one.product == "04f3:24dd")
        watch.cancel()
        return found.asks

    assert asyncio.run(asks("10")) is None
    assert asyncio.run(asks("3")) is Kind.BOARD


def test_what_the_firmware_says_of_a_socket_is_asked_of_devices_only(bus: Bus) -> None:
    """It is a file of the device's own folder, no property of udev's."""
    device = FakeDevice("add", usb_touch())
    device.attributes["removable"] = b"fixed"
    assert usb._properties(device)["REMOVABLE"] == "fixed"
    event = FakeDevice("add", {"DEVPATH": "/x", "SUBSYSTEM": "input"})
    assert "REMOVABLE" not in usb._properties(event)


def usb_touch() -> Mapping[str, str]:
    """Give the node of the touchscreen."""
    return next(node for node in NODES if node["DEVPATH"] == f"{BUS}/1-8")
