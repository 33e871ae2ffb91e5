"""While the room's cameras are off, no order of events opens one; and everybody sees how it is."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from agent.commands.check_camera import CameraCheckError, check
from agent.commands.switched import shutter_for
from agent.database import DOCUMENTS
from agent.database.documents import Documents, SavedState
from agent.equipment.switch import CameraStanding, CameraSwitch, SwitchedBy, lasting
from agent.local.teacher.view import teacher_view
from hardware.camera import process as camera_process
from hardware.camera.order import line_of
from hardware.camera.shutter import CameraLook, CameraUse, Shutter
from hardware.camera.watch import look, target_of, watch
from hardware.cards.scan import scan, watch_door
from protocol.messages import CameraOff, CameraTold
from protocol.outbox import OutboxError
from protocol.words import translator
from tests.agent.classrooms import classroom, moment, sighting
from tests.agent.test_lesson_door import Desk, at_desk

NODE = "/dev/video0"
SPAWN_TURNS = 6  # of the loop, before a process is there
CAMERA = sighting("usb:1", nodes=(NODE,))
TARGET = target_of("usb:1", NODE)


@dataclass
class FakeChild:
    """A process of ours that never ends by itself; orders: what all of them were given."""

    orders: list[bool]
    is_off: Callable[[], bool]
    pid: int = 0

    @property
    def stdin(self) -> FakeChild:
        """Itself."""
        return self

    @property
    def stdout(self) -> FakeChild:
        """Itself."""
        return self

    def write(self, _order: bytes) -> None:
        """Now it would open the camera."""
        self.orders.append(self.is_off())

    async def drain(self) -> None:
        """At once."""

    async def readline(self) -> bytes:
        """It is alive, again and again."""
        await asyncio.sleep(0)
        return line_of(camera_process.Alive(5.0))

    async def wait(self) -> int:
        """It is killed."""
        return 0


class Room(RuleBasedStateMachine):
    """People, the school, settings, lessons and restarts in any order, beside three readers."""

    @initialize(locked=st.booleans())
    def begin(self, locked: bool) -> None:  # noqa: FBT001 - hypothesis gives it
        """A room with a camera."""
        self.loop = asyncio.new_event_loop()
        self.room = classroom().see([CAMERA], 1000).classroom
        self.own_off, self.last = False, ""
        self.orders: list[bool] = []
        self.lock(locked)
        self.patch = pytest.MonkeyPatch()

        async def spawn(*_: object, **__: object) -> FakeChild:
            for _ in range(SPAWN_TURNS):
                await asyncio.sleep(0)
            return FakeChild(self.orders, lambda: self.room.camera_off)

        self.patch.setattr(asyncio, "create_subprocess_exec", spawn)
        self.patch.setattr(camera_process, "_kill", lambda _child: None)
        self.shutter = Shutter(lambda: self.room.camera_off)
        self.tasks: list[asyncio.Task[Any]] = []

    def lock(self, locked: bool) -> None:  # noqa: FBT001 - as above
        """The settings, which are read at a start."""
        self.locked = locked
        self.room = self.again(self.room.own_switch)

    def again(self, switch: CameraSwitch) -> Any:
        """The room after a restart, with what the documents kept."""
        return replace(self.room, own_switch=switch, camera_locked=self.locked)

    @rule(off=st.booleans())
    def somebody_presses(self, off: bool) -> None:  # noqa: FBT001 - as above
        """In the room."""
        self.room = self.room.switch_camera(off=off, at_ms=2000).classroom
        self.own_off = off

    @rule(name=st.sampled_from(["c1", "c2", "c3"]))
    def the_school_says_off(self, name: str) -> None:
        """Perhaps again what it said before: then it counts no more."""
        self.room = self.room.obey_camera_off(
            CameraOff(boot="c", at_ms=1, command=name, name="an"), 3000
        ).classroom
        self.own_off = self.own_off or name != self.last
        self.last = name

    @rule(locked=st.booleans())
    def it_starts_again(self, locked: bool) -> None:  # noqa: FBT001 - as above
        """What people said is kept, what the settings say is read."""
        self.lock(locked)

    @rule()
    def a_lesson_begins(self) -> None:
        """It asks nobody about cameras."""
        self.room = self.room.teach(
            lambda teaching: teaching.start("l1", moment(), ("10A1",))
        ).classroom

    @rule(which=st.integers(0, 3), turns=st.integers(0, SPAWN_TURNS))
    def somebody_wants_a_picture(self, which: int, turns: int) -> None:
        """A check, a scan, the door's cards, or a person with a command."""
        ways: list[Callable[[], Any]] = [
            lambda: watch(lambda _: None, lambda: [TARGET], self.shutter, every_s=0.0),
            lambda: scan(TARGET, frozenset({1}), lambda _: None, self.shutter),
            lambda: watch_door(TARGET, lambda _: None, self.shutter),
            lambda: look(TARGET, self.shutter),
        ]
        self.tasks.append(self.loop.create_task(ways[which]()))
        self.time_passes(turns)

    @rule(turns=st.sampled_from([1, 2, 4, 40]))
    def time_passes(self, turns: int) -> None:
        """For the readers."""

        async def turn() -> None:
            for _ in range(turns):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    @invariant()
    def nothing_was_opened_while_it_was_off(self) -> None:
        """Each order went out through an open shutter; a closed one lets all of them go."""
        if not hasattr(self, "room"):
            return
        assert not any(self.orders)
        assert self.room.camera_off == (self.locked or self.own_off)
        if self.room.camera_off:
            self.time_passes(2 * SPAWN_TURNS)
            assert not any(self.orders)
            assert self.shutter.looks == ()

    async def end(self) -> None:
        """Wait for all readers."""
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def teardown(self) -> None:
        """End all readers."""
        if hasattr(self, "room"):
            for task in self.tasks:
                task.cancel()
            self.loop.run_until_complete(self.end())
            self.loop.close()
            self.patch.undo()


