"""This file keeps people's passkeys: public keys, which open nothing by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import Connection, delete, func, select, update

from controller.access.passkey import Passkey
from controller.access.tables import passkeys
from controller.database.reading import row_of, rows_of
from controller.database.scope import everywhere


def passkeys_of(db: Connection, account: str) -> list[Passkey]:
    """The account's passkeys, the newest first."""
    query = select(passkeys).where(everywhere(passkeys), passkeys.c.account == account)
    return [_passkey_in(row) for row in rows_of(db, query.order_by(passkeys.c.no.desc()))]


def passkey_by(db: Connection, credential: str) -> Passkey | None:
    """The passkey with this id."""
    query = select(passkeys).where(everywhere(passkeys), passkeys.c.credential == credential)
    row = row_of(db, query)
    return _passkey_in(row) if row else None


def has_passkeys(db: Connection, site: str) -> bool:
    """Whether anybody has one for this name."""
    query = select(func.count()).where(everywhere(passkeys), passkeys.c.site == site)
    return bool(db.execute(query).scalar_one())


def keep_passkey(db: Connection, passkey: Passkey) -> None:
    """Keep a new one."""
    row = {name: value for name, value in asdict(passkey).items() if name != "no"}
    db.execute(passkeys.insert().values(**row))


def note_use(db: Connection, passkey: Passkey, sign_count: int, now_ms: int) -> bool:
    """Keep that it was used; False where it has been used meanwhile, or is gone."""
    statement = update(passkeys).where(
        everywhere(passkeys),
        passkeys.c.no == passkey.no,
        passkeys.c.sign_count == passkey.sign_count,
    )
    used = db.execute(statement.values(sign_count=sign_count, used_ms=now_ms))
    return bool(used.rowcount)


def drop_passkey(db: Connection, account: str, no: int) -> bool:
    """Let one of the account's go; False where there is none of this number."""
    statement = delete(passkeys).where(
        everywhere(passkeys), passkeys.c.account == account, passkeys.c.no == no
    )
    return bool(db.execute(statement).rowcount)


def drop_passkeys(db: Connection, account: str) -> None:
    """Let all of the account's go."""
    db.execute(delete(passkeys).where(everywhere(passkeys), passkeys.c.account == account))


def _passkey_in(row: Mapping[str, Any]) -> Passkey:
    return Passkey(**row)
