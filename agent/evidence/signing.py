"""This file has the head of the attendance log signed, and tells it to the school.

A child signs, some seconds after the log came to rest: a tap costs nothing. What cannot be signed,
for want of the library or of the key, is told unsigned.
"""

from __future__ import annotations

import asyncio
import logging
import os
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Final

import msgspec

from agent.store import ClassroomStore
from protocol.heads import signed_text
from protocol.messages import ChainHead
from protocol.model import Place
from protocol.outbox import OutboxError
from protocol.process import running_module
from protocol.shapes import from_plain
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

KEY: Final = "evidence.key"
REST_S: Final = 5.0  # corrections come in bursts: one signature for all of them
_LOOK_S: Final = 3600.0
_PATIENCE_S: Final = 30.0
_SIGNER: Final = "agent.evidence.signer"


async def sign_heads(store: ClassroomStore, data: Path, rest_s: float = REST_S) -> None:
    """Have each new head signed and told; never returns."""
    key = data.absolute() / KEY  # noqa: ASYNC240 - it asks no disk
    untold = StateLog(_LOGGER, "the head of the log is told later")
    unsigned = StateLog(_LOGGER, "the head of the log is told unsigned")
    while True:
        step = store.step
        if store.classroom.teaching.is_head_owed:
            await asyncio.sleep(rest_s)
            try:
                await _tell(store, key, unsigned)
                untold.went_well()
            except OutboxError as error:  # a disk that refuses is asked anew after the next record
                untold.failed(error)
        await store.wait_for_step(step, _LOOK_S)


async def _tell(store: ClassroomStore, key: Path, unsigned: StateLog) -> None:
    """Tell the head as it is now. Raises OutboxError."""
    teaching, place = store.classroom.teaching, store.classroom.room.place
    head = ChainHead(links=teaching.links, head=teaching.head, at_ms=store.now().at_ms)
    signed = await signature_on(key, place, head, unsigned)
    await store.teach(lambda current, moment: current.tell_head(signed, moment))


async def signature_on(key: Path, place: Place, head: ChainHead, unsigned: StateLog) -> ChainHead:
    """The head with key and signature, or as it is where that cannot be."""
    order = os.fsencode(key) + b"\n" + signed_text(place, head)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            public, signature = (await _answer(order)).split()
        signed = from_plain(
            {**msgspec.to_builtins(head), "key": public, "signature": signature}, ChainHead
        )
    except (OSError, TimeoutError, ValueError) as error:
        unsigned.failed(error)
        return head
    unsigned.went_well()
    return signed


async def _answer(order: bytes) -> str:
    """What the child answers. Raises OSError, ValueError."""
    async with running_module(_SIGNER, 0, stdout=PIPE, stderr=DEVNULL) as child:
        answer, _ = await child.communicate(order)
    return answer.decode("ascii")
