"""This file says in words how far a version and each room are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.updates.rollout import OFFERED, Stage, Stop
from protocol.messages import UpdateTold
from protocol.words import N_, Translate

UPDATE_TOLD: Final = str(UpdateTold.__struct_config__.tag)
STAGES: Final[Mapping[str, str]] = {
    Stage.ROOM: N_("first one room"),
    Stage.TENTH: N_("now a tenth of the rooms"),
    Stage.ALL: N_("now all rooms"),
}
STOPS: Final[Mapping[str, str]] = {
    Stop.PERSON: N_("It was stopped by a person."),
    Stop.FAILED: N_("It stopped by itself: a room went back to its version before."),
    Stop.SILENT: N_("It stopped by itself: a room that tries it is not heard of any more."),
    Stop.UNFIT: N_("It stopped by itself: the first rooms cannot take it."),
    Stop.LOST: N_("Its file is not on this server any more: give it again, then go on."),
}
STEPS: Final[Mapping[str, str]] = {
    OFFERED: N_("It has been offered; no answer yet."),
    "fetching": N_("It is being fetched."),
    "waiting": N_("It is ready, and waits for the end of the lesson."),
    "proving": N_("It is being tried."),
    "kept": N_("The room runs it."),
    "failed": N_("It did not work; the version before runs again."),
    "unfit": N_("The room cannot take it."),
    "back": N_("The room runs the version before."),
}
REASONS: Final[Mapping[str, str]] = {
    "crashed": N_("It ended three times before it had shown that it works."),
    "damaged": N_("Its files were damaged on the room's disk."),
    "not_proven": N_("It was not heard by this server within five minutes."),
    "not_signed": N_("The room does not believe whoever signed it."),
    "wrong_sum": N_("What arrived is not what was signed."),
    "wrong_size": N_("What arrived is not what was signed."),
    "bad_content": N_("It does not unpack as it should."),
    "not_launched": N_("Install the room's package once by hand: its start knows no updates yet."),
    "not_enrolled": N_("Join the computer by a code first."),
    "no_key": N_("The room's package believes no key: install one that was signed."),
    "no_package": N_("There is no package for its system; give it to this server, too."),
    "too_far": N_("It is too far from the version that the room runs."),
    "not_previous": N_("It was installed by package there; nothing lies beside it to go back to."),
}


def told_words(step: str, reason: str, say: Translate) -> str:
    """How far a room is, and why."""
    words = [say(STEPS.get(step, STEPS[OFFERED]))]
    if reason:
        words.append(say(REASONS.get(reason, N_("Its reason is not known here."))))
    return " ".join(words)
