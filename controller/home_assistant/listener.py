"""This file tells anew in each session with the broker: what was told before may be lost."""

from __future__ import annotations

from typing import Any

from controller.feature import Listener, Program
from controller.home_assistant.service import Teller


class SessionListener(Listener[Any]):
    """Hears of new sessions, and of nothing else."""

    def __init__(self, program: Program) -> None:
        self._teller = program.service(Teller)

    def greet(self, now_ms: int) -> None:
        """The broker may have begun with an empty store."""
        del now_ms
        self._teller.forget_told()
