"""This file holds what tests of a department's pages share; each brings its own store."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from controller.database.store import Store
from tests.controller.templates import share_templates
from tests.controller.web_department import ServedDepartment
from tests.web import http_client

share_templates()


@pytest.fixture
def served(store: Store) -> Iterator[ServedDepartment]:
    """The department's face; its clock can be set."""
    with ServedDepartment(store) as running:
        yield running


@pytest.fixture
def officer(served: ServedDepartment) -> Iterator[httpx.Client]:
    """A browser of the department."""
    with http_client(served.url, follow_redirects=True) as client:
        yield client
