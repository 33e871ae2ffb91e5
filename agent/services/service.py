"""This file is the shape that every source, door and routine has, so that all start alike."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from agent.config import AgentConfig
from agent.services.context import Context
from agent.services.supervision import BACKOFF_CAP_S


class AgentService(NamedTuple):
    """Something that runs by name.

    start: works until cancelled; it may be called again after it ended. enabled: whether the
    settings ask for it. backoff_cap_s: the longest wait before it is started again.
    """

    name: str
    start: Callable[[Context], Coroutine[Any, Any, None]]
    enabled: Callable[[AgentConfig], bool] = lambda _config: True
    backoff_cap_s: float = BACKOFF_CAP_S
