"""This file keeps what the controller sums up while it runs: each day's figure, each week's use."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Final

from controller.database.store import Store, StoreError
from controller.inventory import store as assets
from controller.inventory.store import refresh
from controller.reconcile.store import figure_until, note_figure
from controller.use.store import bring_up_use
from protocol.model import Place
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 3600.0
TRY_AGAIN_S: Final = 60.0


async def keep_figures(
    store: Store, school: Place, zone: tzinfo, now_ms: Callable[[], int]
) -> None:
    """Sum up once an hour, until cancelled; the last of a day stands."""
    trouble = StateLog(_LOGGER, "figures put off")
    while True:
        wait_s = LOOK_EVERY_S
        try:
            await asyncio.to_thread(note_today, store, school, zone, now_ms())
            await asyncio.to_thread(bring_up_use, store, school, zone, now_ms())
            trouble.went_well()
        except StoreError as error:
            trouble.failed(error)
            wait_s = TRY_AGAIN_S
        await asyncio.sleep(wait_s)


def note_today(store: Store, school: Place, zone: tzinfo, now_ms: int) -> None:
    """Bring the inventory up, and keep today's figure; nothing before there is a register.

    A register that lost all of its lines is noted as empty. Raises StoreError.
    """
    refresh(store, school, zone, now_ms)
    day = f"{datetime.fromtimestamp(now_ms / 1000, zone):%Y-%m-%d}"
    with store.view() as db:
        kpi = assets.kpi_now(db, school, now_ms)
        figure = figure_until(db, school, day)
    if figure == (day, kpi) or (figure is None and not kpi.declared):
        return
    with store.locked(school) as db:
        note_figure(db, school, day, kpi)
