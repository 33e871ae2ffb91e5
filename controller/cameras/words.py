"""This file says in words how a room's cameras stand, and what they are used for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any, Final

from controller.cameras.standing import CameraStanding
from protocol.formats import moment_in_text, phrase
from protocol.messages import CameraTold
from protocol.words import N_, Translate

CAMERA: Final = str(CameraTold.__struct_config__.tag)
ASKED: Final = N_("Asked to switch off; not answered yet.")
_OFF: Final[Mapping[str, str]] = {
    "room": N_("Off since {since}: somebody in the room switched it off."),
    "school": N_("Off since {since}: by the school ({name})."),
    "settings": N_("Off by the settings of the room's computer."),
}
_USES: Final[Mapping[str, str]] = {
    "cards": N_("Looked at since {since}: the class's cards."),
    "door": N_("Looked at since {since}: cards at the door."),
}
_OTHER_USE: Final = N_("Looked at since {since}: {use}.")
_CHECKED: Final = N_(
    "On: every {minutes} {minutes:minute|minutes} for some seconds, to see whether the picture is"
    " well; no picture is kept."
)
_UNUSED: Final = N_("On: nobody looks at its picture.")


def told_words(body: Mapping[str, Any], say: Translate) -> str:
    """What a computer told of its cameras, as an event."""
    if body.get("off"):
        return say(N_("The cameras are off."))
    uses = {look.get("use") for look in body.get("looks", ())}
    if uses & _USES.keys():
        return say(N_("Cards are read by the camera."))
    return say(N_("The cameras are on."))


def standing_lines(
    standing: CameraStanding, zone: tzinfo, say: Translate, *, is_asked: bool
) -> list[str]:
    """A line for each thing to be known. is_asked: the school's word waits for an answer."""
    return [*_lines(standing, zone, say), *([say(ASKED)] if is_asked else [])]


def _lines(standing: CameraStanding, zone: tzinfo, say: Translate) -> Iterator[str]:
    if standing.off:
        since = moment_in_text(standing.since_ms, zone, say)
        text = _OFF.get(standing.by, _OFF["room"])
        yield phrase(text, say, since=since, name=standing.name)
        return
    for look in standing.looks:
        since = moment_in_text(look.since_ms, zone, say)
        yield phrase(_USES.get(look.use, _OTHER_USE), say, since=since, use=look.use)
    if standing.check_s:
        yield phrase(_CHECKED, say, minutes=max(1, round(standing.check_s / 60)))
    elif not standing.looks:
        yield say(_UNUSED)
