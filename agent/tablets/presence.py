"""This file knows which of the cart's tablets are awake, asleep or gone, by their beats. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agent.equipment.devices import CHECK_IN
from agent.tablets.cart import Slot, name_of, token_of
from hardware.readings import IdentityKind, Kind, Sighting

BEAT_S: Final = 25.0
ASLEEP_S: Final = 65.0  # two beats missed, and some seconds for a busy network
GONE_S: Final = 12 * 3600.0  # asleep for a whole school day


class WakeState(StrEnum):
    """Whether a tablet beats, has missed its beats, or was not heard for a day."""

    PRESENT = "present"
    SLEEPING = "sleeping"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tablet:
    """A tablet of the cart. battery_percent: None where its browser does not tell."""

    slot: Slot
    heard_s: float
    wake: WakeState = WakeState.PRESENT
    battery_percent: int | None = None
    charging: bool = False


class TabletPresence:
    """The tablets heard since the start, one a slot. All times are steady seconds."""

    def __init__(self) -> None:
        self._tablets: dict[int, Tablet] = {}

    def tablets(self) -> tuple[Tablet, ...]:
        """Every tablet heard, in the cart's order."""
        return tuple(tablet for _, tablet in sorted(self._tablets.items()))

    def beat(self, slot: Slot, now_s: float, battery: str = "") -> list[Sighting]:
        """A tablet says that it is awake; battery: such as "80", "80+" while charging."""
        before = self._tablets.get(slot.number)
        percent, charging = _battery(battery)
        self._tablets[slot.number] = Tablet(
            slot=slot, heard_s=now_s, battery_percent=percent, charging=charging
        )
        if before is not None and before.slot.key == slot.key and before.wake is WakeState.PRESENT:
            return []
        replaced = before is not None and before.slot.key != slot.key
        gone = [_sighting(before.slot, WakeState.GONE)] if replaced and before else []
        return [*gone, _sighting(slot, WakeState.PRESENT)]

    def forget(self, keys: Collection[str]) -> None:
        """Tablets but for these have no slot any more."""
        tablets = self._tablets.items()
        self._tablets = {number: one for number, one in tablets if one.slot.key in keys}

    def look(self, now_s: float) -> list[Sighting]:
        """What changed since the last look: those that missed their beats."""
        sightings = []
        for number, tablet in self._tablets.items():
            wake = _wake(now_s - tablet.heard_s)
            if wake is not tablet.wake:
                self._tablets[number] = Tablet(slot=tablet.slot, heard_s=tablet.heard_s, wake=wake)
                sightings.append(_sighting(tablet.slot, wake))
        return sightings


def _wake(silent_s: float) -> WakeState:
    if silent_s < ASLEEP_S:
        return WakeState.PRESENT
    return WakeState.SLEEPING if silent_s < GONE_S else WakeState.GONE


def _sighting(slot: Slot, wake: WakeState) -> Sighting:
    reasons = {WakeState.PRESENT: "", WakeState.SLEEPING: "sleeping", WakeState.GONE: "goodbye"}
    return Sighting(
        source=CHECK_IN,
        key=token_of(slot.key),
        identity=IdentityKind.TOKEN,
        kind=Kind.TABLET,
        name=name_of(slot.number),
        present=wake is WakeState.PRESENT,
        reason=reasons[wake],
    )


def _battery(text: str) -> tuple[int | None, bool]:
    digits = text.removesuffix("+")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len("100")):
        return None, False
    return min(int(digits), 100), text.endswith("+")
