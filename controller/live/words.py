"""This file says why what is shown may be old: the server's own troubles, by their codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.words import N_

TROUBLES: Final[Mapping[str, str]] = {
    "store_refusing": N_("The server cannot write to its disk: what is shown may be old."),
    "clock_doubted": N_(
        "This computer's clock seems wrong: set it right. Nothing old is deleted until then."
    ),
    "forgetting_unvouched": N_(
        "Nobody vouches for this server's clock: nothing old is deleted until it takes the time"
        " from the network."
    ),
    "forgetting_uncopied": N_(
        "Nothing old is deleted: no sound copy of it can be made. See whether the disk is well."
    ),
    "broker_refuses_users": N_(
        "The broker does not take the names of new rooms: they cannot connect."
    ),
    "disk_full": N_(
        "The server's disk is full or read-only: nothing is stored until there is room."
    ),
    "broker_deaf": N_("The server's broker answers and stores nothing; it is being started again."),
    "ingest_lost": N_(
        "The part of the server that takes what rooms and schools say does not run: what is shown"
        " may be old."
    ),
    "broker_lost": N_("The server hears no classroom now: what is shown may be old."),
}
