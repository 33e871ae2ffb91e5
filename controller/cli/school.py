"""This file opens the database of the school, or of the schools, that a command is about."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from controller.cli.folder import (
    data_folder,
    existing_database,
    told_database,
    told_school,
    told_upstream,
)
from controller.database.served import refuse_other
from controller.database.store import Store
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[tuple[Store, Place]]:
    """The database and the school; its own plan's, where the settings name no school.

    Before the controller has ever run nobody knows the school: it takes the plan over when it
    starts. Raises StoreError, SettingsError.
    """
    with opened_store(options) as store:
        place = told_school(options)
        if not place.school:
            schools = store.read(options.schools_of)
            if len(schools) > 1:
                raise SettingsError(
                    "school_unknown",
                    N_("The database holds several schools."),
                    N_("Name one with --config, or by LOPHOC_CONTROLLER_SCHOOL and _PROVINCE."),
                )
            place = schools[0] if schools else Place()
        store.write(options.adopt_plan, place)
        yield store, place


@contextmanager
def opened_wide(options: argparse.Namespace) -> Iterator[tuple[Store, Place]]:
    """The database and what it tells of: with nobody above, all the schools of the province.

    Raises StoreError, SettingsError.
    """
    school = told_school(options)
    above = told_upstream(options)
    with opened_store(options) as store:
        yield store, school if above else Place(school.province)


def own(store: Store, options: argparse.Namespace) -> list[Place]:
    """The school whose agents report here; none where that cannot be told from the settings."""
    school = told_school(options)
    if school.school:
        return [school]
    schools = store.read(options.schools_of)
    return schools if len(schools) == 1 else []


@contextmanager
def opened_store(options: argparse.Namespace) -> Iterator[Store]:
    """The database, whatever places it tells of. Raises StoreError, SettingsError."""
    told = told_database(options)
    refuse_other(data_folder(options), told)
    with Store(told or f"sqlite:///{existing_database(options)}") as store:
        yield store
