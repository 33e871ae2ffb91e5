"""This file keeps the database well: daily copies, and forgetting in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from controller.database.engine import COPIES
from controller.database.store import Store, StoreError

_LOGGER = logging.getLogger(__name__)

DAY_MS: Final = 86_400_000
Forget = Callable[[Connection, int], int]
LOOK_EVERY_S: Final = 3600.0


async def keep_up(
    store: Store,
    backups: Path,
    *,
    forget: Forget,
    forget_pupils: Forget,
    keep_days: int,
    attendance_keep_days: int,
    keep_backups: int,
    now_ms: Callable[[], int],
) -> None:
    """Copy and forget once a day, until cancelled."""
    while True:
        day = datetime.fromtimestamp(now_ms() / 1000, UTC).date().isoformat()
        try:
            await asyncio.to_thread(_copy, store, backups, day, keep_backups)
            forgotten = await asyncio.to_thread(store.write, forget, now_ms() - keep_days * DAY_MS)
            await asyncio.to_thread(
                store.write, forget_pupils, now_ms() - attendance_keep_days * DAY_MS
            )
        except (StoreError, OSError) as error:
            _LOGGER.warning("upkeep put off: %s", error)
        else:
            if forgotten:
                _LOGGER.info("forgot %d rows older than %d days", forgotten, keep_days)
        await asyncio.sleep(LOOK_EVERY_S)


def copies_in(backups: Path) -> list[Path]:
    """The copies of the database, the oldest first."""
    return sorted(backups.glob(COPIES))


def _copy(store: Store, backups: Path, day: str, keep: int) -> None:
    if keep == 0:
        return
    backups.mkdir(exist_ok=True)
    target = backups / f"lophoc-{day}.db"
    if not target.exists():
        store.back_up(target)
    for old in copies_in(backups)[:-keep]:
        old.unlink()
