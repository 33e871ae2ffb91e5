"""This file tells addresses of what changed: page by page, signed, until each is taken."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection

from controller.database.facts import fact_of, set_fact
from controller.database.store import StoreError
from controller.feature import Program
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed, Page, feed_of
from controller.web.refusals import HttpError
from controller.webhooks.hook import (
    Hook,
    HookError,
    HookPlace,
    Trouble,
    Untaken,
    hooks_in,
    secret_of,
    signature,
)
from controller.webhooks.line import UntakenError, post
from protocol import __version__
from protocol.shapes import json_decoder

LOOK_S: Final = 5.0
ITEMS: Final = 500
_LOGGER = logging.getLogger(__name__)
_to_json: Final = msgspec.json.Encoder().encode
_places: Final = json_decoder(HookPlace)


class Sender:
    """Tells each address of the administrator's file; where it is stays in the database."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._feed = program.service(feed_of)
        self._trouble: dict[str, str] = {}
        self._has_ended = False

    async def run(self) -> None:
        """Look for what is to be told, for ever."""
        try:
            while True:
                await asyncio.to_thread(self.look)
                await asyncio.sleep(LOOK_S)
        finally:
            self._has_ended = True  # a thread that tells ends with this page

    def look(self) -> int:
        """Tell what is due; returns how many deliveries were taken."""
        try:
            hooks = hooks_in(self._program.config.data)
        except HookError as error:
            self._note("", str(error))
            return 0
        self._note("", "")
        return sum(self._tell_all(name, hook) for name, hook in hooks.items())

    def _tell_all(self, name: str, hook: Hook) -> int:
        """Tell an address until it has all, or does not take one."""
        taken = 0
        try:
            while not self._has_ended and self._tell(name, hook):
                taken += 1
        except (UntakenError, HookError, StoreError) as error:
            self._note(name, str(error))
        return taken

    def _tell(self, name: str, hook: Hook) -> bool:
        """Tell the next page; False where there is none now, or it is too early.

        Raises UntakenError, HookError, StoreError.
        """
        place, now_ms = self._program.store.read(place_of, hook), self._program.now_ms()
        if not place.is_due(now_ms):
            return False
        page, is_anew = next_page(self._feed, hook, place.token)
        if not page.items:
            return False
        more = {"next": page.next, "more": page.more}
        body = _to_json({"hook": name, "anew": is_anew, "items": page.items, **more})
        try:
            post(hook, body, _headers(hook, body, now_ms))
        except (UntakenError, HookError) as error:
            why = error.why if isinstance(error, UntakenError) else Untaken(Trouble.SECRET)
            later = place.failed(now_ms, random.random(), why)  # noqa: S311 - that many come apart
            self._program.store.write(_keep_place, hook, later)
            raise
        self._program.store.write(_keep_place, hook, HookPlace(page.next, taken_ms=now_ms))
        self._note(name, "")
        return True

    def _note(self, name: str, trouble: str) -> None:
        """Tell the log once of each trouble, and once when it is over; never of an address."""
        before = self._trouble.get(name, "")
        self._trouble[name] = trouble
        if trouble and trouble != before:
            _LOGGER.warning("changes are not taken: webhook=%s: %s", name or "-", trouble)
        elif before and not trouble:
            _LOGGER.info("changes are taken again: webhook=%s", name or "-")


def next_page(whole: Feed, hook: Hook, token: str) -> tuple[Page, bool]:
    """What is to be told next, and whether the list begins anew with it. Raises StoreError."""
    feed: Feed = whole.of_area(hook.area)
    school = hook.school and whole.home_of(hook.school)
    chosen = Chosen(school=school, kind=hook.kind)
    try:
        spell = feed.begin(token, chosen)
    except HttpError:  # the database was replaced
        token, spell = "", feed.begin("", chosen)
    return feed.page(spell, chosen, ITEMS), not token


def _headers(hook: Hook, body: bytes, now_ms: int) -> Mapping[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": f"lophoc-controller/{__version__}",
        "X-LopHoc-Delivery": hashlib.sha256(body).hexdigest()[:32],
        "X-LopHoc-Signature": signature(secret_of(hook), now_ms // 1000, body),
    }


def place_of(db: Connection, hook: Hook) -> HookPlace:
    """How far an address was told."""
    kept = fact_of(db, f"webhook/{hook.digest}")
    return _places.decode(kept) if kept else HookPlace()


def _keep_place(db: Connection, hook: Hook, place: HookPlace) -> None:
    set_fact(db, f"webhook/{hook.digest}", msgspec.json.encode(place).decode())
