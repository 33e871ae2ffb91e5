"""This file tells others of the equipment: what is there, then what changed, as JSON or a table."""

from __future__ import annotations

import csv
import io
from enum import StrEnum
from typing import Final

from controller.memory.store import Store
from controller.screens.items import Inventory, InventoryItem, Tombstone, inventory_item
from controller.screens.refusals import Refused, seal, unseal
from protocol.model import Place
from protocol.words import N_

_COLUMNS: Final = (*InventoryItem.model_fields, "removed_at")
# A spreadsheet runs what begins so (OWASP, CSV injection).
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


class Format(StrEnum):
    """How the feed is written."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"


def inventory_page(store: Store, scope: Place, since: str, limit: int) -> Inventory:
    """What changed behind the token `since`, all that is there when it is empty.

    A first pull is told of no device that was removed before it began. Raises Refused.
    """
    newest = store.newest_change(scope)
    feed, change, begun = unseal(since, str, int, int) if since else (store.feed_id, 0, newest)
    if feed != store.feed_id or change > newest:
        raise Refused(
            410,
            "feed_changed",
            N_("The database was replaced since this token was given."),
            N_("Start again without `since`."),
        )
    records = store.changes(scope, since=change, limit=limit + 1)
    page = records[:limit]
    reached = page[-1].change if page else change
    told = (each for each in page if each.removed_ms is None or each.change > begun)
    return Inventory(
        items=[inventory_item(each) for each in told],
        next=seal(store.feed_id, reached, begun),
        more=len(records) > limit,
    )


def as_csv(items: list[InventoryItem | Tombstone]) -> str:
    """The items as RFC 4180, with a header line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for item in items:
        fields = _flat(item)
        writer.writerow([_harmless(fields.get(column, "")) for column in _COLUMNS])
    return text.getvalue()


def as_ndjson(items: list[InventoryItem | Tombstone]) -> str:
    """The items as JSON, one a line."""
    return "".join(f"{item.model_dump_json()}\n" for item in items)


def _flat(item: InventoryItem | Tombstone) -> dict[str, str]:
    fields = {name: str(value) for name, value in item.model_dump(mode="json").items()}
    fields["removed"] = "true" if item.removed else "false"
    if isinstance(item, InventoryItem):
        fields["reasons"] = ";".join(reason.code for reason in item.reasons)
        fields["sources"] = ";".join(item.sources)
        fields["aliases"] = ";".join(item.aliases)
        fields["identity"] = item.identity or ""
    return fields


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
