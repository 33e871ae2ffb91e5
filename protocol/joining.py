"""This file joins a computer to the controller above it, by a code or a link.

A room's computer joins its school so, and a school its department. It runs in a process of its own:
what it loads, a program that runs for days never does.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from protocol.credential import keep_credential
from protocol.discovery import ENROL_PORT
from protocol.enrolment import (
    LINK,
    MAX_LINE,
    PATIENCE_S,
    Answer,
    Credential,
    Grant,
    Greeting,
    Hello,
    Kept,
    Message,
    Proof,
    Refusal,
    code_in,
    fingerprint_of,
    is_proof,
    line_of,
    message_in,
    new_nonce,
    proof_of,
    slot_of,
    transcript_of,
    words_of,
)
from protocol.errors import LopHocError
from protocol.exchange import Side, agent_side, unseal
from protocol.pin import pinned
from protocol.settings import SettingsError
from protocol.shapes import from_json
from protocol.words import N_

STILL_OPEN: Final = N_("Is the code still open on the controller's page?")
MAX_CONTROLLERS: Final = 3  # each false one among them has one guess


class EnrolError(LopHocError):
    """This computer was not enrolled; `code` says why, `hint` what to do."""


class Controller(NamedTuple):
    """Where a controller says that it adds rooms."""

    host: str
    port: int


class Invited(NamedTuple):
    """What was typed. exchange: of a code. secret, fingerprint: of a link, which needs none."""

    slot: str
    code: str = ""
    secret: bytes = b""
    fingerprint: bytes = b""
    controller: Controller | None = None


class Joined(NamedTuple):
    """Enrolled. words: the controller's page shows the same."""

    credential: Credential
    words: str


class Computer(NamedTuple):
    """How this computer calls itself. agent: the id that it has had so far; it may be empty."""

    agent: str
    label: str


def invited_by(text: str) -> Invited:
    """A code or a link as it was typed. Raises EnrolError."""
    try:
        if text.startswith(LINK):
            return _invited_by_link(text)
        code = code_in(text)
    except ValueError as error:
        raise EnrolError(
            "code_malformed",
            N_("This is no code."),
            N_("It has six letters and digits, of a printed sheet eight, as they stand there."),
        ) from error
    return Invited(slot_of(code), code)


def _invited_by_link(text: str) -> Invited:
    parts = urlsplit("//" + text.removeprefix(LINK))
    slot, fingerprint, secret = parts.fragment.split(".")
    controller = Controller(parts.hostname or "", parts.port or ENROL_PORT)
    return Invited(slot, "", bytes.fromhex(secret), bytes.fromhex(fingerprint), controller)


def controller_at(text: str) -> Controller:
    """The controller at an address, host or host:port. Raises EnrolError."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(f"//{text}")
        if parts.hostname and not parts.path:
            return Controller(parts.hostname, parts.port or ENROL_PORT)
    raise EnrolError(
        "controller_malformed", N_("The controller's address is wrong."), N_("Write 192.168.1.10.")
    )


def _take(credential: Credential) -> None:
    """Whatever is granted is taken."""
    del credential


def enrol(
    invited: Invited,
    controllers: Sequence[Controller],
    computer: Computer,
    data: Path,
    check: Callable[[Credential], None] = _take,
) -> Joined:
    """Be enrolled by the first controller that knows the code. Raises EnrolError.

    What is not the school's gets one guess, and learns nothing by it. check: raises EnrolError
    where what is granted is not to be taken; the code is good for another try then.
    """
    check_number(controllers, MAX_CONTROLLERS)
    errors = []
    for controller in controllers:
        try:
            return _enrol_by(invited, controller, computer, data, check)
        except EnrolError as error:
            errors.append(error)
    raise next((error for error in errors if error.code in _TELLING), errors[-1])


def check_number(controllers: Sequence[Controller], most: int) -> None:
    """One at least, and no more than may be tried. Raises EnrolError."""
    if not controllers:
        raise EnrolError(
            "no_controller",
            N_("No controller was found in this network."),
            N_("Ask for its address, and write it after --controller."),
        )
    if len(controllers) > most:
        raise EnrolError(
            "many_controllers",
            N_(
                "{n} {n:computer says that it is|computers say that they are} the school's"
                " controller."
            ),
            N_("Ask for the address of the real one, and write it after --controller."),
            n=len(controllers),
        )


def enrol_at(
    controller: Controller,
    talk: Callable[[Line, str], tuple[Joined, Kept]],
    data: Path,
    check: Callable[[Credential], None] = _take,
    hint: str = STILL_OPEN,
) -> Joined:
    """Be enrolled by one controller, and keep what it grants. Raises EnrolError.

    talk: given the line and the authority that it is pinned to, proves and is shown a proof. hint:
    what to do where the line breaks.
    """
    try:
        authority = _authority_of(controller)
        with _line(controller, pinned(authority)) as line:
            line.hear(Greeting)
            joined, kept = talk(line, authority)
            check(joined.credential)
            keep_credential(data, joined.credential)
            line.say(kept)
            return joined
    except (OSError, ValueError, EOFError, SettingsError) as error:
        raise EnrolError(
            "controller_unreachable",
            N_("{host} cannot be spoken with: {cause}."),
            hint,
            host=controller.host,
            cause=str(error) or type(error).__name__,
        ) from error


def _enrol_by(
    invited: Invited,
    controller: Controller,
    computer: Computer,
    data: Path,
    check: Callable[[Credential], None],
) -> Joined:
    def talk(line: Line, authority: str) -> tuple[Joined, Kept]:
        if invited.fingerprint and fingerprint_of(authority) != invited.fingerprint:
            raise not_proven(controller)
        return _join(line, authority, controller, invited, computer)

    return enrol_at(controller, talk, data, check)


def _join(
    line: Line, authority: str, controller: Controller, invited: Invited, computer: Computer
) -> tuple[Joined, Kept]:
    side = agent_side(invited.code) if invited.code else None
    exchange = side.message if side else b""
    hello = Hello(invited.slot, exchange, new_nonce(), computer.agent, computer.label)
    answer = line.ask(hello, Answer)
    check_refusal(answer.refusal, controller)
    secret = _secret(side, answer, invited)
    transcript = transcript_of(fingerprint_of(authority), hello, answer)
    return granted(line, authority, controller, secret, transcript)


def granted(
    line: Line, authority: str, controller: Controller, secret: bytes, transcript: bytes
) -> tuple[Joined, Kept]:
    """Prove, be shown a proof, and only then believe what is granted. Raises EnrolError."""
    grant = line.ask(Proof(proof_of(secret, "agent", transcript)), Grant)
    check_refusal(grant.refusal, controller)
    if not is_proof(grant.proof, secret, "controller", transcript):
        raise not_proven(controller)
    credential = from_json(unseal(secret, grant.sealed), Credential)
    credential = msgspec.structs.replace(credential, authority=authority, host=controller.host)
    kept = Kept(proof_of(secret, "kept", transcript))
    return Joined(credential, words_of(transcript)), kept


def _secret(side: Side | None, answer: Answer, invited: Invited) -> bytes:
    return side.secret(answer.exchange) if side else invited.secret


def _authority_of(controller: Controller) -> str:
    """What the controller says is its authority: believed only for asking it to prove itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _line(controller, context) as line:
        return line.hear(Greeting).authority


