"""This file is the one rule for what threads share: one at a time, and closing waits for them.

A task that is cancelled leaves its thread at work: whoever closes SQLite, or writes a file, beside
it ends the process without a word, or mixes two states. Pools that part their connections among
threads themselves, such as the controller's, need it not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Resource = TypeVar("Resource")


class Handle(Generic[Resource]):
    """A resource between its opening and its closing.

    close: how it is closed. closed: the error of whoever comes before or after.
    """

    def __init__(
        self, close: Callable[[Resource], object], closed: Callable[[], Exception]
    ) -> None:
        self._close = close
        self._closed = closed
        self._alone = threading.Lock()
        self._resource: Resource | None = None

    def open(self, resource: Resource) -> None:
        """From now on there is something to work with."""
        with self._alone:
            self._resource = resource

    @contextmanager
    def use(self) -> Iterator[Resource]:
        """Work with it, alone. Raises what `closed` makes."""
        with self._alone:
            if self._resource is None:
                raise self._closed()
            yield self._resource

    def close(self) -> None:
        """Close it when whoever is at work has ended; the second time nothing happens."""
        with self._alone:
            resource, self._resource = self._resource, None
            if resource is not None:
                self._close(resource)
