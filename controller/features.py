"""This file lists the controller's features, each a folder, in order: none knows a later one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

FEATURES: Final = (
    "access",
    "fleet",
    "roster",
    "cards",
    "attendance",
    "register",
    "stocktake",
    "repairs",
    "reconcile",
    "inventory",
    "use",
    "forecast",
    "dashboard",
    "department",
)


def packages_with(folder: str) -> list[str]:
    """The packages, the web's and the features', that have this folder, such as templates."""
    here = Path(__file__).parent
    return [f"controller.{name}" for name in ("web", *FEATURES) if (here / name / folder).is_dir()]
