"""A type may be needed by several threads at once for the first time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.waiting import LIMIT_S

ROOT: Final = Path(__file__).parents[2]
PLACE: Final = "protocol/shapes.py"
# The second thread comes just as the first is describing what the type holds; or waits until then.
PLAY: Final = """
from __future__ import annotations
from dataclasses import dataclass
from threading import Event, Thread
from typing import NamedTuple, TypedDict
from msgspec import Struct, to_builtins
from protocol.shapes import from_json, from_plain, json_decoder

described, read, found = Event(), Event(), []

def meet() -> type:
    described.set()
    read.wait(0.5)
    return int

{head}
    number: meet()

{outer}
    part: Inner

def come_later() -> None:
    described.wait()
    found.append({read})
    read.set()

later = Thread(target=come_later)
later.start()
found.append({read})
later.join()
for one in found:
    print(one)
"""
KINDS: Final = {
    "struct": ("class Inner(Struct):", "class Outer(Struct):"),
    "dataclass": ("@dataclass\nclass Inner:", "@dataclass\nclass Outer:"),
    "dict": ("class Inner(TypedDict):", "class Outer(TypedDict):"),
}
READS: Final = (
    "to_builtins(from_plain({'part': {'number': 7}}, Outer))",
    """to_builtins(from_json('{"part": {"number": 7}}', Outer))""",
    """to_builtins(json_decoder(Outer).decode('{"part": {"number": 7}}'))""",
)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("read", READS, ids=["plain", "json", "decoder"])
def test_a_type_is_described_by_one_thread_at_a_time(kind: str, read: str) -> None:
    """Read by what is not whole yet, it would end the program: then no sentence is printed."""
    head, outer = KINDS[kind]
    play = PLAY.format(head=head, outer=outer, read=read)
    ended = subprocess.run(
        [sys.executable, "-c", play],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == ["{'part': {'number': 7}}"] * 2


def readers(tree: ast.AST) -> Iterator[ast.Call]:
    """Where msgspec itself is asked to read by a type, by whatever name `decode` has there."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            is_typed = any(keyword.arg == "type" for keyword in call.keywords)
            if (name.startswith("msgspec") and name.endswith((".convert", ".Decoder"))) or (
                is_typed and name.endswith("decode")
            ):
                yield call


@pytest.mark.parametrize("package", ["agent", "controller", "protocol", "simulators"])
def test_types_are_read_by_in_one_place(package: str) -> None:
    """What is described elsewhere stands in no line."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*.py")
        if any(readers(ast.parse(path.read_text("utf-8"))))
    }
    assert found <= {PLACE}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "hardware").rglob("*.py")), ids=lambda path: path.stem
)
def test_what_knows_no_protocol_describes_its_types_as_its_modules_are_read(path: Path) -> None:
    """A decoder is made there, or the type of what is converted is described there."""
    tree = ast.parse(path.read_text("utf-8"))
    at_once = {
        ast.unparse(call.args[0])
        for line in tree.body
        if isinstance(line, ast.Assign | ast.AnnAssign | ast.Expr)
        for call in readers(line)
    }
    by_type = [ast.unparse([*call.args, *call.keywords][-1]) for call in readers(tree)]
    assert {*by_type} <= at_once
