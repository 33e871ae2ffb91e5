"""A command on the server leaves its line, too; one that only reads leaves none."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.access.command_log import OWN_LINES, READING
from controller.access.store import access_log
from controller.commands import COMMANDS
from controller.database.store import Store
from protocol.command_line import CommandParser
from protocol.model import Place
from tests.databases import sqlite_in

# What changes something here, or shows pupils: judged by hand, so that a new command is judged.
CHANGING = """
agents add|agents remove|repair|backup|restore|guests add|guests end|roster import|roster show
roster erase|schedule import|cards print|cards revoke|cards keys|register import|register condition
register undo|register decide accept|register decide match|register decide ignore
register undo-import
repairs open|repairs pick|repairs start|repairs done|repairs undo|labels|stocktake begin
stocktake finish|areas import|areas merge|areas retire|areas undo|schools import|schools merge
schools retire|schools undo|rooms import|password set|password setup-link|token create|token end
enrol|dossier register
updates add|updates begin|updates stop|updates go-on|updates back
history write|inspection begin|inspection withdraw|report make|report template
"""


def codes_of(parser: argparse.ArgumentParser, words: str) -> Iterator[str]:
    """Every command below this one, with its deeds."""
    actions = parser._actions
    subs = [one for one in actions if isinstance(one, argparse._SubParsersAction)]
    deeds = [deed for one in actions if one.dest == "deed" for deed in one.choices or ()]
    for sub in subs:
        for name, command in sub.choices.items():
            yield from codes_of(command, f"{words} {name}")
    if not subs:
        yield from (f"{words} {deed}" for deed in deeds) if deeds else (words,)


def test_each_command_was_judged() -> None:
    """It changes something, only reads, or notes by itself before it shows a pupil."""
    found = set()
    for entry in COMMANDS:
        parser = CommandParser(prog=f"lophoc-controller {entry.name}")
        entry.fill(parser, str)
        found |= set(codes_of(parser, entry.name))
    changing = {code for row in CHANGING.strip().splitlines() for code in row.split("|")}
    assert found == changing | READING | OWN_LINES
    assert changing.isdisjoint(READING | OWN_LINES)


def test_a_command_leaves_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whom the machine says it was, without what was typed; what failed or reads has none."""
    monkeypatch.setattr("controller.access.command_log.operator", lambda: "hoa")
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", "00123")
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", "79")
    with Store(sqlite_in(tmp_path)):
        pass
    place = ["--data", str(tmp_path)]
    assert main(["token", "create", "GLPI secret-word", "--days", "3", *place]) == 0
    assert main(["token", "list", *place]) == 0
    assert main(["token", "end", "nobody", *place]) != 0
    with Store(sqlite_in(tmp_path)) as store:
        lines = store.read(access_log, Place("79", "00123"))
    told = [(line["account"], line["what"], line["subject"]) for line in lines]
    assert told == [("command:hoa", "token create", "")]
