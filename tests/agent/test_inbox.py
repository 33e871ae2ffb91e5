from __future__ import annotations

import asyncio

from agent.inbox import MAX_HELD, Inbox
from tests.agent.classrooms import sighting


def test_the_latest_sighting_of_each_device_waits() -> None:
    """A device that comes and goes while nobody looks is seen as it is now."""
    inbox = Inbox()
    inbox.report(sighting("usb:1"))
    inbox.report(sighting("usb:2"))
    inbox.report(sighting("usb:1", present=False))
    taken = asyncio.run(inbox.batch())
    assert [(each.key, each.present) for each in taken] == [("usb:2", True), ("usb:1", False)]


def test_a_flood_is_bounded() -> None:
    """The oldest is let go, memory is not."""
    inbox = Inbox()
    for number in range(MAX_HELD + 10):
        inbox.report(sighting(f"usb:{number}"))
    taken = asyncio.run(inbox.batch())
    assert len(taken) == MAX_HELD
    assert taken[0].key == "usb:10"


def test_a_batch_waits_for_the_next_sighting() -> None:
    """What was taken is not given twice."""

    async def story() -> list[str]:
        inbox = Inbox()
        inbox.report(sighting("usb:1"))
        await inbox.batch()
        waiting = asyncio.create_task(inbox.batch())
        await asyncio.sleep(0)
        assert not waiting.done()
        inbox.report(sighting("usb:2"))
        return [each.key for each in await waiting]

    assert asyncio.run(story()) == ["usb:2"]
