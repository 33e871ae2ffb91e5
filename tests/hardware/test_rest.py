"""What rests is woken by a bell, all at once, and misses nothing that rang after its look."""

from __future__ import annotations

import asyncio

from hardware.rest import Bell

LONG_S = 3600.0


def test_a_bell_wakes_all_who_rest_and_nobody_later() -> None:
    """Whoever comes after it rang rests until the next time."""

    async def story() -> None:
        bell = Bell()
        resting = [asyncio.create_task(bell.rest(LONG_S)) for _ in range(3)]
        await asyncio.sleep(0)
        bell.ring()
        late = asyncio.create_task(bell.rest(LONG_S))
        await asyncio.gather(*resting)
        assert not late.done()
        bell.ring()
        await late
        await bell.rest(0.0)

    asyncio.run(story())


def test_who_rests_no_more_is_not_woken() -> None:
    """One that was cancelled is let go of, and the others wake."""

    async def story() -> None:
        bell = Bell()
        gone, here = (asyncio.create_task(bell.rest(LONG_S)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        bell.ring()
        await here
        assert gone.cancelled() or gone.done()

    asyncio.run(story())


def test_what_changes_between_two_looks_is_seen() -> None:
    """A look, then the rest: of a hundred changes the last one is never slept through."""

    async def story() -> None:
        bell, state, seen = Bell(), 0, -1

        async def follow() -> None:
            nonlocal seen
            while seen < 100:
                seen = state
                await bell.rest(LONG_S) if seen < 100 else None

        watcher = asyncio.create_task(follow())
        for number in range(1, 101):
            state = number
            bell.ring()
            if number % 3 == 0:
                await asyncio.sleep(0)
        await watcher

    asyncio.run(story())
