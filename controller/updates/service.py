"""This file takes a package in and lets old ones go, for the page and for the command."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import NamedTuple

from sqlalchemy import Connection

from controller.database.store import Store
from controller.feature import Program
from controller.updates.rollout import RolloutState
from controller.updates.shelf import Shelf, Taking
from controller.updates.store import (
    HeldPackage,
    add_package,
    drop_packages,
    packages_of,
    rollout_of,
    stop_lost,
)
from protocol.model import Place
from protocol.trust_in_updates import trusted_keys
from protocol.version import BUILD


def shelf_of(program: Program) -> Shelf:
    """The shelf of this server. Raises SettingsError."""
    config = program.config
    return Shelf(config.data, trusted_keys(config.update_keys), BUILD)


class Giver(NamedTuple):
    """Who gave a package, to which school, and when."""

    school: Place
    who: str
    at_ms: int


def given(shelf: Shelf, pieces: Iterable[bytes], store: Store, giver: Giver) -> HeldPackage:
    """A package out of its pieces is kept. Raises ActionError, OSError, StoreError."""
    with closing(shelf.taking()) as taking:
        for piece in pieces:
            taking.write(piece)
        return finished(taking, shelf, store, giver)


def finished(taking: Taking, shelf: Shelf, store: Store, giver: Giver) -> HeldPackage:
    """A package that came whole is kept, and what is too much let go.

    One at a time: another's file is on the shelf before the database knows it. Raises ActionError,
    OSError, StoreError.
    """
    with shelf.changing():
        head, manifest = taking.finish()
        package = HeldPackage(
            place=giver.school, sha256=manifest.sha256, version=manifest.version,
            system=manifest.system, arch=manifest.arch, manifest=head.text.decode(),
            signature=head.signature, who=giver.who, size=manifest.size, added_ms=giver.at_ms,
        )  # fmt: skip
        shelf.sweep(store.write(_keep, shelf, package))
    return package


def drop_lost(db: Connection, program: Program) -> None:
    """Let go of packages whose files are lost; a version that has none left stands still."""
    school, shelf = program.school, shelf_of(program)
    if lost := [one.sha256 for one in packages_of(db, school) if not shelf.has(one)]:
        drop_packages(db, school, lost)
        stop_lost(db, school)


def _keep(db: Connection, shelf: Shelf, package: HeldPackage) -> list[str]:
    """The digests of all that stays."""
    add_package(db, package)
    rollout = rollout_of(db, package.place)
    used = {package.version}
    if rollout and rollout.state is RolloutState.RUNNING:
        used.add(rollout.version)
    gone = shelf.surplus(packages_of(db, package.place), used)
    if gone:
        drop_packages(db, package.place, gone)
    return [one.sha256 for one in packages_of(db, package.place)]
