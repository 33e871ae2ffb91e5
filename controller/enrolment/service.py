"""This file enrols computers: it makes codes, and gives a credential to who proves one."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from controller.broker.authority import Authority
from controller.broker.credentials import Credentials, Enrolled
from controller.enrolment.invitations import Invitation, Invitations
from controller.enrolment.knocks import Knocks
from controller.enrolment.members import Members
from controller.enrolment.rooms import rooms_in
from controller.enrolment.sheet_codes import SheetCodes
from controller.feature import Program
from controller.fleet.clones import clones_of
from controller.fleet.store import agents_of
from protocol.enrolment import LINK, Credential, Hello, fingerprint_of
from protocol.errors import ActionError, LopHocError
from protocol.model import MAX_CODE, is_name
from protocol.topics import CONTROLLER
from protocol.words import N_

_AGENT: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{MAX_CODE}}}")
_MAX_LABEL: Final = 64
_MANY: Final = 100_000


def _not_now(error: LopHocError | OSError) -> ActionError:
    """Why a computer cannot join now, for the page."""
    if isinstance(error, LopHocError):
        return ActionError(error.code, error.message, error.hint, **error.values)
    return ActionError(
        "grant_unwritten",
        N_("The server's disk does not take the new computer: {cause}."),
        N_("Make room on it; then the same code can be tried again."),
        cause=error.strerror or type(error).__name__,
    )


def _room_code(typed: str) -> str:
    """A room's code as a person typed it. Raises ActionError."""
    if not is_name(room := typed.strip()):
        raise ActionError("room_missing", N_("Which room? Give its code, such as 6A1."))
    return room


