"""This file collects what a feature answers, so that each address is built once, at its site.

FastAPI builds an address of a router that is included twice: by itself, and with what the whole
asks of it. Reading what 130 functions ask for was most of what the screens' start cost: it is done
when an address is first asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from fastapi import APIRouter
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.routing import compile_path, get_name

# The description is made in a thread, while others are answered. While one completes an address it
# asks for what is not there yet.
_COMPLETING: Final = threading.RLock()


class _Asked(NamedTuple):
    """An address as its decorator was told of it."""

    path: str
    endpoint: Callable[..., Any]
    options: dict[str, Any]
    is_socket: bool = False


class LateRoute(APIRoute):
    """An address that is known by its path at once, and in full when something else of it is read.

    endpoint, options: as of `APIRoute`; what is wrong with them is raised then.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path, self.endpoint, self._options = path, endpoint, options
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.name = options.get("name") or get_name(endpoint)
        self.methods = {method.upper() for method in options.get("methods") or ("GET",)}
        self.include_in_schema = options.get("include_in_schema", True)

    def __getattr__(self, name: str) -> Any:
        """What only the whole address has. Raises AttributeError."""
        with _COMPLETING:
            options = self.__dict__.pop("_options", None)
            if options is not None:
                super().__init__(self.path, self.endpoint, **options)
            return super().__getattribute__(name)


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
                more["route_class_override"] = LateRoute
                more["include_in_schema"] = in_schema and options["include_in_schema"]
            add(path, endpoint, **{**options, **more})
