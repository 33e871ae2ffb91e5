"""This file puts a proof before what a controller tells an enrolled agent, and looks at it there.

A broker may be anybody's: an acknowledgement that proves nothing would empty an outbox. The proof
covers the very bytes that follow, for which agent and which of its starts they are, and a number
that no other word of that start of the controller's has: what was said once is not said again.
Nothing of it is stored, and no clock is asked. Source: docs/decisions/0052.
"""

from __future__ import annotations

import hmac
from typing import Annotated, Final, NamedTuple

import msgspec

from protocol.enrolment import key_of
from protocol.messages import Ack, Down, WhoSpeaks, down_from
from protocol.shapes import from_json

WINDOW: Final = 1024  # words of one start may overtake each other by so many
MAX_STARTS: Final = 64
_LABEL: Final = "command"


class ProofError(ValueError):
    """Nobody has proven to have said this, or it was said before."""


class OtherStartError(ProofError):
    """The school said it, to another start of this name: an earlier one, or another computer's."""


class _Head(msgspec.Struct, frozen=True, array_like=True):
    proof: bytes
    sender: str
    no: Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
    boot: str


class Proven(NamedTuple):
    """What was said. boot: the start of the agent's to which it was."""

    payload: bytes
    boot: str


def proven(secret: str, agent: str, sender: str, no: int, boot: str, payload: bytes) -> bytes:  # noqa: PLR0917 - all that it covers
    """The payload with its proof before it.

    secret: shared since the enrolment, hex. sender: the controller's start; no: of this word in it.
    boot: the agent's start that is spoken to.
    """
    proof = _proof(secret, (agent, sender, str(no), boot), payload)
    return msgspec.json.encode(_Head(proof, sender, no, boot)) + b"\n" + payload


class ProofReader:
    """What an enrolled agent takes: words for it, proven, each once."""

    def __init__(self, secret: str, agent: str) -> None:
        self._secret = secret
        self._agent = agent
        self._starts: dict[str, _Said] = {}

    def read(self, said: bytes) -> Proven:
        """What was said, without its proof. Raises ProofError."""
        text, newline, payload = said.partition(b"\n")
        try:
            head = from_json(text if newline else b"", _Head)
        except ValueError as error:
            raise ProofError("no proof") from error
        if msgspec.json.encode(head) != text:
            raise ProofError("written otherwise than we do")
        expected = _proof(
            self._secret, (self._agent, head.sender, str(head.no), head.boot), payload
        )
        if not hmac.compare_digest(head.proof, expected):
            raise ProofError("a wrong proof")
        self._take(head)
        return Proven(payload, head.boot)

    def _take(self, head: _Head) -> None:
        """Note the number. Raises ProofError where it was there before."""
        start = self._starts.setdefault(head.sender, _Said())
        if len(self._starts) > MAX_STARTS:  # nobody but the school makes any
            del self._starts[next(iter(self._starts))]
        if not start.take(head.no):
            raise ProofError("said before")


class CommandReader:
    """What an enrolled program does of what it is told; one of before is told without proof.

    secret: of the enrolment, "" for none. agent: whom the words are for; boot: its start.
    """

    def __init__(self, secret: str, agent: str, boot: str) -> None:
        self._proofs = ProofReader(secret, agent) if secret else None
        self._boot = boot

    def read(self, said: bytes) -> Down:
        """What is said to this start. Raises ProofError (OtherStartError), MessageError.

        An acknowledgement is to the start that it names: what that one said may still wait. A
        question who speaks is to whoever hears it.
        """
        if self._proofs is None:
            return down_from(said)
        payload, boot = self._proofs.read(said)
        message = down_from(payload)
        meant = message.of if isinstance(message, Ack) else self._boot
        if boot != meant and not isinstance(message, WhoSpeaks):
            raise OtherStartError("said to another start")
        return message


class _Said:
    """The numbers of one start that were there: the highest, and those just below it."""

    def __init__(self) -> None:
        self._highest = -1
        self._recent: set[int] = set()

    def take(self, no: int) -> bool:
        """Note a number; False where it was there, or is too old to tell."""
        if no in self._recent or no <= self._highest - WINDOW:
            return False
        self._recent.add(no)
        if no > self._highest:
            self._highest = no
            if len(self._recent) > 2 * WINDOW:
                self._recent = {one for one in self._recent if one > no - WINDOW}
        return True


def _proof(secret: str, heading: tuple[str, ...], payload: bytes) -> bytes:
    parts = (*(part.encode() for part in heading), payload)
    framed = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.digest(key_of(bytes.fromhex(secret), _LABEL), framed, "sha256")
