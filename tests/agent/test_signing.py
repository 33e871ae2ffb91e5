"""The head of the log is signed by a child with a key that leaves the folder never, and told."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence.signing import KEY, sign_heads, signature_on
from agent.lessons import memos
from protocol.chain import ROOT
from protocol.heads import signed_text
from protocol.messages import AttendanceMarked, ChainHead, HeadTold, up_from
from protocol.model import AttendanceStatus, Method, Place
from protocol.plan import Plan
from protocol.state_log import StateLog
from tests.agent.classrooms import PLACE, moment, room
from tests.agent.test_store import Desk, desk
from tests.waiting import eventually

PRESENT, TAP = AttendanceStatus.PRESENT, Method.MANUAL
HEAD = ChainHead(links=3, head="ba4b", at_ms=1_793_750_400_000)


def signed_in(folder: Path, unsigned: StateLog | None = None) -> ChainHead:
    """The head, signed with the folder's key."""
    log = unsigned or StateLog(logging.getLogger(), "unsigned")
    return asyncio.run(signature_on(folder / KEY, PLACE, HEAD, log))


def said(here: Desk) -> list[object]:
    """What waits in the outbox as events."""
    return [up_from(each.payload) for each in here.outbox.waiting_events(0, 100)]


async def heads(here: Desk) -> list[ChainHead]:
    """The heads that wait to be told."""
    events = await asyncio.to_thread(said, here)
    return [each.chain for each in events if isinstance(each, HeadTold)]


def test_whoever_has_the_public_key_can_tell_who_signed(tmp_path: Path) -> None:
    """The same key the next time, in a file for the agent alone."""
    signed, again = signed_in(tmp_path), signed_in(tmp_path)
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.key))
    key.verify(bytes.fromhex(signed.signature), signed_text(PLACE, HEAD))
    assert signed == again
    assert (tmp_path / KEY).stat().st_mode & 0o777 == (0o600 if os.name == "posix" else 0o666)


def test_what_cannot_be_signed_is_told_unsigned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder stands where the key should be; the log says it once, and once when it is over."""
    caplog.set_level("INFO")
    (tmp_path / KEY).mkdir()
    log = StateLog(logging.getLogger(), "unsigned")
    assert [signed_in(tmp_path, log) for _ in range(3)] == [HEAD] * 3
    (tmp_path / KEY).rmdir()
    assert [signed_in(tmp_path, log).key != "" for _ in range(2)] == [True, True]
    said = [record.message for record in caplog.records if "unsigned" in record.message]
    assert [line.startswith("no more") for line in said] == [False, True]


def test_a_key_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    """A disk that lost its end is no reason to sign nothing for ever."""
    (tmp_path / KEY).write_bytes(b"half")
    assert signed_in(tmp_path).key


PLACES = st.builds(Place, *(st.text(max_size=6),) * 3)


@given(PLACES, PLACES, st.integers(0, 9), st.integers(0, 9), st.sampled_from(["", "ab", "abab"]))
def test_two_heads_never_have_one_text(
    place: Place, other: Place, links: int, at_ms: int, digest: str
) -> None:
    """Whatever stands in a name, line ends among it."""
    head = ChainHead(links=links, head=digest, at_ms=at_ms)
    same = signed_text(place, head) == signed_text(other, HEAD)
    assert same == ((place, head) == (other, HEAD))


def test_each_new_head_is_told_behind_its_records_and_again_with_each_birth(
    tmp_path: Path,
) -> None:
    """After a restart too; what lies in the outbox holds no secret."""

    async def story() -> None:
        async with desk(tmp_path) as here:
            signing = asyncio.create_task(sign_heads(here.store, tmp_path, rest_s=0))
            await here.store.mark("0012", PRESENT, TAP)
            await here.store.mark("0013", PRESENT, TAP)

            async def is_whole() -> bool:
                told = await heads(here)
                return bool(told) and told[-1].head == here.store.classroom.teaching.head

            await eventually(is_whole)
            signing.cancel()
            *_, last = await asyncio.to_thread(said, here)
            events = await asyncio.to_thread(said, here)
            marks = [each for each in events if isinstance(each, AttendanceMarked)]
            assert isinstance(last, HeadTold)
            assert (last.chain.links, last.chain.head) == (2, marks[-1].hash)
            assert await here.store.birth(1)
            assert (await heads(here))[-2:] == [last.chain, last.chain]
            kept = memos.restore_teaching(
                room(), await asyncio.to_thread(here.outbox.memos), Plan(), moment()
            )
            assert (kept.told, kept.links, kept.is_head_owed) == (last.chain, 2, False)
            secret = await asyncio.to_thread((tmp_path / KEY).read_bytes)
            files = await asyncio.to_thread(lambda: [*tmp_path.glob("outbox*")])
            for path in files:
                content = await asyncio.to_thread(path.read_bytes)
                assert secret not in content
                assert secret.hex().encode() not in content

    asyncio.run(story())


def test_an_agent_of_before_owes_a_head_at_once() -> None:
    """Its log goes on under the first signature, which covers all of it."""
    kept = memos.restore_teaching(room(), {"desk": b'{"head": "7ee1"}'}, Plan(), moment())
    assert kept.is_head_owed
    assert kept.head_again(1) == []
    fresh = memos.restore_teaching(room(), {}, Plan(), moment())
    assert (fresh.head, fresh.is_head_owed) == (ROOT, False)


def test_the_running_agent_does_not_load_what_signs() -> None:
    """Eight MiB for a moment a lesson are a child's."""
    loaded = "import sys, agent.app, agent.services.routines; print('cryptography' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True)
    assert told.stdout.strip() == b"False"
