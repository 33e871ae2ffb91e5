"""This file has a page's template compiled once in this process, and not at each school's face."""

from __future__ import annotations

import functools
from types import CodeType
from typing import Final

import pytest
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket

from controller.web import page

_compiled: Final[dict[tuple[str, str], CodeType]] = {}  # by file, and by what stands in it


class _Shared(BytecodeCache):
    """Jinja's own door for what is compiled already."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled of the same text."""
        bucket.code = _compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        assert bucket.code is not None
        _compiled[bucket.key, bucket.checksum] = bucket.code


def share_templates() -> None:
    """From now on all faces of this process share them; each renders with its own words."""
    shared = functools.partial(Environment, bytecode_cache=_Shared())
    pytest.MonkeyPatch().setattr(page, "Environment", shared)
