"""This file says by which names and addresses people call this server, as they type them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Final

import ifaddr

from controller.broker.authority import covers
from controller.config import ControllerConfig
from protocol.pin import CONTROLLER_NAME
from protocol.this_machine import is_this_machine

ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised here, not listened on
_HERE: Final = ("localhost", "127.0.0.1", "::1")
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_MOST: Final = 64


def own_names(config: ControllerConfig) -> frozenset[str]:
    """This server's names and addresses in its networks, in lower case, without brackets."""
    return frozenset({*_HERE, *map(_plain, _told(config))} - {"", "*"})


def own_host_names(config: ControllerConfig) -> frozenset[str]:
    """Those of them that are names, for what no address can be, such as a passkey's."""
    told = ("localhost", *map(_plain, _names(config)), _plain(config.http_host))
    return frozenset(name for name in told if _is_name(name))


def reachable_addresses() -> list[str]:
    """This machine's addresses in its networks, those people type first."""
    return sorted(set(_addresses()), key=lambda address: (":" in address, address))


def coverable(names: frozenset[str]) -> frozenset[str]:
    """Those that the school's own authority may sign; for others it takes another one."""
    signed = sorted(name for name in names if _is_written(name) and covers(name))
    return frozenset({CONTROLLER_NAME, *_HERE, *signed[:_MOST]})


def _told(config: ControllerConfig) -> Iterator[str]:
    yield from _names(config)
    if config.http_host in ANY:
        yield from _addresses()
    else:
        yield config.http_host


def _names(config: ControllerConfig) -> Iterator[str]:
    """What this machine is called, and what the settings say."""
    host = socket.gethostname()
    yield from (host, f"{host.partition('.')[0]}.local", *config.allowed_hosts.split(","))


def _addresses() -> Iterator[str]:
    """Of every network; those that count in one link alone are never typed (RFC 4007, 11)."""
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            address = each.ip if isinstance(each.ip, str) else each.ip[0]
            if not (address.startswith("fe80:") or is_this_machine(address)):
                yield address


def _plain(name: str) -> str:
    return name.strip().strip("[]").lower()


def _is_name(name: str) -> bool:
    """A last part of digits makes an address of it (URL, 3.5: "ends in a number")."""
    return bool(_NAME.fullmatch(name)) and not name.rpartition(".")[2].isdecimal()


def _is_written(name: str) -> bool:
    return ":" in name or bool(_NAME.fullmatch(name))
