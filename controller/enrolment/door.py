"""This file is the door at which computers are enrolled: open while a code is, or rooms may knock.

It speaks TLS with the controller's own certificate, which the other side cannot believe yet.
Nothing but a proven code, or digits that two people compared, changes anything here.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Final

from controller.enrolment.service import Enrolment
from controller.enrolment.talk import Over, Talk
from protocol.doors.limits import DoorLimits
from protocol.doors.talks import Caller, talking
from protocol.enrolment import MAX_LINE, PATIENCE_S
from protocol.errors import ActionError, LopHocError
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

# Rooms behind one address come by a few lines; who says nothing gives way to who comes.
LIMITS: Final = DoorLimits(
    at_once=16, of_one_peer=8, of_this_machine=8, turns=0, turns_of_this_machine=0,
    head_bytes=MAX_LINE, head_s=PATIENCE_S,
)  # fmt: skip
LOOK_EVERY_S: Final = 1.0


class EnrolmentDoor:
    """The door of one controller."""

    def __init__(self, enrolment: Enrolment, school: str, host: str, port: int) -> None:
        self._enrolment = enrolment
        self._school = school
        self._where = host, port

    async def run(self) -> None:
        """Open and close as codes do; never returns."""
        enrolment = self._enrolment
        if enrolment.is_awaiting:  # codes of a sheet outlive the program
            enrolment.opened.set()
        while True:
            await enrolment.opened.wait()
            enrolment.opened.clear()
            try:
                await self._serve()
            except (LopHocError, OSError) as error:
                enrolment.trouble = _not_open(error)
                _LOGGER.warning("the door for new rooms is shut: %s", error)

    async def _serve(self) -> None:
        certificate = await asyncio.to_thread(self._enrolment.authority.machine)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate.chain, certificate.key)
        async with talking(self._where, context, LIMITS, self._meet):
            self._enrolment.trouble = None
            while self._enrolment.is_awaiting:  # noqa: ASYNC110 - time ends a code, too
                await asyncio.sleep(LOOK_EVERY_S)

    async def _meet(self, caller: Caller) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S) as patience:
                await Talk(self._enrolment, self._school, caller, patience).run()
        except (OSError, EOFError, ValueError, Over) as error:  # a first look ends so, too
            _LOGGER.debug("a talk ended: %s", type(error).__name__)


def _not_open(error: LopHocError | OSError) -> LopHocError:
    if isinstance(error, LopHocError):
        return error
    return ActionError(
        "door_shut", N_("The door for new rooms cannot be opened: its port is taken.")
    )
