"""This file says what the first screen and a room's need in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from controller.attendance.openings import Opening
from controller.attendance.words import (
    IN_LESSON,
    NOT_CONFIRMED,
    PERIOD,
    lesson_short,
    lesson_words,
    opening_words,
)
from controller.cameras.words import CAMERA, told_words
from controller.fleet import phrases
from controller.fleet.naming import device_title, kind_beside
from controller.fleet.phrases import Fact
from controller.fleet.records import DeviceRecord, EventRecord, LessonRecord
from controller.live.rooms import FAULT_REPORTED, RoomSummary, missing_count
from controller.live.words import TROUBLES
from controller.updates.words import UPDATE_TOLD
from controller.updates.words import told_words as update_words
from controller.web.words import SINCE, WITHOUT_ROOM, Words
from protocol.health import ReasonCode
from protocol.kit import missing
from protocol.messages import HostMeasures, KitLine, LineMeasures, Part
from protocol.model import DeviceKind, Identity, Reason, Status, worst
from protocol.words import N_

ROOMS_NAMED: Final = 2  # beside a figure
_WITHOUT_ROLL: Final = N_("not in: {rooms}")
_EVENTS: Final[Mapping[str, str]] = {
    "device_appeared": N_("{name} was connected."),
    "device_vanished": N_("{name} went away. {reason}"),
    "health_changed": N_("The room's computer: {status}."),
    "lesson_started": N_("A lesson began."),
    "lesson_ended": N_("The lesson ended."),
    "lesson_resumed": N_("The lesson goes on: its end was undone."),
    "fault_reported": N_("A teacher says it is broken: {part}."),
    "fault_handled": N_("Dealt with: {part}."),
}
_FOR_SCRIPT: Final[Mapping[str, str]] = {
    "updated": N_("updated {ago}"),
    "stale": N_("Last news {ago}. Trying to reach the server again…"),
    "since": SINCE,
    "in_lesson": IN_LESSON,
    "no_room": WITHOUT_ROOM,
    "asleep": N_("{n} asleep"),
    "lacking": N_("missing {n}"),
    "lamp": phrases.LAMP,
    "filter": phrases.FILTER,
    "not_installed": phrases.NOT_INSTALLED,
    "fault": N_("A teacher says it is broken."),
    "broken": N_("broken: {parts}"),
    "period": PERIOD,
    "unconfirmed": NOT_CONFIRMED,
    **TROUBLES,
}


class RoomWords(Words):
    """What the first screen and a room's say, beside what every screen says."""

    def reason(self, reason: Reason | None) -> str:
        """Why, and what to do, in a sentence; nothing where no reason was given."""
        if reason and reason.code == FAULT_REPORTED:
            return self.say(_FOR_SCRIPT["fault"])
        return super().reason(reason)

    def fault(self, part: Part) -> str:
        """What a teacher says is broken."""
        return self.say(phrases.PARTS[part])

    def without_roll(self, rooms: Sequence[str]) -> str:
        """Which rooms lack a roll, the first ones by name; nothing if none does."""
        if not rooms:
            return ""
        named = ", ".join(map(self.room, rooms[:ROOMS_NAMED]))
        more = len(rooms) - ROOMS_NAMED
        return self.say(_WITHOUT_ROLL, rooms=f"{named} +{more}" if more > 0 else named)

    def broken(self, room: RoomSummary) -> str:
        """What teachers say is broken in a room; nothing if nothing is."""
        parts = dict.fromkeys(self.fault(fault.part) for fault in room.faults)
        return self.say(_FOR_SCRIPT["broken"], parts=", ".join(parts)) if parts else ""

    def lesson(self, record: LessonRecord | None, roll: str) -> str:
        """A lesson in a row of words, such as 10A1, Maths, period 1, 42/39/3."""
        return lesson_words(record, roll, self.say)

    def opening(self, opening: Opening) -> str:
        """What was opened in a room beyond its timetable, or refused."""
        return opening_words(opening, self.say)

    def lesson_short(self, record: LessonRecord | None, roll: str) -> str:
        """The same where there is little space: the class, and the figures or what is missing."""
        return lesson_short(record, roll, self.say)

    def device(self, device: DeviceRecord) -> str:
        """What to call a device."""
        return device_title(device, self.translate)

    def kind_beside(self, device: DeviceRecord) -> str:
        """Its kind, where that is not what it is called."""
        return kind_beside(device, self.translate)

    def event(self, event: EventRecord, names: Mapping[str, str] = {}) -> str:
        """What happened, in a sentence; a kind from a newer program is shown as it is.

        names: what people call devices, by their ids.
        """
        body = msgspec.json.decode(event.body)
        if event.kind == UPDATE_TOLD:
            return update_words(body.get("step", ""), body.get("reason", ""), self.translate)
        if event.kind == CAMERA:
            return told_words(body, self.translate)
        if event.kind not in _EVENTS:
            return event.kind
        status, device_id = body.get("status", ""), body.get("device_id", "")
        return self.say(
            _EVENTS[event.kind],
            name=names.get(device_id) or body.get("name") or device_id,
            status=self.status(Status(status)) if status in set(Status) else status,
            reason=self.reason(Reason(body["reason"])) if body.get("reason") else "",
            part=self.fault(Part(body["part"])) if body.get("part") in set(Part) else "",
        ).strip()

    def measures(self, measures: HostMeasures) -> list[Fact]:
        """What a machine measured, as words and figures."""
        return phrases.machine_facts(measures, self.translate)

    def line(self, line: LineMeasures) -> list[Fact]:
        """How far a machine's line reaches, as words and figures."""
        return phrases.line_facts(line, self.translate)

    def facts(self, device: DeviceRecord) -> str:
        """What a device told of itself, in a row of words."""
        return phrases.device_facts(device, self.translate)

    def identity(self, identity: Identity | None) -> str:
        """What a device is known by; nothing where its agent does not tell."""
        return self.say(phrases.IDENTITIES[identity]) if identity else ""

    def kit(self, line: KitLine) -> Fact:
        """One line of a room's kit."""
        return phrases.kit_fact(line, self.translate)

    def lacking(self, room: RoomSummary) -> Fact | None:
        """How many things a room lacks and which; None if it lacks none."""
        count = missing_count(room.kit)
        if not count:
            return None
        which = phrases.listed(map(self.kit, missing(room.kit)))
        return self.say(_FOR_SCRIPT["lacking"], n=count), which

    def part(self, room: RoomSummary, kind: str) -> tuple[str, str] | None:
        """How a kind of device fares in a room, for its icon; None if the room has none."""
        tally = room.devices.get(DeviceKind(kind))
        if not tally:
            return None
        status = worst(list(tally))
        return status, f"{self.kind(DeviceKind(kind))}: {self.status(status)}"

    def tablets(self, room: RoomSummary) -> str:
        """How many tablets work, of all, such as 38/40."""
        tally = room.devices.get(DeviceKind.TABLET, {})
        return f"{tally.get(Status.OK, 0)}/{sum(tally.values())}" if tally else ""

    def asleep(self, room: RoomSummary) -> str:
        """How many of the tablets that work are asleep; nothing if none is."""
        return self.say(_FOR_SCRIPT["asleep"], n=room.sleeping) if room.sleeping else ""

    def for_script(self) -> dict[str, Any]:
        """All the words that the page's script may need."""
        return {
            "locale": self.locale,
            "zone": str(self.zone),
            "status": {status: self.status(status) for status in Status},
            "kind": {kind: self.kind(kind) for kind in DeviceKind},
            "reason": {
                code: self.reason(Reason(code, "{value}")) for code in (*ReasonCode, FAULT_REPORTED)
            },
            "part": phrases.said_of(phrases.PARTS, self.say),
            "power": phrases.said_of(phrases.POWERS, self.say),
            "picture": phrases.said_of(phrases.PICTURES, self.say),
            **{name: self.say(text) for name, text in _FOR_SCRIPT.items()},
        }
