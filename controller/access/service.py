"""This file lets people in and out: passwords, sessions, set-up; the database remembers it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest
from typing import Final, NamedTuple

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool

from controller.access.account import Account, AccountError, account_name
from controller.access.codes import FirstCode, digest_of, new_code, new_session
from controller.access.office import drop_office
from controller.access.passkey_store import drop_passkeys
from controller.access.passwords import check_password, hashed, is_old, is_right, nobodys
from controller.access.store import (
    WebSession,
    account_of,
    account_to_set_up,
    all_accounts,
    begin_session,
    end_sessions,
    has_administrator,
    has_password,
    keep_account,
    knows_device,
    note_seen,
    session_by,
    sessions_of,
)
from controller.access.token import token_name
from controller.access.token_store import note_used, token_named
from controller.access.tries import Tries
from controller.database.store import StoreError
from controller.feature import Program
from controller.people.person import Permission, Person, Role
from protocol.errors import LopHocError
from protocol.words import N_

SESSION_S: Final = 12 * 3600
SETUP_S: Final = 7 * 24 * 3600  # how long a person has to set their first password
_SEEN_EVERY_MS: Final = 60_000
_AT_ONCE: Final = 2  # hashes: each takes 19 MiB
_LABEL: Final = 120
LAST: Final = N_("This is the last administrator's account: nobody could manage accounts any more.")
_OWN_PERSON: Final = Person(account="server", permissions=frozenset(Permission))


class LoginError(LopHocError):
    """Somebody does not come in; `code` says why, `hint` what to do."""


class Browser(NamedTuple):
    """From where somebody tries. device: the cookie of a browser that was here before.

    is_secure: whether it speaks by TLS.
    """

    address: str = ""
    device: str = ""
    label: str = ""
    is_secure: bool = False


class Entrance(NamedTuple):
    """What a browser keeps of a login: the session's cookie, and its own."""

    cookie: str
    device: str


