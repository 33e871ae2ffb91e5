"""This file is the door at which computers are enrolled: open while a code is, or rooms may knock.

It speaks TLS with the controller's own certificate, which the other side cannot believe yet.
Nothing but a proven code, or digits that two people compared, changes anything here.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from asyncio import StreamReader, StreamWriter
from typing import Final

from controller.enrolment.service import Enrolment
from controller.enrolment.talk import Over, Talk
from protocol.enrolment import MAX_LINE, PATIENCE_S
from protocol.errors import ActionError, LopHocError
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

MAX_CALLERS: Final = 16
LOOK_EVERY_S: Final = 1.0


class EnrolmentDoor:
    """The door of one controller."""

    def __init__(self, enrolment: Enrolment, school: str, host: str, port: int) -> None:
        self._enrolment = enrolment
        self._school = school
        self._where = host, port
        self._callers = 0

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
        host, port = self._where
        server = await asyncio.start_server(
            self._meet, host, port, ssl=context, limit=MAX_LINE, ssl_handshake_timeout=PATIENCE_S
        )
        self._enrolment.trouble = None
        async with server:
            while self._enrolment.is_awaiting:  # noqa: ASYNC110 - time ends a code, too
                await asyncio.sleep(LOOK_EVERY_S)

    async def _meet(self, reader: StreamReader, writer: StreamWriter) -> None:
        if self._callers >= MAX_CALLERS:
            writer.close()
            return
        self._callers += 1
        try:
            async with asyncio.timeout(PATIENCE_S) as patience:
                await Talk(self._enrolment, self._school, reader, writer, patience).run()
        except (OSError, EOFError, ValueError, Over) as error:  # a first look ends so, too
            _LOGGER.debug("a talk ended: %s", type(error).__name__)
        finally:
            self._callers -= 1
            writer.close()


def _not_open(error: LopHocError | OSError) -> LopHocError:
    if isinstance(error, LopHocError):
        return error
    return ActionError(
        "door_shut", N_("The door for new rooms cannot be opened: its port is taken.")
    )
