"""This file is the grammar of the command lines: one parser, its errors in the user's language."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from protocol.settings import SettingsError, is_text, unknown
from protocol.words import N_, Translate

_HELP: Final = N_("See: {command} --help")

_PLACES: Final = frozenset({"DIR", "FILE", "FOLDER", "IMAGE", "PATH", "URL"})  # as usage calls them

# What argparse itself says, by its own message ids; what is not here it says in English.
ARGPARSE_WORDS: Final = (
    N_("usage: "),
    N_("positional arguments"),
    N_("options"),
    N_("show this help message and exit"),
    N_("show program's version number and exit"),
    N_("the following arguments are required: %s"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("expected one argument"),
    N_("expected at least one argument"),
    N_("expected at most one argument"),
    N_("ignored explicit argument %r"),
    N_("invalid %(type)s value: %(value)r"),
)


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Whatever cannot be written in the block is this file. Raises SettingsError."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            "file_unwritable",
            N_("{path} cannot be written: {cause}."),
            N_("Name a folder that is there and that you may write into."),
            path=path,
            cause=error.strerror,
        ) from error


def _metavar_of(action: argparse.Action) -> str:
    return action.metavar if isinstance(action.metavar, str) else ""


class CommandParser(argparse.ArgumentParser):
    """A program or one of its commands; each says itself, in a line, what is wrong with its words.

    fill: gives a command its arguments, only once it is the one to be run: so the others load
    nothing. Words are never cut short.
    """

    def __init__(
        self,
        *,
        say: Translate = str,
        fill: Callable[[CommandParser], None] | None = None,
        **described: Any,
    ) -> None:
        # argparse has no other door to its words: it asks gettext, of the machine's language.
        vars(argparse).update(_=say)
        super().__init__(**{"allow_abbrev": False} | described)
        self._say = say
        self._fill = fill
        self.set_defaults(called=self.prog)  # the innermost command's wins

    def add_subparsers(self, *_: Any, **described: Any) -> Any:
        """Commands that speak the same language."""
        same: Any = partial(type(self), say=self._say)
        return super().add_subparsers(parser_class=same, **described)

    def parse_known_args(self, *arguments: Any, **named: Any) -> Any:
        """Parse the arguments. Raises SettingsError if this command does not know one of them."""
        if self._fill:
            fill, self._fill = self._fill, None
            fill(self)
        options, extra = super().parse_known_args(*arguments, **named)
        if extra:
            self._refuse(extra[0])
        return options, extra

    def error(self, message: str) -> NoReturn:
        """What argparse ends the program with. Raises SettingsError."""
        raise SettingsError(
            "usage", "{what}.", _HELP, what=message.removesuffix("."), command=self.prog
        )

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """What was written for it; an empty variable means no place, and not where one stands."""
        if "" in arg_strings and not _PLACES.isdisjoint(_metavar_of(action).split("|")):
            raise SettingsError(
                "place_empty",
                N_("{option} names no file and no folder."),
                N_("Write its name; a variable of a script may be empty."),
                option=action.option_strings[-1] if action.option_strings else _metavar_of(action),
            )
        return super()._get_values(action, arg_strings)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """A word as its option takes it; what is no text would spoil the file that keeps it."""
        if action.type is not Path and not is_text(arg_string):
            raise SettingsError(
                "word_unreadable",
                N_("{word} is no text in UTF-8."),
                N_("Set the terminal, or what starts the program, to UTF-8."),
                word=repr(arg_string),
            )
        return super()._get_value(action, arg_string)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            is_command = isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
            message = N_("No such command: {name}.") if is_command else N_("No such word: {name}.")
            raise unknown("word_unknown", message, str(value), map(str, action.choices))

    def _refuse(self, extra: str) -> NoReturn:
        """Name the option that is meant, or those that this very command has."""
        if extra.startswith("-"):
            names = [name for action in self._actions for name in action.option_strings]
            raise unknown("option_unknown", N_("No such option: {name}."), extra, names)
        too_many = N_("{word} is one word too many.")
        raise SettingsError("word_unknown", too_many, _HELP, word=extra, command=self.prog)
