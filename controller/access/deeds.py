"""This file says what the log's codes mean: who changed what, who looked at a pupil's record; pure.

A code that a newer version wrote, or an older one, is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.words import N_

BY_COMMAND: Final = "command:"  # before the machine's name of who ran a command on the server
BY_TOKEN: Final = "token:"  # noqa: S105 - before the name of a program's token, which is no secret
BY_ROOM: Final = "phòng "  # before the code of a room, whose computer asked
BY_SCHOOL: Final = "trường "  # before the code of a school that leaves its copies here
COPY_TAKEN: Final = "guests taken"
COPY_HANDED_OUT: Final = "guests handed-out"
COPY_LET_GO: Final = "guests let-go"
LISTS_OPENED: Final = "lists opened"
LISTS_REFUSED: Final = "lists refused"
PASSKEY_REFUSED: Final = "passkeys refused"
SERVER: Final = N_("the server ({who})")
DEED_WORDS: Final[Mapping[str, str]] = {
    "accounts": N_("changed an account"),
    "accounts end": N_("ended an account"),
    "accounts invite": N_("made a set-up link"),
    "attendance csv": N_("wrote a class's sheet as CSV"),
    "attendance erase": N_("erased a pupil's data"),
    "attendance export": N_("wrote a class's sheet into a file"),
    "attendance find": N_("looked a pupil up"),
    "attendance json": N_("read a class's sheet"),
    "attendance xlsx": N_("wrote a class's sheet for Excel"),
    "cameras off": N_("switched cameras off, or let them be"),
    "copies now": N_("made a copy"),
    "devices delete": N_("took a device out"),
    "doctor": N_("had the server examined"),
    "enrolment": N_("made a code for a room's computer"),
    "enrolment end": N_("ended a room computer's code"),
    "enrolment knocks": N_("let rooms knock"),
    "enrolment knocks accept": N_("accepted a room's computer that knocked"),
    "enrolment knocks close": N_("let no room knock any more"),
    "enrolment knocks refuse": N_("refused a computer that knocked"),
    "enrolment revoke": N_("cut a room's computer off"),
    "faults handled": N_("dealt with a fault"),
    COPY_HANDED_OUT: N_("was handed its stored copy"),
    COPY_LET_GO: N_("had an old stored copy let go"),
    COPY_TAKEN: N_("left a copy here"),
    LISTS_OPENED: N_("was given a class list beyond its timetable"),
    LISTS_REFUSED: N_("was refused a class list beyond its timetable"),
    "lesson": N_("looked at a lesson's marks"),
    "lessons corrections": N_("corrected a pupil's mark"),
    "lessons roll": N_("entered a roll that the room did not confirm"),
    "login": N_("logged in"),
    "logout": N_("logged out"),
    "looks csv": N_("wrote this log as CSV"),
    "looks xlsx": N_("wrote this log for Excel"),
    "marks": N_("looked at pupils' marks"),
    "login passkey": N_("logged in by a passkey"),
    "passkeys": N_("added a passkey"),
    "passkeys end": N_("removed a passkey"),
    "passkeys options": N_("gave the password to add a passkey"),
    PASSKEY_REFUSED: N_("was refused by a passkey that may be a copy"),
    "quarantine let-go": N_("let a message go that could not be taken"),
    "quarantine retry": N_("had a message taken again"),
    "register decisions": N_("decided about an item"),
    "register decisions undo": N_("took a decision back"),
    "register import": N_("brought the equipment book in"),
    "register import drop": N_("dropped a book that was not brought in"),
    "register imports undo": N_("took an import of the equipment book back"),
    "register import headings": N_("named columns of a book"),
    "repairs": N_("recorded a repair"),
    "lists import": N_("brought class lists in"),
    "lists import choices": N_("chose how class lists are read"),
    "lists import drop": N_("dropped a file of class lists"),
    "schedule import": N_("brought a timetable in"),
    "schedule import drop": N_("dropped a timetable that was not brought in"),
    "schedule import empty": N_("meant a part of the schedule to be empty"),
    "sessions end": N_("ended a session"),
    "teachers": N_("added teachers"),
    "teachers ask": N_("had rooms ask for teachers' PINs, or not"),
    "teachers end": N_("let a teacher go"),
    "teachers pin": N_("gave a teacher a new PIN"),
    "teachers pins": N_("gave teachers their PINs"),
    "setup": N_("set a password by a link"),
    "sheet": N_("looked at a class's sheet"),
    "stocktake": N_("began a stocktake"),
    "stocktake finish": N_("ended a stocktake"),
    "stocktake rooms": N_("counted in a stocktake"),
    "stocktakes photo": N_("had a label's photo read"),
    "stocktakes scans": N_("counted in a stocktake by phone"),
    "students erase": N_("erased a pupil's data"),
    "students export": N_("handed a pupil's data out"),
    "students find": N_("looked a pupil up"),
    "tokens": N_("made a token"),
    "tokens end": N_("ended a token"),
}
