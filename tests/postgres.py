"""This file runs a PostgreSQL of the tests' own: a private cluster on a Unix socket, no network.

Its default order of text is Vietnamese (ICU), as a department's server may be set up, so that a
query that leaves the order to the server is found out. What is in it need not survive anything.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Self

import psycopg
import pytest

OWNER = "postgres"  # initdb refuses root
WALLED = "walled"  # the one role that needs a password
PASSWORD = "s3cret:/@?"  # noqa: S105 - of a server that ends with the test
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60")
_SETTINGS = (*_FAST, "listen_addresses=", "shared_buffers=128MB", "log_min_messages=fatal")


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that is installed; None where there is none."""
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(found, key=lambda each: int(each.parts[-3]), default=None)
    known = newest or (Path(path) if (path := shutil.which("initdb")) else None)
    return known.parent if known else None


class Cluster:
    """A PostgreSQL server while it is entered; it can be stopped and started in between."""

    def __init__(self, bin_folder: Path, settings: Sequence[str] = ()) -> None:
        self._bin = bin_folder
        self._settings = (*_SETTINGS, *settings)
        self._numbers = count(1)

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="lophoc-pg-"))  # a socket's path must be short
        if os.geteuid() == 0:
            owner = pwd.getpwnam(OWNER)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        try:
            words = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
            order = ("--locale-provider=icu", "--icu-locale=vi")
            self._run("initdb", "-D", str(self._data), "-U", OWNER, *words, *order)
            rules = self._data / "pg_hba.conf"
            told = rules.read_text()
            rules.write_text(f"local all {WALLED} scram-sha-256\n{told}")
            self.start()
            self.say(f"CREATE ROLE {WALLED} LOGIN PASSWORD '{PASSWORD}'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if (self._data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start it, and return when it answers."""
        told = " ".join(
            f"-c {each}" for each in (*self._settings, f"unix_socket_directories={self.folder}")
        )
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", told, "start")

    def stop(self, how: str = "immediate") -> None:
        """End it: at once, as a power cut would, or `fast`, as an administrator does."""
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", how, "stop")

    def url(self, database: str = OWNER, user: str = OWNER, password: str = "") -> str:
        """The URL of one of its databases."""
        login = f"{user}:{password}" if password else user
        return f"postgresql://{login}@/{database}?host={self.folder}"

    def fresh(self, template: str = "template1") -> str:
        """A new database; returns its URL."""
        name = f"t{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Take a database away, whoever still holds it."""
        self.say(f"DROP DATABASE {url.partition('?')[0].rpartition('/')[2]} WITH (FORCE)")

    def say(self, statement: str) -> None:
        """Run a statement of an administrator's."""
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(statement.encode())

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's own programs on it."""
        self._run(program, f"--host={self.folder}", f"--username={OWNER}", *arguments)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                f"--reuid={OWNER}",
                f"--regid={OWNER}",
                "--clear-groups",
                *command,
            ]
        # The server inherits what pg_ctl has: a pipe would never end.
        with (self.folder / "said").open("w+b") as said:
            ended = subprocess.run(command, cwd="/", stdout=said, stderr=said, check=False)
            said.seek(0)
            assert ended.returncode == 0, said.read().decode(errors="replace")


def cluster_or_skip() -> Cluster:
    """A cluster to enter; skips the test where PostgreSQL is absent."""
    found = programs()
    return Cluster(found) if found else pytest.skip("needs the package postgresql")
