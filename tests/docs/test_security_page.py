"""The security page says what is so: the tests, ports and roles that it names are the code's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from agent.config import AgentConfig
from controller.config import ControllerConfig
from controller.people.person import PERMISSIONS, Permission, Role
from protocol.settings import settings_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
TESTS = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
PORT = re.compile(r"^\| (\d+)/tcp `(\w+)` \|", re.MULTILINE)
COLUMNS = (
    *(Permission.ROOMS, Permission.SCHOOL, Permission.MARKS, Permission.CORRECT),
    *(Permission.STOCKTAKE, Permission.BOOK, Permission.MANAGE),
    *(Permission.DEPARTMENT, Permission.FIGURES),
)


@pytest.mark.parametrize(("file", "name"), TESTS)
def test_the_test_that_answers_a_threat_is_there(file: str, name: str) -> None:
    """By its file and name."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_each_letter_of_stride_has_a_threat() -> None:
    """And each threat a test."""
    rows = re.findall(r"^\| ([STRIDE]) \|.*$", PAGE, re.MULTILINE)
    assert {*rows} == {*"STRIDE"}
    assert len(rows) == len(TESTS)


def test_the_ports_are_those_of_the_settings() -> None:
    """What a firewall is opened for."""
    defaults = {
        setting.name: setting.default
        for config in (ControllerConfig, AgentConfig)
        for setting in settings_of(config)
    }
    ports = PORT.findall(PAGE)
    assert len(ports) == 6
    assert {name: int(port) for port, name in ports} == {name: defaults[name] for _, name in ports}


def test_the_roles_may_what_the_code_lets_them() -> None:
    """The table is the code's."""
    assert {*COLUMNS} == {*Permission}
    for role in Role:
        row = re.search(rf"^\| {role} \|(.*)\|$", PAGE, re.MULTILINE)
        assert row, role
        marks = [cell.strip() for cell in row[1].split("|")]
        granted = {permission for permission, mark in zip(COLUMNS, marks, strict=True) if mark}
        assert granted == PERMISSIONS[role]
