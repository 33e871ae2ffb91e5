"""This file is the program that enrols this computer for the running agent, and then ends.

What it loads takes more memory than all of the agent.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from agent.commands.enrol import look_for_controllers
from agent.joining.reports import (
    Compared,
    Failed,
    Joined,
    JoinOrder,
    JoinStep,
    Knocked,
    Report,
    Stepped,
    compared_in,
    line_of,
    order_in,
)
from protocol import joining
from protocol.enrolment import MAX_LINE
from protocol.knocking import knock
from protocol.loop import run_async


def carry_out(
    order: JoinOrder, tell: Callable[[Report], None], hear: Callable[[], Compared]
) -> None:
    """Enrol the computer, and tell how it goes. hear: what a person said of the digits."""
    try:
        joined = _join(order, tell, hear)
    except joining.EnrolError as error:
        values = {name: str(value) for name, value in error.values.items()}
        tell(Failed(error.code, error.message, error.hint, values))
    else:
        credential = joined.credential
        tell(Joined(credential.agent, credential.room, credential.school, joined.words))


def _join(
    order: JoinOrder, tell: Callable[[Report], None], hear: Callable[[], Compared]
) -> joining.Joined:
    """By the code, or without one by digits. Raises EnrolError."""
    invited = joining.invited_by(order.typed) if order.typed else None
    tell(Stepped(JoinStep.LOOKING))
    controllers = _controllers(order.controller, invited)
    tell(Stepped(JoinStep.ASKING))
    computer, data = joining.Computer(order.agent, order.label), Path(order.data)
    if invited:
        return joining.enrol(invited, controllers, computer, data)

    def compare(digits: str) -> bool:
        tell(Knocked(digits))
        return hear().is_same

    return knock(controllers, computer, order.room, data, compare)


def _controllers(typed: str, invited: joining.Invited | None) -> list[joining.Controller]:
    if typed:
        return [joining.controller_at(typed)]
    if invited and invited.controller:
        return [invited.controller]
    return run_async(look_for_controllers())


def _tell(report: Report) -> None:
    sys.stdout.buffer.write(line_of(report))
    sys.stdout.buffer.flush()


def _hear() -> Compared:
    """Unbuffered: a thread that waits in a buffer's lock lets no program end."""
    return compared_in(os.read(sys.stdin.fileno(), MAX_LINE))


if __name__ == "__main__":
    carry_out(order_in(sys.stdin.buffer.readline()), _tell, _hear)
