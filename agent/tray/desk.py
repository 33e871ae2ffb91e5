"""This file is what an icon is for, on any desktop: the page, or the next deed. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from agent.tray.door import AgentDoor
from agent.tray.view import TrayView, press_of


class Screen(Protocol):
    """A desktop with the icon."""

    def post(self, deed: Callable[[], None]) -> None:
        """From any thread: have this done in the screen's own."""

    def show(self, view: TrayView | None, sentence: str = "") -> None:
        """Show this; without a view that nothing is known, and why, if anybody said it."""

    def tell(self, sentence: str = "") -> None:
        """Say why a press did nothing; without a sentence, what is shown."""

    def open_page(self, url: str) -> None:
        """Have a browser show it."""


class TrayDesk:
    """What the teacher wants: the page, at once or when the agent is there; or the next deed.

    key_folder: where the agent's key lies, unless it is in a usual place. is_wanted: whether the
    page is wanted from the beginning.
    """

    def __init__(
        self, agent: str, language: str, screen: Screen, *, key_folder: str = "", is_wanted: bool
    ) -> None:
        self._door = AgentDoor(agent, language, self, key_folder=key_folder)
        self._screen = screen
        self._is_wanted = is_wanted
        self._view: TrayView | None = None

    def open(self) -> None:
        """Ask the agent from now on."""
        self._door.open()

    def come(self) -> None:
        """Open the page; without an agent, once it is there, and until then say so."""
        self._is_wanted = self._view is None
        if self._view is not None:
            self._door.open_page()
        else:
            self._screen.tell()

    def act(self, shown: TrayView | None = None) -> None:
        """Do what the menu's first entry says, and show the page, where the rest is done.

        shown: what it said as it opened, however old; without it, what it would say now.
        """
        if (view := shown or self._view) and (press := press_of(view)):
            self._door.press(press)
        self.come()

    def updated(self, view: TrayView) -> None:
        """There is another view."""
        self._screen.post(partial(self._take, view))

    def away(self, sentence: str) -> None:
        """Nobody answers, or not to this account: then with a sentence."""
        self._screen.post(partial(self._take, None, sentence))

    def refused(self, sentence: str) -> None:
        """A press did nothing; why, if anybody said it."""
        if sentence:
            self._screen.post(partial(self._screen.tell, sentence))

    def opened(self, url: str) -> None:
        """The page's address, for a browser."""
        self._screen.post(partial(self._screen.open_page, url))

    def _take(self, view: TrayView | None, sentence: str = "") -> None:
        self._view = view
        self._screen.show(view, sentence)
        if view is not None and self._is_wanted:
            self.come()