class Line:
    """A line to a controller, a message at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._file = sock.makefile("rb")

    def ask(self, message: msgspec.Struct, kind: type[Message]) -> Message:
        """Say something, and hear the answer. Raises OSError, EOFError or ValueError."""
        self.say(message)
        return self.hear(kind)

    def say(self, message: msgspec.Struct) -> None:
        """Say something. Raises OSError."""
        self._sock.sendall(line_of(message))

    def hear(self, kind: type[Message]) -> Message:
        """What is said next. Raises OSError, EOFError or ValueError."""
        text = self._file.readline(MAX_LINE)
        if not text.endswith(b"\n"):
            raise EOFError
        return message_in(text, kind)

    def is_spoken(self) -> bool:
        """Whether something has come, if only the end."""
        return bool(select.select([self._sock], [], [], 0)[0])

    def be_patient(self, seconds: float) -> None:
        """Wait so long for each word from now on."""
        self._sock.settimeout(seconds)

    def close(self) -> None:
        """Let go of the line."""
        self._file.close()


@contextlib.contextmanager
def _line(controller: Controller, context: ssl.SSLContext) -> Iterator[Line]:
    with (
        socket.create_connection(controller, PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname=controller.host) as sock,
        contextlib.closing(Line(sock)) as line,
    ):
        yield line


def check_refusal(refusal: Refusal | None, controller: Controller) -> None:
    """Go on unless the controller refused. Raises EnrolError."""
    if refusal is None:
        return
    if refusal is Refusal.WRONG_CODE:
        raise not_proven(controller)
    message, hint = _REFUSED[refusal]
    raise EnrolError(refusal, message, hint)


def not_proven(controller: Controller) -> EnrolError:
    """Whoever answers there could not show that it is the one which is meant."""
    return EnrolError(
        "code_does_not_match",
        N_(
            "The code does not match at {host}: it was mistyped, or another computer claims to be"
            " the controller."
        ),
        N_("Compare the code with the controller's page; after three wrong tries make another."),
        host=controller.host,
    )


_REFUSED: Final[Mapping[Refusal, tuple[str, str]]] = {
    Refusal.NO_SUCH_CODE: (
        N_("The controller knows no such code."),
        N_("Its time may be over: have another one made."),
    ),
    Refusal.TOO_MANY: (N_("There were too many tries."), N_("Wait a minute, then try again.")),
    Refusal.NOT_NOW: (
        N_("The controller cannot add a room now."),
        N_("Its page says why; then the same code can be tried again."),
    ),
    Refusal.NO_KNOCKS: (
        N_("The controller takes no knocks now."),
        N_("Ask the office to press Let rooms knock, on the page Add a room."),
    ),
    Refusal.NOT_ACCEPTED: (
        N_("The office did not accept this computer."),
        N_("If that was a mistake, knock again."),
    ),
}
_TELLING: Final = frozenset({"code_does_not_match", *Refusal})
