"""This file says an erasure in words: what went, which computer has proved it, what still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from controller.students.store import AgentProof, Erasure
from protocol.formats import phrase
from protocol.words import N_, Translate

PROVED: Final = N_("{agent}: erased there, {records} {records:record|records}.")
LEFT: Final = N_(
    "{agent}: erased; {left} of its files still {left:names|name} the pupil: look at its folder."
)
WAITED_FOR: Final = N_("{agent}: not yet; it is told when it is switched on and connected.")
BROKER_EMPTIED: Final = N_("The broker's store was emptied.")
BROKER_OWING: Final = N_(
    "The broker's store is not emptied yet; where the broker is another program, empty it by hand."
)
ALL_PROVED: Final = N_("Every computer has proved it.")
COPIES_HOLD: Final = N_(
    "{place}: {count} encrypted {count:copy of before still holds|copies of before still hold} the"
    " pupil; each goes when newer ones take its place. After restoring"
    " {count:it|one of them}, erase the pupil again."
)
SERVER_LOG: Final = N_(
    "The database server's own log (pg_wal), its archives and its backups may name the pupil until"
    " they are overwritten: ask who looks after that server."
)
DONE_HERE: Final = N_(
    "Erased here: {records} {records:record|records}, {lists} {lists:line|lines} of lists,"
    " {messages} {messages:message|messages} set aside."
)


def proof_words(proof: AgentProof, say: Translate) -> str:
    """What one agent has answered."""
    if proof.proved_ms is None:
        return phrase(WAITED_FOR, say, agent=proof.agent)
    text = LEFT if proof.left else PROVED
    return phrase(text, say, agent=proof.agent, records=proof.records, left=proof.left)


def erasure_lines(
    erasure: Erasure, holding: Mapping[str, Sequence[str]], say: Translate
) -> list[str]:
    """All that is known of one erasure, a line each. holding: copies of before, by place."""
    counts = {"records": erasure.records, "lists": erasure.lists, "messages": erasure.messages}
    return [
        phrase(DONE_HERE, say, **counts),
        say(BROKER_OWING if erasure.broker_ms is None else BROKER_EMPTIED),
        *(proof_words(proof, say) for proof in erasure.proofs),
        *([] if erasure.done_ms is None else [say(ALL_PROVED)]),
        *(
            phrase(COPIES_HOLD, say, place=place, count=len(names))
            for place, names in holding.items()
        ),
    ]
