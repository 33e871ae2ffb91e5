"""This file lets commands ask and refuse what addresses do, by the features' own services."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from controller.cli.folder import data_folder, operator, told_name, told_upstream, told_zone
from controller.config import ControllerConfig
from controller.database.clock import now_in
from controller.database.store import Store
from controller.feature import Program
from controller.inventory.chosen import Chosen
from controller.inventory.filters import Chooser, Filters
from controller.people.person import Permission, Person
from controller.web.refusals import HttpError
from protocol.model import Place
from protocol.settings import SettingsError

EVERYONE: Final = Person(account="", permissions=frozenset(Permission))


def chosen_by(options: argparse.Namespace, store: Store, place: Place) -> Chosen:
    """What the options name as filters do. Raises SettingsError where nobody knows it."""
    filters = Filters(**{name: getattr(options, name) for name in Filters.__struct_fields__})
    with refusing():
        return Chooser(program_beside(options, store, place)).chosen(filters, EVERYONE)


def program_beside(options: argparse.Namespace, store: Store, place: Place) -> Program:
    """What the features' services ask of a running program, for a command that works beside it."""
    now_ms = store.read(now_in)
    return Program(
        config=ControllerConfig(
            province=place.province,
            school=place.school,
            name=told_name(options),
            upstream=told_upstream(options),
            data=data_folder(options),
        ),
        features=options.features(),
        store=store,
        zone=told_zone(options),
        boot="",
        wall_ms=lambda: now_ms,
    )


def operating_person() -> Person:
    """Who runs the command: all is theirs."""
    return Person(account=operator(), permissions=frozenset(Permission))


@contextmanager
def refusing() -> Iterator[None]:
    """What an address would refuse, a command does, too. Raises SettingsError."""
    try:
        yield
    except HttpError as refused:
        raise SettingsError(
            refused.code, refused.message, refused.hint, **refused.values
        ) from refused