def test_no_order_of_events_opens_a_camera_that_is_off() -> None:
    """And a look that runs is ended."""
    run_state_machine_as_test(
        Room, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )


def test_the_school_switches_off_once_and_never_on() -> None:
    """Its word that comes again after a person switched on is an old word."""
    switch = CameraSwitch().obey("c1", "an", 5)
    assert (switch.off, switch.by, switch.name, switch.since_ms) == (True, "school", "an", 5)
    on = switch.turn(off=False, at_ms=6)
    assert on.obey("c1", "an", 7) == on
    assert on.obey("c2", "an", 8).off


def test_a_full_disk_keeps_no_camera_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Off is off, whether it can be written down or not; on waits for the disk."""

    async def story(here: Desk) -> None:
        await here.store.see([CAMERA])

        def full(*_: object, **__: object) -> None:
            raise OutboxError("outbox_full", "The disk is full.")

        with monkeypatch.context() as patch:
            patch.setattr(here.outbox, "put", full)
            await here.post("camera", {"off": True})
            assert here.store.classroom.camera_off
            answer = await here.client.post("/api/v1/camera", json={"off": False})
            assert answer.status_code == 507
            assert here.store.classroom.camera_off

    at_desk(tmp_path, story)


def test_settings_that_say_off_are_stronger_than_a_press(tmp_path: Path) -> None:
    """And the answer says where to look."""

    async def story(here: Desk) -> None:
        here.store.classroom = replace(here.store.classroom, camera_locked=True)
        answer = await here.client.post("/api/v1/camera", json={"off": False})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "camera_locked")
        shown = (await here.see())["camera"]
        assert (shown["off"], shown["locked"]) == (True, True)
        assert shown["words"] == "Camera đã bị tắt trong phần cài đặt của máy này."

    at_desk(tmp_path, story)


def test_the_page_says_what_a_picture_is_looked_at_for(tmp_path: Path) -> None:
    """And whose word it was that switched it off."""

    async def story(here: Desk) -> None:
        room, view, say = here.store.classroom, here.store.view(), translator("vi")
        looks = [CameraLook("usb:1", use, 60_000) for use in CameraUse]
        shown = teacher_view(room, view, moment(), say, looks=looks)["camera"]
        assert shown["looking"]
        assert shown["words"].count("hình camera đang được xem") == len(CameraUse)
        calm = teacher_view(room, view, moment(), say)["camera"]
        assert (calm["looking"], calm["words"]) == (
            False,
            "Lúc này hình camera không được xem.",
        )
        await here.store.obey_camera_off(CameraOff(boot="c", at_ms=1, command="c1", name="an"))
        assert "nhà trường đã tắt (an)" in (await here.see())["camera"]["words"]

    at_desk(tmp_path, story)


def test_what_is_told_names_the_hand_and_the_uses() -> None:
    """The event that the school keeps."""
    looks = tuple(CameraLook("usb:1", use, 5) for use in CameraUse)
    standing = CameraStanding(
        switch=CameraSwitch().obey("c1", "an", 7), looks=lasting(looks), check_s=300
    )
    (told,) = classroom().tell_cameras(9, standing).messages
    assert isinstance(told, CameraTold)
    assert (told.off, told.by, told.name, told.since_ms) == (True, SwitchedBy.SCHOOL, "an", 7)
    assert [each.use for each in told.looks] == ["cards", "door"]
    assert (told.check_s, told.command) == (300, "c1")


def saved_off(folder: Path, *, off: bool) -> Path:
    """An agent's folder."""
    documents = Documents(folder / DOCUMENTS)
    documents.load()
    documents.save(SavedState(agent_id="a", camera=CameraSwitch(off=off, since_ms=5)))
    documents.close()
    return folder


def at(folder: Path) -> argparse.Namespace:
    """The options of a command that names the agent's folder."""
    return argparse.Namespace(data=folder)


@pytest.mark.parametrize("how", ["people", "settings"])
def test_a_command_opens_no_camera_that_is_off(tmp_path: Path, how: str) -> None:
    """Whoever switched it off."""
    environ = {}
    if how == "settings":
        file = tmp_path / "agent.toml"
        file.write_text('province = "1"\nschool = "2"\nroom = "3"\ncamera = "off"\n', "utf-8")
        environ = {"LOPHOC_AGENT_CONFIG": str(file)}
    shutter = shutter_for(at(saved_off(tmp_path, off=how == "people")), environ)
    with pytest.raises(CameraCheckError) as refused:
        check(NODE, as_json=True, environ={}, shutter=shutter)
    assert refused.value.code == "camera_off"


def test_documents_of_the_format_before_are_off_too(tmp_path: Path) -> None:
    """Nobody's word is lost by an upgrade."""
    path = saved_off(tmp_path, off=False) / DOCUMENTS
    tree = json.loads(path.read_text("utf-8"))
    tree["identity"]["1"]["format"] = 4
    del tree["place"]["1"]["camera"]
    tree["place"]["1"]["camera_off"] = True
    path.write_text(json.dumps(tree), "utf-8")
    assert not shutter_for(at(tmp_path), {}).is_open()
