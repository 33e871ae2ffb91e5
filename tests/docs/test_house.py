"""The house stays in order: few loose files, and what is pure is held to it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import grimp

from controller.features import FEATURES

ROOT = Path(__file__).parents[2]
MOST_LOOSE_FILES = 8
DOORS = ("items", "command")  # by whatever they are made, no rules
BORDERS = {"sqlalchemy", "fastapi", "starlette", "jinja2"}


def test_few_files_lie_loose_in_the_controller() -> None:
    """Whatever is of one feature lies in its folder."""
    loose = {path.name for path in (ROOT / "controller").glob("*.py")} - {"__init__.py"}
    assert len(loose) <= MOST_LOOSE_FILES, sorted(loose)


def test_what_knows_no_database_and_no_web_is_held_to_it() -> None:
    """A pure module of a feature stands in the contract `rules` of pyproject.toml."""
    graph = grimp.build_graph("controller", include_external_packages=True, cache_dir=None)
    features = tuple(f"controller.{feature.name}." for feature in FEATURES)
    pure = {
        module
        for module in graph.modules
        if module.startswith(features) and not graph.find_children(module)
        if not module.endswith(DOORS)
        if not BORDERS & graph.find_upstream_modules(module)
    }
    rules = contract("rules")
    assert pure - {*rules["source_modules"]} == set()
    assert len(rules["source_modules"]) == len({*rules["source_modules"]})


def test_no_feature_is_named_where_they_are_joined() -> None:
    """The contract `wiring` knows them all."""
    assert set(contract("wiring")["forbidden_modules"]) == {
        f"controller.{feature.name}" for feature in FEATURES
    }


def contract(name: str) -> dict[str, Any]:
    """A contract of import-linter, as pyproject.toml has it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (one,) = (contract for contract in contracts if contract["id"] == name)
    return dict(one)
