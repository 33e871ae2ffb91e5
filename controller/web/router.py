"""This file collects what a feature answers, so that each address is built once, at its site.

FastAPI builds an address of a router that is included twice: by itself, and with what the whole
asks of it; with 130 of them that is most of what the screens' start costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter
from fastapi.params import Depends


class _Asked(NamedTuple):
    """An address as its decorator was told of it."""

    path: str
    endpoint: Callable[..., Any]
    options: dict[str, Any]
    is_socket: bool = False


class FeatureRouter(APIRouter):
    """A feature's addresses; nothing is answered before `build_in`."""

    def __init__(self, prefix: str = "", **options: Any) -> None:
        super().__init__(prefix=prefix, **options)
        self._asked: list[_Asked] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Keep an address and the answers that all of this router give."""
        options["responses"] = {**self.responses, **(options.get("responses") or {})}
        options["tags"] = [*self.tags, *(options.get("tags") or ())]
        options["include_in_schema"] = self.include_in_schema and options.get(
            "include_in_schema", True
        )
        self._asked.append(_Asked(self.prefix + path, endpoint, options))

    def add_api_websocket_route(
        self, path: str, endpoint: Callable[..., Any], name: str | None = None, **options: Any
    ) -> None:
        """Keep a socket's address."""
        self._asked.append(
            _Asked(self.prefix + path, endpoint, {"name": name, **options}, is_socket=True)
        )

    def take_in(self, other: FeatureRouter) -> None:
        """Answer what another answers, too."""
        self._asked.extend(other._asked)

    def build_in(
        self, whole: APIRouter, dependencies: Sequence[Depends] = (), *, in_schema: bool = True
    ) -> None:
        """Build each address in the whole, by the rules that the whole has for all of them."""
        for path, endpoint, options, is_socket in self._asked:
            add = whole.add_api_websocket_route if is_socket else whole.add_api_route
            own = options.get("dependencies") or ()
            more: dict[str, Any] = {"dependencies": [*dependencies, *own]}
            if not is_socket:
                more["include_in_schema"] = in_schema and options["include_in_schema"]
            add(path, endpoint, **{**options, **more})
