"""This file is the row of tools: what a teacher does besides starting and ending a lesson."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from agent.tray.view import CameraView, TeacherView
from agent.tray.widgets import RowButton, WrappingRow

_TOOL_PX: Final = 240
_NAMED: Final = ("report_fault", "other_class", "substitute", "room", "open_board", "quit")
_SWITCHES: Final = ("report_fault", "other_class", "substitute", "room", "camera", "scan")


class Toolbar(WrappingRow):
    """The tools, each by its name. pressed: what a press on each does."""

    def __init__(self, pressed: Mapping[str, Callable[[], None] | None]) -> None:
        super().__init__(_TOOL_PX)
        self._tools = {name: RowButton("", action) for name, action in pressed.items()}
        for name in _SWITCHES:
            self._tools[name].setCheckable(True)
        self.fill(list(self._tools.values()))

    def is_on(self, name: str) -> bool:
        """Whether a tool that can be switched is on."""
        return self._tools[name].isChecked()

    def switch_off(self, *names: str) -> None:
        """Switch these off."""
        for name in names:
            self._tools[name].setChecked(False)

    def show_tools(
        self, view: TeacherView | None, word: Callable[[str], str], *, connected: bool
    ) -> None:
        """Show what can be done now; all but leaving needs the agent."""
        for name in _NAMED:
            self._tools[name].show_text(word(name))
        can_choose = view is not None and view.button.action == "start" and bool(view.proposal)
        visible = {
            "other_class": can_choose,
            "substitute": can_choose,
            "room": bool(view and len(view.rooms) > 1 and not view.pick_room),
            "report_fault": view is not None,
            "open_board": bool(view and view.tablets),
            "camera": bool(view and view.camera),
            "scan": bool(view and view.scan and view.scan.possible),
        }
        for name, shows in visible.items():
            self._tools[name].setVisible(shows)
        if view:
            self._show_camera(view, word)
            self._show_scan(view)
        for name, tool in self._tools.items():
            tool.setEnabled(connected or name == "quit")

    def _show_camera(self, view: TeacherView, word: Callable[[str], str]) -> None:
        if view.camera:
            self._tools["camera"].show_text(f"{word(_state(view.camera))}\n{view.camera.label}")
            self._tools["camera"].setToolTip(view.camera.words)
            self._tools["camera"].setChecked(view.camera.off)

    def _show_scan(self, view: TeacherView) -> None:
        if view.scan:
            self._tools["scan"].show_text(
                "\n".join(filter(None, (view.scan.label, view.scan.words)))
            )
            self._tools["scan"].setChecked(view.scan.running)


def _state(camera: CameraView) -> str:
    if camera.off:
        return "camera_off"
    return "camera_looking" if camera.looking else "camera_on"
