"""By which words an item is searched."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_AT_ONCE = 2000
_SEARCHED = (
    *("asset_tag", "serial", "type", "maker", "model", "name", "room", "there", "site", "building"),
    *("device_id", "serial_key", "tag_key"),
)


def upgrade() -> None:
    """Go forward: of what is there already, too."""
    empty = sa.Column("words", sa.Text(), nullable=False, server_default="")
    op.add_column("assets", empty)
    db, item = op.get_bind(), _ASSETS.c
    key = (item.province, item.school, item.device_id)
    statement = _ASSETS.update().where(
        item.province == sa.bindparam("province_"),
        item.school == sa.bindparam("school_"),
        item.device_id == sa.bindparam("item_"),
    )
    after = ("", "", "")
    while True:
        query = sa.select(_ASSETS).where(sa.tuple_(*key) > sa.tuple_(*map(sa.literal, after)))
        rows = db.execute(query.order_by(*key).limit(_AT_ONCE)).mappings().all()
        if not rows:
            return
        told = [
            {
                "province_": row["province"],
                "school_": row["school"],
                "item_": row["device_id"],
                "words": _words(" ".join(row[name] for name in _SEARCHED)),
            }
            for row in rows
        ]
        db.execute(statement, told)
        after = (rows[-1]["province"], rows[-1]["school"], rows[-1]["device_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_column("assets", "words")


def _words(text: str) -> str:
    """As sheets.text.searchable had it when this was written, each word once."""
    parted = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    plain = "".join(char for char in parted if not unicodedata.combining(char))
    words = "".join(char if char.isalnum() else " " for char in plain).split()
    return " ".join(dict.fromkeys(words))


_ASSETS = sa.table(
    "assets",
    *(sa.column(name, sa.Text()) for name in ("province", "school", "words")),
    *(sa.column(name, sa.Text()) for name in _SEARCHED),
)
