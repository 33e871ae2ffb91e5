"""A version that is tried proves itself to the school and by its own page, or gives itself up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.store import ClassroomStore
from agent.updates.launcher import (
    INSTALLED_BUILD,
    LAUNCHED,
    VERSIONS,
    read_standing,
    write_standing,
)
from agent.updates.standing import Failure, Standing
from agent.updates.updating import Door, Updating
from protocol.messages import Ack, UpdateTold, up_from
from protocol.outbox import Outbox
from tests.agent.classrooms import PLACE, classroom, moment
from tests.waiting import LIMIT_S, eventually

OLD, NEW = "0.1.0", "0.2.0+20261130.111923.9120b954"


def told(outbox: Outbox) -> list[str]:
    """The steps that the school has not stored yet."""
    said = [up_from(each.payload) for each in outbox.waiting_events(0, 1000)]
    return [f"{each.step} {each.reason}".strip() for each in said if isinstance(each, UpdateTold)]


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_version_is_kept_once_it_was_heard_and_its_page_answers(
    tmp_path: Path, *, is_heard: bool
) -> None:
    """The page is served by the loop that proves it: who asks must not hold the loop up."""
    versions, swaps = tmp_path / VERSIONS, list[str]()
    write_standing(versions, Standing().try_out(NEW, "o1", OLD))

    def asking(loop: asyncio.AbstractEventLoop) -> Callable[[], bool]:
        async def page() -> bool:
            return True

        return lambda: asyncio.run_coroutine_threadsafe(page(), loop).result(LIMIT_S)

    async def play() -> None:
        documents = Documents(tmp_path / DOCUMENTS)
        documents.load()
        with Outbox(tmp_path / OUTBOX, PLACE, "b1") as outbox:
            store = ClassroomStore(classroom(), outbox, documents, now=moment, stirred=lambda: None)
            updating = Updating(
                tmp_path, (), Door(lambda: None, "x"), swap=lambda: swaps.append("swap"),
                answers=asking(asyncio.get_running_loop()), running=NEW,
                prove_s=LIMIT_S if is_heard else 0.0,
                environ={LAUNCHED: str(versions), INSTALLED_BUILD: OLD},
            )  # fmt: skip
            running = asyncio.create_task(updating.run(store))
            if is_heard:
                await eventually(lambda: told(outbox) == ["proving"])
                outbox.settle(Ack(boot="c", at_ms=0, of="b1", seqs=((1, 1),)))
                await eventually(lambda: told(outbox) == ["kept"])
            else:
                await eventually(lambda: bool(swaps))
            running.cancel()
            await asyncio.wait({running})
            await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(play())
    standing = read_standing(versions)
    assert (standing.current, standing.trial, swaps) == (
        (NEW, None, []) if is_heard else ("", None, ["swap"])
    )
    assert standing.failed == (() if is_heard else (Failure(NEW, "o1", "not_proven"),))
