"""This file compiles the gettext catalogues when LopHoc is built or installed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_NO_DATE: Final = datetime.fromtimestamp(0, UTC)


class CatalogueHook(BuildHookInterface):  # type: ignore[type-arg]
    """Writes a .mo beside each .po."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile every catalogue under protocol/locale."""
        for source in Path(self.root, "protocol", "locale").rglob("*.po"):
            new = source.with_suffix(".mo.new")
            with source.open("rb") as text, new.open("wb") as compiled:
                catalogue = read_po(text)
                # Else it is that of the build, and no two builds are alike.
                catalogue.creation_date = catalogue.revision_date = _NO_DATE
                write_mo(compiled, catalogue)
            new.replace(source.with_suffix(".mo"))  # who runs reads on in the one that it has open
