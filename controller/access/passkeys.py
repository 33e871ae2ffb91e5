"""This file lets people in by passkeys, and lets them add and remove their own."""

from __future__ import annotations

import logging
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool

from controller.access.challenges import Challenges
from controller.access.codes import digest_of, new_code
from controller.access.deeds import PASSKEY_REFUSED
from controller.access.passkey import (
    MAX_PASSKEY_NAME,
    MAX_PASSKEYS,
    Passkey,
    RelyingParty,
    is_copied,
)
from controller.access.passkey_store import (
    drop_passkey,
    has_passkeys,
    keep_passkey,
    note_use,
    passkey_by,
    passkeys_of,
)
from controller.access.service import Access, Browser, Entrance, LoginError
from controller.access.store import account_of, note_access
from controller.database.store import StoreError
from controller.feature import Program
from controller.people.person import Person
from controller.sheets.text import clean
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)
_LATE: Final = N_("This took too long.")
_AGAIN: Final = N_("Try again, or use the password.")


class _Asked(NamedTuple):
    """What an answer is held against. handle: of a passkey that is to be made."""

    party: RelyingParty
    state: dict[str, Any]
    handle: str = ""


class Passkeys:
    """The program's passkeys. What has no `async` may wait for the disk."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._access = program.service(Access)
        self._logins, self._additions = Challenges(), Challenges()

    def of_account(self, account: str) -> list[Passkey]:
        """Their own, the newest first."""
        return self._store.read(passkeys_of, account)

    def are_for(self, party: RelyingParty | None) -> bool:
        """Whether anybody could log in by one under this name."""
        return party is not None and self._store.read(has_passkeys, party.name)

    def ask_who(self, party: RelyingParty, browser: Browser) -> dict[str, Any]:
        """What the browser, known by its cookie, is to have signed to log in."""
        from controller.access.ceremony import ask_who  # noqa: PLC0415 - loads megabytes

        question = ask_who(party)
        asked = _Asked(party, question.state)
        self._logins.put(digest_of(browser.device), browser.address, asked)
        return question.options

    async def log_in(
        self, party: RelyingParty, raw: bytes, browser: Browser
    ) -> tuple[str, Entrance]:
        """Begin a session; gives whose, too. Raises LoginError, PasskeyError."""
        from controller.access.ceremony import answer_in, count_of  # noqa: PLC0415 - likewise

        answer = answer_in(raw)
        passkey = await run_in_threadpool(self._store.read, passkey_by, answer.id)
        name = passkey.account if passkey else answer.id
        known = await run_in_threadpool(self._access.ration, name, browser)
        asked = self._logins.take(digest_of(browser.device)) if browser.device else None
        if asked is None or asked.party != party:
            raise LoginError("passkey_late", _LATE, _AGAIN)
        account = await run_in_threadpool(self._store.read, account_of, name)
        if passkey is None or account is None or account.ended_ms is not None:
            raise LoginError("passkey_unknown", N_("This passkey is not known here."), _AGAIN)
        count = await run_in_threadpool(count_of, party, asked.state, passkey, answer)
        await run_in_threadpool(self._use, passkey, count)
        self._access.tries.forget(name, browser.address, known)
        return name, await run_in_threadpool(self._access.begin, account, browser)

    def ask_for_new(self, party: RelyingParty, person: Person, address: str) -> dict[str, Any]:
        """What a person's browser is to have made, once they have proved who they are.

        Raises PasskeyError where they have too many.
        """
        from controller.access.ceremony import (  # noqa: PLC0415 - likewise
            PasskeyError,
            ask_for_new,
        )

        known = self.of_account(person.account)
        if len(known) >= MAX_PASSKEYS:
            raise PasskeyError(
                "passkeys_many", N_("These are too many passkeys."), N_("Remove one first.")
            )
        handle = known[0].handle if known else new_code()
        who = (handle, person.account, person.name)
        question = ask_for_new(party, self._program.name, who, known)
        self._additions.put(str(person.session), address, _Asked(party, question.state, handle))
        return question.options

    def add(self, party: RelyingParty, person: Person, raw: bytes) -> Passkey:
        """Keep what the browser has had made. Raises LoginError, PasskeyError."""
        from controller.access.ceremony import answer_in, made_by  # noqa: PLC0415 - likewise

        answer = answer_in(raw)
        asked = self._additions.take(str(person.session))
        if asked is None or asked.party != party:
            raise LoginError("passkey_late", _LATE, _AGAIN)
        credential, public_key, count = made_by(party, asked.state, answer)
        if self._store.read(passkey_by, credential):
            raise LoginError("passkey_there", N_("This passkey is known already."), _AGAIN)
        passkey = Passkey(
            account=person.account,
            credential=credential,
            handle=asked.handle,
            site=party.name,
            public_key=public_key,
            name=clean(answer.name)[:MAX_PASSKEY_NAME],
            sign_count=count,
            made_ms=self._program.now_ms(),
        )
        self._store.write(keep_passkey, passkey)
        return passkey

    def drop(self, account: str, no: int) -> bool:
        """Remove one of an account's; False where there is none of this number."""
        return self._store.write(drop_passkey, account, no)

    def _use(self, passkey: Passkey, count: int) -> None:
        """Keep the counter. Raises LoginError where it tells of a copy."""
        now_ms = self._program.now_ms()
        if not is_copied(passkey.sign_count, count):
            if self._store.write(note_use, passkey, count, now_ms):
                return
            raise LoginError("passkey_late", _LATE, _AGAIN)
        _LOGGER.warning("a passkey's counter went back: there may be a copy of it")
        who, school = (passkey.account, 0), self._program.school
        try:
            self._store.write(
                note_access, school, who, PASSKEY_REFUSED, passkey.name, now_ms=now_ms
            )
        except StoreError as error:
            _LOGGER.warning("a deed is not noted: deed=%s: %s", PASSKEY_REFUSED, error)
        raise LoginError(
            "passkey_copied",
            N_("This passkey may have been copied, so it opens nothing."),
            N_("Log in by the password and remove it."),
        )