class Access:
    """Accounts and sessions, as the pages see them. What has no `async` may wait for the disk."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._store = program.store
        self._folder = program.config.data
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        self.tries = Tries()
        self.own_key = new_code()  # for the server's own person, until the program ends
        self.first_code = FirstCode(self._folder)

    def now_ms(self) -> int:
        """The time by which sessions go."""
        return self._program.now_ms()

    def by_cookie(self, cookie: str) -> Person | None:
        """Who is logged in by the cookie; None for one that is not ours, too old, or ended."""
        found = self._store.read(session_by, digest_of(cookie)) if cookie else None
        if found is None:
            return None
        session, account = found
        now_ms = self.now_ms()
        if not 0 <= now_ms - session.made_ms < SESSION_S * 1000:
            return None
        if now_ms - session.seen_ms >= _SEEN_EVERY_MS:
            with suppress(StoreError):  # a full disk shuts nobody out
                self._store.write(note_seen, session.no, now_ms)
        return account.person(session.no)

    def by_token(self, text: str) -> Person | None:
        """The program whose token it is; None for one that is not ours, has run out, or ended."""
        if compare_digest(digest_of(text), digest_of(self.own_key)):
            return _OWN_PERSON
        name, now_ms = token_name(text), self.now_ms()
        token = self._store.read(token_named, name) if name else None
        if token is None or not token.is_good(now_ms):
            return None
        if not compare_digest(token.digest, digest_of(text)):
            return None
        if now_ms - (token.used_ms or 0) >= _SEEN_EVERY_MS:
            with suppress(StoreError):  # a full disk shuts nobody out
                self._store.write(note_used, token, now_ms)
        person, own = token.person(), self._program.school.school
        return replace(person, school="") if person.school == own else person

    async def log_in(self, account: str, password: str, browser: Browser) -> Entrance:
        """Begin a session. Raises LoginError."""
        found = await self.prove(account, password, browser)
        return await run_in_threadpool(self.begin, found, browser)

    def ration(self, account: str, browser: Browser) -> str:
        """Count a try; gives the browser, where the account was used in it before.

        Raises LoginError where there were too many.
        """
        known = self._known_device(account, browser)
        if not self.tries.is_allowed(account, browser.address, known):
            raise LoginError("login_rationed", N_("Too many tries: wait five minutes."))
        return known

    async def prove(self, account: str, password: str, browser: Browser) -> Account:
        """The account whose password this is. Raises LoginError."""
        name = account.strip().casefold()[:_LABEL]
        known = await run_in_threadpool(self.ration, name, browser)
        found = await run_in_threadpool(self._store.read, account_of, name)
        kept = found.password if found and found.ended_ms is None else ""
        async with self._hashing:
            right = await run_in_threadpool(is_right, password, kept or nobodys())
        if found is None or not kept or not right:
            raise LoginError("login_wrong", N_("This is not the password of this account."))
        self.tries.forget(name, browser.address, known)
        if is_old(kept):
            await self._hash_anew(found, password)
        return found

    def begin(self, account: Account, browser: Browser) -> Entrance:
        """Begin a session of one who has proved who they are."""
        cookie, device = new_session(is_secure=browser.is_secure), browser.device or new_code()
        self._store.write(
            begin_session,
            account.account,
            digest=digest_of(cookie),
            device=digest_of(device),
            label=browser.label[:_LABEL],
            now_ms=self.now_ms(),
        )
        return Entrance(cookie, device)

    async def set_up(
        self, code: str, account: Account, password: str, browser: Browser
    ) -> Entrance:
        """Make the first account, or set the password of the one whose code it is.

        Raises LoginError, AccountError, PasswordError.
        """
        try:
            named = await run_in_threadpool(self._to_set_up, code, account)
        except LoginError:  # a guess; nobody is hindered who has the code
            await run_in_threadpool(self.ration, "", browser)
            raise
        check_password(password, named.account)
        async with self._hashing:
            kept = await run_in_threadpool(hashed, password)
        ready = replace(named, password=kept, setup="", setup_until_ms=None)
        return await run_in_threadpool(self._finish_set_up, code, ready, browser)

    def end(self, account: str, session: int | None = None) -> None:
        """End one session of an account, or all of them."""
        self._store.write(end_sessions, account, now_ms=self.now_ms(), no=session)

    def sessions(self, account: str) -> list[WebSession]:
        """The account's sessions that have not run out, the newest first."""
        return self._store.read(sessions_of, account, self.now_ms() - SESSION_S * 1000)

    def accounts(self) -> list[Account]:
        """Every account, by its name."""
        return self._store.read(all_accounts)

    def account(self, name: str) -> Account | None:
        """The account of this name, ended or not."""
        return self._store.read(account_of, name)

    def change(self, name: str, make: Callable[[Account | None], Account | None]) -> Account | None:
        """Keep what is made of an account as it stands now, alone; of None nothing is kept.

        Raises AccountError where nobody would be left who may manage accounts.
        """
        with self._store.locked(self._program.school) as db:
            managed = has_administrator(db)
            before = account_of(db, name)
            account = make(before)
            if account is None:
                return None
            keep_account(db, account)
            if before and before.is_reset_by(account):
                drop_passkeys(db, name)
            if account.ended_ms is not None:
                end_sessions(db, name, now_ms=account.ended_ms)
            if managed and not has_administrator(db):
                raise AccountError("last_administrator", LAST, N_("Make another one first."))
        return account

    def end_account(self, name: str) -> bool:
        """End an account with its sessions; False where there is none. What it did stays told.

        Raises AccountError for the last administrator's.
        """
        ended = {"ended_ms": self.now_ms(), "password": "", "setup": ""}
        return self.change(name, lambda found: found and replace(found, **ended)) is not None

    def invite(self, name: str) -> tuple[Account, str] | None:
        """Have an account's person set the password; gives the code for it. None without one."""
        code, now_ms = new_code(), self.now_ms()
        setup = {"setup": digest_of(code), "setup_until_ms": now_ms + SETUP_S * 1000}
        account = self.change(name, lambda found: found and replace(found, **setup))
        return (account, code) if account else None

    def can_enter(self) -> bool:
        """Whether anybody can log in yet."""
        return self._store.read(has_password)

    def _known_device(self, name: str, browser: Browser) -> str:
        device = digest_of(browser.device)
        return device if self._store.read(knows_device, name, device) else ""

    async def _hash_anew(self, account: Account, password: str) -> None:
        async with self._hashing:
            kept = await run_in_threadpool(hashed, password)

        def renewed(found: Account | None) -> Account | None:
            is_same = found is not None and found.password == account.password
            return replace(found, password=kept) if found and is_same else None

        await run_in_threadpool(self.change, account.account, renewed)
        with suppress(OSError):  # the next start tries again
            await run_in_threadpool(drop_office, self._folder)

    def _to_set_up(self, code: str, account: Account) -> Account:
        if self.first_code.fits(code):
            name = account_name(account.account)
            if (before := self._store.read(account_of, name)) is not None:
                return replace(before, role=Role.ADMIN, ended_ms=None)
            return replace(account, account=name, role=Role.ADMIN, made_ms=self.now_ms())
        found = self._store.read(account_to_set_up, digest_of(code), self.now_ms(), SETUP_S * 1000)
        if found is None:
            raise _used_up()
        return found

    def _finish_set_up(self, code: str, account: Account, browser: Browser) -> Entrance:
        """Meanwhile the code may have been used, or the account ended."""
        is_first = self.first_code.fits(code)

        def set_up(found: Account | None) -> Account:
            if is_first:
                return account
            if found and not found.ended_ms and found.setup == digest_of(code):
                new = {"password": account.password, "setup": "", "setup_until_ms": None}
                return replace(found, **new)  # with what else was changed meanwhile
            raise _used_up()

        self.change(account.account, set_up)
        self._store.write(drop_passkeys, account.account)
        self.end(account.account)
        if is_first:
            self.first_code.drop()
        return self.begin(account, browser)


def _used_up() -> LoginError:
    return LoginError(
        "setup_code",
        N_("This set-up link is not valid any more."),
        N_("On the server, run: lophoc-controller password setup-link"),
    )
