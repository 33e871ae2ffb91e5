"""This file is the command line of the teacher's icon: lophoc-tray."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Final
from urllib.parse import urlsplit

from protocol.errors import LopHocError
from protocol.language import LANGUAGES, N_, Translate, preferred_language, translator
from protocol.version import BUILD

PREFIX: Final = "LOPHOC_TRAY_"
AGENT: Final = "http://127.0.0.1:8765"
EXIT_SETTINGS: Final = 2
# Once PySide6 is there it reads the source of every module that is imported, and keeps it.
BEFORE_QT: Final = (
    "agent.tray.browser",
    "agent.tray.desk",
    "agent.tray.drawing",
)
_OURS: Final = ("127.0.0.1", "localhost")


def main(arguments: Sequence[str] | None = None) -> int:
    """Show the icon until the teacher quits; returns the exit code."""
    lang = os.environ.get(f"{PREFIX}LANG", "")
    lang = lang if lang in LANGUAGES else ""
    say = translator(lang or preferred_language(os.environ))
    options = _parser(lang, say).parse_args(arguments)
    try:
        _check(options.agent)
        return _run(options)
    except LopHocError as error:
        sys.stderr.write(f"lophoc-tray: {error.text(say)}\n")
        return EXIT_SETTINGS


def _parser(lang: str, say: Translate) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lophoc-tray",
        description=say(N_("The teacher's icon: the next deed, and the way to the page.")),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lophoc-tray {BUILD}")
    agent = say(N_("where this computer's agent answers (default: {url})")).format(url=AGENT)
    parser.add_argument("--agent", default=AGENT, metavar="URL", help=agent)
    folder = say(N_("where the agent leaves its key (default: the usual places)"))
    own = os.environ.get(f"{PREFIX}DOOR_FOLDER", "")
    parser.add_argument("--door-folder", default=own, metavar="DIR", help=folder)
    language = say(N_("the icon's language (default: the agent's)"))
    parser.add_argument("--lang", default=lang, choices=("", *LANGUAGES), help=language)
    hidden = say(N_("begin with the icon alone, without opening the page"))
    parser.add_argument("--hidden", action="store_true", help=hidden)
    return parser


def _check(agent: str) -> None:
    """It holds the door's key: it talks to this computer only."""
    if not _is_ours(agent):
        raise LopHocError(
            "agent_elsewhere",
            N_("The agent is not asked at {url}."),
            N_("Give an address of this computer, such as {example}."),
            url=agent,
            example=AGENT,
        )


def _is_ours(agent: str) -> bool:
    with suppress(ValueError):  # a port that cannot be
        url = urlsplit(agent)
        is_door = url.scheme == "http" and url.path in {"", "/"} and url.port != 0
        return is_door and url.hostname in _OURS
    return False


def _run(options: argparse.Namespace) -> int:
    for name in BEFORE_QT:
        import_module(name)
    try:
        from agent.tray.app import run  # noqa: PLC0415 - Qt is heavy, and an extra of its own
    except ImportError as error:
        raise LopHocError(
            "qt_missing",
            N_("The icon cannot be shown here: {cause}."),
            N_("Install LopHoc with [tray], or open {url} in a browser."),
            cause=error,
            url=options.agent,
        ) from error
    # Qt's loop is not Python's: without this Ctrl-C would wait for the next event.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run(
        options.agent, options.lang, key_folder=options.door_folder, is_hidden=options.hidden
    )


if __name__ == "__main__":
    sys.exit(main())
