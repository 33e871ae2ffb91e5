"""The grammar of the command lines: a command says itself, in a line, what is wrong."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

import pytest

from protocol.command_line import ARGPARSE_WORDS, CommandParser
from protocol.settings import SettingsError
from protocol.words import translator


def program(say: Any = str) -> CommandParser:
    """A program with two commands; the second knows options that the first does not."""
    parser = CommandParser(say=say, prog="x")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    first = commands.add_parser("first")
    first.add_argument("path", metavar="FILE|URL")
    first.add_argument("--out", metavar="DIR")
    first.add_argument("--note", metavar="TEXT")
    first.add_argument("--kind", choices=["board", "camera"])
    first.add_argument("--count", type=int)
    first.add_argument("--all", action="store_true")
    commands.add_parser("second").add_argument("--yes", action="store_true")
    return parser


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["frist"], ["frist", "Did you mean first?"]),
        (["zzz"], ["zzz", "Valid: first, second."]),
        (["first", "a", "--outt", "b"], ["--outt", "Did you mean --out?"]),
        (["first", "a", "--outt=b"], ["Did you mean --out?"]),
        (["first", "a", "--yes"], ["--yes", "Valid: ", "--all"]),
        (["first", "a", "b"], ["b is one word too many", "x first --help"]),
        (["first", "", "--note", ""], ["FILE|URL names no file"]),
        (["first", "a", "--out="], ["--out names no file"]),
        (["first"], ["FILE", "x first --help"]),
        ([], ["COMMAND", "See: x --help"]),
        (["first", "a", "--out"], ["--out", "x first --help"]),
        (["first", "a", "--count", "many"], ["--count", "many"]),
        (["first", "a", "--kind", "bord"], ["bord", "Did you mean board?"]),
        (["first", "a", "--all=yes"], ["--all", "yes"]),
        (["first", "a", "--cou", "3"], ["--cou", "Did you mean --count?"]),
    ],
)
def test_what_is_wrong_is_said_by_the_command_itself(
    arguments: list[str], words: list[str]
) -> None:
    """It names no word of another command, and what is meant where it can tell."""
    with pytest.raises(SettingsError) as refused:
        program().parse_args(arguments)
    told = str(refused.value)
    assert [word for word in words if word not in told] == [], told
    assert "\n" not in told
    if "--yes" not in arguments:
        assert "--yes" not in told


def test_what_is_right_is_taken() -> None:
    """Anywhere on the line."""
    options = program().parse_args(["first", "--out", "o", "a", "--all", "--count=3"])
    given = {"path": "a", "out": "o", "kind": None, "count": 3, "all": True}
    given["note"] = None
    assert vars(options) == {**given, "called": f"{program().prog} first"}


@pytest.mark.parametrize(
    "arguments", [[], ["first"], ["first", "a", "--out"], ["first", "a", "--count", "many"]]
)
def test_argparse_speaks_vietnamese(arguments: list[str]) -> None:
    """Its own words as well as ours; and English again for the next who asks for it."""
    told = []
    for language in ("vi", "en"):
        with pytest.raises(SettingsError) as refused:
            program(translator(language)).parse_args(arguments)
        told.append(refused.value.text(translator(language)))
    assert told[0] != told[1]
    assert not {"the", "expected", "invalid", "argument"} & {*told[0].split()}


def test_help_is_all_in_one_language() -> None:
    """The headings, too."""
    vietnamese = program(translator("vi")).format_help()
    for word in ("usage", "positional arguments", "options", "show this"):
        assert word not in vietnamese
        assert word in program(translator("en")).format_help()


def test_every_listed_word_is_one_of_argparses() -> None:
    """A word that it no longer says would be translated for nobody."""
    source = inspect.getsource(argparse)
    assert [word for word in ARGPARSE_WORDS if word not in source] == []


def test_only_the_command_that_is_run_gets_its_arguments() -> None:
    """So that the others load nothing; it gets them once."""
    filled = []
    parser = CommandParser()
    commands = parser.add_subparsers(required=True)
    for name in ("first", "second"):
        commands.add_parser(name, fill=lambda _, name=name: filled.append(name))
    parser.parse_args(["second"])
    parser.parse_args(["second"])
    assert filled == ["second"]
