"""This file keeps accounts and their sessions, and who looked at pupils' marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from controller.access.account import Account, account_in, lines_of
from controller.access.tables import accesses, accounts, web_sessions
from controller.database.reading import row_of, rows_of
from controller.database.scope import codes_of, everywhere, of
from controller.database.writing import insert_into
from controller.people.person import Role
from protocol.model import Place
from protocol.waits import SET_BACK_MS, goes_on


@dataclass(frozen=True, kw_only=True, slots=True)
class WebSession:
    """A browser in which somebody is logged in. label: what the browser says it is."""

    no: int
    account: str
    label: str
    made_ms: int
    seen_ms: int
    ended_ms: int | None


def note_access(
    db: Connection, school: Place, who: tuple[str, int], what: str, subject: str, *, now_ms: int
) -> None:
    """Keep that an account, in a session, looked at something or changed it."""
    account, session = who
    row = {"account": account, "session": str(session or ""), "what": what, "subject": subject}
    db.execute(accesses.insert().values(**codes_of(school), **row, at_ms=now_ms))


class LogFilter(NamedTuple):
    """Which lines are asked for; what is empty chooses all. what: how the deed's code begins.

    since_ms, until_ms: from then on, and before then. before_no: only lines that are older.
    """

    account: str = ""
    what: str = ""
    since_ms: int = 0
    until_ms: int = 0
    before_no: int = 0


EVERY_LINE: Final = LogFilter()


def access_log(
    db: Connection, school: Place, chosen: LogFilter = EVERY_LINE, limit: int = 200
) -> Sequence[Mapping[str, Any]]:
    """Who looked at pupils' records, and who changed what, the newest first."""
    lines = accesses.c
    terms = (
        (chosen.account, lines.account == chosen.account),
        (chosen.what, lines.what.startswith(chosen.what, autoescape=True)),
        (chosen.since_ms, lines.at_ms >= chosen.since_ms),
        (chosen.until_ms, lines.at_ms < chosen.until_ms),
        (chosen.before_no, lines.no < chosen.before_no),
    )
    own = (term for value, term in terms if value)
    query = select(accesses).where(of(accesses, school), *own).order_by(lines.no.desc())
    return rows_of(db, query.limit(limit))


def account_of(db: Connection, account: str) -> Account | None:
    """The account of this name, ended or not."""
    query = select(accounts).where(everywhere(accounts), accounts.c.account == account)
    row = row_of(db, query)
    return account_in(row) if row else None


def account_to_set_up(db: Connection, digest: str, now_ms: int, longest_ms: int) -> Account | None:
    """The account whose person may set a password by the code of this digest.

    longest_ms: for how long any code is given.
    """
    query = select(accounts).where(
        everywhere(accounts),
        accounts.c.setup == digest,
        accounts.c.ended_ms.is_(None),
    )
    row = row_of(db, query) if digest else None
    account = account_in(row) if row else None
    until_ms = (account and account.setup_until_ms) or 0
    return account if goes_on(until_ms, now_ms, longest_ms + SET_BACK_MS) else None


def all_accounts(db: Connection) -> list[Account]:
    """Every account, by its name."""
    query = select(accounts).where(everywhere(accounts)).order_by(accounts.c.account)
    return [account_in(row) for row in rows_of(db, query)]


def has_password(db: Connection) -> bool:
    """Whether anybody can log in."""
    query = select(func.count()).where(
        everywhere(accounts), accounts.c.password != "", accounts.c.ended_ms.is_(None)
    )
    return bool(db.execute(query).scalar_one())


def has_administrator(db: Connection) -> bool:
    """Whether anybody can log in who may manage accounts."""
    query = select(func.count()).where(
        everywhere(accounts),
        accounts.c.role == Role.ADMIN.value,
        accounts.c.password != "",
        accounts.c.ended_ms.is_(None),
    )
    return bool(db.execute(query).scalar_one())


def keep_account(db: Connection, account: Account) -> None:
    """Keep the account in the place of what had its name."""
    own = {name: lines_of(getattr(account, name)) for name in ("classes", "rooms", "areas")}
    row = {name: getattr(account, name) for name in account.__struct_fields__} | own
    statement = insert_into(db, accounts).values(**row)
    replaced = {name: statement.excluded[name] for name in row if name != "account"}
    db.execute(statement.on_conflict_do_update(index_elements=["account"], set_=replaced))


def begin_session(
    db: Connection, account: str, *, digest: str, device: str, label: str, now_ms: int
) -> int:
    """Keep a session; gives its number. digest, device: SHA-256 of what the cookies hold."""
    row = {"digest": digest, "account": account, "device": device, "label": label}
    statement = web_sessions.insert().values(**row, made_ms=now_ms, seen_ms=now_ms)
    return int(db.execute(statement.returning(web_sessions.c.no)).scalar_one())


def session_by(db: Connection, digest: str) -> tuple[WebSession, Account] | None:
    """The session of this digest that nobody has ended, and whose it is."""
    query = select(web_sessions).where(
        everywhere(web_sessions), web_sessions.c.digest == digest, web_sessions.c.ended_ms.is_(None)
    )
    row = row_of(db, query)
    account = account_of(db, row["account"]) if row else None
    if row is None or account is None or account.ended_ms is not None:
        return None
    return _session_in(row), account


def sessions_of(db: Connection, account: str, since_ms: int) -> list[WebSession]:
    """The account's sessions that were begun since then, the newest first."""
    query = select(web_sessions).where(
        everywhere(web_sessions),
        web_sessions.c.account == account,
        web_sessions.c.made_ms > since_ms,
    )
    return [_session_in(row) for row in rows_of(db, query.order_by(web_sessions.c.no.desc()))]


def note_seen(db: Connection, no: int, now_ms: int) -> None:
    """Keep when a session asked last."""
    statement = update(web_sessions).where(everywhere(web_sessions), web_sessions.c.no == no)
    db.execute(statement.values(seen_ms=now_ms))


def end_sessions(db: Connection, account: str, *, now_ms: int, no: int | None = None) -> None:
    """End the account's sessions, or the one of this number. An ended one stays as it is."""
    statement = update(web_sessions).where(
        everywhere(web_sessions),
        web_sessions.c.account == account,
        web_sessions.c.ended_ms.is_(None),
    )
    if no is not None:
        statement = statement.where(web_sessions.c.no == no)
    db.execute(statement.values(ended_ms=now_ms))


def knows_device(db: Connection, account: str, device: str) -> bool:
    """Whether somebody has logged in by this account in that browser before."""
    query = select(func.count()).where(
        everywhere(web_sessions),
        web_sessions.c.account == account,
        web_sessions.c.device == device,
    )
    return bool(device and db.execute(query).scalar_one())


def _session_in(row: Mapping[str, Any]) -> WebSession:
    fields = ("no", "account", "label", "made_ms", "seen_ms", "ended_ms")
    return WebSession(**{name: row[name] for name in fields})
