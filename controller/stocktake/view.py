"""This file tells a phone all of a stocktake at once, so that it can count alone; pure."""

from __future__ import annotations

from typing import Any, Final

from controller.register.vocabulary import CONDITION_WORDS, TYPE_WORDS, Condition, type_word
from controller.stocktake.count import Counted, Expected, Outcome, Stocktake, Surplus, rooms_of
from controller.stocktake.scan import FOUND_IN
from controller.stocktake.service import Looked
from controller.web.words import Words
from protocol.words import N_

OUTCOME_WORDS: Final = {
    Outcome.FOUND: N_("here"),
    Outcome.ELSEWHERE: N_("in another room"),
    Outcome.TWICE: N_("in several rooms"),
    Outcome.MISSING: N_("not found"),
    Outcome.UNCOUNTED: N_("not counted"),
}
OUTCOME_STATUS: Final = {
    Outcome.FOUND: "ok",
    Outcome.ELSEWHERE: "warning",
    Outcome.TWICE: "warning",
    Outcome.MISSING: "critical",
    Outcome.UNCOUNTED: "unknown",
}
_WORDS: Final = {
    "all_rooms": N_("All rooms of the stocktake"),
    "no_room": N_("No room in the book"),
    "scan": N_("Scan"),
    "stop": N_("Stop scanning"),
    "photo": N_("Photo of the label"),
    "tag": N_("Tag or serial"),
    "record": N_("Record"),
    "extra": N_("Something not in the book"),
    "type": N_("Type"),
    "choose": N_("choose"),
    "note": N_("Note"),
    "save": N_("Save"),
    "details": N_("Details"),
    "absent": N_("Not found"),
    "condition": N_("Condition"),
    "quality": N_("Quality %"),
    "undo": N_("Undo"),
    "recorded": N_("Recorded: {what}."),
    "taken_back": N_("Undone: {what}."),
    "unknown": N_("{tag} is not in the book: recorded as surplus."),
    "belongs": N_("{what} belongs in {room}: recorded here."),
    "surplus": N_("Beyond the book"),
    "sent": N_("All is sent"),
    "waiting": N_("{n} waiting to be sent"),
    "offline": N_("No network: {n} kept on this phone"),
    "login": N_("{n} waiting: enter the password again"),
    "before": N_(
        "The server's data was put back: open this page anew. {n} waiting on this phone are kept."
    ),
    "late": N_("{n} came after the end of the stocktake: kept, but not in its minutes."),
    "refused": N_("{n} could not be kept by the controller."),
    "full": N_("This phone cannot keep more: connect it to the network now."),
    "photo_kept": N_("The photo is kept and will be read."),
    "photo_blind": N_("No code could be read in the photo of {when} in {room}: type the tag."),
    "other_room": N_("Another room"),
    "open": N_("Open"),
    "finished": N_("This stocktake is finished: nothing more is counted."),
    "seen_in": N_("seen in {rooms}"),
    "guest": N_("here, belongs in {room}"),
    "no_tag": N_("no tag"),
    "serial": N_("serial {serial}"),
    "left": N_("{n} left"),
    "done": N_("done"),
}


def page_data(
    looked: Looked, words: Words, *, at_ms: int, photos: bool, history: str
) -> dict[str, Any]:
    """All that the page's script needs, with standing_data.

    history: the mark of which the numbers are.
    lines: [no, tag, type, name, serial, room, about]; room and type are places in their lists;
    about: 1 where the line is of this stocktake.
    """
    take = looked.take
    rooms = sorted({each.room for each in take.book})
    types = sorted({each.type for each in take.book})
    return standing_data(looked, words, at_ms=at_ms) | {
        "no": take.no,
        "begun": take.begun_ms,
        "history": history,
        "photos": photos,
        "rooms": rooms,
        "types": [type_word(each, words.say) for each in types],
        "lines": _lines(take, rooms, types),
        "kinds": sorted(words.say(each) for each in TYPE_WORDS.values()),
        "conditions": [
            [code, words.say(CONDITION_WORDS[Condition(code)])] for code in FOUND_IN if code
        ],
        "outcomes": {
            outcome.value: [OUTCOME_STATUS[outcome], words.say(outcome_word)]
            for outcome, outcome_word in OUTCOME_WORDS.items()
        },
        "words": _words(words),
    }


def standing_data(looked: Looked, words: Words, *, at_ms: int) -> dict[str, Any]:
    """How the stocktake stands. mine: its rooms.

    done: by the line's number [outcome, rooms, condition, quality, note].
    """
    take, result = looked
    return {
        "at": at_ms,
        "finished": take.finished_ms is not None,
        "mine": [room.name for room in rooms_of(take, result)],
        "done": {
            each.line.no: _done(each)
            for each in result.lines
            if each.outcome is not Outcome.UNCOUNTED
        },
        "extra": [_extra(thing, words) for thing in result.surplus],
    }


def waiting_data(words: Words) -> dict[str, Any]:
    """The same where no stocktake is shown: what a phone kept is sent from there as well."""
    return {"no": 0, "words": _words(words)}


def _words(words: Words) -> dict[str, str]:
    return {"locale": words.locale} | {name: words.say(text) for name, text in _WORDS.items()}


def _lines(take: Stocktake, rooms: list[str], types: list[str]) -> list[list[Any]]:
    place = {name: number for number, name in enumerate(rooms)}
    kind = {name: number for number, name in enumerate(types)}
    nos = {each.no for each in take.lines}
    rest = [each for each in take.book if each.no not in nos]
    return [
        _line(each, place[each.room], kind[each.type], each.no in nos)
        for each in (*take.lines, *rest)
    ]


def _line(each: Expected, room: int, kind: int, about: bool) -> list[Any]:  # noqa: FBT001 - a row's flag
    return [each.no, each.asset_tag, kind, each.called, each.serial, room, int(about)]


def _done(each: Counted) -> list[Any]:
    return [each.outcome.value, list(each.rooms), each.condition, each.quality_pct, each.note]


def _extra(each: Surplus, words: Words) -> list[Any]:
    """[the scan's id, its room, what it is, its note, the line's number or 0]."""
    line, scan = each.line, each.scan
    kind = type_word(line.type if line else scan.type, words.say)
    what = " · ".join(filter(None, (kind, line.asset_tag if line else scan.asset_tag, scan.serial)))
    return [scan.id, scan.room, what, scan.note, line.no if line else 0]
