"""This file is `lophoc-controller updates`: what its page does, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from controller.cli.folder import add_place, existing_folder, operator, told_update_keys
from controller.cli.output import tell
from controller.cli.school import opened
from controller.database.clock import now_in
from controller.database.store import Store
from controller.fleet.store import agents_of
from controller.updates.rollout import RolloutState
from controller.updates.service import Giver, given
from controller.updates.shelf import Shelf
from controller.updates.store import (
    RolloutWish,
    begin_rollout,
    go_on,
    packages_of,
    rollout_of,
    rooms_of,
    stop_rollout,
    take_back,
)
from controller.updates.words import STAGES, STOPS, told_words
from protocol.command_line import CommandParser
from protocol.formats import phrase
from protocol.model import Place
from protocol.trust_in_updates import trusted_keys
from protocol.version import BUILD
from protocol.words import N_, Translate

EXIT_NOTHING: Final = 1
_PIECE: Final = 1 << 20
_STATES: Final = {
    RolloutState.RUNNING: N_("on its way"),
    RolloutState.STOPPED: N_("stopped"),
    RolloutState.BACK: N_("withdrawn"),
}


def fill_updates(parser: CommandParser, say: Translate) -> None:
    """Give the command its arguments."""
    deeds = parser.add_subparsers(required=True, metavar="DEED")
    told = deeds.add_parser("list", help=say(N_("tell the packages and how far each room is")))
    told.set_defaults(act=_list)
    add = deeds.add_parser("add", help=say(N_("give this server a package")))
    add.add_argument("file", type=Path, metavar="FILE")
    keys = say(N_("public keys of your own, besides the project's"))
    add.add_argument("--update-keys", default="", metavar="KEYS", help=keys)
    add.set_defaults(act=_add)
    begin = deeds.add_parser("begin", help=say(N_("have a version go out, to one room first")))
    begin.add_argument("version", metavar="VERSION")
    begin.add_argument("--room", required=True, metavar="ROOM", help=say(N_("the first room")))
    begin.set_defaults(act=_begin)
    for name, meaning, action in (
        ("stop", N_("stop it where it is"), _stop),
        ("go-on", N_("have it go on from where it stopped"), _go_on),
        ("back", N_("have every room that took it go back"), _back),
    ):
        deeds.add_parser(name, help=say(meaning)).set_defaults(act=action)
    for deed in deeds.choices.values():
        add_place(deed, say)
    parser.set_defaults(command=lambda options: _do(options, say))


def _do(options: argparse.Namespace, say: Translate) -> int:
    with opened(options) as (store, place):
        return int(options.act(options, store, place, say))


def _list(_options: argparse.Namespace, store: Store, place: Place, say: Translate) -> int:
    with store.view() as db:
        packages, rollout, rooms = (
            packages_of(db, place),
            rollout_of(db, place),
            rooms_of(db, place),
        )
    for one in packages:
        tell("\t".join((one.version, one.system, one.arch, f"{one.size / 1e6:.1f} MB")))
    if rollout is None:
        tell(say(N_("No version is on its way.")))
        return 0
    tell("\t".join((rollout.version, say(_STATES[rollout.state]), say(STAGES[rollout.stage]))))
    if rollout.reason:
        tell(say(STOPS[rollout.reason]))
    for room in rooms.values():
        tell(f"{room.place.agent}\t{told_words(room.step, room.reason, say)}")
    return 0


def _add(options: argparse.Namespace, store: Store, place: Place, say: Translate) -> int:
    keys = trusted_keys(options.update_keys or told_update_keys(options))
    shelf = Shelf(existing_folder(options), keys, BUILD)
    giver = Giver(place, operator(), store.read(now_in))
    package = given(shelf, _pieces(options.file), store, giver)
    tell(phrase(N_("This server has version {version} now."), say, version=package.version))
    return 0


def _begin(options: argparse.Namespace, store: Store, place: Place, say: Translate) -> int:
    agents = store.read(agents_of, place, limit=None)
    first = next((one.place for one in agents if one.room == options.room), None)
    begun = first and store.write(
        begin_rollout,
        place,
        RolloutWish(options.version, first),
        operator(),
        store.read(now_in),
    )
    return _told(bool(begun), say)


def _stop(_options: argparse.Namespace, store: Store, place: Place, say: Translate) -> int:
    return _told(bool(store.write(stop_rollout, place, operator())), say)


def _go_on(_options: argparse.Namespace, store: Store, place: Place, say: Translate) -> int:
    done = store.write(go_on, place, operator(), store.read(now_in))
    return _told(bool(done), say)


def _back(_options: argparse.Namespace, store: Store, place: Place, say: Translate) -> int:
    return _told(bool(store.write(take_back, place, operator())), say)


def _told(is_done: bool, say: Translate) -> int:  # noqa: FBT001 - whether it changed something
    if is_done:
        tell(say(N_("Done.")))
        return 0
    tell(say(N_("Nothing was done: there is no such room or version, or it stands so already.")))
    return EXIT_NOTHING


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece
