"""This file has Qt hear what the agent's door tells."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from agent.tray.door import AgentDoor
from agent.tray.view import Press, TrayView


class AgentClient(QObject):
    """The agent's door, seen from outside; signals come in Qt's own thread.

    updated: a TrayView, as soon as there is another. away: nobody answers, or not to this account:
    then with a sentence. refused: a sentence. opened: the page's address, for a browser.
    key_folder: where the agent's key lies, unless it is in a usual place.
    """

    updated = Signal(object)
    away = Signal(str)
    refused = Signal(str)
    opened = Signal(str)

    def __init__(self, agent: str, language: str, *, key_folder: str = "") -> None:
        super().__init__()
        self._door = AgentDoor(agent, language, _Signals(self), key_folder=key_folder)

    def open(self) -> None:
        """Ask from now on."""
        self._door.open()

    def press(self, press: Press) -> None:
        """Tell the agent what was pressed."""
        self._door.press(press)

    def open_page(self) -> None:
        """Let a browser in at the agent's page."""
        self._door.open_page()


class _Signals:
    """Takes what is told from the door's thread to Qt's."""

    def __init__(self, client: AgentClient) -> None:
        self._client = client

    def updated(self, view: TrayView) -> None:
        self._client.updated.emit(view)

    def away(self, sentence: str) -> None:
        self._client.away.emit(sentence)

    def refused(self, sentence: str) -> None:
        self._client.refused.emit(sentence)

    def opened(self, url: str) -> None:
        self._client.opened.emit(url)
