"""This file gives each script in one answer with what it imports: a page asks once, not thrice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(
    r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE | re.ASCII
)
_LEFT: Final = re.compile(r"^(?:import|export)\b", re.MULTILINE)
_TYPE: Final = "text/javascript; charset=utf-8"


def join_scripts(name: str, read: Callable[[str], str]) -> str:
    """A module's text with the modules that it imports, each in a scope of its own, once.

    name: without ".js". read: a module's text by its name. Raises ValueError where it imports or
    exports otherwise than by names.
    """
    parts: dict[str, str] = {}
    body, _ = _unwrapped(name, read, parts)
    return "".join(parts.values()) + body


def _unwrapped(name: str, read: Callable[[str], str], parts: dict[str, str]) -> tuple[str, str]:
    """A module without its imports and exports, and the names of these."""

    def taken(match: re.Match[str]) -> str:
        other = match[2]
        if other not in parts:
            parts[other] = ""  # a circle would not end
            body, exported = _unwrapped(other, read, parts)
            del parts[other]  # behind what it imports itself
            parts[other] = (
                f"const {_own(other)} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"
            )
        return f"const {{{match[1].replace(' as ', ': ')}}} = {_own(other)};\n"

    text = _IMPORT.sub(taken, read(name))
    exported = ", ".join(match[1] for match in _EXPORT.finditer(text))
    text = _EXPORT.sub("", text)
    if _LEFT.search(text):
        raise ValueError(name)
    return text, exported


def _own(name: str) -> str:
    return f"$${name.replace('-', '_')}"


class Scripts(StaticFiles):
    """Static files, each script joined with what it imports; it is told that it is the same."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._joined: dict[str, tuple[bytes, str]] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """As StaticFiles does."""
        joined = self._joined.get(path) or self._join(path)
        if joined is None:
            return await super().get_response(path, scope)
        text, tag = self._joined[path] = joined
        headers = {"ETag": tag}
        if tag in Headers(scope=scope).get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(text, headers=headers, media_type=_TYPE)

    def _join(self, path: str) -> tuple[bytes, str] | None:
        """Text and mark of a script that imports others; None for any other file."""
        if not path.endswith(".js"):
            return None
        name = path.removesuffix(".js")
        try:
            text = self._read(name)
        except FileNotFoundError:
            return None
        if not _IMPORT.search(text):
            return None
        whole = join_scripts(name, self._read).encode()
        return whole, f'W/"{hashlib.sha256(whole).hexdigest()[:32]}"'

    def _read(self, name: str) -> str:
        found, stat = self.lookup_path(f"{name}.js")
        if stat is None:
            raise FileNotFoundError(name)
        return Path(found).read_text(encoding="utf-8")
