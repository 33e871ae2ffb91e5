"""This file says what was found, so that the file's owner knows which lesson on which day it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from controller.evidence.findings import Finding, Flaw
from controller.evidence.verdict import Verdict
from protocol.formats import day, phrase
from protocol.topics import CONTROLLER
from protocol.words import N_, Translate

_FLAWS: Final[Mapping[Flaw, str]] = {
    Flaw.UNREADABLE: N_("the record holds what no computer told."),
    Flaw.CHANGED: N_("the record was changed after it was made."),
    Flaw.BEFORE_MISSING: N_("the record before it is missing."),
    Flaw.FORKED: N_(
        "another record stands in its place; one of the two was put in, or is of a copied disk that"
        " was switched off before it signed."
    ),
    Flaw.UNHASHED: N_("the record has no hash, though this computer gives each record one."),
    Flaw.MOVED: N_("its day or its time is not the one that the computer told."),
    Flaw.ERASED_UNASKED: N_("a pupil is erased in it, and no erasure explains that."),
    Flaw.ERASURE_UNPROVEN: N_("its proof that a pupil was erased is not there any more."),
    Flaw.RECOUNTED: N_("the totals are not those that its records give."),
    Flaw.RECORDS_GONE: N_("the totals are there, its records are gone."),
    Flaw.EMPTIED: N_("the table {table} had rows and is empty."),
    Flaw.HEAD_MISSING: N_("the computer told of records that are not here: cut off, or remade."),
    Flaw.CORRECTION_MISSING: N_(
        "the school made corrections that are not here: cut off, or remade."
    ),
    Flaw.HEAD_FORGED: N_("what the computer is said to have signed has a wrong signature."),
    Flaw.COPIED_HEAD_MISSING: N_("an encrypted copy knows of records that are not here."),
    Flaw.SEAL_MISSING: N_("the department was told of records that are not here."),
    Flaw.COPY_HAS_MORE: N_("a copy holds the record, and here it is gone, or another one."),
}
_SIGNED: Final = N_(
    "{n} {n:record was|records were} signed for by {n:its own computer|their own computers},"
    " {rest} {rest:was|were} not."
)
_KEYS: Final = N_(
    "{room} has signed with {n} {n:key|keys} ({keys}): a computer was replaced, or set up anew."
)
_COPIES: Final = N_("Compared with {n} {n:copy|copies}.")
_NO_COPIES: Final = N_("There was no daily copy to compare with.")
_ENCRYPTED: Final = N_("Compared with the heads in {n} encrypted {n:copy|copies}.")
_UNREAD: Final = N_("The copy {copy} could not be read.")
_SEALED: Final = N_(
    "Not compared with the encrypted copies in {place}: bring one back into another folder by"
    " lophoc-controller restore, and name that folder by --against."
)
_SEALS: Final = N_("Compared with {n} {n:seal|seals} of the department.")
_NO_SEALS: Final = N_(
    "Not compared with the department: it writes a file by lophoc-controller schools seals CODE -o"
    " FILE, and --seals FILE reads it here."
)
_CORRECTIONS: Final = N_("the school's corrections")
_PERIOD: Final = N_("period {n}")
_SUMS: Final = N_(
    "{records} {records:record|records}, {breaks} {breaks:break|breaks}, {erased} with an erased"
    " pupil."
)
_UNHASHED: Final = N_(
    "{n} {n:record of older computers has|records of older computers have} no hash: nothing"
    " vouches for {n:it|them}."
)


def verdict_lines(verdict: Verdict, say: Translate) -> list[str]:
    """What does not hold, a line each, and the sums."""
    lines = [finding_line(finding, say) for finding in verdict.findings]
    lines += [
        phrase(_KEYS, say, room=room, n=len(keys), keys=", ".join(key[:8] for key in keys))
        for room, keys in verdict.keys.items()
        if len(keys) > 1
    ]
    if verdict.unhashed:
        lines.append(phrase(_UNHASHED, say, n=verdict.unhashed))
    rest = verdict.records - verdict.signed
    lines.append(phrase(_SIGNED, say, n=verdict.signed, rest=rest))
    lines.append(phrase(_COPIES if verdict.copies else _NO_COPIES, say, n=len(verdict.copies)))
    if verdict.encrypted_copies:
        lines.append(phrase(_ENCRYPTED, say, n=verdict.encrypted_copies))
    lines += [phrase(_UNREAD, say, copy=copy) for copy in verdict.copies_unread]
    lines += [phrase(_SEALED, say, place=place) for place in verdict.sealed_copies]
    lines.append(say(_NO_SEALS) if verdict.seals is None else phrase(_SEALS, say, n=verdict.seals))
    breaks = len(verdict.findings)
    sums = phrase(_SUMS, say, records=verdict.records, breaks=breaks, erased=verdict.erased)
    return [*lines, sums]


def finding_line(finding: Finding, say: Translate) -> str:
    """One finding as a line: room, day, classes, period, and what is wrong."""
    period = "" if finding.period is None else phrase(_PERIOD, say, n=str(finding.period))
    room = finding.room or (say(_CORRECTIONS) if finding.agent == CONTROLLER else finding.agent)
    place = [room, _day(finding.day, say), finding.classes, period]
    wrong = phrase(_FLAWS[finding.why], say, table=finding.event_id)
    mark = f" [{finding.event_id}]" if finding.agent and finding.event_id else ""
    where = ", ".join(filter(None, place))
    return f"{where}: {wrong}{mark}" if where else wrong


def _day(written: str, say: Translate) -> str:
    """A day as the language writes it; one that no calendar has, as it is written."""
    try:
        return day(date.fromisoformat(written), say)
    except ValueError:
        return written
