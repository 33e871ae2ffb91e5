"""This file is the controller's side of the talk that enrols a computer, by a code or a knock."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from asyncio import Task
from typing import Final, TypeVar

import msgspec

from controller.enrolment.invitations import Invitation, InvitationState
from controller.enrolment.knocks import Knock, KnockState
from controller.enrolment.service import Enrolment
from protocol.doors.talks import Caller
from protocol.enrolment import (
    KNOCK,
    PATIENCE_S,
    Answer,
    Grant,
    Greeting,
    Hello,
    Kept,
    Message,
    Opening,
    Proof,
    Refusal,
    commitment_of,
    digits_of,
    fingerprint_of,
    is_proof,
    knock_transcript_of,
    line_of,
    message_in,
    new_nonce,
    proof_of,
    transcript_of,
    words_of,
)
from protocol.errors import ActionError

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 0.5

Heard = TypeVar("Heard")


class Over(Exception):  # noqa: N818 - no error: the talk ends here
    """The talk is over."""


class Talk:
    """The talk with one computer. patience: how long it may take, which a knock prolongs."""

    def __init__(
        self,
        enrolment: Enrolment,
        school: str,
        caller: Caller,
        patience: asyncio.Timeout,
    ) -> None:
        self._enrolment = enrolment
        self._school = school
        self._caller = caller
        self._reader, self._writer = caller.reader, caller.writer
        self._patience = patience
        self._authority = enrolment.authority.pem()
        self._fingerprint = fingerprint_of(self._authority)

    async def run(self) -> None:
        """Greet, prove, grant. Raises Over, OSError, EOFError or ValueError."""
        await self._say(Greeting(self._school, self._authority))
        hello = await self._hear(Hello)
        if hello.slot == KNOCK:
            await self._take_knock(hello)
        else:
            await self._take_code(hello)

    async def _take_code(self, hello: Hello) -> None:
        invitation = await self._invitation(hello)
        answer, secret = _answer(invitation, hello)
        transcript = transcript_of(self._fingerprint, hello, answer)
        await self._say(answer)
        proof = (await self._hear(Proof)).proof
        if invitation.state is not InvitationState.OPEN:
            await self._refuse(Grant(refusal=Refusal.NO_SUCH_CODE))
        if not is_proof(proof, secret, "agent", transcript):
            if hello.exchange:
                await self._enrolment.note_wrong(invitation)
            await self._refuse(Grant(refusal=Refusal.WRONG_CODE))
        self._caller.stay()
        await self._grant(invitation, hello, secret, transcript)

    async def _take_knock(self, hello: Hello) -> None:
        """Show the digits, wait until two people said that they are the same, and grant."""
        from protocol.exchange import new_keys  # noqa: PLC0415 - heavy, and seldom

        address = self._caller.peer
        if refusal := self._enrolment.knocks.refusal(address):
            await self._refuse(Answer(refusal=refusal))
        keys = new_keys()
        answer = Answer(keys.public, new_nonce())
        await self._say(answer)
        opening = await self._hear(Opening)
        if commitment_of(opening) != hello.exchange:
            raise Over
        transcript = knock_transcript_of(self._fingerprint, hello, answer, opening)
        secret = keys.secret(opening.key, transcript)
        names = hello.agent, hello.label, opening.room
        knock = self._enrolment.knocks.take(digits_of(transcript), address, *names)
        self._caller.stay()  # one of an address, and a few in all
        try:
            invitation = await self._accepted(knock, secret, transcript)
            await self._grant(invitation, hello, secret, transcript)
        finally:
            self._enrolment.knocks.leave(knock)

    async def _accepted(self, knock: Knock, secret: bytes, transcript: bytes) -> Invitation:
        """What the office gave, once both people said that the digits are the same."""
        loop = asyncio.get_running_loop()
        self._patience.reschedule(None)  # the knock has a time of its own
        said = await self._while_open(knock, asyncio.create_task(self._hear(Proof)))
        if not is_proof(said.proof, secret, "agent", transcript):
            await self._refuse(Grant(refusal=Refusal.WRONG_CODE))
        knock.is_compared = True
        await self._wait_for_office(knock)
        self._patience.reschedule(loop.time() + PATIENCE_S)
        assert knock.invitation  # noqa: S101 - the office gave it as it accepted
        return knock.invitation

    async def _while_open(self, knock: Knock, hearing: Task[Heard]) -> Heard:
        """What is heard, unless the office or the time ends the knock before."""
        try:
            while not hearing.done():
                await self._refuse_ended(knock)
                await asyncio.wait({hearing}, timeout=LOOK_EVERY_S)
            return hearing.result()
        finally:
            hearing.cancel()

    async def _wait_for_office(self, knock: Knock) -> None:
        """Return once the office accepted. Raises EOFError where the computer went away."""
        leaving = asyncio.create_task(self._reader.read(1))  # it has nothing more to say
        try:
            while knock.state is not KnockState.ACCEPTED:
                await self._refuse_ended(knock)
                await asyncio.wait({leaving}, timeout=LOOK_EVERY_S)
                if leaving.done():
                    raise EOFError
        finally:
            leaving.cancel()
            await asyncio.wait({leaving})  # a stream has one reader at a time

    async def _refuse_ended(self, knock: Knock) -> None:
        self._enrolment.knocks.told()  # time ends it, too
        if not knock.is_open:
            await self._refuse(Grant(refusal=Refusal.NOT_ACCEPTED))

    async def _grant(
        self, invitation: Invitation, hello: Hello, secret: bytes, transcript: bytes
    ) -> None:
        from protocol.exchange import seal  # noqa: PLC0415 - heavy, and seldom

        try:
            async with self._enrolment.grant(invitation, hello) as credential:
                invitation.words = words_of(transcript)
                sealed = seal(secret, msgspec.json.encode(credential))
                await self._say(Grant(proof_of(secret, "controller", transcript), sealed))
                if is_proof((await self._hear(Kept)).proof, secret, "kept", transcript):
                    await self._enrolment.note_used(credential.agent)
                    _LOGGER.info("enrolled agent=%s", credential.agent)
        except ActionError as error:
            _LOGGER.warning("a computer was not enrolled: %s", error)
            await self._refuse(Grant(refusal=Refusal.NOT_NOW))
            raise Over from error

    async def _invitation(self, hello: Hello) -> Invitation:
        """The code that is tried; one by a link is not counted. Raises Over."""
        invitations = self._enrolment.invitations
        if hello.exchange and not invitations.may_try():
            await self._refuse(Answer(refusal=Refusal.TOO_MANY))
        invitation = self._enrolment.named(hello.slot)
        if invitation is None or invitation.state is not InvitationState.OPEN:
            await self._refuse(Answer(refusal=Refusal.NO_SUCH_CODE))
            raise Over
        return invitation

    async def _refuse(self, message: Answer | Grant) -> None:
        await self._say(message)
        raise Over

    async def _say(self, message: msgspec.Struct) -> None:
        self._writer.write(line_of(message))
        await self._writer.drain()

    async def _hear(self, kind: type[Message]) -> Message:
        with contextlib.suppress(asyncio.IncompleteReadError):
            return message_in(await self._reader.readuntil(b"\n"), kind)
        raise EOFError


def _answer(invitation: Invitation, hello: Hello) -> tuple[Answer, bytes]:
    """Our part, and the secret that both have if the other side knows the code."""
    if not hello.exchange:
        return Answer(nonce=new_nonce()), invitation.secret
    from protocol.exchange import controller_side  # noqa: PLC0415 - heavy, and seldom

    side = controller_side(invitation.code)
    return Answer(side.message, new_nonce()), side.secret(hello.exchange)
