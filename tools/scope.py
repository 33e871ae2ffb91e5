"""This file finds queries that do not say, where they are written, whose rows they touch."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

QUERIES: Final = {"select", "update", "delete", "exists"}
_METHODS: Final = {"select", "update", "delete"}
SCOPES: Final = {"of", "in_province", "within", "counted_in", "everywhere"}
_LIBRARY: Final = "sqlalchemy"


def unscoped(source: str) -> list[int]:
    """The lines of a module's queries that name no scope of their own.

    A query is all that is chained to it, such as `select(a).where(of(a, school)).limit(1)`; what a
    query inside it says counts for that one alone.
    """
    tree = ast.parse(source)
    chained = {node.value: node for node in ast.walk(tree) if isinstance(node, ast.Attribute)} | {
        node.func: node for node in ast.walk(tree) if isinstance(node, ast.Call)
    }
    names = _query_names(tree)
    queries = {
        _whole(node, chained)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _is_query(node, names)
    }
    return sorted(query.lineno for query in queries if not _is_scoped(query, queries))


def _query_names(tree: ast.Module) -> set[str]:
    """What the module calls the library's functions that begin a query, or the library itself."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.split(".")[0] == _LIBRARY:
                names |= {item.asname or item.name for item in node.names if item.name in QUERIES}
            case ast.Import():
                names |= {
                    item.asname or _LIBRARY
                    for item in node.names
                    if item.name.split(".")[0] == _LIBRARY
                }
    return names


def _is_query(call: ast.Call, names: set[str]) -> bool:
    """Whether the call begins a query: select(table), or table.select(), which takes nothing."""
    match call.func:
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(value=ast.Name(id=owner), attr=attr) if attr in QUERIES:
            return owner in names or (attr in _METHODS and not (call.args or call.keywords))
        case ast.Attribute(attr=attr) if attr in _METHODS:
            return not (call.args or call.keywords)
    return False


def _whole(node: ast.expr, chained: dict[ast.expr, ast.Attribute | ast.Call]) -> ast.expr:
    """The query with all that is chained to it."""
    while node in chained:
        node = chained[node]
    return node


def _is_scoped(query: ast.expr, queries: set[ast.expr]) -> bool:
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SCOPES
        for node in _own(query, queries)
    )


def _own(node: ast.AST, queries: set[ast.expr]) -> Iterator[ast.AST]:
    """What stands in a query and in none inside it."""
    yield node
    inner = (child for child in ast.iter_child_nodes(node) if child not in queries)
    yield from chain.from_iterable(_own(child, queries) for child in inner)


def findings(root: Path) -> list[str]:
    """Where the modules below a folder lack a scope; migrations mend every place's rows."""
    modules = (path for path in sorted(root.rglob("*.py")) if "migrations" not in path.parts)
    return [
        f"{path}:{line}: a query without a scope of controller/database/scope.py"
        for path in modules
        for line in unscoped(path.read_text("utf-8"))
    ]


if __name__ == "__main__":
    sys.exit("\n".join(findings(Path("controller"))) or 0)