class Enrolment:
    """The codes and the credentials of a running controller."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.credentials = Credentials(program.config.data / "agents.json")
        self.authority = Authority(program.config.data)
        self.clones = program.service(clones_of)
        self.invitations = Invitations(time.monotonic)
        self.sheet = SheetCodes(program.config.data, lambda: program.now_ms() / 1000)
        self.knocks = Knocks(time.monotonic)
        self.opened = asyncio.Event()
        self.spoken: asyncio.Queue[str] = asyncio.Queue()
        self.members = Members(self.credentials)
        self.trouble: LopHocError | None = None  # why nobody can join now
        self._one_by_one = asyncio.Lock()  # each sees the names that the others were given
        self._in_talk: Counter[str] = Counter()  # who was given one, and may yet say it is written

    def invite(self, room: str, replaces: str) -> Invitation:
        """A code for a room's computer. Raises ActionError."""
        self._refuse_elsewhere()
        return self._opened(self.invitations.invite(_room_code(room), replaces))

    def invite_rooms(self, typed: str) -> None:
        """A code for each of many rooms, to be printed. Raises ActionError, OSError."""
        self._refuse_elsewhere()
        self.sheet.invite(rooms_in(typed))

    def named(self, slot: str) -> Invitation | None:
        """The code of this slot, whatever has become of it."""
        return self.invitations.named(slot) or self.sheet.named(slot)

    async def note_wrong(self, invitation: Invitation) -> None:
        """Somebody tried it with a wrong code; of a sheet's that outlives the program."""
        self.invitations.note_wrong(invitation)
        with suppress(OSError):  # it counts until the program ends
            await asyncio.to_thread(self.sheet.note_wrong)

    def let_knock(self) -> None:
        """Let rooms knock for a while: people compare digits in place of a code.

        Raises ActionError.
        """
        self._refuse_elsewhere()
        self.knocks.open()
        self.opened.set()

    def accept(self, knock_id: str, room: str, replaces: str) -> None:
        """The office saw the same digits on a computer that knocks. Raises ActionError."""
        self.knocks.accept(knock_id, _room_code(room), replaces)

    @property
    def is_awaiting(self) -> bool:
        """Whether a computer may come."""
        return bool(self.invitations.open() or self.sheet.open()) or self.knocks.is_busy

    @property
    def takes_schools(self) -> bool:
        """Whether schools may join here."""
        return self._program.config.hears_schools

    def invite_school(self, code: str) -> Invitation:
        """A code for the controller of a school below, which keeps its code. Raises ActionError."""
        self._refuse_elsewhere()
        if not is_name(code := code.strip()) or not self.takes_schools:
            raise ActionError("school_missing", N_("Which school? Give its code, as it has it."))
        return self._opened(self.invitations.invite(code, code, is_school=True))

    def _opened(self, invitation: Invitation) -> Invitation:
        self.opened.set()
        return invitation

    def _refuse_elsewhere(self) -> None:
        if self._program.config.broker:
            raise ActionError(
                "broker_elsewhere",
                N_("The broker is another program here, which takes no new names from this one."),
                N_("Give the room a password there."),
            )

    def link_of(self, invitation: Invitation, host: str) -> str:
        """What a QR code holds in place of the code; nobody could guess it. Raises OSError."""
        fingerprint = fingerprint_of(self.authority.pem()).hex()
        port = self._program.config.enrol_port
        return f"{LINK}{host}:{port}#{invitation.slot}.{fingerprint}.{invitation.secret.hex()}"

    def enrolled(self) -> dict[str, Enrolled]:
        """The computers that have joined. Raises CredentialError."""
        return self.credentials.enrolled()

    def typed(self) -> list[str]:
        """Agents that go by a typed password. Raises CredentialError."""
        return sorted(self.credentials.typed())

    def revoke(self, agent: str) -> None:
        """Cut a computer off; the broker does within two seconds. Raises CredentialError."""
        self.credentials.remove(agent)

    @asynccontextmanager
    async def grant(self, invitation: Invitation, hello: Hello) -> AsyncIterator[Credential]:
        """A credential for who proved the code, another one at each call, good at once.

        Nobody else is given its name while the talk goes on. Raises ActionError, which the page
        shows as well.
        """
        try:
            async with self._one_by_one:
                credential = await asyncio.to_thread(self._issue, invitation, hello)
                self._in_talk[credential.agent] += 1
        except (LopHocError, OSError) as error:
            self.trouble = _not_now(error)
            raise self.trouble from error
        try:
            await self._admit(hello)
            yield credential
        finally:
            self._in_talk -= Counter([credential.agent])

    async def _admit(self, hello: Hello) -> None:
        self.clones.forget(hello.agent)  # the one it leaves; whom it replaces shows in the file
        if line := self._program.line:
            await line.admit()
        self.trouble = None

    def _issue(self, invitation: Invitation, hello: Hello) -> Credential:
        config = self._program.config
        invitation.agent = invitation.replaces or invitation.agent or self._free_name(hello.agent)
        invitation.label = "".join(filter(str.isprintable, hello.label))[:_MAX_LABEL]
        issued = self.credentials.issue(
            invitation.agent,
            invitation.label,
            now_ms=self._program.now_ms(),
            is_kept=False,
            is_school=invitation.is_school,
        )
        return Credential(
            province=config.province,
            school=config.school,
            agent=invitation.agent,
            room=invitation.room,
            port=config.mqtt_port,
            password=issued.password,
            client_id=issued.client_id,
            secret=issued.secret,
        )

    async def note_used(self, agent: str) -> None:
        """The computer has kept its credential: the code is of no more use."""
        self.invitations.use(agent)
        self.knocks.use(agent)
        with suppress(LopHocError, OSError):  # it is in the file all the same
            await asyncio.to_thread(self.sheet.use, agent)
            await asyncio.to_thread(self.credentials.note_kept, agent)

    def note_spoken(self, agent: str) -> None:
        """The computer speaks by what it was given, so it has kept that."""
        self.spoken.put_nowait(agent)

    async def use_spoken(self) -> None:
        """Take in who speaks, and could not say before that it kept its credential."""
        while True:
            await self.note_used(await self.spoken.get())

    def _free_name(self, wish: str) -> str:
        """The name that a computer goes by, unless another one does.

        What was granted in a talk that is over, and not kept, is nobody's: it comes again.
        """
        agents = self._program.store.read(agents_of, self._program.school, limit=_MANY)
        lost = {name for name, one in self.credentials.enrolled().items() if not one.is_kept}
        names = (self.credentials.names() - lost) | {CONTROLLER, *self._in_talk}
        taken = {agent.place.agent for agent in agents} | names
        if _AGENT.fullmatch(wish) and wish not in taken:
            return wish
        base = wish[: MAX_CODE - 9] if _AGENT.fullmatch(wish) else "room"
        return f"{base}-{secrets.token_hex(4)}"
