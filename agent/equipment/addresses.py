"""This file is an address that a person typed or scanned, so that a device is looked for there."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

MAX_TYPED: Final = 100  # more than any room has


class TypedAddress(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to look. token: what a device there is known by if it tells nothing better.

    port: 0 where none was given. scheme, path: as in an address that was scanned.
    """

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    host: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 0
    scheme: Annotated[str, msgspec.Meta(max_length=8)] = ""
    path: Annotated[str, msgspec.Meta(max_length=2048)] = ""

    @property
    def at(self) -> tuple[str, int]:
        """The place itself."""
        return self.host, self.port
