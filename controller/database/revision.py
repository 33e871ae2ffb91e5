"""This file tells whether a database has this program's schema, without loading what brings it up.

Nearly every start and every command finds it so, and Alembic takes a tenth of a second to load.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, column, inspect, select, table

from controller.database.scope import everywhere

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_VERSION: Final = table("alembic_version", column("version_num"))
_GROUND: Final = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)


def is_newest(db: Connection) -> bool:
    """Whether the schema is this program's own."""
    if not inspect(db).has_table(_VERSION.name):
        return False
    numbers = select(_VERSION.c.version_num).where(everywhere(_VERSION))
    return db.execute(numbers).scalars().all() == [newest()]


@cache
def newest() -> str:
    """The number of the one migration that no other stands on; its file is named by it."""
    texts = {
        path.name.partition("_")[0]: path.read_text(encoding="utf-8")
        for path in MIGRATIONS.glob("versions/*.py")
    }
    grounds = {number for text in texts.values() for number in _GROUND.findall(text)}
    (number,) = texts.keys() - grounds
    return number
