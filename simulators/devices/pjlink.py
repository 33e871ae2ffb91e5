"""This file plays what a PJLink projector says and does: its lamp, its answers, its lies. Pure.

Source: PJLink Specifications, version 2.10 (JBMIA), class 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final

from hardware.readings import PowerState

POWER_CODES: Final = {
    PowerState.OFF: "0",
    PowerState.ON: "1",
    PowerState.COOLING: "2",
    PowerState.WARMING: "3",
}
MAX_LINE: Final = 136  # seven signs before at most 128 of a parameter, and the end
_CLASS_2: Final = frozenset({"SNUM", "SVER", "FILT", "RLMP", "RFIL", "IRES", "RRES", "FREZ"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorMake:
    """A projector as it left the factory. mac: "00:26:ab:11:22:33". inputs: as in INST.

    Texts may hold surrogates, for bytes that are not UTF-8 (PEP 383).
    """

    name: str = "PJ-6A1"
    maker: str = "EPSON"
    model: str = "EPSON EB-L200F"
    mac: str = "00:26:ab:11:22:33"
    serial: str = "X4YZ5301234"
    pjlink_class: int = 2
    lamp_hours: tuple[int, ...] = (1200,)
    filter_hours: int = 340
    inputs: tuple[str, ...] = ("11", "12", "31", "32", "51")
    warm_s: float = 30.0
    cool_s: float = 90.0


class ProjectorFault(StrEnum):
    """What can be wrong with the projector; each may be switched while it runs.

    off: its plug is pulled. silent: it takes connections and says nothing. mute: it greets only.
    slow: it answers after 3 s. busy: it serves somebody else. From fan to other: a part fails;
    with _warning it only warns. From garbage to http: what it says instead of answers, see LIES.
    standby: while its lamp is dark it never says so (ERR3). other_class: it answers in its own
    class whatever class it was asked in. loose: it pads its lines. words: it says words for digits.
    sleeps: while its lamp is dark it says that, and nothing else (ERR3).
    """

    OFF = "off"
    SILENT = "silent"
    MUTE = "mute"
    SLOW = "slow"
    BUSY = "busy"
    FAN = "fan"
    LAMP = "lamp"
    TEMPERATURE = "temperature"
    COVER = "cover"
    FILTER = "filter"
    OTHER = "other"
    FAN_WARNING = "fan_warning"
    LAMP_WARNING = "lamp_warning"
    TEMPERATURE_WARNING = "temperature_warning"
    COVER_WARNING = "cover_warning"
    FILTER_WARNING = "filter_warning"
    OTHER_WARNING = "other_warning"
    GARBAGE = "garbage"
    BINARY = "binary"
    ENDLESS = "endless"
    TRICKLE = "trickle"
    SHORT = "short"
    WRONG_CLASS = "wrong_class"
    WRONG_COMMAND = "wrong_command"
    NUMBERS = "numbers"
    HTTP = "http"
    STANDBY = "standby"
    OTHER_CLASS = "other_class"
    LOOSE = "loose"
    WORDS = "words"
    ASIDES = "asides"
    LINE_FEEDS = "line_feeds"
    UNITS = "units"
    ODD_LAMP = "odd_lamp"
    SLEEPS = "sleeps"


# What is said instead of an answer, by the fault; {class} and {name} are the command's.
LIES: Final = {
    ProjectorFault.GARBAGE: b"hello, who is there?\r",
    ProjectorFault.BINARY: bytes(range(128, 256)) + b"\x00\xff\r",
    ProjectorFault.ENDLESS: b"%1POWR=" + b"A" * 4096,
    ProjectorFault.TRICKLE: b"%",
    ProjectorFault.SHORT: b"%\r",
    ProjectorFault.WRONG_CLASS: b"%9{name}=1\r",
    ProjectorFault.WRONG_COMMAND: b"%1XXXX=1\r",
    ProjectorFault.NUMBERS: b"{class}{name}=" + b"9" * 5000 + b" 1\r",
    ProjectorFault.HTTP: b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
}


# What is said for a code, by the command.
_WORDS: Final = {
    ("POWR", "0"): "OFF",
    ("POWR", "1"): "Lamp On",
    ("POWR", "2"): "Cool-down",
    ("POWR", "3"): "WARM_UP",
    ("ERST", "000000"): "No error",
}


class Crowd(Enum):
    """What becomes of a connection beyond the limit: closed at once, or left waiting."""

    CLOSED = "closed"
    WAITS = "waits"


@dataclass(slots=True, kw_only=True)
class PjlinkFaults:
    """What is wrong with it now; may be changed at any time.

    lie: one of LIES, instead of answers; lie_at_once: instead of the greeting too. silent: takes
    connections and says nothing. mute: greets, then says nothing. mute_after: so many
    answers, and then nothing; 0 for no such end. errors: the six digits of ERST.
    refusals: commands with the error they meet ("POWR": "ERR4"). delay_s: before each answer.
    line_end: what ends its lines, a carriage return by the specification. mute_standby: says ERR3
    for its lamp in standby. other_class: answers in the other class than it was asked in. loose:
    pads its lines, writes a word before its class, and no state behind a single lamp's hours.
    words: says in words what its lamp does, and that nothing is wrong. asides: before an answer
    come the question and news of its state. units, sleeps: as in ProjectorFault.
    """

    lie: ProjectorFault | None = None
    lie_at_once: bool = False
    silent: bool = False
    mute: bool = False
    mute_after: int = 0
    errors: str = "000000"
    refusals: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    mute_standby: bool = False
    other_class: bool = False
    loose: bool = False
    words: bool = False
    asides: bool = False
    units: bool = False
    sleeps: bool = False
    line_end: str = "\r"
    crowd: Crowd = Crowd.CLOSED
    connections: int = 1


@dataclass
class Lamp:
    """The lamp on its clock. now: seconds; pace: how many played seconds one of them is."""

    make: ProjectorMake
    now: Callable[[], float]
    pace: float
    _power: PowerState = PowerState.OFF
    _burnt_s: float = 0.0

    def __post_init__(self) -> None:
        self._since = self.now()

    @property
    def power(self) -> PowerState:
        """What it does now."""
        elapsed = self._elapsed_s()
        if self._power is PowerState.WARMING and elapsed >= self.make.warm_s:
            return PowerState.ON
        if self._power is PowerState.COOLING and elapsed >= self.make.cool_s:
            return PowerState.OFF
        return self._power

    @property
    def hours(self) -> tuple[int, ...]:
        """How long each lamp has burnt, before and in this play."""
        lit_s = self._burnt_s + (self._elapsed_s() if self._power is PowerState.WARMING else 0.0)
        return tuple(hours + int(lit_s // 3600) for hours in self.make.lamp_hours)

    def switch(self, *, on: bool) -> bool:
        """Begin to warm or to cool; False where the lamp must not be disturbed now (ERR3)."""
        power = self.power
        if power is (PowerState.COOLING if on else PowerState.WARMING):
            return False
        if power is (PowerState.OFF if on else PowerState.ON):
            self._burnt_s += 0.0 if on else self._elapsed_s()
            self._power = PowerState.WARMING if on else PowerState.COOLING
            self._since = self.now()
        return True

    def _elapsed_s(self) -> float:
        return (self.now() - self._since) * self.pace


@dataclass
class Mind:
    """Answers commands, one line each, as a well-behaved projector does."""

    make: ProjectorMake
    lamp: Lamp
    faults: PjlinkFaults

    def __post_init__(self) -> None:
        self._input = self.make.inputs[0]

    def answer(self, line: str) -> str:
        """Answer a command such as "%1POWR ?", without the ends of lines; "" of what is none."""
        if len(line) < len("%1POWR ?") or line[0] != "%" or line[6] != " ":
            return ""
        class_, command, value = line[1], line[2:6].upper(), line[7:]
        if class_ not in "12"[: self.make.pjlink_class]:
            return f"%{class_}{command}=ERR1"
        reply = self.faults.refusals.get(command) or self._execute(class_, command, value)
        if self.faults.other_class:
            class_ = "1" if class_ == "2" else "2"
        if self.faults.words:
            reply = _WORDS.get((command, reply), reply)
        if self.faults.units:
            reply = _with_units(command, reply)
        if self.faults.asides:
            return f"{line}\r%2ERST=000000\rPJLINK 0\r%{class_}{command}={reply}"
        if self.faults.loose:
            return f"%{class_}{command.lower()} = {self._loosely(command, reply)} \0"
        return f"%{class_}{command}={reply}"

    def _loosely(self, command: str, reply: str) -> str:
        match command:
            case "CLSS":
                return f"Class {reply}"
            case "LAMP" if reply.count(" ") == 1:
                return reply.partition(" ")[0]
            case _:
                return reply

    def _execute(self, class_: str, command: str, value: str) -> str:
        if command in _CLASS_2 and class_ != "2":
            return "ERR1"
        if value == "?":
            return self._query(command)
        does = {"POWR": self._switch, "INPT": self._choose}
        return does[command](value) if command in does else "ERR1"

    def _query(self, command: str) -> str:
        make, power = self.make, self.lamp.power
        lit = power is PowerState.ON
        if self.faults.sleeps and power is PowerState.OFF and command != "POWR":
            return "ERR3"
        is_mute = self.faults.mute_standby and power is PowerState.OFF
        facts = {
            "POWR": "ERR3" if is_mute else POWER_CODES[power],
            "INPT": self._input if lit else "ERR3",
            "AVMT": "30" if lit else "ERR3",
            "ERST": self.faults.errors,
            "LAMP": " ".join(f"{hours} {lit:d}" for hours in self.lamp.hours) or "ERR1",
            "INST": " ".join(make.inputs),
            "NAME": make.name,
            "INF1": make.maker,
            "INF2": make.model,
            "INFO": "",
            "CLSS": str(make.pjlink_class),
            "SNUM": make.serial,
            "SVER": "1.04",
            "FILT": str(make.filter_hours),
        }
        return facts.get(command, "ERR1")

    def _switch(self, value: str) -> str:
        if value not in {"0", "1"}:
            return "ERR2"
        return "OK" if self.lamp.switch(on=value == "1") else "ERR3"

    def _choose(self, value: str) -> str:
        if self.lamp.power is not PowerState.ON:
            return "ERR3"
        if value not in self.make.inputs:
            return "ERR2"
        self._input = value
        return "OK"


def _with_units(command: str, reply: str) -> str:
    if reply.startswith("ERR"):
        return f"Err {reply[-1]}"
    match command:
        case "LAMP":
            return reply.replace(" ", ".0 h, ", 1)
        case "ERST":
            return " ".join(reply)
        case "CLSS":
            return f"{reply}.00"
        case _:
            return reply


def lie_of(lie: ProjectorFault, command: str) -> bytes:
    """Give what a liar says to a command such as "%1POWR ?"; ENDLESS and TRICKLE never end it."""
    name = command[2:6] or "POWR"
    return LIES[lie].replace(b"{class}", command[:2].encode()).replace(b"{name}", name.encode())
