"""This file plays udev: nodes from an export's text, plugged in and out as real ones are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

Properties = Mapping[str, str]
Note = Callable[[str, Properties], None]

# When udev told of a camera with a microphone, after the kernel's first word of it.
# Source: `udevadm monitor` in a mail to linux-usb, 3 April 2020 (a UVC device, Linux Mint).
_DEVICE_S: Final = 0.045
_INTERFACES_S: Final = 0.048
_FIRST_NODE_S: Final = 0.063
_LAST_NODE_S: Final = 0.123
_BIND_INTERFACES_S: Final = 0.126
_BIND_DEVICE_S: Final = 0.128
_CARD_CHANGES_S: Final = 0.130
# A hub looks at one port after another; each has 100 ms to be calm (USB 2.0, 7.1.7.3, TATTDB).
_NEXT_PORT_S: Final = 0.25
# What is pulled is gone at once, node by node.
_REMOVE_S: Final = 0.001

_PCI: Final = "/devices/pci0000:00/0000:00:14.0"


class UdevStep(NamedTuple):
    """After so long a wait udev says this of a node."""

    wait_s: float
    action: str
    properties: Properties


Script = tuple[UdevStep, ...]


class TimedEvent(NamedTuple):
    """So long after the beginning udev says this of a node."""

    at_s: float
    action: str
    properties: Properties


async def play(script: Sequence[UdevStep], note: Note) -> int:
    """Say every step in its time; a late one does not make the next late. Gives how many."""
    loop = asyncio.get_running_loop()
    due_at = loop.time()
    for step in script:
        due_at += step.wait_s
        await asyncio.sleep(max(0.0, due_at - loop.time()))
        note(step.action, step.properties)
    return len(script)


def nodes_of(text: str) -> list[dict[str, str]]:
    """Give the properties of every node of an export (`udevadm info --export-db`)."""
    blocks = text.replace("\r\n", "\n").split("\n\n")
    nodes = [dict(_properties(block.split("\n"))) for block in blocks]
    return [node for node in nodes if "DEVPATH" in node]


def _properties(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, equals, value = line[3:].partition("=")
        if line.startswith("E: ") and equals:
            yield name, value


def script_from(events: Iterable[TimedEvent]) -> Script:
    """The events in the order of their times, each with its wait after the one before."""
    ordered = sorted(events, key=lambda one: one.at_s)
    starts = [0.0, *(one.at_s for one in ordered)]
    waits = (later - earlier for earlier, later in pairwise(starts))
    return tuple(
        UdevStep(wait_s, one.action, one.properties)
        for wait_s, one in zip(waits, ordered, strict=True)
    )


def plug(nodes: Iterable[Properties], path: str) -> Script:
    """Plug in the USB device at this path, and what hangs on it, one port after another."""
    below = sorted(_below(nodes, path), key=_path)
    events: list[TimedEvent] = []
    for count, device in enumerate(filter(_is_device, below)):
        own = [node for node in below if _device_of(node, below) == _path(device)]
        events += [
            one._replace(at_s=one.at_s + count * _NEXT_PORT_S) for one in _arrival(device, own)
        ]
    return script_from(events)


def unplug(nodes: Iterable[Properties], path: str) -> Script:
    """Pull the USB device at this path, with what hangs on it; the lowest nodes go first."""
    gone = sorted(_below(nodes, path), key=_path, reverse=True)
    events: list[TimedEvent] = []
    for count, node in enumerate(gone):
        at_s = count * _REMOVE_S
        if node.get("SUBSYSTEM") == "usb":
            events.append(TimedEvent(at_s, "unbind", node))
        events.append(TimedEvent(at_s, "remove", node))
    return script_from(events)


def flap(nodes: Sequence[Properties], path: str, times: int, every_s: float = 0.2) -> Script:
    """A loose plug: in, and so many times out and in again, each after this pause."""
    out, back = unplug(nodes, path), plug(nodes, path)
    again = (*_later(out, every_s), *_later(back, every_s))
    return (*back, *(step for _ in range(times) for step in again))


def _later(script: Script, pause_s: float) -> Script:
    return (script[0]._replace(wait_s=script[0].wait_s + pause_s), *script[1:])


def burst(nodes: Sequence[Properties], events: int, rng: Random) -> tuple[Script, list[Properties]]:
    """Plug random devices in and out without a pause; also gives the nodes that are left.

    nodes: what is there before. At least so many events.
    """
    devices = [_path(node) for node in nodes if _is_device(node)]
    left = {_path(node): node for node in nodes}
    steps: list[UdevStep] = []
    while len(steps) < events:
        path = rng.choice(devices)
        if path in left:
            steps += unplug(list(left.values()), path)
            left = {key: node for key, node in left.items() if not _is_below(key, path)}
        elif all(above in left for above in devices if path.startswith(f"{above}/")):
            steps += plug(nodes, path)
            left |= {_path(node): node for node in _below(nodes, path)}
    return tuple(step._replace(wait_s=0.0) for step in steps), list(left.values())


def tablet_cart(tablets: int = 10, *, serial: str = "") -> tuple[str, list[Properties]]:
    """A hub with so many tablets; gives its path and all nodes.

    serial: what each tablet carries, where their maker gave all the same; else each its own.
    """
    hub = f"{_PCI}/usb1/1-4"
    nodes: list[Properties] = [
        {
            "DEVPATH": hub,
            "SUBSYSTEM": "usb",
            "DEVTYPE": "usb_device",
            "ID_VENDOR_ID": "0424",
            "ID_MODEL_ID": "2517",
            "ID_USB_INTERFACES": ":090001:090002:",
            "ID_PATH": "pci-0000:00:14.0-usb-0:4",
        }
    ]
    for port in range(1, tablets + 1):
        nodes += _tablet(hub, port, serial or f"R9{Random(port).randrange(16**8):08X}")  # noqa: S311 - a play, not a secret
    return hub, nodes


def _tablet(hub: str, port: int, serial: str) -> Iterator[Properties]:
    path = f"{hub}/1-4.{port}"
    yield {
        "DEVPATH": path,
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_device",
        "ID_VENDOR": "SAMSUNG",
        "ID_VENDOR_ID": "04e8",
        "ID_MODEL": "SAMSUNG_Android",
        "ID_MODEL_ID": "6860",
        "ID_SERIAL_SHORT": serial,
        "ID_MTP_DEVICE": "1",
        "ID_USB_INTERFACES": ":ffff00:",
        "ID_PATH": f"pci-0000:00:14.0-usb-0:4.{port}",
    }
    yield {
        "DEVPATH": f"{path}/1-4.{port}:1.0",
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_interface",
    }


def _arrival(device: Properties, own: Sequence[Properties]) -> Iterator[TimedEvent]:
    interfaces = [node for node in own if node.get("DEVTYPE") == "usb_interface"]
    rest = [node for node in own if node.get("SUBSYSTEM") != "usb"]
    every_s = (_LAST_NODE_S - _FIRST_NODE_S) / max(1, len(rest) - 1)
    yield TimedEvent(_DEVICE_S, "add", device)
    yield from (TimedEvent(_INTERFACES_S, "add", node) for node in interfaces)
    for count, node in enumerate(rest):
        yield TimedEvent(_FIRST_NODE_S + count * every_s, "add", node)
    yield from (TimedEvent(_BIND_INTERFACES_S, "bind", node) for node in interfaces)
    yield TimedEvent(_BIND_DEVICE_S, "bind", device)
    for card in filter(_is_card, rest):
        yield TimedEvent(_CARD_CHANGES_S, "change", card)


def _below(nodes: Iterable[Properties], path: str) -> list[Properties]:
    return [node for node in nodes if _is_below(_path(node), path)]


def _is_below(path: str, top: str) -> bool:
    return path == top or path.startswith(f"{top}/")


def _device_of(node: Properties, nodes: Iterable[Properties]) -> str:
    above = [_path(one) for one in nodes if _is_device(one) and _is_below(_path(node), _path(one))]
    return max(above, key=len, default="")


def _is_device(node: Properties) -> bool:
    return node.get("DEVTYPE") == "usb_device"


def _is_card(node: Properties) -> bool:
    return _path(node).rpartition("/")[2].startswith("card")


def _path(node: Properties) -> str:
    return node["DEVPATH"]
