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
from agent.updates.order import Fetched, Order, this_fit
from agent.updates.standing import Failure, Standing
from agent.updates.updating import Door, Updating
from protocol.messages import Ack, SignedManifest, UpdateOffered, UpdateTold, up_from
from protocol.outbox import Outbox
from protocol.package import Manifest, text_of
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
                answers=asking(asyncio.get_running_loop()), running=NEW, session=lambda: 1,
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


def offer_of(*, is_there: bool = True) -> UpdateOffered:
    """The school offers the version, or takes that back."""
    system, arch, minor = this_fit()
    manifest = Manifest(
        version=NEW, system=system, arch=arch, minors=(minor,), size=1, sha256="0" * 64, unpacked=1
    )
    signed = SignedManifest(manifest=text_of(manifest).decode(), signature="0" * 128)
    return UpdateOffered(
        boot="c", at_ms=0, offer="o1", version=NEW, packages=(signed,) if is_there else ()
    )


@pytest.mark.parametrize("is_there", [True, False])
def test_what_was_said_before_the_line_broke_is_not_tried_until_it_is_said_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    """While a room was away the school may have taken it back, and offered others another one."""
    versions, swaps, session = tmp_path / VERSIONS, list[str](), [1]

    async def fetch(_order: Order) -> Fetched:
        session[0] = 0  # the line breaks while it is fetched
        return Fetched()

    monkeypatch.setattr("agent.updates.updating.fetched_by_child", fetch)

    async def play() -> None:
        documents = Documents(tmp_path / DOCUMENTS)
        documents.load()
        with Outbox(tmp_path / OUTBOX, PLACE, "b1") as outbox:
            store = ClassroomStore(classroom(), outbox, documents, now=moment, stirred=lambda: None)
            updating = Updating(
                tmp_path, ("00" * 32,), Door(lambda: ("x", 1), "x"),
                swap=lambda: swaps.append("swap"), answers=lambda: True, running=OLD,
                session=lambda: session[0], environ={LAUNCHED: str(versions), INSTALLED_BUILD: OLD},
            )  # fmt: skip
            running = asyncio.create_task(updating.run(store))
            updating.hear(offer_of())
            await eventually(lambda: told(outbox) == ["fetching", "waiting"])
            session[0] = 2
            updating.hear(offer_of(is_there=is_there))
            if is_there:
                await eventually(lambda: bool(swaps))
            else:
                await eventually(lambda: not updating.is_busy)
            running.cancel()
            await asyncio.wait({running})
            await asyncio.get_running_loop().shutdown_default_executor()

    asyncio.run(play())
    assert (swaps, read_standing(versions).trial is not None) == (
        (["swap"], True) if is_there else ([], False)
    )
