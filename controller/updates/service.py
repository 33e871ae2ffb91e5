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
)
from protocol.model import Place
from protocol.package import Head, Manifest
from protocol.trust_in_updates import trusted_keys
from protocol.version import BUILD


def shelf_of(program: Program) -> Shelf:
    """The shelf of this server. Raises SettingsError."""
    config = program.config
    return Shelf(config.data, trusted_keys(config.update_keys), BUILD)


def taken(shelf: Shelf, pieces: Iterable[bytes]) -> tuple[Head, Manifest]:
    """A package out of its pieces. Raises ActionError, OSError."""
    with closing(shelf.taking()) as taking:
        for piece in pieces:
            taking.write(piece)
        return taking.finish()


class Giver(NamedTuple):
    """Who gave a package, to which school, and when."""

    school: Place
    who: str
    at_ms: int


def finished(taking: Taking, shelf: Shelf, store: Store, giver: Giver) -> HeldPackage:
    """A package that came whole is kept. Raises ActionError, OSError, StoreError."""
    return kept(taking.finish(), shelf, store, giver)


def kept(whole: tuple[Head, Manifest], shelf: Shelf, store: Store, giver: Giver) -> HeldPackage:
    """A package on the shelf is known, and what is too much let go. Raises StoreError."""
    head, manifest = whole
    package = HeldPackage(
        place=giver.school, sha256=manifest.sha256, version=manifest.version,
        system=manifest.system, arch=manifest.arch, manifest=head.text.decode(),
        signature=head.signature, who=giver.who, size=manifest.size, added_ms=giver.at_ms,
    )  # fmt: skip
    shelf.sweep(store.write(_keep, shelf, package))
    return package


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
