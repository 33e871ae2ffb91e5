"""This file is `lophoc-controller agents`: give agents a password, or take it away."""

from __future__ import annotations

import argparse

from controller.broker.credentials import Credentials
from controller.broker.knocks import BROKER_LOG, knocks_in
from controller.cli.folder import add_place, existing_folder
from controller.cli.output import tell
from protocol.command_line import CommandParser, unwritable
from protocol.settings import SettingsError
from protocol.words import N_, Translate


def fill_agents(parser: CommandParser, say: Translate) -> None:
    """Give the command its deeds."""
    deed = say(N_("give a password, take it away, list who has one, or who was refused lately"))
    parser.add_argument("deed", choices=["add", "remove", "list", "refused"], help=deed)
    parser.add_argument("agent", nargs="?", help=say(N_("the agent's id")))
    add_place(parser, say)
    parser.set_defaults(command=_agents)


def _agents(options: argparse.Namespace) -> int:
    folder = existing_folder(options)
    if options.deed == "refused":
        for knock in knocks_in(folder / BROKER_LOG):
            tell("\t".join(map(str, knock)))
        return 0
    path = folder / "agents.json"
    with unwritable(path):
        _do(Credentials(path), options.deed, options.agent)
    return 0


def _do(credentials: Credentials, deed: str, agent: str | None) -> None:
    match deed, agent:
        case "list", _:
            tell("\n".join(sorted(credentials.users())))
        case _, None:
            raise SettingsError("agent_missing", N_("Which agent?"), N_("Give its id."))
        case "add", agent:
            tell(credentials.add(agent))
        case _, agent:
            credentials.remove(agent)
