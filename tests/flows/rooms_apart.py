"""This file makes network namespaces: two on one cable, or several at one switch."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.waiting import until

Value = TypeVar("Value")

COMPUTER, DEVICES = "10.81.0.1", "10.81.0.2"
_CLONE_NEWNET = 0x40000000


class Side:
    """One end of the cable: a namespace that lives as long as its process."""

    def __init__(self, process: subprocess.Popen[bytes], card: str) -> None:
        self.pid = process.pid
        self.card = card
        self._inside = ThreadPoolExecutor(1, initializer=self._enter)

    def command(self, *words: str) -> list[str]:
        """The command, to be run in there."""
        return ["nsenter", "--net", "--target", str(self.pid), "--", *words]

    def run(self, *words: str) -> None:
        """Run it in there, and wait for its end."""
        subprocess.run(self.command(*words), check=True, capture_output=True)

    def ask(self, work: Callable[..., Value], *arguments: Any) -> Value:
        """Call a function that opens sockets, in there."""
        return self._inside.submit(work, *arguments).result()

    def has(self, address: str, *, has: bool) -> None:
        """Give this end an address more, or take it away, as if a device there were unplugged."""
        self.run("ip", "address", "add" if has else "del", f"{address}/24", "dev", self.card)

    def close(self) -> None:
        """Leave it."""
        self._inside.shutdown()

    def _enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        with Path(f"/proc/{self.pid}/ns/net").open("rb") as namespace:
            if libc.setns(namespace.fileno(), _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def cable() -> Iterator[tuple[Side, Side]]:
    """The computer's end and the devices' end. Skips where the machine lets us make none."""
    _need_namespaces()
    with ExitStack() as stack:
        computer, devices = (stack.enter_context(_side(card)) for card in ("lhc0", "lhd0"))
        computer.run(
            *("ip", "link", "add", computer.card, "type", "veth"),
            *("peer", "name", devices.card, "netns", str(devices.pid)),
        )
        _set_up(computer, COMPUTER)
        _set_up(devices, DEVICES)
        yield computer, devices


@contextmanager
def at_one_switch(*addresses: str) -> Iterator[list[Side]]:
    """A computer for each address. The switch is a hub: each hears what all the others say.

    Namespaces have no names, so that several tests may play at once. Skips as `cable` does.
    """
    _need_namespaces()
    with ExitStack() as stack:
        switch = stack.enter_context(_side("lhs"))
        hub = ("type", "bridge", "ageing_time", "0", "mcast_snooping", "0")
        switch.run("ip", "link", "add", switch.card, *hub)
        switch.run("ip", "link", "set", switch.card, "up")
        sides = [stack.enter_context(_side(f"lhc{no}")) for no in range(len(addresses))]
        for no, (side, address) in enumerate(zip(sides, addresses, strict=True)):
            port = f"lhp{no}"
            far = ("peer", "name", side.card, "netns", str(side.pid))
            switch.run("ip", "link", "add", port, "type", "veth", *far)
            switch.run("ip", "link", "set", port, "master", switch.card, "up")
            _set_up(side, address)
        yield sides


def _need_namespaces() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces of its own")
    for program, package in (("ip", "iproute2"), ("unshare", "util-linux")):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}: apt install {package}")


def _set_up(side: Side, address: str) -> None:
    side.run("ip", "link", "set", "lo", "up")
    side.run("ip", "link", "set", side.card, "up")
    side.has(address, has=True)
    side.run("ip", "route", "add", "224.0.0.0/4", "dev", side.card)


@contextmanager
def _side(card: str) -> Iterator[Side]:
    ours = Path("/proc/self/ns/net").readlink()
    process = subprocess.Popen(["unshare", "--net", "sleep", "600"])
    namespace = Path(f"/proc/{process.pid}/ns/net")
    try:
        until(lambda: namespace.readlink() != ours, "a namespace of its own")
        side = Side(process, card)
        yield side
        side.close()
    finally:
        process.kill()
        process.wait()
