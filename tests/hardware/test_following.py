"""Following: mDNS is heard wherever this machine is, by IPv4 and by IPv6."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import IPVersion

from hardware.mdns import following
from hardware.mdns.following import Ears, ears, follow, zeroconf_at
from hardware.network import interfaces as interfaces_file
from hardware.network import netlink
from hardware.network.links import LinkChoice
from tests.waiting import LIMIT_S

HOME: Ears = ("10.0.0.5", 4)
TABLE = """00000000000000000000000000000001 01 80 10 80       lo
fe8000000000000000fc00fffe000001 04 40 20 80     eth0
fd000000000000000000000000000002 04 40 00 82     eth0
fe8000000000000000fc00fffe000002 0b 40 20 c0    wlan0
fe8000000000000000fc00fffe000003 0c 40 20 88     usb0
20010db8000000000000000000000003 0d 40 00 80     tun0
"""


class Moving:
    """A zeroconf that is moved; the first time its interface is not ready."""

    def __init__(self) -> None:
        self.zeroconf = SimpleNamespace(engine=SimpleNamespace(senders=[]))
        self.moves: list[tuple[Ears, IPVersion]] = []

    async def async_update_interfaces(
        self, *, interfaces: list[str | int], ip_version: IPVersion
    ) -> None:
        self.moves.append((tuple(interfaces), ip_version))
        if len(self.moves) == 1:
            raise OSError(19, "No such device")


@pytest.mark.parametrize("platform", ["linux", "win32"])
@pytest.mark.parametrize(
    ("places", "version"), [(HOME, IPVersion.All), (HOME[:1], IPVersion.V4Only)]
)
def test_a_move_is_tried_again_until_it_works_and_then_told(
    monkeypatch: pytest.MonkeyPatch, platform: str, places: Ears, version: IPVersion
) -> None:
    """Where the kernel tells of changes, and where it is only asked at times."""
    monkeypatch.setattr(netlink.sys, "platform", platform)
    monkeypatch.setattr(following, "ears", lambda _choice: places)
    monkeypatch.setattr(interfaces_file, "CALM_S", 0.01)
    monkeypatch.setattr(interfaces_file, "POLL_S", 0.01)

    async def run() -> list[tuple[Ears, IPVersion]]:
        zeroconf, moved = Moving(), asyncio.Event()
        task = asyncio.ensure_future(follow(zeroconf, moved=moved.set))
        async with asyncio.timeout(LIMIT_S):
            await moved.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return zeroconf.moves

    assert asyncio.run(run()) == [(places, version)] * 2


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [(LinkChoice(), (4,)), (LinkChoice(never=("eth*",)), ()), (LinkChoice(only=("eth0",)), (4,))],
)
def test_each_link_with_ipv6_is_an_ear_once_its_address_is_ready(
    tmp_path: Path, choice: LinkChoice, numbers: Ears
) -> None:
    """Not while it may be somebody else's, nor loopback, nor where there is no link to call on."""
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/if_inet6").write_text(TABLE)
    assert tuple(one for one in ears(choice, tmp_path) if isinstance(one, int)) == numbers


@given(st.text(max_size=300))
def test_any_table_gives_ears(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Its form is the kernel's affair; without it there is IPv4 alone."""
    root = tmp_path_factory.mktemp("root")
    assert all(isinstance(one, str) for one in ears(root=root))
    (root / "proc/net").mkdir(parents=True)
    (root / "proc/net/if_inet6").write_bytes(text.encode("utf-8", "replace"))
    assert isinstance(ears(root=root), tuple)


def test_an_interface_that_left_meanwhile_leaves_ipv4() -> None:
    """Its number is nobody's any more."""

    async def run() -> None:
        async with zeroconf_at(("127.0.0.1", 1_000_000)) as zeroconf:
            await zeroconf.zeroconf.async_wait_for_start()
            assert [one.is_ipv6 for one in zeroconf.zeroconf.engine.senders] == [False]

    asyncio.run(run())
