"""A simulated camera stands on its link's IPv6 address once it may, or without it."""

from __future__ import annotations

import asyncio

import pytest

from simulators import addresses
from simulators.addresses import settled_beside

OWN = "fe80::1%2"


@pytest.mark.parametrize(
    ("found", "looks", "expected"),
    [
        (OWN, [True], OWN),
        (OWN, [False, False, True], OWN),
        (OWN, [False] * 1000, ""),
        ("", [], ""),
    ],
    ids=["settled", "soon", "never", "none"],
)
def test_an_address_is_stood_on_once_it_is_settled(
    monkeypatch: pytest.MonkeyPatch, found: str, looks: list[bool], expected: str
) -> None:
    """A new link asks others for a second; who never gets it answers by IPv4 alone."""
    coming = iter(looks)
    monkeypatch.setattr(addresses, "SETTLED_S", 0.3 if not any(looks) else 60.0)
    monkeypatch.setattr(addresses, "link_local_beside", lambda _host: found)
    monkeypatch.setattr(addresses, "_is_settled", lambda _own: next(coming))
    assert asyncio.run(settled_beside("10.81.0.10")) == expected


def test_an_address_that_is_nobodys_is_not_settled() -> None:
    """As the kernel refuses it; this computer's own is."""
    assert addresses._is_settled("::1%0")
    assert not addresses._is_settled("2001:db8::1%0")
