"""This file is what a program says of its own health: a line for each thing looked at. Pure.

Facts are looked up by `protocol.probing`; what each means stands in `protocol.symptoms`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, assert_never

from protocol.formats import phrase
from protocol.language import N_, Translate
from protocol.model import Status, worst

EXIT_WELL: Final = 0
EXIT_LOOK: Final = 1
EXIT_BROKEN: Final = 3
BUNDLE_FORM: Final = "lophoc-doctor-1"

# A version (PEP 440), which no address can be taken for.
_VERSION: Final = re.compile(r"\d{1,4}(\.\d{1,5}){1,2}((a|b|rc|\.dev|\.post)\d{1,5})?")


class Check(StrEnum):
    """What is looked at, in the order in which it is told."""

    SETTINGS = "settings"
    PROGRAM = "program"
    VERSION = "version"
    CLOCK = "clock"
    FOLDER = "folder"
    DISK = "disk"
    DATABASE = "database"
    COPIES = "copies"
    PORT = "port"
    FIREWALL = "firewall"
    NAMES = "names"
    JOINING = "joining"
    BROKER = "broker"
    PASSWORD = "password"  # noqa: S105 - what is looked at
    CERTIFICATE = "certificate"
    PEOPLE = "people"


CHECK_WORDS: Final[Mapping[Check, str]] = {
    Check.SETTINGS: N_("Settings"),
    Check.PROGRAM: N_("Program"),
    Check.VERSION: N_("Version"),
    Check.CLOCK: N_("Clock"),
    Check.FOLDER: N_("Folder"),
    Check.DISK: N_("Disk"),
    Check.DATABASE: N_("Records"),
    Check.COPIES: N_("Copies elsewhere"),
    Check.PORT: N_("Port"),
    Check.FIREWALL: N_("Firewall"),
    Check.NAMES: N_("Names on the network"),
    Check.JOINING: N_("Joining the school"),
    Check.BROKER: N_("Way to the server"),
    Check.PASSWORD: N_("Password"),
    Check.CERTIFICATE: N_("Certificate"),
    Check.PEOPLE: N_("Accounts and tokens"),
}
_MARKS: Final[Mapping[Status, str]] = {
    Status.OK: "[ ok ]",
    Status.UNKNOWN: "[ ?? ]",
    Status.WARNING: "[ !  ]",
    Status.CRITICAL: "[ !! ]",
}
GROUP_WORDS: Final[Mapping[Status, str]] = {
    Status.CRITICAL: N_("Broken"),
    Status.WARNING: N_("To look at"),
    Status.UNKNOWN: N_("Could not be seen"),
    Status.OK: N_("In order"),
}
_ALL_WELL: Final = N_("Nothing is wrong.")
_COUNTED: Final = N_("Broken: {broken}. To look at: {looks}.")
WRITTEN: Final = N_("{path} may be sent to who helps you: it holds no name, code or address.")


class Diagnosis(NamedTuple):
    """What is said of one thing. code: a stable word. message, hint: message ids with {names}.

    An unknown status says that it could not be looked at.
    """

    check: Check
    status: Status
    code: str
    message: str
    hint: str = ""
    values: Mapping[str, object] = {}

    def sentence(self, translate: Translate) -> str:
        """What is so, in the translator's language."""
        return phrase(self.message, translate, **self.values)

    def advice(self, translate: Translate) -> str:
        """What to do; empty where nothing is to be done."""
        return phrase(self.hint, translate, **self.values) if self.hint else ""


class Fact(Protocol):
    """Something that was looked up, and what it means."""

    def judge(self) -> Diagnosis:
        """What is said of it."""


def diagnose(facts: Iterable[Fact]) -> list[Diagnosis]:
    """What is said of all the facts, in the order of the checks."""
    order = {check: place for place, check in enumerate(Check)}
    return sorted((fact.judge() for fact in facts), key=lambda each: order[each.check])


def groups(diagnoses: Sequence[Diagnosis]) -> list[tuple[Status, list[Diagnosis]]]:
    """The same by how bad it is, the worst first; empty groups are left out."""
    by_status = [
        (status, [each for each in diagnoses if each.status is status]) for status in GROUP_WORDS
    ]
    return [(status, members) for status, members in by_status if members]


def exit_code(diagnoses: Sequence[Diagnosis]) -> int:
    """0 where all is well, 1 where something wants a look, 3 where something is broken."""
    status = worst([each.status for each in diagnoses] or [Status.OK])
    match status:
        case Status.OK:
            return EXIT_WELL
        case Status.UNKNOWN | Status.WARNING:
            return EXIT_LOOK
        case Status.CRITICAL:
            return EXIT_BROKEN
        case never:
            assert_never(never)


def report(diagnoses: Sequence[Diagnosis], translate: Translate) -> str:
    """The lines for a terminal, what to do below each, and a last line that counts them."""
    lines = [line for each in diagnoses for line in _lines(each, translate)]
    return "\n".join([*lines, "", summary(diagnoses, translate)]) + "\n"


def summary(diagnoses: Sequence[Diagnosis], translate: Translate) -> str:
    """How it stands, in a sentence."""
    broken = sum(each.status is Status.CRITICAL for each in diagnoses)
    looks = sum(each.status in {Status.WARNING, Status.UNKNOWN} for each in diagnoses)
    if not broken + looks:
        return translate(_ALL_WELL)
    return phrase(_COUNTED, translate, broken=broken, looks=looks)


def bundle(program: str, diagnoses: Sequence[Diagnosis], figures: Mapping[str, object]) -> str:
    """What may be sent to others: JSON of codes, figures and versions.

    Nothing that a person or a device wrote goes in: of every value only a number, a yes or no, or
    a version is taken; so no name, code, token or address can be in it. figures: what else is told.
    """
    tree = {
        "form": BUNDLE_FORM,
        "program": program,
        "exit": exit_code(diagnoses),
        "checks": [_bare(each) for each in diagnoses],
        "figures": _figures(figures),
    }
    return json.dumps(tree, indent=2) + "\n"


def _lines(diagnosis: Diagnosis, translate: Translate) -> Iterator[str]:
    name = translate(CHECK_WORDS[diagnosis.check])
    yield f"{_MARKS[diagnosis.status]} {name}: {_visible(diagnosis.sentence(translate))}"
    if advice := diagnosis.advice(translate):
        yield f"       → {_visible(advice)}"


def _visible(text: str) -> str:
    """One line, without what could move a terminal's cursor: values come from networks too."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _bare(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "check": diagnosis.check,
        "status": diagnosis.status,
        "code": diagnosis.code,
        "figures": _figures(diagnosis.values),
    }


def _figures(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if _is_figure(value)}


def _is_figure(value: object) -> bool:
    match value:
        case bool() | int() | float() | None:
            return True
        case str():
            return bool(_VERSION.fullmatch(value))
        case _:
            return False
