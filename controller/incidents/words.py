"""This file says incidents in words: what it is, what is probably behind it, what to do first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from controller.fleet import phrases
from controller.fleet.naming import device_title
from controller.fleet.records import DeviceRecord
from controller.incidents.causes import Scope, Signal
from controller.incidents.handling import Handling, HandlingDeed
from controller.incidents.incident import Incident
from controller.incidents.quiet import SchoolHours
from controller.web.words import Words
from protocol.model import Reason
from protocol.words import N_

ROOMS_SHOWN: Final = 3
_DAY_MS: Final = 86_400_000
SCOPE_WORDS: Final[Mapping[Scope, str]] = {
    Scope.SERVER: N_("the server"),
    Scope.SCHOOL: N_("the whole school"),
    Scope.GROUP: N_("several rooms"),
    Scope.COMPUTER: N_("a room's computer"),
    Scope.DEVICES: N_("devices in a room"),
    Scope.REPORT: N_("said by a teacher"),
}
_TITLE: Final[Mapping[Scope, str]] = {
    Scope.SCHOOL: N_("Network of the whole school: {n} {n:room|rooms}"),
    Scope.GROUP: N_("Fell silent together: {n} {n:room|rooms}"),
}
_STILL: Final = N_("still {n} of {all}")
_SIGNS: Final = N_("{thing}: {n} {n:sign|signs}")
_SERVER: Final = N_("The server")
_WHY_SCHOOL: Final = N_(
    "No room is heard: power, the main switch, or this server's cable. Look first whether the main"
    " switch has light."
)
_WHY_GROUP: Final = N_(
    "What these rooms hang on: a switch, its cable, or power. Look first whether the switch has"
    " light."
)
_WHY_SUBNET: Final = N_(
    "All are in the network {subnet}, and nobody else: its switch, cable or access point. Look"
    " first whether it has light."
)
_WHY_DEVICE: Final = N_(
    "The network device {device} went with them: look first whether it has power."
)
_OFF: Final = N_("It has not been switched on for days. Ask in the room whether it starts.")
_FLAPPING: Final = N_("It comes and goes: {n} {n:time|times}.")
_TAKEN: Final = N_("{who} is on it")
_SOMEBODY: Final = N_("somebody")
_SNOOZED: Final = N_("put off until {when}")
DEED_WORDS: Final[Mapping[HandlingDeed, str]] = {
    HandlingDeed.TAKE: N_("I am on it"),
    HandlingDeed.SNOOZE: N_("Put off"),
    HandlingDeed.UNDO: N_("Undo"),
}
_CALM: Final = N_("Nothing needs doing.")
_QUIET: Final = N_("Nobody is at school now: what is switched off is no fault. From {when} on.")
_QUIET_LONG: Final = N_("Nobody is at school now: what is switched off is no fault.")
_UNHEARD: Final = N_("No room is heard now: whether all is well is not known.")
_FAULT: Final = N_("A teacher says it is broken.")


class IncidentWords(Words):
    """What pages say of incidents. devices: those that incidents name, by their ids."""

    devices: Mapping[str, DeviceRecord] = {}

    def title(self, incident: Incident) -> str:
        """What it is, without its room."""
        signs = incident.signs
        match incident.scope:
            case Scope.SERVER:
                return self.say(_SERVER)
            case Scope.SCHOOL | Scope.GROUP:
                return self._common_title(incident)
            case Scope.COMPUTER:
                thing = self.kind(None)
                return self.say(_SIGNS, thing=thing, n=len(signs)) if len(signs) > 1 else thing
            case Scope.DEVICES:
                kind, count = self.kind(signs[0].kind), len(incident.devices)
                return f"{kind} ({self.number(count)})" if count > 1 else kind
            case Scope.REPORT:
                part = signs[0].part
                return self.say(phrases.PARTS[part]) if part else ""
            case never:
                assert_never(never)

    def why(self, incident: Incident) -> str:
        """What is probably behind it, and what to do first."""
        why = self._why(incident)
        if not incident.is_flapping:
            return why
        return f"{self.say(_FLAPPING, n=incident.returns + 1)} {why}"

    def rooms(self, incident: Incident) -> list[tuple[str, str]]:
        """The first rooms that it reaches, each its school's code and its name."""
        reached = incident.ailing_rooms or incident.rooms
        named = [(school, name) for (school, _), name in sorted(reached.items())]
        return named[: ROOMS_SHOWN if incident.is_common else 1]

    def more_rooms(self, incident: Incident) -> int:
        """How many rooms it reaches beyond these."""
        reached = incident.ailing_rooms or incident.rooms
        return max(0, len(reached) - len(self.rooms(incident)))

    def handling(self, handling: Handling) -> str:
        """Who is on it, and until when it is put off; empty where nobody is."""
        parts = []
        if handling.taken_by is not None:
            parts.append(self.say(_TAKEN, who=handling.taken_by or self.say(_SOMEBODY)))
        if handling.until_ms is not None:
            parts.append(self.say(_SNOOZED, when=self.when(handling.until_ms)))
        return " · ".join(parts)

    def calm(self, hours: SchoolHours, now_ms: int, *, is_heard: bool) -> str:
        """What silence means now: all is well, nobody is there, or nobody knows."""
        if not hours.is_awake(now_ms):
            next_ms = hours.next_awake(now_ms)
            if next_ms is None:
                return self.say(_QUIET_LONG)
            return self.say(_QUIET, when=self.when(next_ms))
        return self.say(_CALM) if is_heard else self.say(_UNHEARD)

    def _called(self, device_id: str) -> str:
        device = self.devices.get(device_id)
        return device_title(device, self.translate) if device else device_id

    def _common_title(self, incident: Incident) -> str:
        every, still = len(incident.rooms), len(incident.ailing_rooms)
        title = self.say(_TITLE[incident.scope], n=every)
        if 0 < still < every:
            title += f" ({self.say(_STILL, n=still, all=every)})"
        return title

    def _why(self, incident: Incident) -> str:
        signs = incident.signs
        match incident.scope:
            case Scope.SERVER:
                return " ".join(filter(None, map(self._found, signs)))
            case Scope.SCHOOL:
                return self.say(_WHY_SCHOOL)
            case Scope.GROUP:
                if incident.device:
                    return self.say(_WHY_DEVICE, device=self._called(incident.device))
                if incident.subnet:
                    return self.say(_WHY_SUBNET, subnet=incident.subnet)
                return self.say(_WHY_GROUP)
            case Scope.COMPUTER if _is_long_off(incident):
                return self.say(_OFF)
            case Scope.COMPUTER | Scope.DEVICES:
                return " ".join(dict.fromkeys(map(self._sign, signs))).strip()
            case Scope.REPORT:
                return self.say(_FAULT)
            case never:
                assert_never(never)

    def _found(self, signal: Signal) -> str:
        text = self.say(signal.text, **signal.values)
        return f"{text} {self.say(signal.hint, **signal.values)}" if signal.hint else text

    def _sign(self, signal: Signal) -> str:
        return self.reason(Reason(signal.code, signal.value)) if signal.code else ""


def _is_long_off(incident: Incident) -> bool:
    """Whether it is a computer that people switched off, and never on again."""
    is_lost = any(signal.is_lost for signal in incident.signs)
    return is_lost and incident.opened_ms - incident.began_ms > _DAY_MS
