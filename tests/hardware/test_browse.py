"""What changed is handed over once, together; a flood is bounded and said."""

from __future__ import annotations

import asyncio
from typing import Any

from zeroconf import ServiceStateChange
from zeroconf.asyncio import AsyncServiceInfo

from hardware.mdns.browse import Change, Changes

TYPE = "_ipp._tcp.local."
NOBODY: Any = None  # the zeroconf that the browser names, which nobody looks at


def name(number: int) -> str:
    """A service's name."""
    return f"{number}.{TYPE}"


def test_the_last_that_happened_to_a_service_counts() -> None:
    """It came, changed and went within one breath."""

    async def story() -> None:
        changes = Changes({}, 10)
        for state in (ServiceStateChange.Added, ServiceStateChange.Removed):
            changes.note(NOBODY, TYPE, name(1), state)
        changes.note(NOBODY, TYPE, name(2), ServiceStateChange.Updated)
        expected = {name(1): Change(TYPE, is_gone=True), name(2): Change(TYPE, is_gone=False)}
        assert await changes.take() == expected
        changes.note(NOBODY, TYPE, name(3), ServiceStateChange.Added)
        assert list(await changes.take()) == [name(3)]

    asyncio.run(story())


def test_beyond_the_limit_only_what_is_known_is_noted() -> None:
    """A stranger who floods pushes nobody out."""

    async def story() -> None:
        known, floods = {name(0): 1, name(1): 1}, list[int]()
        changes = Changes(known, 3, lambda: floods.append(1))
        for number in (5, 6, 0, 5, 7):
            changes.note(NOBODY, TYPE, name(number), ServiceStateChange.Updated)
        assert list(await changes.take()) == [name(5), name(0)]
        assert len(floods) == 2

    asyncio.run(story())


def test_what_is_put_back_does_not_undo_what_happened_meanwhile() -> None:
    """A goodbye stays a goodbye."""

    async def story() -> None:
        changes = Changes({}, 10)
        changes.note(NOBODY, TYPE, name(1), ServiceStateChange.Removed)
        for number in (1, 2):
            changes.put_back(AsyncServiceInfo(TYPE, name(number)))
        taken = await changes.take()
        assert [each.is_gone for each in taken.values()] == [True, False]

    asyncio.run(story())
