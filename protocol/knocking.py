"""This file joins a room's computer to its school without a code: two people compare six digits.

The computer commits to a key of its own before it sees the controller's, so that nobody between can
search for equal digits; nothing is granted before both have said that theirs are the same.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from protocol.enrolment import (
    KNOCK,
    Answer,
    Grant,
    Hello,
    Kept,
    Opening,
    commitment_of,
    digits_of,
    fingerprint_of,
    knock_transcript_of,
    new_nonce,
)
from protocol.exchange import new_keys
from protocol.joining import (
    Computer,
    Controller,
    EnrolError,
    Joined,
    Line,
    check_number,
    check_refusal,
    enrol_at,
    granted,
)
from protocol.words import N_

WAIT_S: Final = 16 * 60.0  # longer than the controller lets anybody wait
LOOK_S: Final = 0.5

_ASK: Final = N_("Ask the office to press Let rooms knock, on the page Add a room.")

Compare = Callable[[str], bool]


def knock(
    controllers: Sequence[Controller], computer: Computer, room: str, data: Path, compare: Compare
) -> Joined:
    """Be enrolled where a person accepts it. Raises EnrolError.

    compare: shows the digits and asks a person here whether the controller shows the same; it is
    called in a thread of its own, and may never return.
    """
    check_number(controllers, 1)  # nobody is asked to compare the digits of several
    (controller,) = controllers

    def talk(line: Line, authority: str) -> tuple[Joined, Kept]:
        keys = new_keys()
        opening = Opening(keys.public, new_nonce(), room)
        commitment = commitment_of(opening)
        hello = Hello(KNOCK, commitment, new_nonce(), computer.agent, computer.label)
        answer = line.ask(hello, Answer)
        check_refusal(answer.refusal, controller)
        line.say(opening)
        transcript = knock_transcript_of(fingerprint_of(authority), hello, answer, opening)
        secret = keys.secret(answer.exchange, transcript)
        if not _is_same(line, controller, compare, digits_of(transcript)):
            raise _differ()
        line.be_patient(WAIT_S)
        return granted(line, authority, controller, secret, transcript)

    return enrol_at(controller, talk, data, hint=_ASK)


def _is_same(line: Line, controller: Controller, compare: Compare, digits: str) -> bool:
    """What the person says, unless the controller ends the knock before. Raises EnrolError."""
    said: queue.SimpleQueue[bool] = queue.SimpleQueue()
    asking = threading.Thread(target=lambda: said.put(compare(digits)), daemon=True)
    asking.start()
    while not line.is_spoken():
        try:
            return said.get(timeout=LOOK_S)
        except queue.Empty:
            continue
    check_refusal(line.hear(Grant).refusal, controller)
    raise EOFError  # a grant that nobody has asked for


def _differ() -> EnrolError:
    return EnrolError(
        "digits_differ",
        N_("The digits are not the same: another computer may claim to be the controller."),
        N_("Tell the office, and have a code made instead."),
    )
