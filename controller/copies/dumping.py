"""This file has PostgreSQL's own program write what its server holds; there are no steps there."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

from sqlalchemy import URL, inspect

from controller.config import ControllerConfig
from controller.copies.content import COPIES, Member
from controller.copies.errors import CopyError
from controller.copies.heads import CORRECTIONS, ENDS, LAST_CORRECTIONS, TABLE, heads_from
from controller.copies.manifest import DUMP, CopiedHead
from controller.copies.pagewise import blocks_of
from controller.copies.sealed import BLOCK
from controller.database.engine import engine_at, in_our_words, url_from
from protocol.words import N_

_PROGRAM: Final = "pg_dump"


@contextmanager
def dumped(config: ControllerConfig) -> Iterator[Member]:
    """The server's database as pg_dump writes it, on the disk only while it is packed.

    Raises CopyError, StoreError, OSError.
    """
    with tempfile.TemporaryFile(dir=config.data / COPIES) as file:
        _dump(url_from(config.database), file)
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        yield Member(DUMP, size, lambda: blocks_of(file, BLOCK))


def heads_at(url: str) -> tuple[CopiedHead, ...]:
    """How far the rooms' attendance logs go in a server's database. Raises StoreError."""
    return _ends_at(url, TABLE, ENDS)


def corrections_at(url: str) -> tuple[CopiedHead, ...]:
    """How far the corrections of marks go there. Raises StoreError."""
    return _ends_at(url, CORRECTIONS, LAST_CORRECTIONS)


def _ends_at(url: str, table: str, query: str) -> tuple[CopiedHead, ...]:
    engine = engine_at(url_from(url))
    try:
        with in_our_words(), engine.connect() as db:
            return heads_from(db.exec_driver_sql(query)) if inspect(db).has_table(table) else ()
    finally:
        engine.dispose()


def _dump(url: URL, file: BinaryIO) -> None:
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    command = [_PROGRAM, "--format=custom", "--compress=0", "--no-password", f"--dbname={plain}"]
    try:
        ended = subprocess.run(
            command, stdout=file, stderr=subprocess.PIPE, env=os.environ | password, check=False
        )
    except FileNotFoundError as error:
        raise _failed(f"{_PROGRAM}: {error.strerror}") from error
    if ended.returncode:
        raise _failed(ended.stderr.decode(errors="replace").strip().partition("\n")[0])


def _failed(cause: str) -> CopyError:
    return CopyError(
        "dump_failed",
        N_("pg_dump could not copy the server's database ({cause})."),
        N_("Install PostgreSQL's client programs of the server's version."),
        cause=cause,
    )
