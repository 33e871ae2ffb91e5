"""This file says how far each webhook is."""

from __future__ import annotations

from typing import NamedTuple

from controller.feature import Program
from controller.inventory.feed import Feed, feed_of
from controller.webhooks.hook import Hook, HookPlace, hooks_in
from controller.webhooks.sender import next_page, place_of


class HookStanding(NamedTuple):
    """A webhook, by its name in the file, and how far it was told."""

    name: str
    hook: Hook
    place: HookPlace


class Waiting(NamedTuple):
    """How many changes wait for an address. more: these are only the next ones."""

    changes: int
    more: bool


def hooks_standing(program: Program) -> list[HookStanding]:
    """All of them, as the file has them. Raises HookError, StoreError."""
    hooks = hooks_in(program.config.data)
    return [
        HookStanding(name, hook, program.store.read(place_of, hook)) for name, hook in hooks.items()
    ]


def waiting_for(program: Program, standing: HookStanding) -> Waiting:
    """What would be told next. Raises StoreError."""
    feed: Feed = program.service(feed_of)
    page, _ = next_page(feed, standing.hook, standing.place.token)
    return Waiting(len(page.items), page.more)
