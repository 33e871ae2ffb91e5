"""This file finds out which school a command is about, and opens its database."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from controller.config import ENVIRONMENT
from controller.memory.store import Store
from protocol.model import Place
from protocol.settings import read_toml
from protocol.words import N_, Translate


def add_place(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the options that name the school and its database."""
    folder = say(N_("the controller's folder"))
    parser.add_argument("--data", type=Path, metavar="DIR", help=folder)
    config = say(N_("the controller's settings file (TOML)"))
    parser.add_argument("--config", type=Path, metavar="FILE", help=config)


class _Told(msgspec.Struct, kw_only=True):
    """The settings that say which school it is; the others are the controller's own."""

    province: str = ""
    school: str = ""
    data: str = "lophoc-controller-data"
    database: str = ""
