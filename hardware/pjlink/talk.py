"""This file talks with one projector by PJLink: short, bounded, and never trusting what it says.

Source: PJLink Specifications, version 2.10 (JBMIA), sections 4 (commands) and 5 (password).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiopjlink import (
    Errors,
    PJClass,
    PJLink,
    PJLinkConnectionClosed,
    PJLinkERR1,
    PJLinkERR2,
    PJLinkERR3,
    PJLinkERR4,
    PJLinkException,
    PJLinkNoConnection,
    PJLinkPassword,
    PJLinkProtocolError,
    PJLinkUnexpectedResponseParameter,
)
from aiopjlink import Power as LampPower

from hardware.readings import PowerState, ProjectorPart, ProjectorReading, clean

PORT = 4352
# A projector holds its one connection for us, where 30 s are allowed: so long for an answer, and
# so long for all, for some take a second for each.
TALK_S = 4.0
_LONGEST_S = 20.0
# Less than a talk, so that silence is known from slowness.
_ANSWER_S = 3.5
_HOURS_LIMIT = 1_000_000
_LAMPS_LIMIT = 8
_TEXT_LIMIT = 100

_CLASSES = ("1", "2")
_ANSWERED = frozenset({*_CLASSES, "3"})  # a class to come is no reason to say less
_PADDING = " \r\n\t\0"
# What some write for POWR's digits (2.10, section 4.2), without the signs between the letters.
_POWER_WORDS = {
    **dict.fromkeys(("off", "poweroff", "lampoff", "standby", "sleep"), "0"),
    **dict.fromkeys(("on", "poweron", "lampon"), "1"),
    **dict.fromkeys(("cooling", "coolingdown", "cooldown"), "2"),
    **dict.fromkeys(("warmup", "warmingup", "warming"), "3"),
}
_ERROR = re.compile(r"err\W*0*([1-4])", re.IGNORECASE)
# Hours, with or without a unit, parts of an hour, or what some put between the two numbers.
_UNIT = re.compile(r"h(?:ou)?(?:rs?|s)?\b", re.IGNORECASE)
_NUMBERS, _NUMBER = re.compile(r"[\d\s.,;/]+"), re.compile(r"(\d+)(?:\.\d+)?")
# Lines that are no answer to what was asked: told unasked, said again, the question itself.
_ASIDES, _ASIDE_S = 12, 0.3
_REFUSED_PASSWORD = "ERRA"  # noqa: S105 - what a projector says of it
_LINE_BYTES = 4096  # 136 by the specification
_NO_TROUBLES = frozenset({"none", "normal", "noerror", "noerrors"})
_PARTS_TOLD = 6  # digits of ERST
# Facts of a reading that are asked for one by one, and may go unanswered.
FACTS = frozenset({"failing", "warned", "lamp_hours", "filter_hours"})
_REFUSED = (PJLinkERR1, PJLinkERR2, PJLinkERR3, PJLinkERR4)

_Answer = TypeVar("_Answer")
_Troubles = tuple[tuple[ProjectorPart, ...], tuple[ProjectorPart, ...]]


class TalkError(Exception):
    """A talk that came to nothing.

    reason: as in ProjectorReading. greeted: whether a projector was there at all.
    connected: whether anything took the connection.
    """

    def __init__(self, reason: str, *, greeted: bool = False, connected: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.greeted = greeted
        self.connected = connected

    @property
    def silent(self) -> bool:
        """Whether the connection stood, and not a word was said."""
        return self.reason == "no_answer" and self.connected and not self.greeted


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorInfo:
    """What a projector is. serial: "" where it tells none (class 1)."""

    name: str = ""
    maker: str = ""
    model: str = ""
    serial: str = ""
    pjlink_class: int = 1


class Talk:
    """An open talk. odd: an answer came that the specification does not know.

    said: what the projector told of itself so far; None until it spoke of its lamp. told: which of
    FACTS it told; what it will not say now is none of them, and not empty.
    """

    def __init__(self, link: Any, limit: asyncio.Timeout) -> None:
        self._link = link
        self._limit = limit
        self.odd = False
        self._made_sense = False
        self._ends_at = asyncio.get_running_loop().time() + _LONGEST_S
        self.said: ProjectorReading | None = None
        self.told: frozenset[str] = frozenset()

    def _go_on(self) -> None:
        """It answered sensibly: allow for TALK_S from now on."""
        self._made_sense = True
        now = asyncio.get_running_loop().time()
        self._limit.reschedule(min(now + TALK_S, self._ends_at))

    async def reading(self) -> ProjectorReading:
        """Ask what it does now, each fact on its own; key and time are the caller's to add.

        Its reason is "busy" where it cannot say at the moment whether its lamp burns. Raises
        TalkError("nonsense") where nothing that it says makes sense.
        """
        said = await self._power_reading()
        self.said = said
        nothing: _Troubles = ((), ())
        failing, warned = await self._answer(self._troubles, nothing, "failing", "warned")
        self.said = said = replace(said, failing=failing, warned=warned)
        if said.power in {PowerState.ON, PowerState.WARMING}:
            self.said = said = replace(said, input=await self._answer(self._input, ""))
        self.said = said = replace(
            said, lamp_hours=await self._answer(self._lamp_hours, (), "lamp_hours")
        )
        if self.odd and not self._made_sense:
            self.said = None
            raise TalkError("nonsense", greeted=True)
        return said

    async def _power_reading(self) -> ProjectorReading:
        try:
            return ProjectorReading(key="", at=0.0, power=await self.power())
        except TalkError as error:
            if error.reason != "busy" or not error.greeted:
                raise
            return ProjectorReading(key="", at=0.0, reason=error.reason)
        except UnicodeError:
            raise
        except ValueError:
            self.odd = True  # of its lamp alone, as far as we know
            return ProjectorReading(key="", at=0.0, power=PowerState.UNKNOWN)

    async def info(self) -> ProjectorInfo:
        """Ask what it is."""
        source = self._link.info
        second = await self._answer(source.pjlink_class, PJClass.ONE) is PJClass.TWO
        return ProjectorInfo(
            name=await self._text(source.projector_name),
            maker=await self._text(source.manufacturer_name),
            model=await self._text(source.product_name),
            serial=await self._text(source.serial_number) if second else "",
            pjlink_class=2 if second else 1,
        )

    async def filter_hours(self) -> int | None:
        """Ask how long its filter has served (class 2)."""
        return await self._answer(self._filter_hours, None, "filter_hours")

    async def power(self) -> PowerState:
        """Ask for the lamp. Raises TalkError("busy") where it cannot say at the moment."""
        try:
            power = PowerState[(await self._link.power.get()).name]
        except PJLinkERR3 as error:
            raise TalkError("busy", greeted=True) from error
        except _REFUSED:
            power = PowerState.UNKNOWN
        self._go_on()
        return power

    async def set_power(self, *, on: bool) -> bool:
        """Switch the lamp; False where it may not be disturbed now (ERR3).

        Raises TalkError("refused") where it will not.
        """
        try:
            await self._link.power.set(LampPower.ON if on else LampPower.OFF)
        except PJLinkERR3:
            return False
        except _REFUSED as error:
            raise TalkError("refused", greeted=True) from error
        return True

    async def _answer(
        self, ask: Callable[[], Awaitable[_Answer]], unknown: _Answer, *facts: str
    ) -> _Answer:
        """Ask one thing; what is refused stays unknown, what is odd is noted and unknown too.

        facts: those of FACTS that it answers.
        """
        try:
            answer = await ask()
            self.told |= {*facts}
        except PJLinkERR1:  # it has no such thing
            answer = unknown
            self.told |= {*facts}
        except _REFUSED:
            answer = unknown
        except (ValueError, PJLinkUnexpectedResponseParameter, PJLinkProtocolError):
            self.odd = True
            return unknown
        self._go_on()
        return answer

    async def _text(self, ask: Callable[[], Awaitable[str]]) -> str:
        return clean(await self._answer(ask, ""), _TEXT_LIMIT)

    async def _input(self) -> str:
        mode, index = await self._link.sources.get()
        return clean(f"{mode.name} {index}", _TEXT_LIMIT)

    async def _lamp_hours(self) -> tuple[int, ...]:
        lamps = await self._link.lamps.status()
        return tuple(_hours(hours) for hours, _ in lamps[:_LAMPS_LIMIT])

    async def _filter_hours(self) -> int | None:
        return _hours(await self._link.filter.hours())

    async def _troubles(self) -> _Troubles:
        errors = await self._link.errors.query()
        return _parts(errors, Errors.Level.ERROR), _parts(errors, Errors.Level.WARN)


def _tidy(line: str) -> str:
    """An answer as the specification writes it: without signs around its parts that mean nothing.

    Some end or pad it with spaces or NULs, write a word before the class or instead of a digit, or
    leave out whether the lamp is lit.
    """
    name, equals, value = line.partition("=")
    name, value = name.strip().upper(), value.strip(_PADDING)
    if error := _ERROR.fullmatch(value):
        value = f"ERR{error[1]}"
    elif name.endswith("CLSS"):
        found = re.search(r"[1-9]", value)
        value = (_CLASSES[0] if found[0] == _CLASSES[0] else _CLASSES[1]) if found else value
    elif name.endswith("LAMP"):
        value = _lamps(value)
    elif name.endswith("POWR"):
        value = _POWER_WORDS.get(_letters(value), value.lstrip("0") or value[:1])
    elif name.endswith("ERST"):
        is_well = _letters(value) in _NO_TROUBLES
        value = "0" * _PARTS_TOLD if is_well else re.sub(r"(?<=\d)[ ,;]+(?=\d)", "", value)
    return f"{name}{equals}{value}\r"


def _lamps(value: str) -> str:
    """Hours and state of each lamp; of a light without hours, such as a laser, that it has none."""
    text = _UNIT.sub(" ", value)
    if not text.strip(" -"):
        return "ERR1"
    if not _NUMBERS.fullmatch(text):
        return value
    numbers = _NUMBER.findall(text)
    return " ".join([*numbers, "0"] if len(numbers) == 1 else numbers)


def _letters(value: str) -> str:
    return re.sub("[^a-z]", "", value.casefold())


class _Link(PJLink):  # type: ignore[misc] # aiopjlink has no types
    """A link that knows whether it was greeted, and reads what is written loosely.

    Some answer in their own class whatever class they were asked in: that is an answer too.
    """

    greeted = False
    _asked = ""
    _command = ""

    async def transmit(self, command: str, param: str, pjclass: Any) -> Any:
        self._asked, self._command = PJClass(pjclass).value, command
        return await super().transmit(command, param, pjclass)

    async def _read_next(self) -> str:
        line = await self._read_line()
        for _ in range(_ASIDES):
            if not self._is_aside(line):
                break
            with suppress(TimeoutError, PJLinkConnectionClosed):
                async with asyncio.timeout(_ASIDE_S):
                    line = await self._read_line()
                    continue
            break
        if not self.greeted and line[:7].upper() == "PJLINK ":
            # A password goes along with the first question.
            self.greeted, self._asked, self._command = True, _CLASSES[0], "POWR"
        is_answer = line[:1] == "%" and line[1:2] in _ANSWERED
        return f"%{self._asked}{_tidy(line[2:])}" if is_answer and self._asked else line

    def _is_aside(self, line: str) -> bool:
        """Whether a line is none to what was asked; a refused password is one to anything."""
        if not self._command:
            return False
        if line[:1] == "%":
            name, equals, _ = line[2:].partition("=")
            return not equals or name.strip().upper() != self._command
        return _REFUSED_PASSWORD not in line.upper()

    async def _read_line(self) -> str:
        """The next line, whatever ends it; some send line feeds alone."""
        raw = bytearray()
        async with asyncio.timeout(self._timeout):
            while (byte := await self._reader.read(1)) not in {b"\r", b"\n"} or not raw.strip(
                _PADDING.encode()
            ):
                if not byte:
                    partial = asyncio.IncompleteReadError(bytes(raw), None)
                    raise PJLinkConnectionClosed("hung up") from partial
                raw += byte
                if len(raw) > _LINE_BYTES:
                    raise asyncio.LimitOverrunError("no end", len(raw))
        line = raw.decode(self._encoding).lstrip(_PADDING)
        is_greeting = line[:6].upper() == "PJLINK"
        return f"{' '.join(line.replace('=', ' ', 1).split()) if is_greeting else line}\r"

    @property
    def is_connected(self) -> bool:
        return self._writer is not None

    def hang_up(self) -> None:
        """Close without a word more; aiopjlink itself leaves it open after a bad greeting."""
        if self._writer is not None:
            self._writer.close()


@asynccontextmanager
async def talking(address: str, port: int, password: str) -> AsyncIterator[Talk]:
    """Open a talk for TALK_S from its last answer at most; it raises nothing but TalkError."""
    link = _Link(address, port, password or None, _ANSWER_S)
    cancelled = _cancelled()
    try:
        async with asyncio.timeout(TALK_S) as limit:
            await link.__aenter__()
            yield Talk(link, limit)
    except _REFUSED as error:
        raise TalkError("busy", greeted=True) from error
    except PJLinkPassword as error:
        raise TalkError("needs_password", greeted=True) from error
    except (PJLinkException, OSError, ValueError, LookupError, asyncio.LimitOverrunError) as error:
        # aiopjlink lets the last ones through: half a line, no text, 64 kB without an end.
        raise _trouble(link, error) from error
    finally:
        link.hang_up()
        if _cancelled() > cancelled:
            # Before Python 3.12, wait_for loses a cancellation that comes with an answer.
            raise asyncio.CancelledError


def _cancelled() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def _trouble(link: _Link, error: BaseException) -> TalkError:
    """Say what a failure means: who hangs up before the greeting is busy with someone else."""
    cause = error.__cause__ or error.__context__ or error
    if isinstance(error, ConnectionError) or _hung_up(error, cause):
        reason = "no_answer" if link.greeted else "busy"
    elif isinstance(error, OSError | PJLinkNoConnection) or isinstance(cause, TimeoutError):
        reason = "no_answer"
    else:
        reason = "nonsense"
    return TalkError(reason, greeted=link.greeted, connected=link.is_connected)


def _hung_up(error: BaseException, cause: BaseException) -> bool:
    # Who says something else first does not speak PJLink at all.
    is_cut_short = isinstance(cause, asyncio.IncompleteReadError) and cause.partial
    return isinstance(error, PJLinkConnectionClosed) and not is_cut_short


def _hours(hours: int) -> int:
    if not 0 <= hours < _HOURS_LIMIT:
        raise ValueError("no lamp burns for so long")
    return hours


def _parts(errors: dict[Any, Any], level: Any) -> tuple[ProjectorPart, ...]:
    return tuple(
        ProjectorPart(part.value) for part, its_level in errors.items() if its_level is level
    )
