"""This file holds people's tables: accounts, sessions, passkeys, tokens, who looked at pupils."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Index, Table, Text

from controller.database.schema import NUMBER, keys, longs, metadata, texts

# A controller has one list of accounts, whatever places it tells of. classes, rooms, areas: one a
# line. setup: the SHA-256 of the code by which the person sets a password; empty without one.
accounts: Final = Table(
    "accounts",
    metadata,
    *keys("account"),
    *texts("name", "role", "classes", "rooms", "areas", "password", "setup"),
    *longs("made_ms"),
    *longs("setup_until_ms", "ended_ms", nullable=True),
)

# digest, device: SHA-256 of what stands in the cookies. device tells which browser was here before.
web_sessions: Final = Table(
    "web_sessions",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("digest", "account", "device", "label"),
    *longs("made_ms", "seen_ms"),
    *longs("ended_ms", nullable=True),
    Index("ix_web_sessions_digest", "digest", unique=True),
    Index("ix_web_sessions_device", "account", "device"),
    sqlite_autoincrement=True,
)

# What is kept of a passkey opens nothing: see controller/access/passkey.py.
passkeys: Final = Table(
    "passkeys",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("account", "credential", "handle", "site", "public_key", "name"),
    *longs("sign_count", "made_ms"),
    *longs("used_ms", nullable=True),
    Index("ix_passkeys_credential", "credential", unique=True),
    Index("ix_passkeys_account", "account"),
    sqlite_autoincrement=True,
)

accesses: Final = Table(
    "looks",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school", "session", "what", "subject"),
    Column("account", Text, nullable=False, server_default=""),
    *longs("at_ms"),
    sqlite_autoincrement=True,
)

# permissions: parted by blanks. place, area: what may be asked about; empty codes mean all.
api_tokens: Final = Table(
    "api_tokens",
    metadata,
    *keys("token"),
    *texts("digest", "purpose", "made_by", "province", "school", "agent", "area", "permissions"),
    *longs("made_ms", "expires_ms"),
    *longs("used_ms", "ended_ms", "rhythm_ms", nullable=True),
)
