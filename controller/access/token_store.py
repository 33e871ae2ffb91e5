"""This file keeps the tokens of programs."""

from __future__ import annotations

from msgspec import to_builtins
from sqlalchemy import Connection, select, update

from controller.access.tables import api_tokens
from controller.access.token import Token, rhythm_after, token_in
from controller.database.reading import row_of, rows_of
from controller.database.scope import everywhere


def keep_token(db: Connection, token: Token) -> None:
    """Keep a new token."""
    fields = [name for name in token.__struct_fields__ if name not in {"place", "permissions"}]
    row = {name: getattr(token, name) for name in fields}
    place = to_builtins(token.place)
    granted = " ".join(sorted(token.permissions))
    db.execute(api_tokens.insert().values(**row, **place, permissions=granted))


def token_named(db: Connection, name: str) -> Token | None:
    """The token of this name, good or not."""
    query = select(api_tokens).where(everywhere(api_tokens), api_tokens.c.token == name)
    row = row_of(db, query)
    return token_in(row) if row else None


def all_tokens(db: Connection) -> list[Token]:
    """Every token, the newest first."""
    query = select(api_tokens).where(everywhere(api_tokens)).order_by(api_tokens.c.made_ms.desc())
    return [token_in(row) for row in rows_of(db, query)]


def note_used(db: Connection, token: Token, now_ms: int) -> None:
    """Keep when a token was used last, and how often it is."""
    statement = update(api_tokens).where(everywhere(api_tokens), api_tokens.c.token == token.token)
    gap_ms = None if token.used_ms is None else now_ms - token.used_ms
    rhythm_ms = None if gap_ms is None else rhythm_after(token.rhythm_ms, gap_ms)
    db.execute(statement.values(used_ms=now_ms, rhythm_ms=rhythm_ms))


def end_token(db: Connection, name: str, now_ms: int) -> bool:
    """End a token; False where there is none of this name that is not ended."""
    statement = update(api_tokens).where(
        everywhere(api_tokens), api_tokens.c.token == name, api_tokens.c.ended_ms.is_(None)
    )
    return bool(db.execute(statement.values(ended_ms=now_ms)).rowcount)
